import "@material/web/all.js";

document.body.innerHTML = `
  <md-filled-button id="send">Send form</md-filled-button>
  <md-icon-button id="star" aria-label="Star">*</md-icon-button>
  <md-outlined-text-field id="name" label="Name"></md-outlined-text-field>
  <md-filled-text-field id="note" type="textarea" label="Note"></md-filled-text-field>
  <label><md-checkbox id="agree"></md-checkbox> Agree</label>
  <label>Loud <md-switch id="loud"></md-switch></label>
  <form><label><md-radio id="small" name="size" value="s"></md-radio> Small</label>
    <label><md-radio id="large" name="size" value="l"></md-radio> Large</label></form>
  <md-outlined-select id="fruit" label="Fruit"><md-select-option value="apple"><div slot="headline">Apple</div></md-select-option>
    <md-select-option value="pear"><div slot="headline">Pear</div></md-select-option></md-outlined-select>
  <md-slider id="volume" min="0" max="10" aria-label="Volume"></md-slider>
  <span style="position:relative"><md-text-button id="menuButton">Menu</md-text-button>
    <md-menu id="menu" anchor="menuButton"><md-menu-item id="cut"><div slot="headline">Cut</div></md-menu-item>
      <md-menu-item id="paste"><div slot="headline">Paste</div></md-menu-item></md-menu></span>
  <md-tabs id="tabs"><md-primary-tab>One</md-primary-tab><md-primary-tab>Two</md-primary-tab></md-tabs>
  <md-chip-set><md-filter-chip id="chip" label="Only new"></md-filter-chip></md-chip-set>
  <md-outlined-button id="ask">Ask</md-outlined-button>
  <md-dialog id="dialog"><div slot="headline">Sure?</div><form slot="content" id="f" method="dialog">Really</form>
    <div slot="actions"><md-text-button id="yes" form="f" value="yes">Yes</md-text-button></div></md-dialog>`;

const by = (id) => document.getElementById(id);
const log = [];
for (const id of ["send", "star", "cut", "paste"]) by(id).addEventListener("click", () => log.push(id));
by("menuButton").addEventListener("click", () => { by("menu").open = !by("menu").open; });
by("ask").addEventListener("click", () => by("dialog").show());
by("dialog").addEventListener("closed", () => log.push(`closed ${by("dialog").returnValue}`));
for (const id of ["name", "note", "agree", "loud", "large", "fruit", "volume", "tabs"])
  by(id).addEventListener("change", () => log.push(`changed ${id}`));

globalThis.judge = {
  log,
  value: (id) => by(id).value,
  checked: (id) => (id === "loud" || id === "chip" ? by(id).selected : by(id).checked),
  open: (id) => by(id).open,
  tab: () => by("tabs").activeTabIndex,
};
