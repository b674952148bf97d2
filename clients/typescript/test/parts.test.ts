import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OutcomeUnknownError, ProtocolError } from "../src/errors.js";
import { EventStream } from "../src/events.js";
import { Parts, readBinaryFrame, readMessage } from "../src/parts.js";
import type { FrameEvent } from "../src/protocol.js";
import { UnansweredRequests } from "../src/unanswered.js";

const part = (seq: number, total: number, snapshot: string) => ({
  type: "domSnapshot",
  id: "t1",
  requestId: 9,
  seq,
  total,
  snapshot,
});

describe("parts", () => {
  it("are put together in their order, with other payloads between them", () => {
    const parts = new Parts();
    assert.equal(parts.text(part(0, 2, "a")), undefined);
    const picture = { type: "screenshot", id: "t1", requestId: 10, seq: 0, total: 1, data: "AQI=" };
    assert.deepEqual(parts.text(picture)?.["data"], new Uint8Array([1, 2]));
    assert.deepEqual(parts.text(part(1, 2, "b")), { type: "domSnapshot", id: "t1", requestId: 9, snapshot: "ab" });
  });

  it("that are missing are noticed, but not after a gap", () => {
    const parts = new Parts();
    assert.throws(() => parts.text(part(1, 2, "b")), ProtocolError);
    parts.lost();
    assert.equal(parts.text(part(1, 2, "b")), undefined);
    assert.equal(parts.text(part(0, 1, "c"))?.["snapshot"], "c");
  });

  it("of a request that failed are let go of", () => {
    const parts = new Parts();
    parts.text(part(0, 2, "a"));
    parts.giveUp(9);
    assert.equal(parts.text(part(0, 1, "b"))?.["snapshot"], "b");
  });

  it("come in frames that say how long their head is", () => {
    const head = Buffer.from('{"type":"frame"}');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(head.length);
    const frame = readBinaryFrame(Buffer.concat([length, head, Buffer.from([1, 2])]));
    assert.deepEqual([frame.head.type, [...frame.payload]], ["frame", [1, 2]]);
    for (const broken of [[], [0, 0, 0], [0, 0, 0, 9, 123], [255, 255, 255, 255]]) {
      assert.throws(() => readBinaryFrame(Buffer.from(broken)), ProtocolError);
    }
    for (const broken of ["", "[]", "{}", '{"type":1}']) assert.throws(() => readMessage(broken), ProtocolError);
  });
});

describe("unanswered requests", () => {
  it("are answered once, with what a newer one is answered with", async () => {
    const requests = new UnansweredRequests();
    const first = requests.add("getDomSnapshot", { tabId: "t1" });
    const second = requests.add("getDomSnapshot", { tabId: "t1" });
    const message = { type: "domSnapshot", requestId: second.id, coalesced: [first.id] };
    requests.answer(message);
    requests.answer(message);
    assert.equal(await first.answer, await second.answer);
  });

  it("are sent again where the bridge does not know them", () => {
    const requests = new UnansweredRequests();
    const [read, unread, unsent] = ["a", "b", "c"].map((requestId) => requests.add("createTab", { requestId }));
    requests.sent("a");
    requests.sent("b");
    assert.deepEqual(requests.sendAgain(["a"], false), [unread!.text, unsent!.text]);
    assert.ok(read);
  });

  it("that change something fail where their answer may be lost, unless a key makes them safe", async () => {
    const requests = new UnansweredRequests();
    const change = requests.add("navigate", { tabId: "t1", url: "http://a.test/" });
    const keyed = requests.add("navigate", { tabId: "t1", url: "http://a.test/", idempotencyKey: "k" });
    const look = requests.add("listTabs", {});
    const unsent = requests.add("createTab", {});
    for (const { id } of [change, keyed, look]) requests.sent(id);
    const failed = assert.rejects(change.answer, OutcomeUnknownError);
    assert.deepEqual(requests.sendAgain([], true), [keyed.text, look.text, unsent.text]);
    await failed;
  });

  it("have ids of their own, unless they are given", () => {
    const requests = new UnansweredRequests();
    requests.add("ping", { requestId: "r1" });
    assert.equal(requests.add("ping", {}).id, "r2");
    assert.throws(() => requests.add("ping", { requestId: "r1" }), RangeError);
  });
});

describe("a stream of events", () => {
  it("keeps the newest frame of each tab", async () => {
    const stream = new EventStream<FrameEvent>({}, () => {});
    const frame = (id: string, frameNo: number) => ({ type: "frame", id, frameNo }) as FrameEvent;
    for (const event of [frame("t1", 1), frame("t2", 1), frame("t1", 2)]) stream.push(event);
    stream.end();
    const heard = [];
    for await (const { id, frameNo } of stream) heard.push([id, frameNo]);
    assert.deepEqual(heard, [
      ["t2", 1],
      ["t1", 2],
    ]);
  });
});
