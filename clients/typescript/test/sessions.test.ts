import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { BridgeSession, RestError, SessionEndedError } from "cdp-bridge-client";
import { cuttingProxy } from "./sessions-support.js";
import { serve, TestBridge, until } from "./support.js";

const FORM = `<title>Form</title><form onsubmit="event.preventDefault(); document.title = 'sent ' + this.name.value">
<label>Name <input name=name placeholder="Your name"></label><label><input type=checkbox> Agree</label>
<select><option value=a>Apple<option value=b>Bread</select><input type=file><button>Send</button></form>
<ul><li>one<li>two</ul><a href=/second>Next</a><a download=a.txt href="data:text/plain,content">File</a>
<script>clicks = 0; document.querySelector('ul').onclick = () => clicks++</script>`;

let running: TestBridge;
let site: Awaited<ReturnType<typeof serve>>;

before(async () => {
  running = await TestBridge.start(["policy.downloads=keep"]);
  site = await serve({ "/": FORM, "/second": "<title>Second</title>second" });
});

after(async () => {
  await site.stop();
  await running.stop();
});

test("a page is operated and read as with Playwright", async () => {
  const session = await BridgeSession.create(running.url);
  const page = await session.newPage(site.url("/"));
  assert.equal(page.url(), site.url("/"));
  await page.fill("[name=name]", "Ada");
  await page.getByPlaceholder("your name").pressSequentially("!");
  await page.getByLabel("Agree").check();
  assert.ok(await page.getByLabel("Agree").isChecked());
  assert.deepEqual(await page.selectOption("select", "b"), ["b"]);
  await page.getByRole("button", { name: "Send" }).click();
  assert.equal(await page.waitForFunction("document.title.startsWith('sent') && document.title"), "sent Ada!");
  const items = page.locator("li");
  assert.equal(await items.count(), 2);
  assert.equal(await items.filter({ hasText: "two" }).textContent(), "two");
  assert.equal(await page.evaluate("({ a }) => a + 1", { a: 1 }, { readOnly: true }), 2);
  assert.equal(await page.locator("ul").evaluate("(ul, n) => ul.children.length + n", 1), 3);
  assert.match(await page.content(), /<li>one/);
  assert.match(await page.outline({ interactiveOnly: true }), /button/);
  assert.equal(Buffer.from(await page.screenshot({ clip: { x: 0, y: 0, width: 10, height: 20 } })).readUInt32BE(20), 20);
  assert.ok(Buffer.from(await page.pdf()).toString("latin1").startsWith("%PDF-"));
  await page.click("text=Next", { waitFor: { url: "**/second" } });
  assert.equal(page.url(), site.url("/second"));
  assert.equal((await page.goto(site.url("/second"))).status, 200);
  assert.equal(await page.title(), "Second");
  await session.end();
});

test("another one goes on where the first one left", async () => {
  const first = await BridgeSession.create(running.url);
  await (await first.newPage(site.url("/"))).fill("[name=name]", "kept");
  const { sessionId, token } = first;
  const attach = () => BridgeSession.attach(sessionId, { ...(token !== undefined && { token }), serverUrl: running.url });
  const second = await attach();
  const [page] = await second.pages();
  assert.equal(await page!.locator("[name=name]").inputValue(), "kept");
  await second.end({ wait: true });
  await second.end();
  await assert.rejects(attach, (error) => error instanceof SessionEndedError && error.endReason === "requested");
});

test("several commands take one round trip", async () => {
  const session = await BridgeSession.create(running.url);
  const page = await session.newPage(site.url("/"));
  const outcomes = await page.commands([
    { action: "fill", params: { selector: "[name=name]", value: "Eve" } },
    { action: "query", params: { selector: "[name=name]", what: "value" } },
    { action: "click", params: { selector: "#none" }, timeoutMs: 200 },
    { action: "click", params: { selector: "button" } },
  ]);
  assert.equal(outcomes[1]?.result?.["value"], "Eve");
  assert.equal(outcomes.length, 3);
  assert.ok(outcomes[2]?.error instanceof RestError);
  await session.end();
});

