// The bridge, by its protocol: a daemon with a browser of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { load } from "../packages.mjs";

const WebSocket = load("ws");

export const LIMIT = 5000;

export async function viaBridge(binary, browser) {
  const settings = ["--set", "policy.private_networks=127.0.0.0/8"];
  const daemon = spawn(binary, ["serve", "--listen", "127.0.0.1:0", ...settings], {
    env: { ...process.env, CHROME_PATH: browser },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(createInterface({ input: daemon.stdout }), "line");
  const socket = new WebSocket(line.replace("cdp-bridge listening on ", ""), { perMessageDeflate: false });
  const waiting = new Map();
  let loaded = () => {};
  let next = 1;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "loadEventFired") loaded();
    const waiter = waiting.get(message.requestId);
    if (!waiter) return;
    waiter.text += message.snapshot ?? message.content ?? "";
    if (message.total !== undefined && message.seq + 1 < message.total) return;
    waiting.delete(message.requestId);
    if (message.type === "error") waiter.reject(new Error(`${message.code}: ${message.message}`));
    else waiter.resolve({ ...message, text: waiter.text });
  });
  await once(socket, "open");
  let tabId;
  const ask = (type, fields = {}) =>
    new Promise((resolve, reject) => {
      const requestId = next++;
      waiting.set(requestId, { resolve, reject, text: "" });
      socket.send(JSON.stringify({ type, requestId, tabId, timeoutMs: LIMIT, ...fields }));
    });
  ({ id: tabId } = await ask("createTab", { tabId: undefined }));
  const outline = async () => (await ask("getAxSnapshot")).text;
  return {
    name: "bridge",
    ask,
    go: async (url) => {
      const load = new Promise((resolve) => (loaded = resolve));
      await ask("navigate", { url });
      await load;
    },
    click: (selector) => ask("click", { selector }),
    doubleClick: (selector) => ask("click", { selector, clickCount: 2 }),
    // By the reference that the outline gives to an element.
    clickRef: async (role, name) => {
      const line = (await outline()).split("\n").find((line) => line.includes(`- ${role} "${name}"`));
      const reference = /\[ref=(\w+)\]/.exec(line ?? "")?.[1];
      if (!reference) throw new Error(`the outline has no ${role} "${name}"`);
      return ask("click", { selector: `ref=${reference}` });
    },
    fill: (selector, value) => ask("fill", { selector, value }),
    type: (selector, text) => ask("type", { selector, text }),
    press: (selector, key) => ask("press", { selector, key }),
    check: (selector, on) => ask(on ? "check" : "uncheck", { selector }),
    select: (selector, value) => ask("select", { selector, values: [value] }),
    hover: (selector) => ask("hover", { selector }),
    query: async (selector, what) => (await ask("query", { selector, what })).value,
    outline,
    content: async () => (await ask("getContent", { format: "text" })).text,
    state: async (expression) => (await ask("evaluate", { expression })).value,
    stop: async () => {
      socket.close();
      daemon.kill("SIGTERM");
      await once(daemon, "exit");
    },
  };
}
