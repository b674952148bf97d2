// Pictures and paper, by the bridge and by Playwright: `node paper.mjs BRIDGE_BINARY BROWSER`. Pixels and files must be the
// same, except for the times in them.

import { createServer } from "node:http";
import { once } from "node:events";
import { viaBridge } from "./contenders/bridge.mjs";
import { viaPlaywright } from "./contenders/playwright.mjs";

const [binary, browser] = process.argv.slice(2);
if (!browser) throw new Error("usage: node paper.mjs BRIDGE_BINARY BROWSER");

const page = (moving) => `<!doctype html><meta charset=utf-8><title>Paper</title><style>
  @page { size: 6in 4in } body { margin: 0; font: 16px Arial } section { break-after: page; padding: 20px }
  @keyframes spin { to { transform: rotate(360deg) } } @keyframes move { to { transform: translateX(80px) } }
  i { display: block; width: 40px; height: 40px; background: #36c } #finite { background: #c63 } ${moving} #box { height: 900px; background: linear-gradient(#036, #fc0) }
</style><section><i id=endless></i><i id=finite></i><i class=secret></i><input value=text></section>
<section><h1>Two</h1><p>${"Words in a paragraph. ".repeat(60)}</p></section><section id=box><i class=secret></i></section>`;

const MOVING = "#endless { animation: spin 1s infinite } #finite { animation: move 100s forwards }";

const PICTURES = [
  { name: "still", bridge: {}, playwright: {} },
  { name: "whole page", bridge: { fullPage: true }, playwright: { fullPage: true } },
  { name: "element", bridge: { selector: "#box" }, playwright: { selector: "#box" } },
  { name: "masked", bridge: { mask: [".secret"] }, playwright: { mask: [".secret"] } },
  { name: "masked in a colour", bridge: { mask: [".secret", "h1"], maskColor: "#00ff00", fullPage: true }, playwright: { mask: [".secret", "h1"], maskColor: "#00ff00", fullPage: true } },
  { name: "without background", bridge: { omitBackground: true }, playwright: { omitBackground: true } },
];

const FOOTER = "<span style='font-size:10px' class=pageNumber></span>";
const PAPER = [
  { name: "letter", bridge: {}, playwright: {} },
  { name: "a4", bridge: { paper: "a4", landscape: true, printBackground: true }, playwright: { format: "A4", landscape: true, printBackground: true } },
  { name: "size of the page", bridge: { preferCssPageSize: true, pageRanges: "1-2" }, playwright: { preferCSSPageSize: true, pageRanges: "1-2" } },
  {
    name: "footer",
    bridge: { width: 5, height: 5, scale: 0.5, footerTemplate: FOOTER, margin: { top: 0.5, bottom: 1 } },
    playwright: { width: "5in", height: "5in", scale: 0.5, displayHeaderFooter: true, headerTemplate: "<span></span>", footerTemplate: FOOTER, margin: { top: "0.5in", bottom: "1in" } },
  },
];

// Two files of one browser differ only in their times.
const timeless = (pdf) => pdf.toString("latin1").replace(/\/(CreationDate|ModDate) ?\([^)]*\)/g, "").replace(/\/ID ?\[[^\]]*\]/g, "");
const sheets = (pdf) => [...pdf.toString("latin1").matchAll(/\/MediaBox ?\[([^\]]*)\]/g)].map((it) => it[1]);

const server = createServer((request, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8").end(page(request.url === "/moving" ? MOVING : ""));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const site = `http://127.0.0.1:${server.address().port}/`;
const bridge = await viaBridge(binary, browser);
const playwright = await viaPlaywright(browser);
let failed = 0;
const judge = (name, problem) => {
  console.log(`${problem ? "FAILED" : "ok"}  ${name}${problem ? `: ${problem}` : ""}`);
  if (problem) failed += 1;
};
try {
  const both = (action, ...args) => Promise.all([bridge[action](...args), playwright[action](...args)]);
  await both("go", `${site}moving`);
  for (const { name, ...options } of PICTURES) {
    // Playwright's masks of a whole page are misplaced where the page was scrolled.
    await both("state", "scrollTo(0, 0)");
    const ours = await bridge.picture({ animations: "off", caret: "hide", ...options.bridge });
    const theirs = await playwright.picture(options.playwright);
    const different = await playwright.differentPixels(ours, theirs);
    judge(`picture, ${name}`, different && `${different} pixels differ`);
  }
  await both("go", `${site}still`);
  for (const { name, ...options } of PAPER) {
    const ours = await bridge.pdf(options.bridge);
    const theirs = await playwright.pdf({ tagged: true, ...options.playwright });
    const [sizes, wanted] = [sheets(ours).join(), sheets(theirs).join()];
    const problem = sizes !== wanted ? `sheets of ${sizes}, not of ${wanted}` : timeless(ours) !== timeless(theirs) && "the content differs";
    judge(`paper, ${name}`, problem);
  }
} finally {
  await Promise.all([bridge.stop(), playwright.stop()]);
  server.close();
}
process.exit(failed ? 1 : 0);
