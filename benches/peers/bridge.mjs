// The bridge as a contender: the built daemon, and a client of a few lines.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { once } from "node:events";
import WebSocket from "ws";

export async function bridge(binary, browser) {
  const settings = ["--set", "policy.private_networks=127.0.0.0/8"];
  const daemon = spawn(binary, ["serve", "--listen", "127.0.0.1:0", ...settings], {
    env: { ...process.env, CHROME_PATH: browser },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(createInterface({ input: daemon.stdout }), "line");
  const socket = new WebSocket(line.replace("cdp-bridge listening on ", ""), { perMessageDeflate: false });
  const waiting = new Map();
  const loads = new Map();
  let next = 1;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "loadEventFired") {
      loads.get(message.id)?.();
      loads.delete(message.id);
    }
    const waiter = waiting.get(message.requestId);
    if (!waiter) return;
    waiter.parts.push(message.snapshot ?? message.data ?? "");
    if (message.total !== undefined && message.seq + 1 < message.total) return;
    waiting.delete(message.requestId);
    if (message.type === "error") waiter.reject(new Error(JSON.stringify(message)));
    else waiter.resolve({ ...message, payload: waiter.parts.join("") });
  });
  await once(socket, "open");

  const ask = (type, fields) =>
    new Promise((resolve, reject) => {
      const requestId = next++;
      waiting.set(requestId, { resolve, reject, parts: [] });
      socket.send(JSON.stringify({ type, requestId, ...fields }));
    });
  const load = (id) => new Promise((resolve) => loads.set(id, resolve));

  return {
    name: "bridge",
    newTab: async () => (await ask("createTab", {})).id,
    close: (tabId) => ask("closeTab", { tabId }),
    go: (tabId, url) => Promise.all([load(tabId), ask("navigate", { tabId, url })]),
    html: async (tabId) => (await ask("getDomSnapshot", { tabId })).payload,
    screenshot: async (tabId) =>
      Buffer.from((await ask("getScreenshot", { tabId, quality: 70 })).payload, "base64"),
    stop: async () => {
      socket.close();
      daemon.kill("SIGTERM");
      await once(daemon, "exit");
    },
  };
}
