import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Bridge, OutcomeUnknownError } from "cdp-bridge-client";
import { Relay, serve, TestBridge, until } from "./support.js";

const CUTS = 5;
/** Goes somewhere by itself again and again, each time with 8 kB of URL to tell. */
const BUSY = "<script>let n = 0; setInterval(() => (location.hash = n++ + 'x'.repeat(8000)), 50)</script>";

describe("a connection that is cut", () => {
  let running: TestBridge;
  let relay: Relay;
  let site: Awaited<ReturnType<typeof serve>>;

  before(async () => {
    site = await serve({ "/": "<p>hello</p>", "/busy": BUSY, "/large": `<p>${"x".repeat(700_000)}</p>` });
    running = await TestBridge.start();
    relay = await Relay.before(running);
  });
  after(async () => {
    await relay?.stop();
    await running?.stop();
    await site.stop();
  });

  it("goes on with its session: answers to what ran come, and nothing is missed", async () => {
    const bridge = await Bridge.connect(relay.url);
    const events = bridge.events();
    const { id } = await bridge.createTab();
    for (let round = 0; round < CUTS; round++) {
      const answers = [
        bridge.navigate({ tabId: id, url: site.url("/large") }),
        bridge.getDomSnapshot({ tabId: id }),
        bridge.getScreenshot({ tabId: id }),
      ];
      relay.cut();
      const [navigated, snapshot] = await Promise.all(answers);
      assert.equal(navigated?.type, "navigated");
      assert.equal(snapshot?.type, "domSnapshot");
    }
    await bridge.closeTab({ tabId: id });
    await bridge.close();
    const heard: string[] = [];
    for await (const event of events) heard.push(event.type);
    assert.equal(heard.filter((type) => type === "resumed").length, CUTS);
    assert.equal(heard.filter((type) => type === "gap").length, 0);
    const { length } = heard.filter((type) => type === "loadEventFired");
    assert.ok(length >= CUTS, `${length} loads`);
  });

  it("sends again what the bridge has never read", async () => {
    const bridge = await Bridge.connect(relay.url);
    relay.hears = false;
    const creating = bridge.createTab();
    const pinging = bridge.ping();
    setImmediate(() => {
      relay.cut();
      relay.hears = true;
    });
    const { id } = await creating;
    await pinging;
    const ids = (await bridge.listTabs()).tabs.map((tab) => tab.id);
    assert.deepEqual(ids, [id], "the tab was made once");
    await bridge.closeTab({ tabId: id });
    await bridge.close();
  });

  it("has a new session after too long, and says which changes may have been made or not", async () => {
    // Long enough to be seen, and no longer than has to be waited for.
    const forgetful = await TestBridge.start(["server.resume_window=3s"]);
    const cuttable = await Relay.before(forgetful);
    const bridge = await Bridge.connect(cuttable.url);
    const failed = bridge.events({ types: ["error"] });
    cuttable.hears = false;
    const unknown = bridge.createTab();
    const rejected = assert.rejects(unknown, OutcomeUnknownError);
    const keyed = bridge.createTab({ idempotencyKey: "once" });
    const looked = bridge.listTabs();
    await new Promise(setImmediate);
    cuttable.open = false;
    cuttable.cut();
    const away = () => forgetful.metric("cdp_bridge_sessions_away");
    await until("the bridge misses its client", async () => (await away()) === 1);
    await until("the session is over", async () => (await away()) === 0);
    cuttable.open = cuttable.hears = true;
    await rejected;
    assert.equal((await failed.next()).value?.code, "RESUME_FAILED");
    const { id } = await keyed;
    assert.equal((await looked).type, "tabs");
    assert.deepEqual(bridge.welcome.tabs.map((tab) => tab.id), []);
    await bridge.closeTab({ tabId: id });
    await bridge.close();
    await cuttable.stop();
    await forgetful.stop();
  });

  it("tells what is lost where more happened than is kept", async () => {
    const small = await TestBridge.start(["server.resume_bytes=64KiB"]);
    const cuttable = await Relay.before(small);
    const [bridge, witness] = await Promise.all([Bridge.connect(cuttable.url), Bridge.connect(small.url)]);
    const { id } = await bridge.createTab({ url: site.url("/busy") });
    const losses = bridge.events({ types: ["gap", "tabs"] });
    const moves = witness.events({ types: ["navigated"] });
    cuttable.open = false;
    cuttable.cut();
    for (let heard = 0; heard < 20; heard++) await moves.next();
    cuttable.open = true;
    const { value: gap } = await losses.next();
    assert.ok(gap?.type === "gap" && gap.from <= gap.to, JSON.stringify(gap));
    const { value: state } = await losses.next();
    assert.ok(state?.type === "tabs" && state.tabs.some((tab) => tab.id === id), JSON.stringify(state));
    await bridge.ping();
    await Promise.all([bridge.close(), witness.close()]);
    await cuttable.stop();
    await small.stop();
  });

  it("ends where it shall not be resumed, and fails what waits", async () => {
    const bridge = await Bridge.connect(relay.url, { resumeForMs: 0 });
    const events = bridge.events();
    relay.hears = false;
    const pinging = bridge.ping();
    const failed = assert.rejects(pinging, { name: "ConnectionError" });
    relay.cut();
    relay.hears = true;
    await failed;
    await assert.rejects(events.next(), { name: "ConnectionError" });
    assert.equal((await bridge.closed)?.closeCode, 1006);
  });

  it("ends where the bridge stops", async () => {
    const other = await TestBridge.start();
    const bridge = await Bridge.connect(other.url);
    await other.stop();
    assert.equal((await bridge.closed)?.closeCode, 1001);
  });
});
