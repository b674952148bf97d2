// Buttons, links, and other things to click that the task names.

const quoted = (text) => /"(.*)"/.exec(text)[1];

const clickQuoted = (selector) => (page) => page.clickText(selector, quoted(page.task));

async function clickOneThenTwo(page) {
  await page.clickOpen("#subbtn");
  await page.clickOpen("#subbtn2");
}

async function clickShades(page) {
  const color = /shades of (\w+)/.exec(page.task)[1];
  const count = await page.read((color) => document.querySelectorAll(`#area span[data-color="${color}"]`).length, color);
  for (let index = 0; index < count; index++) await page.click(`#area span[data-color="${color}"] >> nth=${index}`);
  await page.submit("#submit");
}

async function findGreatest(page) {
  const index = await page.read(() => {
    const numbers = [...document.querySelectorAll(".card-value")].map((card) => Number(card.textContent));
    return numbers.indexOf(Math.max(...numbers));
  });
  await page.click(`.card[data-index="${index}"]`);
  await page.submit("#submit");
}

async function generateNumber(page) {
  const [, wanted, bound] = /(less than|greater than|odd|even)(?: (\d+))?/.exec(page.task);
  const suits = {
    "less than": (number) => number < bound,
    "greater than": (number) => number > bound,
    odd: (number) => number % 2 === 1,
    even: (number) => number % 2 === 0,
  }[wanted];
  do await page.click("#generate");
  while (!suits(Number(await page.read(() => document.getElementById("display-number").textContent))));
  await page.submit("#submit");
}

async function oddOrEven(page) {
  const numbers = await page.read(() => [...document.querySelectorAll(".display-number")].map((it) => Number(it.textContent)));
  for (const [row, number] of numbers.entries()) await page.click(`#numbers .row >> nth=${row} >> ${number % 2 ? ".odd" : ".even"}`);
  await page.submit("#submit");
}

async function buyTicket(page) {
  const index = await page.read((task) => {
    const attribute = task.includes("duration") ? "data-duration" : "data-price";
    const values = [...document.querySelectorAll(`[${attribute}]`)].map((it) => Number(it.getAttribute(attribute)));
    return values.indexOf(/cheapest|shortest/.test(task) ? Math.min(...values) : Math.max(...values));
  }, page.task);
  await page.click(`.buy-ticket >> nth=${index}`);
}

async function orderFood(page) {
  const [, quantity, type] = /^Order (\d+) items that are (.+)$/.exec(page.task) ?? [];
  const add = (item) => page.click(`.food-item >> nth=${item} >> .add`);
  if (type) {
    const item = await page.read((type) => [...document.querySelectorAll(".food-item")].findIndex((it) => it.querySelector(`img[alt="${type}"]`)), type);
    for (let time = 0; time < Number(quantity); time++) await add(item);
  } else {
    const names = page.task.replace("Order one of each item: ", "").split(",").map((name) => name.trim());
    const items = await page.read((names) => [...document.querySelectorAll(".item-name")].flatMap((it, index) => (names.includes(it.textContent.trim()) ? [index] : [])), names);
    for (const item of items) await add(item);
  }
  await page.submit("#submit-order button");
}

const focusText = (page) => page.click(`#area input >> nth=${Number(/(\d)/.exec(page.task)?.[1] ?? 1) - 1}`);

export const buttons = {
  "buy-ticket": buyTicket,
  "click-button": clickQuoted("#area button"),
  "click-button-sequence": clickOneThenTwo,
  "click-color": (page) => page.click(`#area .color[data-color="${/Click on the (\w+)/.exec(page.task)[1]}"]`),
  "click-link": clickQuoted(".alink"),
  "click-shades": clickShades,
  "click-test": (page) => page.click("#subbtn"),
  "click-test-2": (page) => page.clickOpen("#subbtn"),
  "click-test-transfer": (page) => page.clickOpen("#subbtn"),
  "click-widget": (page) => page.click(`[data-type="${quoted(page.task)}"] >> nth=0`),
  "find-greatest": findGreatest,
  "focus-text": focusText,
  "focus-text-2": focusText,
  "generate-number": generateNumber,
  "odd-or-even": oddOrEven,
  "order-food": orderFood,
  "unicode-test": clickQuoted("#area button"),
};
