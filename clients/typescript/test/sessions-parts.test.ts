import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { BridgeSession, ConnectionError, OutcomeUnknownError, RestError, SessionEndedError } from "cdp-bridge-client";
import { changesSomething } from "../src/sessions/command.js";
import { Endpoint } from "../src/sessions/endpoint.js";
import { byRole, textOf } from "../src/sessions/selectors.js";
import { EventReader } from "../src/sessions/sse.js";
import { answer, answersFromAList, CUT, problem } from "./sessions-support.js";

const TOKEN = "canary-of-the-client";
const SESSION_TOKEN = "eyJjYW5hcnk.of-the.session";
const CREATED = answer("201 Created", { sessionId: "s", token: SESSION_TOKEN, status: "ready" });
const DONE = answer("200 OK", { action: "click", pageId: "t1", result: { id: "t1", action: "click" } });
const BUSY = problem(
  "503 Service Unavailable",
  { code: "BROWSER_DOWN", detail: "it starts", retryable: true },
  { "x-should-retry": "true", "retry-after-ms": "1" },
);
const CRASHED = problem("502 Bad Gateway", { code: "TAB_CRASHED", detail: "it died", retryable: true, requestId: "r8" });

test("a text is just text whatever it has", () => {
  assert.equal(textOf('a "b" >> c\\'), '"a \\"b\\" >> c\\\\"i');
  assert.equal(textOf(/a\/b/gi), "/a\\/b/i");
  assert.equal(byRole("button", { name: "Send", exact: true, disabled: false }), 'role=button[name="Send"][disabled=false]');
});

test("every way to say where the bridge is names the same paths", () => {
  for (const url of ["http://a.test:1", "http://a.test:1/v1/", "ws://a.test:1/ws"]) {
    assert.equal(new Endpoint(url).base, "http://a.test:1/v1");
  }
  assert.equal(new Endpoint("https://a.test/bridge").base, "https://a.test/bridge/v1");
  assert.throws(() => new Endpoint("http://a:secret@b.test"), (error: Error) => !error.message.includes("secret"));
  assert.throws(() => new Endpoint("ftp://a.test"), TypeError);
});

test("events are put together however the stream is cut", () => {
  const text = new TextEncoder().encode("id: 7\nevent: a\ndata: {\ndata: }\n\n:\n\ndata: größe\r\n\r\n");
  const whole = [...new EventReader("").feed(text)];
  assert.deepEqual(whole, [
    { id: "7", event: "a", data: "{\n}" },
    { id: "7", event: "message", data: "größe" },
  ]);
  const reader = new EventReader("");
  assert.deepEqual([...text].flatMap((byte) => [...reader.feed(Uint8Array.of(byte))]), whole);
});

test("what only looks needs no key and everything else has one", () => {
  for (const action of ["click", "goto", "ofTheFuture", "evaluate"]) assert.ok(changesSomething({ action }), action);
  assert.ok(!changesSomething({ action: "query" }));
  assert.ok(!changesSomething({ action: "evaluate", params: { readOnly: true } }));
});

async function click(...answers: Array<string | undefined>) {
  const server = await answersFromAList(CREATED, ...answers);
  let error: unknown;
  try {
    const session = await BridgeSession.create(server.url, { token: TOKEN });
    await session.page("t1").click("#a");
  } catch (thrown) {
    error = thrown;
  } finally {
    server.stop();
  }
  return { error, keys: server.requests.map((request) => request.header("idempotency-key")), requests: server.requests };
}

test("a cut and a busy bridge are tried again with the same key", async () => {
  const { error, keys } = await click(undefined, BUSY, DONE);
  assert.equal(error, undefined);
  const [created, ...clicks] = keys;
  assert.equal(new Set(clicks).size, 1);
  assert.ok(clicks.length >= 3 && !clicks.includes(created!));
});

test("an error of a change that may have been made is not retried", async () => {
  const { error, requests } = await click(CRASHED);
  assert.equal(requests.length, 2);
  assert.ok(error instanceof RestError);
  const { code, status, retryable, requestId } = error;
  assert.deepEqual({ code, status, retryable, requestId }, { code: "TAB_CRASHED", status: 502, retryable: true, requestId: "r8" });
});

test("cuts without end leave the outcome unknown", async () => {
  assert.ok((await click()).error instanceof OutcomeUnknownError);
});

