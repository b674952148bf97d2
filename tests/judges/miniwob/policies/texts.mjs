// Text that is read, worked out, and entered.

const quotes = (text) => [...text.matchAll(/"([^"]*)"/g)].map(([, word]) => word);

// Fills one field with what `answer` makes of the task, and submits.
const enter = (selector, answer) => async (page) => {
  await page.fill(selector, String(await answer(page)));
  await page.submit();
};

const wordAt = (page, selector, index) => page.read((selector, index) => document.querySelector(selector).textContent.trim().split(/\s+/).at(index), selector, index);

const cell = (page, name) => page.read((name) => [...document.querySelectorAll("#tab tr")].find((row) => row.cells[0].textContent === name).cells[1].textContent, name);

async function readTwoCells(page) {
  for (const place of [1, 2]) {
    const name = await page.read((place) => document.getElementById(`ll${place}`).dataset.key, place);
    await page.fill(`#tt${place}`, await cell(page, name));
  }
  await page.submit();
}

async function solve(page) {
  const problem = await page.read(() => document.getElementById("math-problem").textContent);
  const [, left, sign, right, sum] = /^(\S+) ([-+x]) (\S+) = (\S*)$/.exec(problem);
  if (!sum) return { "+": left * 1 + right * 1, "-": left - right, x: left * right }[sign];
  if (sign === "+") return sum - (left === "x" ? right : left);
  return left === "x" ? Number(sum) + Number(right) : left - sum;
}

async function enterPassword(page) {
  const [password] = quotes(page.task);
  await page.fill("#password", password);
  await page.fill("#verify", password);
  await page.submit();
}

async function login(page) {
  const [user, password] = quotes(page.task);
  for (const [field, text] of [["#username", user], ["#password", password]]) {
    await page.click(field);
    if (await page.read(() => Boolean(document.getElementById("popup")))) await page.click("#popup-cancel");
    await page.type(text, field);
  }
  await page.submit();
}

// The tabs of a client have one clipboard, so that only one at a time copies and pastes.
let clipboard = Promise.resolve();

async function copyAndPaste(page, from) {
  const keys = [["Control+A", from], ["Control+C", from], ["Control+V", "#answer-input"]];
  const copied = clipboard.then(async () => {
    for (const [key, field] of keys) await page.press(key, field);
  });
  clipboard = copied.catch(() => {});
  await copied;
  await page.submit();
}

async function guessNumber(page) {
  let [least, most] = [0, 9];
  while (least <= most) {
    const guess = (least + most) >> 1;
    await page.fill("#tt", String(guess));
    await page.click("#subbtn");
    const shown = await page.read(() => ["correct", "lower", "higher"].find((id) => !document.getElementById(id).classList.contains("hide")));
    if (shown === "correct") return;
    if (shown === "lower") most = guess - 1;
    else least = guess + 1;
  }
}

async function search(page) {
  const [, genre, director, year] = /Search for (.*) movies directed by (.*) from year (\d+)/.exec(page.task);
  const rows = await page.read(() => [...document.querySelectorAll("#area input")].map((input) => input.closest("p, tr, .row, .field, .ui-entry").textContent));
  for (const [index, label] of rows.entries()) {
    const value = /Genre/.test(label) ? genre : /Director/.test(label) ? director : year;
    await page.fill(`#area input >> nth=${index}`, value);
  }
  await page.click("#area :is(button, .final, .ui-submit)");
}

async function completed(page) {
  const [start, end = ""] = quotes(page.task);
  await page.type(start, "#tags");
  const shown = ".ui-autocomplete .ui-menu-item";
  const offered = await page.until((shown, start) => {
    const items = [...document.querySelectorAll(shown)].filter((it) => it.checkVisibility()).map((it) => it.textContent);
    return items.length > 0 && items.every((item) => item.startsWith(start)) && items;
  }, shown, start);
  const item = offered.findIndex((text) => text.endsWith(end));
  await page.click(`${shown} >> nth=${item}`);
  await page.submit();
}

async function terminal(page) {
  const file = await page.read((task) => {
    const extension = /extension \.(.*)$/.exec(task)?.[1];
    // The page looks for the extension from the left, so that `bash.sh` is not one with `.sh` to it.
    return currentFiles.find((file) => (extension ? file.indexOf(extension) + extension.length === file.length : !file.includes(".")));
  }, page.task);
  if (!file) throw new Error("the page accepts no file");
  await page.click("#terminal");
  await page.type(`rm ${file}\n`);
}

// Selects a word, or all, and gives it a style.
async function editText(page) {
  const [, word, style] = /(?:give|make) (?:the text )?(.*?) the (?:style|color) (\w+)/.exec(page.task);
  await page.click(".ql-editor");
  // The editor looks for a new selection only every now and then.
  const selected = (length) => page.until((length) => editor.selection.savedRange.length === length, length);
  if (word === "everything") {
    await page.press("Control+A");
    await selected(await page.read(() => editor.getLength() - 1));
  } else {
    const start = await page.read((word) => ` ${editor.getText().replace("\n", " ")}`.indexOf(` ${word} `), word);
    await page.press("Control+Home");
    for (let step = 0; step < start; step++) await page.press("ArrowRight");
    for (let step = 0; step < word.length; step++) await page.press("Shift+ArrowRight");
    await selected(word.length);
  }
  if (/the color/.test(page.task)) {
    await page.click(".ql-color .ql-picker-label");
    const value = await page.read((color) => COLOR_MAP[color][0], style);
    await page.click(`.ql-picker-item[data-value="${value}"]`);
  } else {
    await page.click(`.ql-${{ bold: "bold", italics: "italic", underlined: "underline" }[style]}`);
  }
  await page.submit();
}

export const texts = {
  "copy-paste": (page) => copyAndPaste(page, "#to-copy"),
  "copy-paste-2": (page) => copyAndPaste(page, `#text-${/(\d)/.exec(page.task)[1]}`),
  "enter-password": enterPassword,
  "enter-text": enter("#tt", (page) => quotes(page.task)[0]),
  "enter-text-2": enter("#tt", (page) => (/upper case/.test(page.task) ? quotes(page.task)[0].toUpperCase() : quotes(page.task)[0].toLowerCase())),
  "enter-text-dynamic": enter("#tt", (page) => quotes(page.task)[0]),
  "find-word": enter("#answer-input", (page) => wordAt(page, "#area p", Number(/(\d+)/.exec(page.task)[1]) - 1)),
  "guess-number": guessNumber,
  "login-user": login,
  "login-user-popup": login,
  "multi-layouts": search,
  "multi-orderings": search,
  "read-table": enter("#tt", (page) => cell(page, /value of (.*) into/.exec(page.task)[1])),
  "read-table-2": readTwoCells,
  "scroll-text": enter("#answer-input", (page) => wordAt(page, "#text-area", -1)),
  "simple-algebra": enter("#math-answer", solve),
  "simple-arithmetic": enter("#math-answer", solve),
  terminal,
  "text-editor": editText,
  "text-transform": enter("#tt", (page) => page.read(() => document.getElementById("captcha").textContent)),
  "use-autocomplete": completed,
  "use-autocomplete-nodelay": completed,
  "visual-addition": enter("#math-answer", (page) => page.read(() => document.querySelectorAll(".addition-block").length)),
};
