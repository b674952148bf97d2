// Sliders, spinners, colors, selections, and what scrolls.

// Drags the handle near to where it has to be, and goes the rest by keys.
async function slide(page, slider, wanted) {
  const read = () => page.read((slider) => { const { min, max, orientation } = $(slider).slider("option"); return { min, max, orientation, value: $(slider).slider("value") }; }, slider);
  const { min, max, orientation } = await read();
  const [bar, handle] = [await page.box(slider), await page.box(`${slider} .ui-slider-handle`)];
  const part = (wanted - min) / (max - min);
  const end = orientation === "horizontal" ? { x: bar.x + bar.width * part, y: bar.middle.y } : { x: bar.middle.x, y: bar.y + bar.height * (1 - part) };
  await page.drag(handle.middle, end);
  const ahead = wanted - (await read()).value;
  for (let step = 0; step < Math.abs(ahead); step++) await page.press(ahead > 0 ? "ArrowRight" : "ArrowLeft", `${slider} .ui-slider-handle`);
}

async function useSlider(page) {
  await slide(page, "#slider", Number(/Select (\S+) with/.exec(page.task)[1]));
  await page.submit();
}

async function useSliders(page) {
  const values = JSON.parse(/\[.*\]/.exec(page.task)[0]);
  for (const [index, value] of values.entries()) await slide(page, `#slider-${index + 1}`, value);
  await page.submit();
}

async function sliderAndCheckbox(page) {
  const [, value, box] = /Select (\S+) with the slider, click the (\d)/.exec(page.task);
  await slide(page, "#slider", Number(value));
  await page.check(`#checkbox-${box}`);
  await page.submit();
}

async function spin(page) {
  const wanted = Number(/Select (\S+) with/.exec(page.task)[1]);
  for (let step = 0; step < Math.abs(wanted); step++) await page.click(wanted > 0 ? ".ui-spinner-up" : ".ui-spinner-down");
  await page.submit();
}

// The field of the picker takes the color as text. The picker closes when something else is clicked.
async function pickColor(page) {
  const color = await page.read((name) => {
    if (name) return ui_utils.colorNameToHex(name);
    return /#\w+/.exec(document.querySelector("#query .cc").getAttribute("style"))[0];
  }, /Select (\w+) with/.exec(page.task)?.[1] ?? "");
  await page.fill("#col", color.slice(1));
  await page.click("#query");
  await page.submit();
}

async function highlight(page) {
  const place = /the (\d)/.exec(page.task)?.[1];
  await page.click(place ? `#randomText p >> nth=${place - 1}` : "#randomText", { clickCount: 3 });
  await page.submit();
}

async function signAgreement(page) {
  const [, name, button] = /enter the name "(.*)" then press "(.*)"/.exec(page.task) ?? [];
  if (name) {
    await page.scroll("#text-area", "bottom");
    await page.fill("#name", name);
  }
  await page.click(button === "Agree" ? "#agree" : "#cancel");
}

async function scrollText(page) {
  await page.scroll("#text-area", /to the (top|bottom)/.exec(page.task)[1]);
  await page.submit();
}

export const controls = {
  "form-sequence": sliderAndCheckbox,
  "highlight-text": highlight,
  "highlight-text-2": highlight,
  "scroll-text-2": scrollText,
  "sign-agreement": signAgreement,
  "use-colorwheel": pickColor,
  "use-colorwheel-2": pickColor,
  "use-slider": useSlider,
  "use-slider-2": useSliders,
  "use-spinner": spin,
};