test("files go into pages and come out of them", async () => {
  const session = await BridgeSession.create(running.url);
  const page = await session.newPage(site.url("/"));
  await page.setInputFiles("[type=file]", { name: "größe.txt", mime: "text/plain", data: Buffer.from("abc") });
  assert.equal(await page.evaluate("() => document.querySelector('[type=file]').files[0].name"), "größe.txt");
  await page.click("text=File");
  await until("the download", async () => (await session.downloads()).some((it) => it.isComplete));
  const [download] = await session.downloads();
  assert.equal(download?.name, "a.txt");
  assert.equal(Buffer.from(await download.bytes()).toString(), "content");
  await session.end();
});

test("a refusal says what and whether to try again", async () => {
  const session = await BridgeSession.create(running.url);
  const page = await session.newPage();
  await assert.rejects(page.goto("file:///etc/passwd"), (error) => {
    assert.ok(error instanceof RestError);
    assert.deepEqual([error.code, error.status, error.retryable], ["NAV_DENIED", 403, false]);
    return true;
  });
  await assert.rejects(session.page("t9999").title(), { code: "UNKNOWN_TAB", status: 404 });
  await session.end();
});

test("a click whose answer is lost is made once", async () => {
  const proxy = await cuttingProxy(running.port, (request) => request.text.includes('"click"') && proxy.lost() === 0);
  const session = await BridgeSession.create(proxy.url);
  const page = await session.newPage(site.url("/"));
  await page.click("li >> nth=0");
  assert.equal(proxy.lost(), 1);
  assert.equal(await page.evaluate("clicks"), 1);
  await session.end();
  proxy.stop();
});

test("heartbeats keep it and their end ends it", async () => {
  const session = await BridgeSession.create(running.url, { heartbeatTimeoutMs: 1000 });
  const keeper = session.keepAlive();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(keeper.error, undefined);
  assert.notEqual((await session.info()).status, "destroyed");
  keeper.stop();
  await until("its end", async () => (await session.info()).status === "destroyed");
  assert.equal((await session.info()).endReason, "idle");
});

test("events go on until the session ends", async () => {
  const session = await BridgeSession.create(running.url);
  const events = session.events({ types: ["tabCreated", "sessionStateChanged"], lastEventId: "0" });
  const page = await session.newPage();
  const told: string[] = [];
  for await (const event of events) {
    told.push(event.type === "tabCreated" ? event.id : event.status);
    if (event.type === "tabCreated") await session.end();
  }
  assert.ok(told.includes(page.pageId));
  assert.equal(told.at(-1), "destroyed");
});

test("the protocol over a WebSocket shows this session's tabs only", async () => {
  const [one, other] = [await BridgeSession.create(running.url), await BridgeSession.create(running.url)];
  await other.newPage();
  const page = await one.newPage();
  const bridge = await one.connect();
  assert.deepEqual((await bridge.listTabs()).tabs.map((tab) => tab.id), [page.pageId]);
  await bridge.close();
  await one.end();
  await other.end();
});

test("two programs share it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cdpb-"));
  const program = new URL("../examples/two-programs.js", import.meta.url).pathname;
  const env = { ...process.env, CDP_BRIDGE_URL: running.url };
  const run = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [program, ...args], { cwd: folder, env })).stdout;
  await run("begin", "session.json", site.url("/"), "before.png");
  assert.equal((await stat(join(folder, "session.json"))).mode & 0o777, 0o600);
  const told = await run("go-on", "session.json", "text=Next", "after.png");
  assert.ok(told.includes(site.url("/second")), told);
  const [first, second] = await Promise.all(["before.png", "after.png"].map((name) => readFile(join(folder, name))));
  assert.ok(!first!.equals(second!));
});
