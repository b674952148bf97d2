// Puppeteer and Playwright as contenders.

import puppeteer from "puppeteer-core";
import { chromium } from "playwright-core";

const VIEWPORT = { width: 1280, height: 720 };
// As root, Chromium runs only without its sandbox; the bridge does the same.
const ARGS = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

const page = {
  close: (tab) => tab.close(),
  html: (tab) => tab.content(),
  screenshot: (tab) => tab.screenshot({ type: "jpeg", quality: 70 }),
};

export async function viaPuppeteer(executablePath) {
  const browser = await puppeteer.launch({ executablePath, args: ARGS, pipe: true, defaultViewport: VIEWPORT });
  return {
    ...page,
    name: "puppeteer",
    newTab: () => browser.newPage(),
    go: (tab, url) => tab.goto(url, { waitUntil: "load" }),
    stop: () => browser.close(),
  };
}

export async function viaPlaywright(executablePath) {
  const browser = await chromium.launch({ executablePath, args: ARGS });
  const context = await browser.newContext({ viewport: VIEWPORT });
  return {
    ...page,
    name: "playwright",
    newTab: () => context.newPage(),
    go: (tab, url) => tab.goto(url, { waitUntil: "load" }),
    stop: () => browser.close(),
  };
}
