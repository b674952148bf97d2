// The bridge's page actions beside Playwright's: `node run.mjs BRIDGE_BINARY BROWSER [SEQUENCES] [SEED]`.
// With AGENT_BROWSER, the path of that program, its outline is timed as well.
//
// First, random sequences of actions are taken by both, and what a person would see afterwards must be
// the same. Then `click`, `fill` and the outline are timed, in turn: only ratios within one run mean
// something.

import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { viaAgentBrowser, viaBridge, viaPlaywright } from "./contenders.mjs";
import { serve } from "./pages.mjs";

const [binary, browser, sequences = "1000", seed = "1"] = process.argv.slice(2);
if (!browser) throw new Error("usage: node run.mjs BRIDGE_BINARY BROWSER [SEQUENCES] [SEED]");

const site = await serve();
const both = [await viaBridge(binary, browser), await viaPlaywright(browser)];

// mulberry32: the same numbers for the same seed.
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const TEXTS = ["a", "Two words", "ümläut", "x@y.test", "日本", "1 < 2 & 3", ""];
const STEPS = [
  (pick) => ["click", pick(["#send", "#slide", "#grow", "#swap", "#late", "#low", "#shade", "#frame >> #in"])],
  (pick) => ["fill", pick(["#name", "#mail", "#note", "#edit", "#frame >> #inField"]), pick(TEXTS)],
  (pick) => ["fill", "#when", pick(["2026-01-02", "1999-12-31"])],
  (pick) => ["fill", "#amount", pick(["1", "-2.5", "1000"])],
  (pick) => ["type", pick(["#name", "#note", "#frame >> #inField"]), pick(["abc", "Q!", "ß x"])],
  (pick) => ["press", pick(["#name", "#note"]), pick(["End", "Backspace", "Home", "Control+A", "Delete", "Enter", "Z"])],
  (pick) => ["check", "#gift", pick([true, false])],
  (pick) => ["check", pick(["#small", "#large"]), true],
  (pick) => ["select", "#fruit", pick(["Apple", "Pear", "Plum"])],
  (pick) => ["hover", pick(["#menu", "#low", "#name"])],
];

async function take(contender, steps) {
  await contender.go(`${site.url}/`);
  for (const [action, ...args] of steps) {
    try {
      await contender[action](...args);
    } catch (error) {
      return `${action} ${args.join(" ")} failed: ${error.message.split("\n")[0]}`;
    }
  }
  // What the mouse is over after scrolling is found out a moment later.
  await sleep(150);
  return contender.state("state()");
}

let different = 0;
for (let number = 0; number < Number(sequences); number++) {
  const random = numbers(Number(seed) * 1_000_003 + number);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const steps = Array.from({ length: 3 + Math.floor(random() * 6) }, () => pick(STEPS)(pick));
  const [ours, theirs] = await Promise.all(both.map((contender) => take(contender, steps)));
  if (ours !== theirs) {
    different += 1;
    if (different <= 5) console.log(`sequence ${number}: ${JSON.stringify(steps)}\n  bridge     ${ours}\n  playwright ${theirs}`);
  }
}
console.log(`${sequences} sequences (seed ${seed}): ${different} with another outcome`);

const middle = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];

async function timed(what, path, count, work, contenders = both) {
  const times = contenders.map(() => []);
  for (const contender of contenders) await contender.go(site.url + path);
  for (let number = -5; number < count; number++) {
    for (const [index, contender] of contenders.entries()) {
      // Both wait for frames. Without a pause of chance, one of them would always begin just after one.
      await sleep(Math.random() * 17);
      const start = performance.now();
      await work(contender, number);
      if (number >= 0) times[index].push(performance.now() - start);
    }
  }
  const [ours, ...others] = times.map(middle);
  const said = others.map((time, index) => `${contenders[index + 1].name} ${time.toFixed(1)} ms, ratio ${(ours / time).toFixed(2)}`);
  console.log(`${what}: bridge ${ours.toFixed(1)} ms, ${said.join("; ")}`);
}

await timed("click", "/", 100, (contender) => contender.click("#send"));
await timed("fill", "/", 100, (contender, number) => contender.fill("#name", `text ${number}`));
await timed("click in a frame", "/", 60, (contender) => contender.click("#frame >> #in"));
const third = process.env.AGENT_BROWSER ? [await viaAgentBrowser(process.env.AGENT_BROWSER, browser)] : [];
const all = [...both, ...third];
await timed("outline of 3,000 elements", "/long", 30, (contender) => contender.outline(), all);
for (const contender of third) {
  const start = performance.now();
  for (let number = 0; number < 20; number++) await contender.nothing();
  console.log(`of agent-browser's time, starting its command: ${((performance.now() - start) / 20).toFixed(1)} ms`);
}

for (const contender of all) await contender.stop();
site.stop();
process.exitCode = different ? 1 : 0;
