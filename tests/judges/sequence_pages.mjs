// Random pages: controls of all kinds, in places of all kinds, that tell what happens to them.

// How a control is written, and what can be done with it: [action, ...arguments].
const TEXTS = ["a", "Two words", "ümläut", "x@y.test", "日本", "1 < 2 & 3", ""];
const KEYS = ["End", "Backspace", "Home", "Control+A", "Delete", "ArrowLeft", "Z"];
const click = () => ["click"];
const check = ({ pick }) => ["check", pick([true, false])];
const typing = [({ pick }) => ["fill", pick(TEXTS)], ({ pick }) => ["fill", pick(TEXTS)], ({ pick }) => ["type", pick(["abc", "Q!", "ß x"])], ({ pick }) => ["press", pick(KEYS)], click];
const button = (does) => (id) => ({ html: `<button id=${id} data-does="${does}">Do ${id}</button>`, name: `role=button[name="Do ${id}"]`, text: `text="Do ${id}"`, steps: [click] });
const input = (attributes) => (id) => ({ html: `<label>Field ${id} <input id=${id} ${attributes}></label>`, name: `label="Field ${id}"`, steps: typing });
const toggle = (type) => (id) => ({ html: `<label id=${id}l>Turn ${id} <input id=${id} type=${type} name=${type}></label>`, name: `role=${type}[name="Turn ${id}"]`, text: `text="Turn ${id}"`, steps: type === "radio" ? [() => ["check", true], click] : [check, check, click] });

const CONTROLS = [
  button("nothing"),
  // Moves on each click, for 200 ms.
  button("slide"),
  // Is disabled after a click, for 120 ms.
  button("rest"),
  // Is replaced by its like.
  button("swap"),
  // Puts something above itself.
  button("grow"),
  // Covers the page for 150 ms.
  button("cover"),
  // Hides itself for 100 ms.
  button("hide"),
  // Moves without a click, for as long as the page is young.
  button("drift"),
  // Clicks open what is over the page, which its own button takes away.
  (id) => ({ html: `<button id=${id} data-does=open>Do ${id}</button><dialog id=${id}d><button id=${id}x data-does=close>End ${id}</button></dialog>`, pair: [["click", `#${id}`], ["click", `#${id}x`]] }),
  (id) => ({ html: `<a id=${id} href="#${id}">Go ${id}</a>`, name: `role=link[name="Go ${id}"]`, text: `text="Go ${id}"`, steps: [click] }),
  (id) => ({ html: `<details id=${id}><summary id=${id}s>More ${id}</summary>inside</details>`, text: `text="More ${id}"`, at: `#${id}s`, steps: [click] }),
  (id) => ({ html: `<form id=${id}f><input id=${id} aria-label="Sent ${id}"><button id=${id}b>Send ${id}</button></form>`, steps: [...typing, () => ["press", "Enter"]] }),
  (id) => ({ html: `<div id=${id} contenteditable aria-label="Edit ${id}">text</div>`, steps: typing }),
  (id) => ({ html: `<label>Note ${id} <textarea id=${id}></textarea></label>`, name: `label="Note ${id}"`, steps: [...typing, ({ pick }) => ["fill", pick(["one\ntwo", "\n"])], () => ["press", "Enter"]] }),
  (id) => ({ html: `<input id=${id} type=date aria-label="Day ${id}">`, steps: [({ pick }) => ["fill", pick(["2026-01-02", "1999-12-31"])]] }),
  (id) => ({ html: `<input id=${id} type=number aria-label="Amount ${id}">`, steps: [({ pick }) => ["fill", pick(["1", "-2.5", "1000"])]] }),
  (id) => ({ html: `<select id=${id} aria-label="One of ${id}"><option>Apple<option>Pear<option>Plum</select>`, name: `role=combobox[name="One of ${id}"]`, steps: [({ pick }) => ["select", pick(["Apple", "Pear", "Plum"])]] }),
  (id) => ({ html: `<span id=${id} role=switch aria-checked=false tabindex=0 data-does=turn>Turn ${id}</span>`, name: `role=switch[name="Turn ${id}"]`, steps: [check, click] }),
  (id) => ({ html: `<button id=${id} disabled data-does=nothing data-soon>Do ${id}</button>`, name: `role=button[name="Do ${id}"]`, steps: [click] }),
  (id) => ({ html: `<div id=${id} class=menu>Menu ${id} <b id=${id}m>item</b></div>`, pair: [["hover", `#${id}`], ["click", `#${id}m`]] }),
  input("type=text"),
  input("type=email"),
  input("type=search maxlength=4"),
  toggle("checkbox"),
  toggle("radio"),
];

const tall = ({ below }) => `<div style="height:${below(900)}px"></div>`;
const PLACES = [
  ({ html }) => html,
  ({ html }) => `<div class=scroller><div style="height:400px"></div>${html}<div style="height:300px"></div></div>`,
  ({ html }) => `<x-shade data-html="${html.replaceAll('"', "&quot;")}"></x-shade>`,
  ({ html }) => `<div class=scroller><div style="width:700px">wide</div><div style="height:300px"></div><x-shade data-html="${html.replaceAll('"', "&quot;")}"></x-shade></div>`,
  ({ html }, random) => tall(random) + html + tall(random),
  ({ html }) => `<div style="transform:scale(.8);width:600px">${html}</div>`,
];

