// The same events of mouse and keyboard, sent by the bridge and by Playwright, are the same to a page:
// `node raw_input.mjs BRIDGE_BINARY BROWSER`. A page whose log or whose state differs is an error.

import { createServer } from "node:http";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { viaBridge } from "./contenders/bridge.mjs";
import { viaPlaywright } from "./contenders/playwright.mjs";
import { cases } from "./raw_input_cases.mjs";

const [binary, browser] = process.argv.slice(2);
if (!browser) throw new Error("usage: node raw_input.mjs BRIDGE_BINARY BROWSER");

// Logs every event of mouse and keyboard before the page sees it. `pointermove` comes with `mousemove`.
const LOGGER = `<script>
const logged = ['mousemove', 'mousedown', 'mouseup', 'click', 'dblclick', 'auxclick', 'contextmenu', 'wheel', 'pointerdown',
  'pointerup', 'pointercancel', 'dragstart', 'dragenter', 'dragover', 'drop', 'dragend', 'keydown', 'keyup', 'beforeinput',
  'input', 'change', 'selectstart'];
const fields = ['isTrusted', 'detail', 'button', 'buttons', 'clientX', 'clientY', 'movementX', 'movementY', 'pressure', 'deltaX',
  'deltaY', 'key', 'code', 'keyCode', 'location', 'repeat', 'altKey', 'ctrlKey', 'metaKey', 'shiftKey', 'inputType', 'data'];
window.judge = { log: [] };
for (const name of logged) addEventListener(name, (event) => {
  const told = fields.filter((field) => event[field] !== undefined).map((field) => field + '=' + event[field]);
  judge.log.push([name, event.target.id ?? '', ...told].join(' '));
}, { capture: true, passive: true });
</script>`;

const server = createServer((request, response) => {
  const found = cases.find(({ name }) => `/${name}` === request.url);
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(`<!doctype html><meta charset=utf-8><title>raw</title><style>body { margin: 0 }</style>${LOGGER}<body>${found?.page ?? ""}`);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const site = `http://127.0.0.1:${server.address().port}`;

async function play(contender, { name, events, state, settled }) {
  await contender.go(`${site}/${name}`);
  for (const [device, ...args] of events) await contender[device](...args);
  for (let tries = 0; settled && tries < 50; tries += 1) {
    if (await contender.state(settled)) break;
    await sleep(50);
  }
  // Chromium itself moves the mouse over a new page, sooner or later.
  const log = (await contender.state("judge.log")).filter((line) => !/^mousemove .* clientX=0 clientY=0 /.test(line));
  return { log, state: await contender.state(state) };
}

const both = [await viaBridge(binary, browser), await viaPlaywright(browser)];
let wrong = 0;
for (const one of cases) {
  const [ours, theirs] = await Promise.all(both.map((contender) => play(contender, one)));
  const isSame = isDeepStrictEqual(ours, theirs) && ours.log.length > 0;
  console.log(`${isSame ? "" : "WRONG: "}${one.name}: ${ours.log.length} events`);
  if (isSame) continue;
  wrong += 1;
  const at = ours.log.findIndex((line, number) => line !== theirs.log[number]);
  const first = at < 0 ? Math.min(ours.log.length, theirs.log.length) : at;
  for (const [who, { log, state }] of [["bridge", ours], ["playwright", theirs]]) {
    console.log(`    ${who}: ${log.length} events, state ${JSON.stringify(state)?.slice(0, 200)}`);
    for (const line of log.slice(Math.max(0, first - 1), first + 3)) console.log(`        ${line}`);
  }
}
console.log(`${cases.length} cases of raw input: ${wrong} differ`);
for (const contender of both) await contender.stop();
server.close();
process.exitCode = wrong ? 1 : 0;
