// How many tokens a model reads of a page: `node run.mjs BRIDGE_BINARY BROWSER`. Exits with 1 where the bridge's
// texts are longer than they may be, or do not tell what a click has changed.

import { createServer } from "node:http";
import { once } from "node:events";
import { agentBrowser, bridge, chromeDevtoolsMcp, playwrightMcp } from "./contenders.mjs";
import { load } from "./packages.mjs";
import { SHOP } from "./shop.mjs";

const { encode } = load("gpt-tokenizer/encoding/o200k_base");
const [binary, browser] = process.argv.slice(2);
if (!browser) throw new Error("usage: node run.mjs BRIDGE_BINARY BROWSER");

// The most that the bridge's texts may have: tokens, and characters of what a click has changed.
const MOST = { full: 10_600, controls: 3_800, click: 200 };

const server = createServer((_, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(SHOP);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${server.address().port}/`;

const count = (text) => encode(text).length;
console.log(`HTML: ${count(SHOP)} tokens (o200k)`);

async function measure(contender) {
  const { name } = contender;
  await contender.go(url);
  const full = await contender.full();
  const found = { full: count(full) };
  if (contender.controls) found.controls = count(await contender.controls());
  for (const [what, text] of Object.entries(contender.others ?? {})) console.log(`${name}, ${what}: ${count(await text())} tokens`);
  const change = await contender.click();
  found.click = change.length;
  found.tells = /Cart: 1/.test(change);
  const controls = found.controls === undefined ? "" : `, controls ${found.controls}`;
  console.log(`${name}: ${found.full} tokens${controls}; after a click ${count(change)} tokens, ${change.length} characters, ${found.tells ? "with" : "without"} what has changed`);
  return found;
}

const ours = await bridge(binary, browser);
const found = await measure(ours).finally(ours.stop);
const failed = !found.tells || Object.entries(MOST).some(([what, most]) => found[what] > most);
for (const start of [playwrightMcp, chromeDevtoolsMcp, agentBrowser]) {
  try {
    const contender = await start(browser);
    await measure(contender).finally(contender.stop);
  } catch (error) {
    console.log(`${start.name}: not measured: ${error.message.split("\n")[0]}`);
  }
}
server.close();
process.exit(failed ? 1 : 0);
