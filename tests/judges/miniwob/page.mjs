// The page as policies have it: they read it with scripts, and act by the requests of the protocol alone.

import { setTimeout as sleep } from "node:timers/promises";

const LIMIT = 5000;

export function pageOf(ask) {
  // A function is called with the arguments; text is run as it is.
  const read = async (script, ...args) => (await ask("evaluate", { expression: String(script), ...(typeof script === "function" && { args }) })).value;

  // Reads until there is something to read, and returns it.
  const until = async (script, ...args) => {
    const end = Date.now() + LIMIT;
    for (;;) {
      const value = await read(script, ...args);
      if (value) return value;
      if (Date.now() > end) throw new Error(`this did not become true: ${script}`);
      await sleep(20);
    }
  };

  const click = (selector, how = {}) => ask("click", { selector, ...how });

  return {
    read,
    until,
    click,
    clickAt: ({ x, y }) => ask("click", { x, y }),
    // The element of a selector that has this text.
    clickText: async (selector, text) => click(`${selector} >> nth=${await indexOf(read, selector, text)}`),
    // A part that nothing covers. What is covered as a whole is left to the keyboard.
    clickOpen: async (selector, index = 0) => {
      const position = await read(openPosition, selector, index);
      const element = `${selector} >> nth=${index}`;
      return position ? click(element, { position }) : ask("press", { selector: element, key: "Enter" });
    },
    // Where that part is, in the visible part of the page; null if there is none.
    openPoint: async (selector) => {
      const [position, box] = [await read(openPosition, selector, 0), await read(boxOf, selector, 0)];
      return position && { x: box.x + position.x, y: box.y + position.y };
    },
    submit: (selector = "#subbtn") => click(selector),
    fill: (selector, value) => ask("fill", { selector, value }),
    type: (text, selector) => ask("type", { selector, text }),
    press: (key, selector) => ask("press", { selector, key }),
    check: (selector) => ask("check", { selector }),
    select: (selector, ...values) => ask("select", { selector, values }),
    hover: (selector) => ask("hover", { selector }),
    scroll: (selector, to) => ask("scroll", { selector, to }),
    scrollIntoView: (selector) => ask("scrollIntoView", { selector }),
    // Both ends are selectors or points.
    drag: (from, to) => ask("drag", { from, to }),
    mouse: (action, point) => ask("mouse", { action, ...point }),
    // Where an element is, in the visible part of the page.
    box: (selector, index = 0) => read(boxOf, selector, index),
  };
}

async function indexOf(read, selector, text) {
  const index = await read(
    (selector, text) => [...document.querySelectorAll(selector)].findIndex((element) => element.textContent.trim() === text),
    selector,
    text,
  );
  if (index < 0) throw new Error(`no ${selector} has the text ${JSON.stringify(text)}`);
  return index;
}

// They run in the page.

function boxOf(selector, index) {
  const { x, y, width, height } = document.querySelectorAll(selector)[index].getBoundingClientRect();
  return { x, y, width, height, middle: { x: x + width / 2, y: y + height / 2 } };
}

function openPosition(selector, index) {
  const element = document.querySelectorAll(selector)[index];
  const { x, y, width, height } = element.getBoundingClientRect();
  const parts = [0.5, 0.1, 0.9, 0.25, 0.75, 0.03, 0.97];
  for (const down of parts) {
    for (const right of parts) {
      const hit = document.elementFromPoint(x + width * right, y + height * down);
      if (hit && (hit === element || element.contains(hit))) return { x: width * right, y: height * down };
    }
  }
  return null;
}
