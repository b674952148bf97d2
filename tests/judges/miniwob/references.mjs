// Counts the references that the outline gives on the pages of MiniWoB++, beside what can be clicked there:
// `node references.mjs BRIDGE_BINARY BROWSER [ONLY]`, where ONLY is the beginning of a task's name. Fewer
// than wanted, or more, are an error.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../connection.mjs";
import { WebSocket } from "./client_packages.mjs";
import { open, requestsOn } from "./episode.mjs";
import { serve, tasks } from "./site.mjs";

const [binary, browser, only = ""] = process.argv.slice(2);
if (!browser) throw new Error("usage: node references.mjs BRIDGE_BINARY BROWSER [ONLY]");

// How the outline is asked for, and what it must reach. The whole outline also has references to what cannot
// be clicked, so that only the short ones have a bound for how many there are.
const OUTLINES = [
  { name: "outline", fields: {}, reached: 0.95 },
  { name: "compact", fields: { compact: true }, reached: 0.95, refs: 1.2 },
  { name: "controls", fields: { mode: "controls" }, reached: 0.95, refs: 1.2 },
];

const source = (file) => readFileSync(new URL(file, import.meta.url), "utf8");
const clickables = source("clickables.js");

const site = await serve(source("listeners.js"));
const connection = await connect(WebSocket, binary, browser);
const { id } = await connection.ask("createTab");
const ask = requestsOn(connection, id);

async function count(task, fields) {
  const page = await open(ask, site.address(task), 1);
  // Some pages still draw themselves after they have loaded.
  for (let before = -1, now = -2; now !== before; await sleep(100)) {
    before = now;
    now = await page.read(`${clickables}; judge.told().clickables`);
  }
  const { text } = await ask("getAxSnapshot", fields);
  const refs = [...text.matchAll(/\[ref=(\w+)\]/g)].map(([, ref]) => ref);
  await Promise.all(refs.map((ref) => ask("evaluate", { expression: "(element) => judge.reach(element)", selector: `ref=${ref}` })));
  return { ...(await page.read("judge.told()")), refs: refs.length };
}

// The first few names, each once.
function some(names) {
  const each = [...new Set(names)];
  return each.slice(0, 5).join(" ") + (each.length > 5 ? " …" : "");
}

const sum = (counts, what) => counts.reduce((sum, count) => sum + count[what], 0);

async function measure({ name, fields, reached, refs = Infinity }) {
  const counts = [];
  for (const task of tasks().filter((task) => task.startsWith(only))) {
    const counted = await count(task, fields);
    counts.push(counted);
    const [missed, strays] = [counted.missed, counted.strays].map(some);
    if (missed) console.log(`  ${task}: ${counted.reached} of ${counted.clickables}, without a reference are ${missed}`);
    if (strays) console.log(`  ${task}: there are references to ${strays}`);
  }
  const total = sum(counts, "clickables");
  const [reach, each] = [sum(counts, "reached") / total, sum(counts, "refs") / total];
  const strays = counts.flatMap((count) => count.strays).length;
  console.log(`${name}: ${sum(counts, "reached")} of ${total} clickables have a reference (${(100 * reach).toFixed(1)} %), ${each.toFixed(2)} references a clickable, ${strays} to what has neither listener, role nor pointer`);
  return reach >= reached && each <= refs && strays === 0;
}

let isEnough = true;
for (const outline of OUTLINES) {
  try {
    isEnough = (await measure(outline)) && isEnough;
  } catch (error) {
    console.log(`${outline.name}: ${error.message}`);
    isEnough = false;
  }
}
await connection.stop();
site.stop();
process.exitCode = isEnough ? 0 : 1;
