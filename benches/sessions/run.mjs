// Sessions over REST beside Playwright's contexts, and REST beside the WebSocket: `node run.mjs BRIDGE_BINARY BROWSER`.
// The packages are those of tests/judges. Only ratios and differences within one run mean something.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "../../tests/judges/packages.mjs";
import { serve } from "../page_actions/pages.mjs";
import { start } from "./bridge.mjs";

const { chromium } = load("playwright-core");
const [binary, browser] = process.argv.slice(2);
if (!browser) throw new Error("usage: node run.mjs BRIDGE_BINARY BROWSER");

const sorted = (times) => [...times].sort((a, b) => a - b);
const middle = (times) => sorted(times)[Math.floor(times.length / 2)];
const percentile = (times, part) => sorted(times)[Math.min(times.length - 1, Math.floor(times.length * part))];
const ms = (time) => `${time.toFixed(2)} ms`;

// Does each work in turn, and returns the times of each.
async function timed(count, works) {
  const times = works.map(() => []);
  for (let number = -3; number < count; number++) {
    for (const [index, work] of works.entries()) {
      // Without a pause of chance, one of them would always begin just after a frame.
      await sleep(Math.random() * 5);
      const start = performance.now();
      const finish = await work(number);
      if (number >= 0) times[index].push(performance.now() - start);
      await finish?.();
    }
  }
  return times;
}

const site = await serve();
const bridge = await start(binary, browser);
const playwright = await chromium.launch({ executablePath: browser, args: ["--no-sandbox", "--disable-gpu"] });

const [ours, theirs] = await timed(30, [
  async () => {
    const session = await bridge.rest("POST", "/v1/sessions", {});
    await bridge.rest("POST", `/v1/sessions/${session.sessionId}/pages`, { url: `${site.url}/inner` });
    return () => bridge.rest("DELETE", `/v1/sessions/${session.sessionId}?wait=true`);
  },
  async () => {
    const context = await playwright.newContext();
    const page = await context.newPage();
    await page.goto(`${site.url}/inner`, { waitUntil: "commit" });
    return () => context.close();
  },
]);
console.log(`session, page, navigation: bridge ${ms(middle(ours))}, playwright ${ms(middle(theirs))}, ratio ${(middle(ours) / middle(theirs)).toFixed(2)}`);
await playwright.close();

const session = await bridge.rest("POST", "/v1/sessions", {});
const page = await bridge.rest("POST", `/v1/sessions/${session.sessionId}/pages`, { url: site.url });
const command = (action, params) => bridge.rest("POST", `/v1/pages/${page.pageId}/command`, { action, params });
const ask = (type, fields) => bridge.ask(type, { tabId: page.pageId, ...fields });
const query = { selector: "#send", what: "count" };
const small = { format: "png", clip: { x: 0, y: 0, width: 64, height: 64 } };
for (const [what, rest, socket] of [
  // What this client's HTTP costs beside its WebSocket, without any page.
  ["nothing", () => bridge.rest("GET", "/version"), () => bridge.ask("ping")],
  ["query", () => command("query", query), () => ask("query", query)],
  ["small screenshot", () => command("getScreenshot", small), () => ask("getScreenshot", small)],
]) {
  const [byRest, bySocket] = await timed(200, [async () => void (await rest()), async () => void (await socket())]);
  const more = middle(byRest) - middle(bySocket);
  console.log(`${what}: REST ${ms(middle(byRest))}, WebSocket ${ms(middle(bySocket))}, REST adds ${ms(more)}`);
}

const ten = Array.from({ length: 10 }, () => ({ action: "query", params: query }));
const [together, apart] = await timed(40, [
  async () => void (await bridge.rest("POST", `/v1/pages/${page.pageId}/commands`, { commands: ten })),
  async () => {
    for (const { action, params } of ten) await command(action, params);
  },
]);
console.log(`10 commands: in one request ${ms(middle(together))}, in ten ${ms(middle(apart))}`);
await bridge.rest("DELETE", `/v1/sessions/${session.sessionId}?wait=true`);

const anonymous = () => Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${bridge.pid}/status`, "utf8"))[1]);
const memory = [`at the start ${anonymous()}`];
for (let made = 1; made <= 1000; made++) {
  const { sessionId } = await bridge.rest("POST", "/v1/sessions", {});
  if (made % 10 === 0) await bridge.rest("POST", `/v1/sessions/${sessionId}/pages`, { url: `${site.url}/inner` });
  await bridge.rest("DELETE", `/v1/sessions/${sessionId}?wait=true`);
  if (made % 250 === 0) memory.push(`after ${made} ${anonymous()}`);
}
console.log(`anonymous memory in KiB, 1,000 sessions made and ended, every tenth with a page: ${memory.join(", ")}`);

const live = [];
for (let made = 0; made < 1000; made++) live.push((await bridge.rest("POST", "/v1/sessions", {})).sessionId);
const parts = [];
const listing = async () => {
  let cursor;
  let listed = 0;
  const whole = performance.now();
  do {
    const more = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const start = performance.now();
    const part = await bridge.rest("GET", `/v1/sessions?limit=100${more}`);
    parts.push(performance.now() - start);
    listed += part.sessions.length;
    cursor = part.nextCursor ?? undefined;
  } while (cursor !== undefined);
  if (listed < live.length) throw new Error(`${listed} of ${live.length} sessions were listed`);
  return performance.now() - whole;
};
const chromiumPid = (await bridge.rest("GET", "/health")).browser.pid;
process.kill(chromiumPid, "SIGSTOP");
const lists = [];
for (let number = 0; number < 100; number++) lists.push(await listing());
process.kill(chromiumPid, "SIGCONT");
const spread = (times) => `p50 ${ms(percentile(times, 0.5))}, p99 ${ms(percentile(times, 0.99))}`;
console.log(`1,000 sessions listed while Chromium is stopped: all of them ${spread(lists)}, each of ten requests ${spread(parts)}`);

await bridge.stop();
site.stop();
