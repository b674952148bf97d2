// A policy for each task, and why there is none for the others.

import { buttons } from "./policies/buttons.mjs";
import { choices } from "./policies/choices.mjs";
import { controls } from "./policies/controls.mjs";
import { dates } from "./policies/dates.mjs";
import { drags } from "./policies/drags.mjs";
import { drawing } from "./policies/drawing.mjs";
import { drawn } from "./policies/drawn.mjs";
import { menus } from "./policies/menus.mjs";
import { postsAndMails } from "./policies/posts.mjs";
import { texts } from "./policies/texts.mjs";
import { timed } from "./policies/timed.mjs";

export const policies = { ...buttons, ...choices, ...controls, ...dates, ...drags, ...drawing, ...drawn, ...menus, ...postsAndMails, ...texts, ...timed };

export const without = {
  "hover-shape": "the page gives no reward",
};
