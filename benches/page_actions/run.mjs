// The bridge's page actions beside Playwright's: `node run.mjs BRIDGE_BINARY BROWSER`. With AGENT_BROWSER,
// the path of that program, its outline is timed as well. The packages are those of tests/judges.
//
// `click`, `fill`, a click in a frame and the outline are timed, in turn: only ratios within one run mean
// something.

import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { viaAgentBrowser } from "../../tests/judges/contenders/agent_browser.mjs";
import { viaBridge } from "../../tests/judges/contenders/bridge.mjs";
import { viaPlaywright } from "../../tests/judges/contenders/playwright.mjs";
import { serve } from "./pages.mjs";

const [binary, browser, ...others] = process.argv.slice(2);
if (!browser) throw new Error("usage: node run.mjs BRIDGE_BINARY BROWSER [OTHER_BRIDGE_BINARY]");

const site = await serve();
const both = [await viaBridge(binary, browser), await viaPlaywright(browser)];
// Another build of the bridge, to compare with.
for (const other of others) both.push({ ...(await viaBridge(other, browser)), name: other });

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
