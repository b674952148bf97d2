// Checkboxes, radio buttons and lists.

// The words between `Select` and what follows them.
const named = (task) => /^Select (?:words similar to )?(.*?)(?: from the (?:scroll )?list)? and click Submit\.$/.exec(task)[1].split(", ");

// The places of the labels that have one of these texts.
const labels = (page, texts) =>
  page.read((texts) => [...document.querySelectorAll("#area label")].flatMap((label, index) => (texts.includes(label.textContent) ? [index] : [])), texts);

const checkNamed = (textsOf) => async (page) => {
  const texts = await textsOf(page, named(page.task));
  for (const index of await labels(page, texts)) await page.check(`#ch${index}`);
  await page.submit();
};

const same = async (page, words) => words;

// The page itself has the list of the words that mean the same.
const synonyms = (page, words) => page.read((words) => SYNONYMS.filter((group) => words.some((word) => group.includes(word))).flat(), words);

async function select(page) {
  await page.select("#options", ...named(page.task));
  await page.submit("#area button");
}

async function numberCheckboxes(page) {
  const digit = Number(/"(\d)"/.exec(page.task)[1]);
  const boxes = await page.read((digit) => PATTERNS[digit].flat().flatMap((on, index) => (on ? [index] : [])), digit);
  for (const box of boxes) await page.check(`#checkboxes input >> nth=${box}`);
  await page.submit();
}

async function radioAndNumber(page) {
  const [, radio, number, box] = /Check the (\d).*the number "(-?\d+)" into the (\d)/.exec(page.task);
  await page.check(`#area [type=radio][value="${radio}"]`);
  await page.fill(`#input-${box}`, number);
  await page.submit();
}

async function drawnList(page) {
  const [, height, button] = /^Choose (.*) from the dropdown.*"(.*)"/.exec(page.task);
  await page.click(".selectric");
  await page.clickText(".selectric-items li", height);
  await page.clickText("#buttons button", button);
}

export const choices = {
  "choose-list": select,
  "click-checkboxes": checkNamed(same),
  "click-checkboxes-large": checkNamed(same),
  "click-checkboxes-soft": checkNamed(synonyms),
  "click-checkboxes-transfer": checkNamed(same),
  "click-option": checkNamed(same),
  "click-scroll-list": select,
  "form-sequence-2": radioAndNumber,
  "form-sequence-3": drawnList,
  "number-checkboxes": numberCheckboxes,
};
