// What a picture is taken with: animations that stand still, no caret, and boxes over what shall not be
// seen. All of it is undone afterwards.

const pictureUndos = [];

// A document with those of its same-origin frames.
const documentsWithin = (outer) => {
  const found = [outer];
  for (const scope of [outer, ...shadowsBelow(outer)]) {
    for (const frame of queryAll(scope, 'iframe, frame')) {
      const inner = innerDocument(frame);
      if (inner) found.push(...documentsWithin(inner));
    }
  }
  return found;
};

// Finite animations show their end, endless ones what is there without them. They are paused and not finished, so that the
// page gets no event of their end and they can go on.
const stillAnimation = (animation) => {
  const { playState, currentTime, effect } = animation;
  // Animations of a scroll position have no time, and stand still already.
  if (playState !== 'running' || typeof currentTime !== 'number' || !effect) return;
  const { endTime } = effect.getComputedTiming();
  animation.pause();
  animation.currentTime = Number.isFinite(endTime) ? endTime : -1;
  pictureUndos.push(() => {
    animation.currentTime = currentTime;
    animation.play();
  });
};

// A style sheet that is in no document's tree, so that the page's observers do not see it.
const hideCaret = (scope, inner) => {
  const sheet = new (viewOf(inner).CSSStyleSheet)();
  sheet.replaceSync('*, *::before, *::after { caret-color: transparent !important; }');
  scope.adoptedStyleSheets = [...scope.adoptedStyleSheets, sheet];
  pictureUndos.push(() => {
    scope.adoptedStyleSheets = [...scope.adoptedStyleSheets].filter((other) => other !== sheet);
  });
};

const stillPicture = ({ animations, caret }) => {
  for (const inner of documentsWithin(document)) {
    for (const scope of [inner, ...shadowsBelow(inner)]) {
      if (animations === 'off') {
        for (const animation of scope.getAnimations()) attempt(() => stillAnimation(animation));
      }
      if (caret === 'hide') attempt(() => hideCaret(scope, inner));
    }
  }
  return {};
};

// The layer for the boxes of a document, above everything else.
const maskLayers = new Map();
const maskLayerOf = (inner) => {
  const known = maskLayers.get(inner);
  if (known) return known;
  const host = Document.prototype.createElementNS.call(inner, HTML, 'cdp-bridge-mask');
  const style = 'all: initial; display: block; position: absolute; left: 0; top: 0; width: 0; height: 0; overflow: visible; z-index: 2147483647; pointer-events: none';
  Element.prototype.setAttribute.call(host, 'style', style.replaceAll(';', ' !important;'));
  const root = Element.prototype.attachShadow.call(host, { mode: 'closed' });
  Node.prototype.appendChild.call(rootElementOf(inner), host);
  // Dialogs are above every other element that is no popover.
  attempt(() => {
    host.popover = 'manual';
    host.showPopover();
  });
  const layer = { root, origin: boxOf(host) };
  maskLayers.set(inner, layer);
  pictureUndos.push(() => {
    maskLayers.delete(inner);
    Element.prototype.remove.call(host);
  });
  return layer;
};

const maskElement = (element, color) => {
  const bounds = boundsOf(element);
  if (!hasSize(bounds)) return;
  const inner = documentOf(element);
  const { root, origin } = maskLayerOf(inner);
  const box = Document.prototype.createElementNS.call(inner, HTML, 'div');
  const { style } = box;
  style.position = 'absolute';
  style.left = `${bounds.left - origin.left}px`;
  style.top = `${bounds.top - origin.top}px`;
  style.width = `${bounds.width}px`;
  style.height = `${bounds.height}px`;
  style.backgroundColor = color;
  Node.prototype.appendChild.call(root, box);
};

// Covers every element of a locator. One that matches none covers nothing.
const maskPicture = ({ steps, from, color }) => {
  const result = resolve(steps, from);
  if (result.hop) return { hop: hold(result.hop), at: result.at };
  if (result.fail && result.fail !== 'notFound') return result.fail === 'ambiguous' ? ambiguous(result) : result;
  for (const element of result.found ?? []) maskElement(element, color);
  return {};
};

const restorePicture = () => {
  for (const undo of pictureUndos.splice(0).reverse()) attempt(undo);
  return {};
};
