// Random sequences of actions on random pages, by the bridge and by Playwright:
// `node sequences.mjs BRIDGE_BINARY BROWSER [COUNT] [SEED] [FIRST]`. What the pages say afterwards, events
// and state, must be the same.

import { createServer } from "node:http";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { viaBridge } from "./contenders/bridge.mjs";
import { viaPlaywright } from "./contenders/playwright.mjs";
import { chance } from "./random.mjs";
import { generate } from "./sequence_pages.mjs";

const [binary, browser, count = "1000", seed = "1", first = "0"] = process.argv.slice(2);
if (!browser) throw new Error("usage: node sequences.mjs BRIDGE_BINARY BROWSER [COUNT] [SEED] [FIRST]");

let pages = {};
const answer = (request, response) => {
  const name = new URL(request.url, "http://a").pathname.split("/").at(-1);
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(pages[name] ?? "");
};
const listen = async (host) => {
  const server = createServer(answer).listen(0, host);
  await once(server, "listening");
  return { server, url: `http://${host}:${server.address().port}` };
};
// Two sites, as Chromium tells them apart.
const [near, far] = [await listen("127.0.0.1"), await listen("127.0.0.2")];

async function take(contender, number, steps) {
  await contender.go(`${near.url}/${number}/`);
  for (const [index, [action, ...args]] of steps.entries()) {
    try {
      await contender[action](...args);
    } catch (error) {
      return `step ${index} failed: ${error.message.split("\n")[0]}`;
    }
  }
  // The last step may still have an effect that begins later.
  await sleep(250);
  return contender.state("state()");
}

// Whether the logs have every click of the steps: of the control, its label, or a part of it.
const hasAllClicks = (text, steps) => {
  const logs = JSON.parse(text).flatMap(({ log }) => log);
  const wanted = new Map();
  for (const [action, locator] of steps) {
    const control = /(c\d+)[a-z]?"?\]?$/.exec(locator)[1];
    if (action === "click") wanted.set(control, (wanted.get(control) ?? 0) + 1);
  }
  return [...wanted].every(([control, times]) => logs.filter((line) => line.replace(/[a-z]$/, "") === `click ${control}`).length >= times);
};

// Why Playwright ended otherwise, where the bridge carried out all steps and the pages had all of its
// clicks. Null if there is no such reason.
const reasonFor = (ours, theirs, steps) => {
  if (ours.startsWith("step") || !hasAllClicks(ours, steps)) return null;
  const [, index] = /^step (\d+) failed: /.exec(theirs) ?? [];
  if (index === undefined) return hasAllClicks(theirs, steps) ? null : "a click of Playwright reached another document, or none";
  const [, locator] = steps[index];
  if (/^#(frame|far) >> #c\d+x$/.test(locator)) return "Playwright scrolls nothing around a frame for what has a fixed position in it";
  return "a step of Playwright failed, as where a click before it was lost";
};

// What differs, one line each.
const differences = (ours, theirs) => {
  if (ours.startsWith("step") || theirs.startsWith("step")) return [`bridge:     ${ours.startsWith("step") ? ours : "done"}`, `playwright: ${theirs.startsWith("step") ? theirs : "done"}`];
  const [one, other] = [ours, theirs].map((text) => text.split("\n"));
  return [...one.filter((line) => !other.includes(line)).map((line) => `bridge:     ${line}`), ...other.filter((line) => !one.includes(line)).map((line) => `playwright: ${line}`), ...(one.length === other.length ? [] : [`bridge ${one.length} lines, playwright ${other.length}`])];
};

const both = [await viaBridge(binary, browser), await viaPlaywright(browser)];
let [same, failed] = [0, 0];
const explained = new Map();
for (let number = Number(first); number < Number(first) + Number(count); number++) {
  const random = chance(Number(seed) * 1_000_003 + number);
  const generated = generate(random, `${far.url}/${number}/far`);
  pages = generated.pages;
  const [ours, theirs] = await Promise.all(both.map((contender) => take(contender, number, generated.steps)));
  const bothFailed = [ours, theirs].every((text) => text.startsWith("step"));
  if (bothFailed) failed += 1;
  const reason = reasonFor(ours, theirs, generated.steps);
  if (reason) explained.set(reason, (explained.get(reason) ?? 0) + 1);
  else if (ours === theirs || (bothFailed && ours.split(":")[0] === theirs.split(":")[0])) same += 1;
  else {
    console.log(`sequence ${number}:\n  ${generated.steps.map((step) => JSON.stringify(step)).join("\n  ")}`);
    for (const line of differences(ours, theirs).slice(0, 12)) console.log(`    ${line}`);
  }
}
const told = [...explained.values()].reduce((sum, times) => sum + times, 0);
console.log(`${same} of ${count} sequences ended alike (seed ${seed}), ${failed} of them with an action that neither could carry out`);
for (const [reason, times] of explained) console.log(`${times} were done by the bridge alone: ${reason}`);
for (const contender of both) await contender.stop();
for (const { server } of [near, far]) server.close();
process.exitCode = same + told === Number(count) ? 0 : 1;
