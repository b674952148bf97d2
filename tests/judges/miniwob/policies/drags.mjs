// What is dragged from one place to another.

const moved = (point, x, y) => ({ x: point.x + x, y: point.y + y });

// Item `from` of a list that is sorted by dragging takes the place of item `to`. Such a list puts an item
// before or behind the one that the mouse is over, by the direction in which it came there.
async function moveItem(page, from, to) {
  const [start, end] = [await page.box("#sortable li", from), await page.box("#sortable li", to)];
  const [right, down] = [Math.sign(end.x - start.x), Math.sign(end.y - start.y)];
  if (right > 0 && down < 0) {
    const { middle } = await page.box("#sortable li", to - 1);
    await page.drag(start.middle, moved(middle, 10, 0));
  } else {
    // A drag begins with a step to the right, so that straight up or down is a way to the left.
    await page.drag(start.middle, moved(end.middle, 5 * (right || -1), 5 * down));
  }
}

const itemOf = (page, name) => page.read((name) => [...document.querySelectorAll("#sortable li")].findIndex((it) => it.textContent === name), name);

async function dragItem(page) {
  const [, name, where] = /^Drag (\S+) (.*)\.$/.exec(page.task);
  const from = await itemOf(page, name);
  const by = { "up by one position": -1, "down by one position": 1 }[where];
  const place = { "to the top": 0, "to the bottom": 4 }[where] ?? Number(/\d/.exec(where)) - 1;
  await moveItem(page, from, by ? from + by : place);
}

async function dragItemInGrid(page) {
  const [, name, where] = /^Drag (\S+) (.*)\.$/.exec(page.task);
  const from = await itemOf(page, name);
  const by = { "up by one": -3, "down by one": 3, "left by one": -1, "right by one": 1 }[where];
  const place = ([low, high]) => (where.includes(low) ? 0 : where.includes(high) ? 2 : 1);
  await moveItem(page, from, by ? from + by : 3 * place(["top", "bottom"]) + place(["left", "right"]));
}

async function sortNumbers(page) {
  for (let place = 0; place < 3; place++) {
    const numbers = await page.read(() => [...document.querySelectorAll("#sortable li")].map((it) => Number(it.textContent)));
    const least = numbers.indexOf(Math.min(...numbers.slice(place)), place);
    if (least !== place) await moveItem(page, least, place);
  }
  await page.submit();
}

async function dragBox(page) {
  const [small, large] = [await page.box("#draggableSmall"), await page.box("#draggableLarge")];
  await page.drag(small.middle, moved(small.middle, large.x + 15 - small.x, large.y + 15 - small.y));
  await page.submit();
}

const WAYS = { left: [-12, 0], right: [12, 0], up: [0, -12], down: [0, 12] };

async function dragShape(page) {
  const [, direction] = /(left|right|up|down) then/.exec(page.task);
  const { middle } = await page.box("svg > *");
  await page.drag(middle, moved(middle, ...WAYS[direction]));
  await page.submit();
}

// The shapes hang at the mouse by about their middle.
async function dropIn(page, selectors, box) {
  const shapes = await page.read(
    (selectors) => [...document.querySelectorAll(selectors)].map((it) => [...it.parentElement.children].indexOf(it)),
    selectors,
  );
  for (const shape of shapes) {
    const { middle, width } = await page.box("#area_svg > *", shape);
    await page.drag(middle, moved(box.middle, width / 2, width / 2));
  }
}

const SHAPES = { rectangles: "rect:not(#shape-container)", circles: "circle", triangles: "polygon" };

async function dragShapes(page) {
  await dropIn(page, SHAPES[/Drag all (\w+)/.exec(page.task)[1]], await page.box("#shape-container"));
  await page.submit();
}

async function separateShapes(page) {
  const [, kind] = /Drag all (\w+)/.exec(page.task);
  const all = Object.values(SHAPES);
  const isWanted = SHAPES[kind] ?? `[fill="${kind}"]`;
  const wanted = all.map((shape) => (SHAPES[kind] ? shape : `${shape}${isWanted}`)).filter((shape) => shape.includes(isWanted));
  const others = all.map((shape) => `${shape}:not(${isWanted})`);
  await dropIn(page, wanted.join(), await page.box("#shape-container", 0));
  await dropIn(page, others.join(), await page.box("#shape-container", 1));
  await page.submit();
}