test("an ended session says why", async () => {
  const { error } = await click(problem("410 Gone", { code: "SESSION_ENDED", detail: "over", details: { endReason: "idle" } }));
  assert.ok(error instanceof SessionEndedError);
  assert.equal(error.endReason, "idle");
});

test("both tokens are sent and a newer one replaces the old", async () => {
  const server = await answersFromAList(CREATED, answer("200 OK", { idleExpiresAt: 8, token: "eyJuZXc.a.b" }), DONE);
  const session = await BridgeSession.create(server.url, { token: TOKEN });
  assert.equal(await session.heartbeat(), 8);
  await session.page("t1").click("#a");
  server.stop();
  assert.deepEqual(
    server.requests.map((request) => request.header("x-session-token")),
    ["", SESSION_TOKEN, "eyJuZXc.a.b"],
  );
  assert.equal(session.token, "eyJuZXc.a.b");
});

test("a queued creation resolves with the session of its job", async () => {
  const job = (more: object) => answer("200 OK", { jobId: "j", createdAt: 1, ...more });
  const session = { sessionId: "s", token: SESSION_TOKEN, status: "ready" };
  const queued = answer("202 Accepted", { jobId: "j", status: "queued", createdAt: 1 });
  const server = await answersFromAList(queued, job({ status: "running" }), job({ status: "succeeded", result: session }));
  const found = await BridgeSession.create(server.url, { queueTimeoutMs: 1000 });
  assert.deepEqual([found.sessionId, found.token, found.existed], ["s", SESSION_TOKEN, false]);
  server.stop();
  const error = { code: "CAPACITY", detail: "full", status: 429, retryable: true };
  const full = await answersFromAList(queued, job({ status: "failed", error }), answer("200 OK", {}));
  await assert.rejects(BridgeSession.create(full.url), { code: "CAPACITY", status: 429 });
  full.stop();
});

test("a stream of events goes on after the last one and ends with the session", async () => {
  const tab = (number: number) =>
    `id: ${number}\nevent: tabActivated\ndata: ${JSON.stringify({ type: "tabActivated", id: `t${number}` })}\n\n`;
  const stream = (...events: string[]) => {
    const text = events.join("");
    return `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  };
  const cut = stream(tab(2), tab(3)).slice(0, -30) + CUT;
  for (const last of ["HTTP/1.1 204 No Content\r\n\r\n", problem("410 Gone", { code: "SESSION_ENDED" })]) {
    const server = await answersFromAList(CREATED, stream(tab(1)), cut, undefined, stream(tab(3)), last);
    const session = await BridgeSession.create(server.url);
    const found: string[] = [];
    for await (const event of session.events({ types: ["tabActivated"] })) found.push(event.id);
    server.stop();
    assert.deepEqual(found, ["t1", "t2", "t3"]);
    const ids = server.requests.slice(1).map((request) => request.header("last-event-id"));
    assert.deepEqual([...new Set(ids)], ["", "1", "2", "3"]);
  }
});

test("a signal ends waiting", async () => {
  const server = await answersFromAList(CREATED, BUSY.replace("retry-after-ms: 1", "retry-after-ms: 20000"));
  const session = await BridgeSession.create(server.url);
  await assert.rejects(session.page("t1").click("#a", { signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
  await assert.rejects(session.info({ signal: AbortSignal.abort() }), { name: "AbortError" });
  server.stop();
});

test("no token is in what is printed, written as JSON or thrown", async () => {
  const server = await answersFromAList(CREATED, CRASHED, undefined);
  const session = await BridgeSession.create(server.url, { token: TOKEN, retries: 0 });
  const page = session.page("t1");
  const shown: string[] = [inspect(session, { depth: 9, showHidden: true }), JSON.stringify(session), inspect(page, { depth: 9 })];
  for (const attempt of [
    () => page.click("#a"),
    () => page.click("#a"),
    () => BridgeSession.create("http://127.0.0.1:1", { token: TOKEN, retries: 0 }),
    () => BridgeSession.create(server.url, { token: `${TOKEN}\r\nX: y` }),
    () => BridgeSession.attach("s", { token: `${SESSION_TOKEN} `, serverUrl: server.url }),
  ]) {
    await assert.rejects(attempt, (error: Error) => {
      assert.ok(error instanceof RestError || error instanceof ConnectionError || error instanceof TypeError);
      shown.push(inspect(error, { depth: 9 }), error.stack ?? "");
      return true;
    });
  }
  server.stop();
  for (const text of shown) assert.doesNotMatch(text, /canary|eyJjYW5hcnk/);
});
