import "@shoelace-style/shoelace/dist/themes/light.css";
import "@shoelace-style/shoelace/dist/shoelace.js";

document.body.innerHTML = `
  <sl-button id="send">Send form</sl-button>
  <sl-input id="name" label="Name"></sl-input>
  <sl-input id="word" type="password" label="Password" password-toggle></sl-input>
  <sl-textarea id="note" label="Note"></sl-textarea>
  <sl-checkbox id="agree">Agree</sl-checkbox>
  <sl-switch id="loud">Loud</sl-switch>
  <sl-radio-group id="size" label="Size"><sl-radio value="s">Small</sl-radio><sl-radio value="l">Large</sl-radio></sl-radio-group>
  <sl-select id="fruit" label="Fruit">
    <sl-option value="apple">Apple</sl-option><sl-option value="pear">Pear</sl-option></sl-select>
  <sl-range id="volume" label="Volume" min="0" max="10"></sl-range>
  <sl-dropdown id="drop"><sl-button slot="trigger" caret>Menu</sl-button>
    <sl-menu><sl-menu-item value="cut">Cut</sl-menu-item><sl-menu-item value="paste">Paste</sl-menu-item></sl-menu></sl-dropdown>
  <sl-tab-group id="tabs"><sl-tab slot="nav" panel="one">One</sl-tab><sl-tab slot="nav" panel="two">Two</sl-tab>
    <sl-tab-panel name="one">First panel</sl-tab-panel><sl-tab-panel name="two">Second panel</sl-tab-panel></sl-tab-group>
  <sl-details id="more" summary="More">Hidden detail</sl-details>
  <sl-button id="ask">Ask</sl-button>
  <sl-dialog id="dialog" label="Sure?">Really<sl-button slot="footer" id="yes">Yes</sl-button></sl-dialog>`;

const by = (id) => document.getElementById(id);
const log = [];
by("send").addEventListener("click", () => log.push("send"));
by("ask").addEventListener("click", () => by("dialog").show());
by("yes").addEventListener("click", () => by("dialog").hide());
for (const name of ["sl-select", "sl-tab-show", "sl-after-hide"])
  document.addEventListener(name, (event) => log.push([name, event.detail?.item?.value ?? event.detail?.name ?? event.target.id].join(" ")));
for (const id of ["name", "note", "agree", "loud", "size", "fruit", "volume"])
  by(id).addEventListener("sl-change", () => log.push(`changed ${id}`));

globalThis.judge = {
  log,
  value: (id) => by(id).value,
  checked: (id) => by(id).checked,
  open: (id) => by(id).open,
};