const HEAD = `<!doctype html><meta charset=utf-8><style>
  .bar { position: sticky; top: 0; height: 50px; background: #ddd; z-index: 1 } .low { position: sticky; bottom: 0 }
  .scroller { height: 120px; width: 500px; overflow: auto; border: 1px solid } [data-does=slide] { position: relative; transition: left 200ms }
  .cover { position: fixed; inset: 0; z-index: 2; background: #0004 } .menu b { display: none } .menu:hover b { display: inline }
  @keyframes drift { from { left: 200px } } [data-does=drift] { position: relative; left: 0; animation: drift 400ms }
  iframe { width: 640px; height: 260px }</style>`;

// What the controls do, and the log: of the events that a person would cause, in order.
const SCRIPT = `<script>
  const log = [];
  const doing = {
    nothing() {}, drift() {},
    slide(it) { it.style.left = it.style.left === "120px" ? "0" : "120px"; },
    rest(it) { it.disabled = true; setTimeout(() => { it.disabled = false; }, 120); },
    swap(it) { it.replaceWith(it.cloneNode(true)); },
    grow(it) { it.before(Object.assign(document.createElement("p"), { textContent: "grown" })); },
    cover() { const cover = Object.assign(document.createElement("div"), { className: "cover" }); document.body.append(cover); setTimeout(() => cover.remove(), 150); },
    hide(it) { it.style.visibility = "hidden"; setTimeout(() => { it.style.visibility = ""; }, 100); },
    turn(it) { it.setAttribute("aria-checked", it.getAttribute("aria-checked") !== "true"); },
    open(it) { it.getRootNode().getElementById(it.id + "d").showModal(); },
    close(it) { it.closest("dialog").close(); },
  };
  // Of toggle events only the effect counts: Chromium fires it later, and joins two of them by chance.
  // Playwright tells that an option was chosen which is chosen already; the bridge does not, nor do browsers.
  const selected = new Map();
  const isSelectedAlready = ({ type }, it) => {
    if (type !== "input" || it.localName !== "select") return false;
    const before = selected.get(it) ?? "Apple";
    selected.set(it, it.value);
    return before === it.value;
  };
  const note = (event) => {
    const [it] = event.composedPath();
    if (!it.id || isSelectedAlready(event, it)) return;
    log.push([event.type, it.id, event.type === "keydown" ? event.key : event.type === "input" ? event.inputType ?? "" : "", event.isTrusted ? "" : "script"].join(" ").trim());
    if (event.type === "click") doing[it.dataset?.does]?.(it);
    if (event.type === "submit") event.preventDefault();
  };
  const listen = (root) => { for (const type of ["click", "dblclick", "input", "keydown", "submit"]) root.addEventListener(type, note, true); };
  listen(window);
  const shades = [];
  customElements.define("x-shade", class extends HTMLElement { connectedCallback() {
    if (this.shadowRoot) return;
    const shade = this.attachShadow({ mode: "open" });
    shade.innerHTML = "<style>" + document.querySelector("style").textContent + "</style>" + this.dataset.html;
    shade.addEventListener("submit", note, true);
    shades.push(shade); } });
  setTimeout(() => { for (const root of [document, ...shades]) for (const it of root.querySelectorAll("[data-soon]")) it.disabled = false; }, 300);
  const own = () => {
    const roots = [document, ...shades];
    const all = (css) => roots.flatMap((root) => [...root.querySelectorAll(css)]);
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return { log, active: active?.id ?? "", fields: all("input, textarea, select").map((it) => [it.id, it.type === "checkbox" || it.type === "radio" ? it.checked : it.value].join("=")),
      edited: all("[contenteditable]").map((it) => it.innerText.replaceAll("\\u00a0", " ")), grown: all("p").length,
      open: all("[open], [aria-checked=true], :disabled, [style*=hidden]").map((it) => it.id), at: location.hash };
  };
  // A frame of another origin is asked by message.
  addEventListener("message", (event) => { if (event.data === "tell") event.source.postMessage(own(), "*"); });
  const asked = (frame) => new Promise((done) => { addEventListener("message", (event) => { if (event.source === frame.contentWindow) done(event.data); }); frame.contentWindow.postMessage("tell", "*"); });
  window.state = async () => JSON.stringify([own(), ...(await Promise.all([...document.querySelectorAll("iframe")].map(asked)))], null, 1);
</script>`;

// The documents of a page, and the steps to take on it: [action, locator, ...arguments].
export function generate(random, farUrl) {
  const { below, pick, list } = random;
  const documents = { "": [], frame: [], far: [] };
  const controls = [];
  for (let number = 0; number < 8 + below(8); number++) {
    const document = pick(["", "", "", "frame", "far"]);
    const control = pick(CONTROLS)(`c${number}`);
    documents[document].push(pick(PLACES)(control, random));
    controls.push({ ...control, id: `c${number}`, within: document && `#${document} >> ` });
  }
  const frames = [documents.frame.length && `<iframe id=frame src=frame></iframe>`, documents.far.length && `<iframe id=far src="${farUrl}"></iframe>`];
  for (const frame of frames.filter(Boolean)) documents[""].splice(below(documents[""].length + 1), 0, frame + (below(2) ? tall(random) : ""));
  const pages = Object.fromEntries(Object.entries(documents).map(([name, parts]) => [name, `${HEAD}<title>${name || "page"}</title><div class=bar>Bar</div>${SCRIPT}${parts.map((part) => `<div>${part}</div>`).join("\n")}${below(2) ? "<div class='bar low'>Low bar</div>" : ""}`]));
  const steps = list(3, 9, () => {
    const { id, at = `#${id}`, name, text, within, pair, steps } = pick(controls);
    if (pair) return pair.map(([action, selector]) => [action, within + selector]);
    const [action, ...rest] = pick(steps)(random);
    const locators = [at, at, name, action === "click" && text].filter(Boolean);
    return [[action, within + pick(locators), ...rest]];
  });
  return { pages, steps: steps.flat() };
}
