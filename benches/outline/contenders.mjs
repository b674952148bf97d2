// Programs that show a page to a model. Each returns texts as a model reads them.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { viaBridge } from "../../tests/judges/contenders/bridge.mjs";
import { mcp } from "./mcp.mjs";
import { bin } from "./packages.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu"];

export async function bridge(binary, browser) {
  const contender = await viaBridge(binary, browser);
  const snapshot = (fields) => contender.ask("getAxSnapshot", fields);
  let revision;
  return {
    name: "cdp-bridge",
    go: contender.go,
    full: async () => {
      const whole = await snapshot({ compact: true });
      revision = whole.revision;
      return whole.text;
    },
    controls: async () => (await snapshot({ mode: "controls" })).text,
    others: {
      "without compact": async () => (await snapshot({})).text,
      interactiveOnly: async () => (await snapshot({ interactiveOnly: true })).text,
    },
    // What a model is told after a click.
    click: async () => {
      const selector = ".add >> nth=1";
      await contender.click(selector);
      return (await snapshot({ compact: true, since: revision })).text;
    },
    stop: contender.stop,
  };
}

export async function playwrightMcp(browser) {
  const server = await mcp(bin("playwright-mcp"), ["--headless", "--isolated", "--no-sandbox", "--executable-path", browser]);
  const refOf = (text) => [...text.matchAll(/button "Add to cart".*?\[ref=(\w+)\]/g)][1]?.[1];
  let last = "";
  const full = async () => (last = await server.text("browser_snapshot"));
  return {
    name: "@playwright/mcp",
    go: (url) => server.text("browser_navigate", { url }),
    full,
    click: () => server.text("browser_click", { element: "Add to cart", ref: refOf(last), target: refOf(last) }),
    stop: server.stop,
  };
}

export async function chromeDevtoolsMcp(browser) {
  const chrome = FLAGS.map((flag) => `--chrome-arg=${flag}`);
  const server = await mcp(bin("chrome-devtools-mcp"), ["--headless", "--isolated", "--executablePath", browser, ...chrome]);
  const pageOf = async () => Number(/^(\d+):/m.exec(await server.text("list_pages"))?.[1] ?? 0);
  let last = "";
  let pageId;
  const uidOf = (text) => [...text.matchAll(/uid=(\S+) button "Add to cart"/g)][1]?.[1];
  return {
    name: "chrome-devtools-mcp",
    go: async (url) => {
      pageId = await pageOf();
      await server.text("navigate_page", { type: "url", url, pageId });
    },
    full: async () => (last = await server.text("take_snapshot", { pageId })),
    click: () => server.text("click", { uid: uidOf(last), pageId }),
    stop: server.stop,
  };
}

export async function agentBrowser(browser) {
  const home = await mkdtemp(join(tmpdir(), "outline-"));
  const options = ["--session", `outline-${process.pid}`, "--executable-path", browser, "--args", FLAGS.join(",")];
  const run = promisify(execFile);
  const ask = async (...words) => (await run(process.execPath, [bin("agent-browser"), ...options, ...words], { maxBuffer: 64 << 20, env: { ...process.env, HOME: home } })).stdout;
  let last = "";
  return {
    name: "agent-browser",
    go: (url) => ask("open", url),
    full: async () => (last = await ask("snapshot")),
    controls: () => ask("snapshot", "-i"),
    click: () => {
      const ref = [...last.matchAll(/button "Add to cart".*?\[.*?ref=(\w+)/g)][1]?.[1];
      return ask("click", `@${ref}`);
    },
    stop: async () => {
      await ask("close");
      await rm(home, { recursive: true, force: true });
    },
  };
}
