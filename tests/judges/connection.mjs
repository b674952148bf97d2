// A daemon with a browser of its own, and a connection to it.

import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";

// `WebSocket` is the class of the package `ws`, which callers have from different places.
export async function connect(WebSocket, binary, browser, more = []) {
  const settings = ["--set", "policy.private_networks=127.0.0.0/8", ...more];
  const daemon = spawn(binary, ["serve", "--listen", "127.0.0.1:0", ...settings], {
    env: { ...process.env, CHROME_PATH: browser },
    stdio: ["ignore", "pipe", "ignore"],
  });
  // A run that ends by an error leaves nothing behind.
  const kill = () => daemon.kill("SIGTERM");
  process.once("exit", kill);
  const ended = once(daemon, "exit").then(([code]) => {
    throw new Error(`${binary} ended with ${code} before it listened`);
  });
  ended.catch(() => {});
  const [line] = await Promise.race([once(createInterface({ input: daemon.stdout }), "line"), ended]);
  const url = line.replace("cdp-bridge listening on ", "");
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const waiting = new Map();
  const events = new EventEmitter();
  let next = 1;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.requestId === undefined && message.type !== "error") events.emit(message.type, message);
    const waiter = waiting.get(message.requestId);
    if (!waiter) return;
    waiter.text += message.snapshot ?? message.content ?? "";
    if (message.data) waiter.bytes.push(Buffer.from(message.data, "base64"));
    if (message.total !== undefined && message.seq + 1 < message.total) return;
    waiting.delete(message.requestId);
    if (message.type === "error") waiter.reject(new Error(`${message.code}: ${message.message}`));
    else waiter.resolve({ ...message, text: waiter.text, bytes: Buffer.concat(waiter.bytes) });
  });
  await once(socket, "open");
  return {
    url,
    pid: daemon.pid,
    // By the names of the messages that nobody asked for.
    events,
    ask: (type, fields = {}) =>
      new Promise((resolve, reject) => {
        const requestId = next++;
        waiting.set(requestId, { resolve, reject, text: "", bytes: [] });
        socket.send(JSON.stringify({ type, requestId, ...fields }));
      }),
    stop: async () => {
      const exit = once(daemon, "exit");
      socket.close();
      kill();
      await exit;
      process.off("exit", kill);
    },
  };
}
