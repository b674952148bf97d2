// A browser that stays between two programs. The first one makes a session, goes to a page, takes a picture and exits:
//
//     node dist/examples/two-programs.js begin SESSION.json https://example.com/ before.png
//
// The second one goes on in the same page with nothing but the session's id and token, clicks, takes a picture and ends it:
//
//     node dist/examples/two-programs.js go-on SESSION.json "text=Learn more" after.png
//
// CDP_BRIDGE_URL says where the bridge is, and CDP_BRIDGE_AUTH_TOKEN is the client's token, if it has one.
import { readFile, writeFile } from "node:fs/promises";
import { BridgeSession } from "cdp-bridge-client";

const serverUrl = process.env["CDP_BRIDGE_URL"] ?? "http://127.0.0.1:9333";
const clientToken = process.env["CDP_BRIDGE_AUTH_TOKEN"];
const [what, kept = "", target = "", picture = ""] = process.argv.slice(2);

if (what === "begin") {
  const session = await BridgeSession.create(serverUrl, {
    idleTimeoutMs: 600_000,
    ...(clientToken !== undefined && { token: clientToken }),
  });
  const page = await session.newPage(target);
  await page.screenshot({ path: picture });
  console.log(`${page.pageId} is at ${page.url()}`);
  // The token opens the session: only this user may read it.
  const { sessionId, token } = session;
  await writeFile(kept, JSON.stringify({ sessionId, token }), { mode: 0o600 });
} else {
  const { sessionId, token } = JSON.parse(await readFile(kept, "utf8")) as { sessionId: string; token: string };
  const session = await BridgeSession.attach(sessionId, { token, serverUrl });
  const [page] = await session.pages();
  if (!page) throw new Error("the page was closed");
  await page.click(target, { waitFor: { loadState: "load" } });
  await page.screenshot({ path: picture });
  console.log(`${page.pageId} is at ${page.url()}`);
  await session.end();
}
