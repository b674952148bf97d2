// Runs in the page: what can be clicked there, and which of it a reference reaches.
(() => {
  const NATIVE = "a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable=''], [contenteditable=true]";
  // What has no role of its own.
  const PLAIN = new Set(["div", "span", "p", "b", "i", "g", "rect", "circle", "ellipse", "path", "polygon", "polyline", "line", "text", "tspan"]);

  const pointer = (element) => getComputedStyle(element).cursor === "pointer";
  const hasPointer = (element) => pointer(element) && !(element.parentElement && pointer(element.parentElement));
  const isVisible = (element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true }) && getComputedStyle(element).pointerEvents !== "none";
  };
  const isClickable = (element) => element.matches(NATIVE) || listensToMouse(element) || hasPointer(element);

  const clickables = [...document.body.querySelectorAll("*")].filter((element) => isClickable(element) && isVisible(element));
  const all = new Set(clickables);
  const reached = new Set();
  const strays = [];

  globalThis.judge = {
    // A click on an element is one on the first clickable around it; one on a control is one on its labels.
    reach: (element) => {
      let target = element;
      while (target && !all.has(target)) target = target.parentElement;
      for (const it of [target, ...(target?.labels ?? [])]) if (all.has(it)) reached.add(it);
      const isPlain = PLAIN.has(element.localName) && !["role", "tabindex", "aria-label"].some((name) => element.hasAttribute(name));
      if (!target && isPlain) strays.push(element);
    },
    told: () => {
      const name = (element) => `<${element.localName}${element.id && `#${element.id}`}${[...element.classList].map((it) => `.${it}`).join("")}>`;
      return { clickables: clickables.length, reached: reached.size, strays: strays.map(name), missed: clickables.filter((it) => !reached.has(it)).map(name) };
    },
  };
})();
