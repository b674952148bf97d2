// Lines that are drawn with the mouse.

async function drawCircle(page) {
  const { middle } = await page.box("#circ");
  const at = (turn) => ({ x: middle.x + 22 * Math.cos(turn), y: middle.y + 22 * Math.sin(turn) });
  await page.mouse("down", at(0));
  for (let step = 1; step <= 36; step++) await page.mouse("move", at((step * Math.PI) / 18));
  await page.mouse("up");
  await page.click("#controls button");
}

export const drawing = { "draw-circle": drawCircle };
