import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { Bridge, BridgeError, ConnectionError } from "cdp-bridge-client";
import { serve, TestBridge } from "./support.js";

const TOKEN = "secret.of+a";
/** More than two parts of the default size. */
const LARGE = `<p>${"größe ".repeat(100_000)}</p>`;

describe("a bridge", () => {
  let running: TestBridge;
  let site: Awaited<ReturnType<typeof serve>>;

  before(async () => {
    site = await serve({
      "/": "<title>first</title><p>hello</p>",
      "/large": LARGE,
      "/moving": "<script>setInterval(() => (document.body.textContent = performance.now()), 20)</script><body>",
    });
    running = await TestBridge.start(["policy.allowlist=127.0.0.1,allowed.test"]);
  });
  after(async () => {
    await running?.stop();
    await site.stop();
  });

  it("keeps a setting that is not given, and resets one that is null", async () => {
    const bridge = await Bridge.connect(running.url);
    const { id: tabId } = await bridge.createTab({});
    await bridge.emulate({ tabId, locale: "de-DE", extraHeaders: { "X-A": "b" } });
    const { emulation } = await bridge.emulate({ tabId, locale: null, colorScheme: "dark" });
    assert.deepEqual(emulation, { colorScheme: "dark", extraHeaders: ["X-A"] });
    const { data } = await bridge.printToPdf({ tabId });
    assert.equal(new TextDecoder().decode(data.slice(0, 5)), "%PDF-");
    await bridge.closeTab({ tabId });
    await bridge.close();
  });

  it("stages and uploads a file of any size", async () => {
    const bridge = await Bridge.connect(running.url);
    const { id: tabId } = await bridge.createTab({});
    await bridge.evaluate({ tabId, expression: "document.body.innerHTML = '<input type=file>'" });
    for (const length of [0, 1, 2_048_000]) {
      const data = Uint8Array.from({ length }, (_, at) => at % 256);
      const fileId = await bridge.stageBytes({ name: "größe.bin", mime: "text/x-own", data });
      await bridge.upload({ tabId, selector: "input", files: [{ fileId }] });
      const expression = `async () => {
        const [file] = document.querySelector('input').files;
        const bytes = new Uint8Array(await file.arrayBuffer());
        return [file.name, file.type, file.size, bytes.every((byte, at) => byte === at % 256)];
      }`;
      const { value } = await bridge.evaluate({ tabId, expression });
      assert.deepEqual(value, ["größe.bin", "text/x-own", length, true]);
    }
    const large = bridge.stageFile({ name: "a", size: 1 << 21, data: "QUJD".repeat(300_000) });
    await assert.rejects(large, (error) => error instanceof BridgeError && error.code === "TOO_LARGE");
    await bridge.closeTab({ tabId });
    await bridge.close();
  });

  it("answers every request that does not need more than a tab", async () => {
    const bridge = await Bridge.connect(running.url);
    assert.equal(bridge.welcome.protocol, 1);
    assert.equal((await bridge.ping({ timeoutMs: 1000 })).type, "pong");
    const tab = await bridge.createTab({ viewport: { width: 320, height: 200 } });
    assert.equal((await bridge.activateTab({ tabId: tab.id })).id, tab.id);
    const loads = bridge.events({ types: ["loadEventFired"] });
    const navigated = await bridge.navigate({ tabId: tab.id, url: site.url("/"), requestId: "mine" });
    assert.deepEqual([navigated.requestId, navigated.status], ["mine", 200]);
    await loads.next();
    assert.match((await bridge.getDomSnapshot({ tabId: tab.id })).snapshot, /<p>hello<\/p>/);
    const picture = await bridge.getScreenshot({ tabId: tab.id, format: "png" });
    assert.deepEqual([picture.width, picture.height, picture.mime], [320, 200, "image/png"]);
    assert.equal(Buffer.from(picture.data.subarray(1, 4)).toString(), "PNG");
    assert.equal((await bridge.setLoggedOutMode({ tabId: tab.id, enabled: true })).enabled, true);
    assert.deepEqual(
      (await bridge.listTabs()).tabs.map(({ id, loggedOut }) => ({ id, loggedOut })),
      [{ id: tab.id, loggedOut: true }],
    );
    assert.equal((await bridge.closeTab({ tabId: tab.id })).reason, "requested");
    await bridge.close();
  });

  for (const binary of [true, false]) {
    it(`sends large payloads whole, ${binary ? "as binary frames" : "as text"}`, async () => {
      const bridge = await Bridge.connect(running.url, { binary });
      const loads = bridge.events({ types: ["loadEventFired"] });
      const { id } = await bridge.createTab({ url: site.url("/large") });
      await loads.next();
      const { snapshot, ...rest } = await bridge.getDomSnapshot({ tabId: id });
      assert.ok(Buffer.byteLength(snapshot) > 2 * bridge.welcome.limits.chunkBytes);
      assert.ok(snapshot.includes(LARGE), "no character is lost between parts");
      assert.ok(!("seq" in rest));
      await bridge.closeTab({ tabId: id });
      await bridge.close();
    });
  }

  it("answers snapshots that it takes together, each with the payload", async () => {
    const bridge = await Bridge.connect(running.url);
    const { id } = await bridge.createTab({ url: site.url("/") });
    const answers = await Promise.all([1, 2, 3, 4].map(() => bridge.getDomSnapshot({ tabId: id })));
    assert.equal(new Set(answers.map((answer) => answer.format)).size, 1);
    await bridge.closeTab({ tabId: id });
    await bridge.close();
  });

  it("tells errors with their code and their facts", async () => {
    const bridge = await Bridge.connect(running.url);
    const { id } = await bridge.createTab();
    await assert.rejects(bridge.navigate({ tabId: id, url: "http://evil.test/" }), (error) => {
      assert.ok(error instanceof BridgeError);
      assert.deepEqual([error.code, error.retryable, error.details.host, error.tabId], ["NAV_DENIED", false, "evil.test", id]);
      return true;
    });
    await assert.rejects(bridge.closeTab({ tabId: "t999" }), { code: "UNKNOWN_TAB" });
    await assert.rejects(bridge.request("nonsense", {}), { code: "BAD_REQUEST" });
    await assert.rejects(bridge.request("ping", { surplus: 1 }), { code: "BAD_REQUEST" });
    await bridge.closeTab({ tabId: id });
    await bridge.close();
    await assert.rejects(bridge.ping(), ConnectionError);
  });

  it("tells what nobody asked for to every stream, from its making to the end", async () => {
    const bridge = await Bridge.connect(running.url);
    const all = bridge.events();
    const loads = bridge.events({ types: ["loadEventFired"] });
    const { id } = await bridge.createTab({ url: site.url("/") });
    for await (const load of loads) {
      assert.equal(load.id, id);
      break;
    }
    await bridge.closeTab({ tabId: id });
    await bridge.close();
    const heard = [];
    for await (const event of all) heard.push(event.type);
    assert.deepEqual(heard.slice(0, 2), ["navigated", "loadEventFired"]);
    assert.deepEqual(await loads.next(), { value: undefined, done: true });
  });

  it("fails a stream whose reader is too slow, after what it kept", async () => {
    const bridge = await Bridge.connect(running.url);
    const [slow, loads] = [bridge.events({ limit: 1 }), bridge.events({ types: ["loadEventFired"] })];
    const { id } = await bridge.createTab({ url: site.url("/") });
    await loads.next();
    assert.ok((await slow.next()).value);
    await assert.rejects(slow.next(), { name: "EventsOverflowError" });
    await bridge.closeTab({ tabId: id });
    await bridge.close();
  });

  it("streams a tab", async () => {
    const bridge = await Bridge.connect(running.url);
    const { id } = await bridge.createTab({ url: site.url("/moving") });
    const frames = bridge.events({ types: ["frame"] });
    await bridge.startScreencast({ tabId: id, maxFps: 10 });
    const { value: frame } = await frames.next();
    assert.deepEqual([frame?.id, frame?.mime], [id, "image/jpeg"]);
    assert.deepEqual([...frame!.data.subarray(0, 2)], [0xff, 0xd8]);
    await bridge.stopScreencast({ tabId: id });
    await bridge.closeTab({ tabId: id });
    await bridge.close();
  });

  it("is spoken to by the example", async () => {
    const picture = join(running.dir, "example.png");
    const example = join(import.meta.dirname, "../examples/first-page.js");
    const { stdout } = await promisify(execFile)(process.execPath, [example, running.url, site.url("/"), picture]);
    assert.match(stdout, /t\d+ is at http:\/\/127.0.0.1:\d+\/ \(HTTP 200\)/);
    assert.match(stdout, / {2}loadEventFired t\d+/);
    assert.equal((await readFile(picture)).subarray(1, 4).toString(), "PNG");
  });

  it("that is not there is a ConnectionError", async () => {
    await assert.rejects(Bridge.connect("ws://127.0.0.1:1/ws"), ConnectionError);
  });
});

describe("a bridge with clients", () => {
  it("lets in the one with the token and refuses the others with 401", async () => {
    const running = await TestBridge.start([`auth.clients=[{ name = "a", token = "${TOKEN}" }]`]);
    try {
      await assert.rejects(Bridge.connect(running.url), { name: "ConnectionError", status: 401 });
      const bridge = await Bridge.connect(running.url, { token: TOKEN });
      await bridge.ping();
      await bridge.close();
      assert.equal(await bridge.closed, undefined);
    } finally {
      await running.stop();
    }
  });
});

describe("a bridge on a unix socket", () => {
  it("is reached by the name that it says", async () => {
    const running = await TestBridge.start([], (dir) => `unix:${dir}/bridge.sock`);
    try {
      assert.match(running.url, /^unix:\//);
      const bridge = await Bridge.connect(running.url);
      await bridge.ping();
      await bridge.close();
    } finally {
      await running.stop();
    }
  });
});