async function resize(page) {
  const [, dimension, direction] = /the (width|height) is (smaller|larger)/.exec(page.task);
  const { middle } = await page.box(".ui-resizable-se");
  const far = direction === "larger" ? 15 : -15;
  await page.drag(middle, dimension === "width" ? moved(middle, far, 0) : moved(middle, 0, far));
  await page.submit("#submit");
}

// Half hours of the day in which nothing is yet: as many as wanted, from one to another.
function freeHalfHours(first, end, count) {
  const events = [...document.querySelectorAll(".event")].map((event) => event.getBoundingClientRect());
  const isFree = (index) => {
    const { top, bottom } = document.getElementById(`hh-${index}`).getBoundingClientRect();
    return events.every((event) => event.bottom <= top + 2 || event.top >= bottom - 2);
  };
  const run = (start) => Array.from({ length: count }, (_, index) => start + index);
  for (let start = first; start + count <= end; start++) if (run(start).every(isFree)) return run(start);
  return null;
}

async function createEvent(page) {
  const [, length, unit, name, from, half] = /Create a (\S+) (min|hour)s? event named "(.*)", between (\d+)(AM|PM)/.exec(page.task);
  const count = unit === "hour" ? Number(length) * 2 : Number(length) / 30;
  const first = 2 * ((Number(from) % 12) + (half === "PM" ? 12 : 0));
  const hours = await page.read(freeHalfHours, first, first + 8, count);
  for (const hour of [hours.at(-1), hours[0]]) await page.scrollIntoView(`#hh-${hour}`);
  const [start, end] = [await page.box(`#hh-${hours[0]}`), await page.box(`#hh-${hours.at(-1)}`)];
  await page.drag(moved(start, 10, 4), moved(end, 30, end.height - 4));
  await page.fill("#event-name", name);
  await page.click("#create-event .create");
}

async function drawLine(page) {
  const [dot, area] = [await page.box("#circ"), await page.box("svg")];
  const { x, y } = dot.middle;
  if (page.task.includes("horizontal")) await page.drag({ x: area.x + 10, y }, { x: area.x + area.width - 10, y });
  else await page.drag({ x, y: area.y + 8 }, { x, y: area.y + area.height - 8 });
  await page.click("#controls button");
}

// The cube goes on turning after it was dragged.
const SIDES = { 2: { x: 0 }, 3: { x: 269 }, 4: { x: 177 }, 5: { x: 86 }, 6: { y: 88 }, 1: { y: 264 } };

async function turnCube(page) {
  const side = /"(\d)"/.exec(page.task)[1];
  const wanted = { y: 0, ...SIDES[side] };
  const { middle } = await page.box(".viewport");
  const away = (from, to) => ((((to - from) % 360) + 540) % 360) - 180;
  for (let turn = 0; turn < 60; turn++) {
    const now = await page.until(() => {
      const { torqueX, torqueY, positionX, positionY, down } = cube.viewport;
      const isStill = !down && Math.abs(torqueX) <= 1 && Math.abs(torqueY) <= 1;
      return isStill && { x: positionX, y: positionY, side: document.querySelector(".active").textContent };
    });
    if (now.side === side) return page.submit();
    const [x, y] = [wanted.x === undefined ? 0 : away(now.x, wanted.x), away(now.y, wanted.y)];
    const far = (degrees) => Math.sign(degrees) * Math.min(60, 10 + Math.abs(degrees) / 4);
    await page.drag(middle, Math.abs(y) > 40 || !x ? moved(middle, 0, -far(y)) : moved(middle, far(x), 0));
  }
  throw new Error("the cube does not come to rest on the wanted side");
}

export const drags = {
  "daily-calendar": createEvent,
  "drag-box": dragBox,
  "drag-circle": dragShape,
  "drag-cube": turnCube,
  "drag-items": dragItem,
  "drag-items-grid": dragItemInGrid,
  "drag-shapes": dragShapes,
  "drag-shapes-2": separateShapes,
  "drag-single-shape": dragShape,
  "drag-sort-numbers": sortNumbers,
  "draw-line": drawLine,
  "resize-textarea": resize,
};
