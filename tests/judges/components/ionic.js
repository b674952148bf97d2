import "@ionic/core/css/ionic.bundle.css";
import { initialize } from "@ionic/core/components";
import { defineCustomElement as app } from "@ionic/core/components/ion-app.js";
import { defineCustomElement as button } from "@ionic/core/components/ion-button.js";
import { defineCustomElement as checkbox } from "@ionic/core/components/ion-checkbox.js";
import { defineCustomElement as content } from "@ionic/core/components/ion-content.js";
import { defineCustomElement as input } from "@ionic/core/components/ion-input.js";
import { defineCustomElement as item } from "@ionic/core/components/ion-item.js";
import { defineCustomElement as label } from "@ionic/core/components/ion-label.js";
import { defineCustomElement as list } from "@ionic/core/components/ion-list.js";
import { defineCustomElement as modal } from "@ionic/core/components/ion-modal.js";
import { defineCustomElement as radio } from "@ionic/core/components/ion-radio.js";
import { defineCustomElement as radioGroup } from "@ionic/core/components/ion-radio-group.js";
import { defineCustomElement as range } from "@ionic/core/components/ion-range.js";
import { defineCustomElement as searchbar } from "@ionic/core/components/ion-searchbar.js";
import { defineCustomElement as segment } from "@ionic/core/components/ion-segment.js";
import { defineCustomElement as segmentButton } from "@ionic/core/components/ion-segment-button.js";
import { defineCustomElement as select } from "@ionic/core/components/ion-select.js";
import { defineCustomElement as selectOption } from "@ionic/core/components/ion-select-option.js";
import { defineCustomElement as textarea } from "@ionic/core/components/ion-textarea.js";
import { defineCustomElement as toggle } from "@ionic/core/components/ion-toggle.js";

initialize({ mode: "md" });
for (const define of [app, button, checkbox, content, input, item, label, list, modal, radio, radioGroup, range, searchbar, segment, segmentButton, select, selectOption, textarea, toggle])
  define();

document.body.innerHTML = `<ion-app><ion-content>
  <ion-button id="send">Send form</ion-button>
  <ion-input id="name" label="Name"></ion-input>
  <ion-textarea id="note" label="Note"></ion-textarea>
  <ion-searchbar id="find" aria-label="Find"></ion-searchbar>
  <ion-checkbox id="agree">Agree</ion-checkbox>
  <ion-list><ion-item><ion-toggle id="loud">Loud</ion-toggle></ion-item></ion-list>
  <ion-radio-group id="size"><ion-radio value="s">Small</ion-radio><ion-radio value="l">Large</ion-radio></ion-radio-group>
  <ion-select id="fruit" label="Fruit" interface="popover"><ion-select-option value="apple">Apple</ion-select-option>
    <ion-select-option value="pear">Pear</ion-select-option></ion-select>
  <ion-select id="nut" label="Nut" interface="alert"><ion-select-option value="hazel">Hazel</ion-select-option>
    <ion-select-option value="walnut">Walnut</ion-select-option></ion-select>
  <ion-range id="volume" label="Volume" min="0" max="10"></ion-range>
  <ion-segment id="tabs" value="one"><ion-segment-button value="one"><ion-label>One</ion-label></ion-segment-button>
    <ion-segment-button value="two"><ion-label>Two</ion-label></ion-segment-button></ion-segment>
  <ion-button id="ask">Ask</ion-button>
  <ion-modal id="dialog" trigger="ask"><ion-content><p>Really</p><ion-button id="yes">Yes</ion-button></ion-content></ion-modal>
</ion-content></ion-app>`;

const by = (id) => document.getElementById(id);
const log = [];
by("send").addEventListener("click", () => log.push("send"));
by("yes").addEventListener("click", () => by("dialog").dismiss());
by("dialog").addEventListener("didDismiss", () => log.push("dismissed"));
for (const id of ["name", "note", "agree", "loud", "size", "fruit", "nut", "volume", "tabs"])
  by(id).addEventListener("ionChange", () => log.push(`changed ${id}`));

globalThis.judge = {
  log,
  value: (id) => by(id).value,
  checked: (id) => by(id).checked,
};
