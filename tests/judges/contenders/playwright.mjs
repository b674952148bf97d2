// Playwright, with the locators of the bridge's protocol.

import { load } from "../packages.mjs";
import { LIMIT } from "./bridge.mjs";

const { chromium } = load("playwright-core");

export async function viaPlaywright(executablePath) {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  page.setDefaultTimeout(LIMIT);
  const step = (scope, part) => {
    const [, kind, rest] = /^(label|nth)=(.*)$/.exec(part) ?? [];
    if (kind === "label") return scope.getByLabel(rest.replaceAll('"', ""), { exact: true });
    if (kind === "nth") return scope.nth(Number(rest));
    return scope.locator(part);
  };
  // Playwright knows no ` >> ` into frames by itself, so that a step's frame is entered here.
  const at = (selector) => {
    let scope = page;
    let frame = false;
    for (const part of selector.split(" >> ")) {
      scope = step(frame ? scope.contentFrame() : scope, part);
      frame = /^(iframe|#frame|#far)/.test(part);
    }
    return scope;
  };
  return {
    name: "playwright",
    // What a page was still doing may come in between, which is told as an abort.
    go: async (url) => {
      for (;;) {
        try {
          return await page.goto(url);
        } catch (error) {
          if (!error.message.includes("ERR_ABORTED")) throw error;
        }
      }
    },
    click: (selector) => at(selector).click(),
    doubleClick: (selector) => at(selector).dblclick(),
    clickRef: (role, name) => page.getByRole(role, { name, exact: true }).click(),
    fill: (selector, value) => at(selector).fill(value),
    type: (selector, text) => at(selector).pressSequentially(text),
    press: (selector, key) => at(selector).press(key),
    check: (selector, on) => at(selector).setChecked(on),
    select: (selector, value) => at(selector).selectOption(value),
    hover: (selector) => at(selector).hover(),
    mouse: (action, { x, y, steps, button, clickCount, deltaX, deltaY } = {}) => {
      const { mouse } = page;
      if (action === "move") return mouse.move(x, y, { steps });
      if (action === "wheel") return mouse.wheel(deltaX, deltaY);
      return mouse[action]({ button, clickCount });
    },
    keyboard: (action, value) => page.keyboard[action](value),
    pressKey: (key) => page.keyboard.press(key),
    query: (selector, what) => {
      const of = { value: "inputValue", checked: "isChecked", text: "innerText", visible: "isVisible" };
      return at(selector)[of[what]]();
    },
    outline: () => page.locator("body").ariaSnapshot(),
    content: async () => {
      const texts = page.frames().map((frame) => frame.locator("body").innerText());
      return (await Promise.all(texts)).join("\n");
    },
    picture: ({ selector, mask = [], ...options }) => {
      const all = { animations: "disabled", ...options, mask: mask.map((it) => page.locator(it)) };
      return selector ? page.locator(selector).screenshot(all) : page.screenshot(all);
    },
    pdf: (options) => page.pdf(options),
    // How many pixels of two PNGs differ by more than a rounding.
    differentPixels: async (one, other) => {
      const judge = await browser.newPage();
      const urls = [one, other].map((it) => `data:image/png;base64,${it.toString("base64")}`);
      const count = await judge.evaluate(async (urls) => {
        const [a, b] = await Promise.all(
          urls.map(async (url) => {
            const image = await createImageBitmap(await (await fetch(url)).blob());
            const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
            context.drawImage(image, 0, 0);
            return context.getImageData(0, 0, image.width, image.height);
          }),
        );
        if (a.width !== b.width || a.height !== b.height) return Infinity;
        let count = 0;
        for (let at = 0; at < a.data.length; at += 4) {
          if ([0, 1, 2, 3].some((part) => Math.abs(a.data[at + part] - b.data[at + part]) > 1)) count += 1;
        }
        return count;
      }, urls);
      await judge.close();
      return count;
    },
    state: (expression) => page.evaluate(expression),
    stop: () => browser.close(),
  };
}
