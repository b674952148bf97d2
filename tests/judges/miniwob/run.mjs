// Plays the tasks of MiniWoB++ by policies that act by requests alone:
// `node run.mjs BRIDGE_BINARY BROWSER [SEEDS] [ONLY]`, where ONLY is the beginning of a task's name, or
// `short` for the tasks that the tests play. Less than 99.5 % won is an error.

import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../connection.mjs";
import { WebSocket } from "./client_packages.mjs";
import { play, requestsOn } from "./episode.mjs";
import { policies, without } from "./policies.mjs";
import { short } from "./short.mjs";
import { serve, tasks } from "./site.mjs";

const [binary, browser, seeds = "10", only = ""] = process.argv.slice(2);
if (!browser) throw new Error("usage: node run.mjs BRIDGE_BINARY BROWSER [SEEDS] [ONLY]");

// Most of an episode is waiting, so that several tabs play at once.
const TABS = 4;
const WANTED = { tasks: 110, won: 0.995 };

const isChosen = only === "short" ? (task) => short.includes(task) : (task) => task.startsWith(only);
const played = tasks().filter((task) => policies[task] && isChosen(task));
const unknown = tasks().filter((task) => !policies[task] && !without[task]);
const queue = played.flatMap((task) => Array.from({ length: Number(seeds) }, (_, index) => ({ task, seed: index + 1 })));
const episodes = queue.length;
const lost = [];
const began = Date.now();

const site = await serve();
const connection = await connect(WebSocket, binary, browser);

async function playInTab() {
  const { id } = await connection.ask("createTab");
  const ask = requestsOn(connection, id);
  for (let episode = queue.shift(); episode; episode = queue.shift()) {
    const { task, seed } = episode;
    const why = await play(ask, site.address(task), seed, policies[task]);
    if (!why) continue;
    lost.push(task);
    console.log(`${task}, seed ${seed}: ${why}`);
  }
}

await Promise.all(Array.from({ length: Math.min(TABS, episodes) }, (_, tab) => sleep(tab * 50).then(playInTab)));
await connection.stop();
site.stop();

const won = episodes - lost.length;
const seconds = ((Date.now() - began) / 1000).toFixed(0);
console.log(`${played.length} of ${tasks().length} tasks, ${episodes} episodes: ${won} won (${((100 * won) / episodes).toFixed(2)} %), ${played.length - new Set(lost).size} tasks without a loss, ${seconds} s`);
if (!only) for (const [task, why] of Object.entries(without)) console.log(`${task} is not played: ${why}`);
for (const task of unknown) console.log(`${task} has no policy`);
const isEnough = only ? won === episodes : won >= WANTED.won * episodes && played.length >= WANTED.tasks;
process.exitCode = episodes > 0 && isEnough && unknown.length === 0 ? 0 : 1;
