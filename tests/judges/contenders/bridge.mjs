// The bridge, by its protocol.

import { connect } from "../connection.mjs";
import { load } from "../packages.mjs";

export const LIMIT = 5000;

export async function viaBridge(binary, browser) {
  const { ask: send, events, stop } = await connect(load("ws"), binary, browser);
  let loaded = () => {};
  events.on("loadEventFired", () => loaded());
  let tabId;
  const ask = (type, fields = {}) => send(type, { tabId, timeoutMs: LIMIT, ...fields });
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
    mouse: (action, fields = {}) => ask("mouse", { action, ...fields }),
    keyboard: (action, value) => ask("keyboard", { action, [action === "insertText" ? "text" : "key"]: value }),
    pressKey: (key) => ask("press", { key }),
    query: async (selector, what) => (await ask("query", { selector, what })).value,
    outline,
    content: async () => (await ask("getContent", { format: "text" })).text,
    picture: async (fields) => (await ask("getScreenshot", { format: "png", ...fields })).bytes,
    pdf: async (fields) => (await ask("printToPdf", fields)).bytes,
    state: async (expression) => (await ask("evaluate", { expression })).value,
    stop,
  };
}
