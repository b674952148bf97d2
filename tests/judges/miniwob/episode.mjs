// One episode of a task: it is begun with a seed, a policy plays it, and the page gives a reward.

import { setTimeout as sleep } from "node:timers/promises";
import { pageOf } from "./page.mjs";

const LIMIT = 15_000;

// What the tasks draw for people that train is taken away: it lies over the page.
function begin(seed) {
  Math.seedrandom(seed);
  core.EPISODE_MAX_TIME = 1_000_000;
  core.startEpisodeReal();
  for (const id of ["reward-display", "click-canvas"]) document.getElementById(id).style.display = "none";
  return core.getUtterance();
}

export const requestsOn = (connection, tabId) => (type, fields) => connection.ask(type, { tabId, timeoutMs: LIMIT, ...fields });

// Opens a task; returns its page as policies have it.
export async function open(ask, address, seed) {
  const page = pageOf(ask);
  await ask("navigate", { url: address });
  await ask("waitFor", { loadState: "load" });
  const told = await page.read(begin, seed);
  await page.until(() => WOB_TASK_READY);
  return { ...page, seed, task: told.utterance ?? told, fields: told.fields ?? {} };
}

// Null if the episode is won, or why it is not.
export async function play(ask, address, seed, policy) {
  try {
    const page = await open(ask, address, seed);
    await policy(page);
    const end = Date.now() + 2000;
    for (;;) {
      const { over, reward } = await page.read(() => ({ over: WOB_DONE_GLOBAL, reward: WOB_RAW_REWARD_GLOBAL }));
      if (over) return reward > 0 ? null : `the reward is ${reward} (${page.task})`;
      if (Date.now() > end) return `the page does not end the episode (${page.task})`;
      await sleep(20);
    }
  } catch (error) {
    return error.message.split("\n")[0];
  }
}
