// What has to be opened first: tabs, sections, dialogs, menus, trees, and pages of results.

const quoted = (text) => /"(.*)"/.exec(text)[1];

const indexOfLink = (page, text) => page.read((text) => [...document.querySelectorAll(".alink")].findIndex((link) => link.textContent === text), text);

// Opens the panel that a link is in, and clicks the link.
const openAndClick = (panels, openers) => async (page) => {
  const link = await indexOfLink(page, quoted(page.task));
  // One task has a second tab that is empty: what it wants is that tab.
  if (link < 0) return page.click(`${openers} >> nth=1`);
  const panel = await page.read(
    (link, panels) => {
      const panel = document.querySelectorAll(".alink")[link].closest(panels);
      return { index: [...document.querySelectorAll(panels)].indexOf(panel), isOpen: panel.checkVisibility() };
    },
    link,
    panels,
  );
  if (!panel.isOpen) await page.click(`${openers} >> nth=${panel.index}`);
  return page.click(`.alink >> nth=${link}`);
};

const clickTab = openAndClick(".ui-tabs-panel", ".ui-tabs-anchor");
const clickInSection = openAndClick(".ui-accordion-content", ".ui-accordion-header");

async function clickCollapsible(page) {
  await page.click("h3.ui-accordion-header");
  await page.submit();
}

async function clickDialog(page) {
  const label = quoted(page.task);
  if (label === "x") return page.click(".ui-dialog-titlebar-close");
  return page.clickText(".ui-dialog-buttonset button", label);
}

// Menus open below the mouse.
async function clickMenu(page) {
  const path = page.task.replace("Select ", "").split(">");
  for (const [depth, name] of path.entries()) {
    const item = await page.until((name) => {
      const items = [...document.querySelectorAll("#menu .ui-menu-item-wrapper")];
      return items.findIndex((it) => it.textContent === name && it.checkVisibility()) + 1;
    }, name);
    const selector = `#menu .ui-menu-item-wrapper >> nth=${item - 1}`;
    await (depth + 1 < path.length ? page.hover(selector) : page.click(selector));
  }
}

async function clickIconMenu(page) {
  await page.click("#open-menu");
  const label = /labeled "(.*)"/.exec(page.task)?.[1];
  const item = await page.read((label) => {
    const icon = document.querySelector("#query .ui-icon")?.className;
    const items = [...document.querySelectorAll("#menu .ui-menu-item-wrapper")];
    return items.findIndex((it) => (label ? it.textContent === label : it.querySelector(".ui-icon")?.className === icon));
  }, label ?? "");
  const selector = `#menu .ui-menu-item-wrapper >> nth=${item}`;
  if (await page.read((item) => Boolean(document.querySelectorAll("#menu .ui-menu-item-wrapper")[item].closest("ul ul")), item)) {
    await page.hover('#menu > li >> nth=1 >> .ui-menu-item-wrapper >> nth=0');
  }
  await page.click(selector);
}

async function clickPie(page) {
  const label = quoted(page.task);
  await page.click("#wheelnav-divWheel-spreadertitle");
  const item = await page.until((label) => {
    const titles = [...document.querySelectorAll("[id^=wheelnav-divWheel-title-]")];
    const title = titles.find((it) => it.textContent === label);
    return title?.checkVisibility({ opacityProperty: true }) && title.id;
  }, label);
  // The first item is the selected one: the page takes it out and puts it in again whenever the mouse is over
  // it, so that no click reaches it, of Playwright neither.
  await page.click(`#${item}`);
}

async function navigateTree(page) {
  const name = quoted(page.task);
  // The folders around it, from the outside.
  const folders = await page.read((name) => {
    const items = [...document.querySelectorAll("#tree li")];
    const has = (item) => item.querySelector(":scope > span").textContent === name;
    const path = [];
    for (let item = items.find(has).parentElement.closest("li"); item; item = item.parentElement.closest("li")) path.unshift(items.indexOf(item));
    return path;
  }, name);
  for (const folder of folders) await page.click(`#tree li >> nth=${folder} >> .hitarea >> nth=0`);
  await page.clickText("#tree li > span", name);
}

async function phoneBook(page) {
  const [, name, what] = /Find (.*) in the contact book and click on their (\w+)/.exec(page.task);
  while ((await page.read(() => document.querySelector("#contact .name").textContent)) !== name) await page.click("#pagination .next a");
  await page.click(`#contact a.${what}`);
}

async function searchEngine(page) {
  const [, place] = /click the (\d+)/.exec(page.task);
  const index = Number(place) - 1;
  await page.fill("#search-text", quoted(page.task.replace(/and press .*/, "")));
  await page.click("#search");
  if (index >= 3) await page.clickText("#pagination a", String(Math.floor(index / 3) + 1));
  await page.click(`.search-title[data-result="${index}"]`);
}

export const menus = {
  "click-collapsible": clickCollapsible,
  "click-collapsible-2": clickInSection,
  "click-collapsible-2-nodelay": clickInSection,
  "click-collapsible-nodelay": clickCollapsible,
  "click-dialog": (page) => page.click(".ui-dialog-titlebar-close"),
  "click-dialog-2": clickDialog,
  "click-menu": clickMenu,
  "click-menu-2": clickIconMenu,
  "click-pie": clickPie,
  "click-pie-nodelay": clickPie,
  "click-tab": (page) => page.click(`#area a[href="#tabs-${/#(\d)/.exec(page.task)[1]}"]`),
  "click-tab-2": clickTab,
  "click-tab-2-easy": clickTab,
  "click-tab-2-hard": clickTab,
  "click-tab-2-medium": clickTab,
  "navigate-tree": navigateTree,
  "phone-book": phoneBook,
  "search-engine": searchEngine,
};
