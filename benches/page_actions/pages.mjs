// The pages that are acted on.

import { createServer } from "node:http";
import { once } from "node:events";

const INNER = `<!doctype html><title>inner</title><style>body { height: 700px }</style><div style="height:250px"></div>
<button id="in">Inner 0</button><input id="inField" aria-label="Inner field">
<script>let n = 0; document.getElementById("in").onclick = (e) => { n += e.isTrusted ? 1 : 100; e.target.textContent = "Inner " + n; };</script>`;

const PLAYGROUND = `<!doctype html><meta charset="utf-8"><title>playground</title>
<style>#menu b { display: none } #menu:hover b { display: inline } .sticky { position: sticky; top: 0; background: #ddd; height: 60px }
#slide { position: relative; transition: left 200ms } #tall { height: 900px }</style>
<div class="sticky">Sticky</div>
<form id="form"><input id="name" aria-label="Name"><input id="mail" type="email" aria-label="Mail"><textarea id="note"></textarea>
<input id="when" type="date"><input id="amount" type="number"><label><input id="gift" type="checkbox"> Gift</label>
<label><input type="radio" name="size" id="small"> Small</label><label><input type="radio" name="size" id="large"> Large</label>
<select id="fruit"><option>Apple<option>Pear<option>Plum</select><button id="send">Send</button></form>
<div id="edit" contenteditable>edit me</div>
<button id="slide">Slide</button><button id="grow">Grow</button><button id="swap">Swap</button><button id="late">Late</button>
<div id="menu">Menu <b>open</b></div><div id="list"></div><my-box></my-box>
<div id="tall"></div><button id="low">Low</button><iframe id="frame" src="/inner"></iframe><p id="out"></p>
<script>
const out = document.getElementById("out"), by = (id) => document.getElementById(id);
const counts = {};
for (const id of ["send", "slide", "grow", "swap", "late", "low"]) counts[id] = 0;
const count = (id) => { counts[id] += 1; };
by("form").onsubmit = (e) => { e.preventDefault(); count("send"); out.textContent = new URLSearchParams(new FormData(e.target)).toString(); };
by("slide").onclick = () => { count("slide"); by("slide").style.left = counts.slide % 2 ? "300px" : "0"; };
by("grow").onclick = () => { count("grow"); by("list").append(Object.assign(document.createElement("button"), { className: "row", textContent: "Row " + counts.grow })); };
document.addEventListener("click", (e) => { if (e.target.id === "swap") { count("swap"); e.target.outerHTML = e.target.outerHTML; } });
by("late").onclick = () => { count("late"); by("late").disabled = true; setTimeout(() => { by("late").disabled = false; }, 120); };
by("low").onclick = () => count("low");
customElements.define("my-box", class extends HTMLElement { constructor() { super();
  this.attachShadow({ mode: "open" }).innerHTML = '<button id="shade">Shade 0</button>'; let n = 0;
  const button = this.shadowRoot.querySelector("button"); button.onclick = () => { n += 1; button.textContent = "Shade " + n; }; } });
window.state = () => JSON.stringify({ counts, out: out.textContent, rows: document.querySelectorAll(".row").length,
  fields: [...document.querySelectorAll("input, textarea, select")].map((it) => [it.id, it.type === "checkbox" || it.type === "radio" ? it.checked : it.value]),
  edit: by("edit").innerText, shade: document.querySelector("my-box").shadowRoot.textContent,
  inner: by("frame").contentDocument.getElementById("in").textContent + by("frame").contentDocument.getElementById("inField").value,
  menu: getComputedStyle(document.querySelector("#menu b")).display });
</script>`;

// Three thousand elements, a third of them to be operated.
const LONG =
  `<!doctype html><meta charset="utf-8"><title>long</title><main>` +
  Array.from(
    { length: 500 },
    (_, n) =>
      `<section aria-label="Part ${n}"><h2>Heading ${n}</h2><p>Some text about <b>thing ${n}</b>.</p><a href="/${n}">Link ${n}</a><button>Button ${n}</button></section>`,
  ).join("") +
  `</main>`;

export async function serve() {
  const pages = { "/": PLAYGROUND, "/inner": INNER, "/long": LONG };
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(pages[new URL(request.url, "http://a").pathname] ?? "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
