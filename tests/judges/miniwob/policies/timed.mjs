// What depends on time, or is found only by trying.

import { setTimeout as sleep } from "node:timers/promises";

async function clickAfter(page) {
  const seconds = Number(/wait (\d)/.exec(page.task)[1]);
  const second = await page.openPoint("#subbtn2");
  await page.clickOpen("#subbtn");
  await sleep(seconds * 1000);
  // A click at a point is not checked, which takes its time on a busy machine.
  await (second ? page.clickAt(second) : page.press("Enter", "#subbtn2"));
}

// The buttons light up one after the other; nothing more comes once they are dark for a while.
function shownButtons() {
  return new Promise((resolve) => {
    const shown = [];
    let last;
    const wait = () => {
      clearTimeout(last);
      last = setTimeout(() => (observer.disconnect(), resolve(shown)), 1500);
    };
    const observer = new MutationObserver((changes) => {
      for (const { target } of changes) if (target.classList.contains("push")) shown.push(target.id);
      wait();
    });
    observer.observe(document.getElementById("area"), { subtree: true, attributeFilter: ["class"] });
    wait();
  });
}

async function simonSays(page) {
  for (const id of await page.read(shownButtons)) await page.click(`#${id}`);
}

// A price goes up by 1.50 at most before it can be clicked; later any price that is low enough must do.
function lowPrice(most) {
  return new Promise((resolve) => {
    const element = document.getElementById("stock-price");
    let changes = 0;
    const observer = new MutationObserver(() => {
      changes += 1;
      const price = parseFloat(element.textContent.slice(1));
      if (price > most - (changes < 60 ? 1.5 : 0)) return;
      observer.disconnect();
      resolve(price);
    });
    observer.observe(element, { childList: true, characterData: true, subtree: true });
  });
}

async function buyStock(page) {
  const { middle } = await page.box("#buy");
  await page.read(lowPrice, Number(/\$(\d+\.\d\d)/.exec(page.task)[1]));
  await page.clickAt(middle);
}

// Clicks where something is as long as the episode lasts.
async function follow(page, find) {
  for (;;) {
    const { over, at } = await page.read(find);
    if (over) return;
    if (at) await page.clickAt(at);
    else await sleep(30);
  }
}

const chaseCircle = (page) =>
  follow(page, () => {
    const { x, y, width, height } = document.getElementById("circ").getBoundingClientRect();
    return { over: WOB_DONE_GLOBAL, at: { x: x + width / 2, y: y + height / 2 } };
  });

const clickMovingItems = (page) =>
  follow(page, () => {
    const middles = [...document.querySelectorAll(".item")].map((item) => {
      const { x, y, width, height } = item.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    });
    return { over: WOB_DONE_GLOBAL, at: middles.find(({ x, y }) => x > 5 && x < 155 && y > 55 && y < 205) };
  });

// The page says how near the mouse is; each answer leaves fewer points where the place can be.
async function findHot(page) {
  let left = [];
  for (let x = 5; x < 155; x++) for (let y = 5; y < 120; y++) left.push({ x, y });
  const nearer = { HOT: [0, 5], WARM: [5, 10], COLD: [10, 40], "ICE COLD": [40, Infinity] };
  while (left.length > 0) {
    const at = left[Math.floor(left.length / 2)];
    const point = { x: at.x, y: at.y + 50 };
    // The button goes down beside the page's own area, so that this is no click there.
    await page.drag({ x: 400, y: 300 }, point);
    const told = await page.read(() => document.getElementById("signal").textContent);
    if (told === "HOT") return page.clickAt(point);
    const [least, most] = nearer[told];
    left = left.filter(({ x, y }) => { const far = Math.hypot(x - at.x, y - at.y); return far >= least && far < most; });
  }
  throw new Error("no place is hot");
}

export const timed = {
  "button-delay": clickAfter,
  "chase-circle": chaseCircle,
  "hot-cold": findHot,
  "moving-items": clickMovingItems,
  "simon-says": simonSays,
  "stock-market": buyStock,
};
