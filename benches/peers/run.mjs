// The bridge beside its peers: `node run.mjs BRIDGE_BINARY BROWSER [OUTPUT] [CHROMIUMOXIDE_BINARY]`.
//
// Each contender has a browser of its own and they take turns, sample by sample; only ratios
// within one run mean something. The bridge's client is JavaScript, as Puppeteer's and Playwright's
// users are, so that none has that against it; chromiumoxide is timed within its own program.

import { writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { bridge } from "./bridge.mjs";
import { viaPlaywright, viaPuppeteer } from "./libraries.mjs";
import { viaChromiumoxide } from "./oxide.mjs";
import { serve } from "./pages.mjs";

const [binary, browser, output, oxide] = process.argv.slice(2);
if (!browser) throw new Error("usage: node run.mjs BRIDGE_BINARY BROWSER [OUTPUT]");

// The bridge paces each tab: requests rotate over these, and wait until their tab is quiet.
const TABS = 8;
const PAUSE = { html: 330, screenshot: 540 };

const site = await serve();
const contenders = [
  await bridge(binary, browser),
  await viaPuppeteer(browser),
  await viaPlaywright(browser),
  ...(oxide ? [await viaChromiumoxide(oxide, browser)] : []),
];

/// Times `work` for every contender in turn, `count` times; returns a list of times for each.
async function inTurn(count, work, after = async () => {}) {
  const times = contenders.map(() => []);
  for (let number = 0; number < count; number++) {
    for (const [index, contender] of contenders.entries()) {
      const start = performance.now();
      const outcome = await work(contender, index, number);
      times[index].push(outcome?.took ?? performance.now() - start);
      await after(contender, outcome);
    }
  }
  return times;
}

async function tabsAt(url, count) {
  const all = [];
  for (const contender of contenders) {
    const tabs = [];
    for (let number = 0; number < count; number++) {
      const tab = await contender.newTab();
      await contender.go(tab, url);
      tabs.push(tab);
    }
    all.push(tabs);
  }
  return all;
}

async function captures(count, what, path, tabCount) {
  const all = await tabsAt(site.url + path, tabCount);
  const quiet = new Array(tabCount).fill(0);
  const times = contenders.map(() => []);
  for (let number = 0; number < count; number++) {
    const at = number % tabCount;
    await sleep(Math.max(0, quiet[at] - performance.now()));
    for (const [index, contender] of contenders.entries()) {
      // A picture waits for the browser's next frames: each is asked at every phase of one.
      await sleep(((number * 5) % 13) * 1.3);
      const start = performance.now();
      const outcome = await contender[what](all[index][at]);
      times[index].push(outcome?.took ?? performance.now() - start);
      if (index === 0) quiet[at] = start + PAUSE[what];
    }
  }
  for (const [index, tabs] of all.entries()) {
    for (const tab of tabs) await contenders[index].close(tab);
  }
  return times;
}

const rows = [];
function row(name, times) {
  const spreads = times.map((list) => {
    const sorted = list.toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return { median: at(0.5), p95: at(0.95), samples: sorted.length };
  });
  const [ours] = spreads;
  const entries = spreads.map((spread, index) => [
    contenders[index].name,
    { ...spread, toBridge: spread.median / ours.median },
  ]);
  rows.push({ name, ...Object.fromEntries(entries) });
  const cells = spreads.map(
    (it, index) => `${it.median.toFixed(1)} (${it.p95.toFixed(1)})` + (index ? ` ×${(it.median / ours.median).toFixed(2)}` : ""),
  );
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}

console.log(`| median (p95) in ms, × of the bridge | ${contenders.map((it) => it.name).join(" | ")} |`);
console.log(`| --- |${" ---: |".repeat(contenders.length)}`);
const keep = await tabsAt(`${site.url}/small`, 1);
row("new tab", await inTurn(20, (it) => it.newTab(), (it, tab) => it.close(tab)));
const small = `${site.url}/small`;
row("navigate to load, small page", await inTurn(40, (it, index) => it.go(keep[index][0], small)));
row("HTML of a small page", await captures(120, "html", "/small", TABS));
row("HTML, 218 KB", await captures(80, "html", "/medium", TABS));
row("HTML, 5.7 MB", await captures(12, "html", "/large", 2));
row("screenshot, jpeg 70", await captures(64, "screenshot", "/medium", TABS));

for (const contender of contenders) await contender.stop();
site.stop();
if (output) writeFileSync(output, `${JSON.stringify({ rows }, null, 2)}\n`);
