// The two that act on the same page: each has a browser of its own, and takes the same steps.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import WebSocket from "ws";

const LIMIT = 5000;

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
    waiter.text += message.snapshot ?? "";
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
  return {
    name: "bridge",
    go: async (url) => {
      const load = new Promise((resolve) => (loaded = resolve));
      await ask("navigate", { url });
      await load;
    },
    click: (selector) => ask("click", { selector }),
    fill: (selector, value) => ask("fill", { selector, value }),
    type: (selector, text) => ask("type", { selector, text }),
    press: (selector, key) => ask("press", { selector, key }),
    check: (selector, on) => ask(on ? "check" : "uncheck", { selector }),
    select: (selector, value) => ask("select", { selector, values: [value] }),
    hover: (selector) => ask("hover", { selector }),
    outline: async () => (await ask("getAxSnapshot")).text,
    state: async (expression) => (await ask("evaluate", { expression })).value,
    stop: async () => {
      socket.close();
      daemon.kill("SIGTERM");
      await once(daemon, "exit");
    },
  };
}

// Playwright knows no ` >> ` into frames by itself, so that a step's frame is entered here.
export async function viaPlaywright(executablePath) {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.setDefaultTimeout(LIMIT);
  const at = (selector) => {
    const parts = selector.split(" >> ");
    const inner = parts.pop();
    return parts.reduce((scope, part) => scope.frameLocator(part), page).locator(inner);
  };
  return {
    name: "playwright",
    // What a page was still doing may come in between, which is told as an abort.
    go: async (url) => {
      for (;;) {
        try {
          return await page.goto(url);
        } catch (error) {
          if (!error.message.includes("ERR_ABORTED")) throw error;
        }
      }
    },
    click: (selector) => at(selector).click(),
    // The bridge tells the change that leaving the field tells.
    fill: (selector, value) => at(selector).fill(value),
    type: (selector, text) => at(selector).pressSequentially(text),
    press: (selector, key) => at(selector).press(key),
    check: (selector, on) => at(selector).setChecked(on),
    select: (selector, value) => at(selector).selectOption(value),
    hover: (selector) => at(selector).hover(),
    outline: () => page.locator("body").ariaSnapshot(),
    state: (expression) => page.evaluate(expression),
    stop: () => browser.close(),
  };
}

// A command line is started for each step, as its users do; its daemon keeps the browser.
export async function viaAgentBrowser(program, browser) {
  const run = promisify(execFile);
  const session = ["--session", `page-actions-${process.pid}`, "--executable-path", browser, "--args", "--no-sandbox,--disable-gpu"];
  const ask = async (...words) => (await run(program, [...session, ...words], { maxBuffer: 64 << 20 })).stdout;
  await ask("open", "about:blank");
  return {
    name: "agent-browser",
    go: (url) => ask("open", url),
    outline: () => ask("snapshot"),
    // What starting its command costs alone.
    nothing: () => run(program, ["--version"]),
    stop: () => ask("close"),
  };
}
