// Component libraries and editors as pages use them, operated by the bridge and by Playwright:
// `node run.mjs BRIDGE_BINARY BROWSER [ONLY]`, where ONLY is the beginning of a page's name. What fails
// with the bridge alone, or otherwise than the cases say, is an error.

import { createServer } from "node:http";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { components } from "./component_cases.mjs";
import { viaBridge } from "./contenders/bridge.mjs";
import { viaPlaywright } from "./contenders/playwright.mjs";
import { editorCases } from "./editor_cases.mjs";
import { folder } from "./packages.mjs";

const [binary, browser, only = ""] = process.argv.slice(2);
if (!browser) throw new Error("usage: node run.mjs BRIDGE_BINARY BROWSER [ONLY]");

const TYPES = { js: "text/javascript", css: "text/css" };
const server = createServer((request, response) => {
  const name = new URL(request.url, "http://a").pathname.slice(1);
  const file = join(folder, "pages", name);
  const type = TYPES[name.split(".").at(-1)];
  if (type && existsSync(file)) return response.setHeader("content-type", type).end(readFileSync(file));
  if (name.includes(".")) return response.writeHead(404).end();
  const style = existsSync(`${file}.css`) ? `<link rel=stylesheet href="/${name}.css">` : "";
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(`<!doctype html><meta charset=utf-8><title>${name}</title>${style}<body><div id=host></div><script type=module src="/${name}.js"></script>`);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const site = `http://127.0.0.1:${server.address().port}`;

const LIMIT = 5000;

// Asks until it is as wanted; returns what it was last.
async function until(ask, isWanted) {
  const end = Date.now() + LIMIT;
  for (;;) {
    const value = await ask();
    if (isWanted(value) || Date.now() > end) return value;
    await sleep(50);
  }
}

const expect = async (ask, isWanted, wanted) => {
  const value = await until(ask, isWanted);
  if (!isWanted(value)) throw new Error(`expected ${JSON.stringify(wanted)}, got ${JSON.stringify(value)?.slice(0, 400)}`);
};

const squeeze = (text) => text.replace(/[\s\u200b\ufeff]+/g, " ").trim();

async function step(contender, action, ...args) {
  switch (action) {
    case "reads": {
      const [selector, what, wanted] = args;
      return expect(() => contender.query(selector, what), (value) => value === wanted, wanted);
    }
    case "holds":
      return expect(() => contender.query(args[0], "text"), (text) => squeeze(text).includes(args[1]), args[1]);
    case "sees":
      return expect(() => contender.query(args[0], "visible"), (seen) => seen, true);
    case "shows": {
      // A reference, or another state, may stand between.
      const [, line, state = ""] = /^(.*?)( \[.*)?$/.exec(args[0]);
      return expect(contender.outline, (text) => text.split("\n").some((it) => it.includes(line) && it.includes(state)), args[0]);
    }
    case "contains":
      return expect(contender.content, (text) => squeeze(text).includes(args[0]), args[0]);
    case "becomes":
      return expect(() => contender.state(args[0]), (value) => value === true, args[0]);
    default: {
      const done = await contender[action](...args);
      if (done?.matches === false) throw new Error(`${action} answered that the field does not hold the value`);
    }
  }
}

// Null if all is as expected, or what is not.
async function play(contender, page, steps, expression, wanted) {
  try {
    await contender.go(`${site}/${page}`);
    await expect(() => contender.state("Boolean(globalThis.judge)"), (ready) => ready === true, "a page");
    for (const [action, ...args] of steps) {
      try {
        await step(contender, action, ...args);
      } catch (error) {
        return `${action} ${JSON.stringify(args)}: ${error.message.split("\n")[0]}`;
      }
    }
    const isWanted = (value) => isDeepStrictEqual(value, wanted) || (Array.isArray(wanted) && wanted.includes(value));
    if (expression) await expect(() => contender.state(expression), isWanted, wanted);
    return null;
  } catch (error) {
    return error.message.split("\n")[0];
  }
}

const both = [await viaBridge(binary, browser), await viaPlaywright(browser)];
let wrong = 0;
let done = 0;
for (const [page, cases] of Object.entries({ ...components, ...editorCases })) {
  if (!page.startsWith(only)) continue;
  let [ours, theirs] = [0, 0];
  for (const [what, steps, expression, wanted, { neither, playwrightNot } = {}] of cases) {
    const [bridge, playwright] = await Promise.all(both.map((contender) => play(contender, page, steps, expression, wanted)));
    done += 1;
    ours += bridge === null;
    theirs += playwright === null;
    const isAsSaid = (bridge === null) === !neither;
    if (!isAsSaid) wrong += 1;
    if (!isAsSaid || bridge || (playwright && !playwrightNot)) {
      console.log(`${isAsSaid ? "" : "WRONG: "}${page}: ${what}${neither ? ` (neither: ${neither})` : ""}`);
      console.log(`    bridge     ${bridge ?? "done"}\n    playwright ${playwright ?? "done"}`);
    }
  }
  console.log(`${page}: of ${cases.length}, bridge ${ours}, playwright ${theirs}`);
}
console.log(`${done} cases: ${wrong} with another outcome than is said here`);
for (const contender of both) await contender.stop();
server.close();
process.exitCode = wrong || !done ? 1 : 0;
