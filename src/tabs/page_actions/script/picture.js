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

// The events of animations that are moved for a picture, which the page must not get: each once.
const silencedEvents = [];
const SILENCED_FOR_MS = 1000;
const isOver = (silenced) => !silenced.types.size || performance.now() > silenced.until;
const silence = (event) => {
  const name = event.animationName ?? event.propertyName;
  const found = silencedEvents.find(
    (it) => !isOver(it) && it.target === event.composedPath()[0] && it.name === name && it.pseudo === event.pseudoElement && it.types.has(event.type),
  );
  if (!found) return;
  found.types.delete(event.type);
  event.stopImmediatePropagation();
};
const listeningWindows = new WeakSet();
const silenceEventsOf = (animation, effect) => {
  const isTransition = animation.transitionProperty !== undefined;
  const name = animation.animationName ?? animation.transitionProperty;
  const window = effect.target && windowOf(effect.target);
  // Other animations have no such events.
  if (name === undefined || !window) return null;
  const types = isTransition ? ['transitionend', 'transitionstart'] : ['animationend', 'animationstart'];
  if (!listeningWindows.has(window)) {
    listeningWindows.add(window);
    for (const type of ['transitionend', 'transitionstart', 'animationend', 'animationstart']) listenOn(window, type, silence, true);
  }
  for (let at = silencedEvents.length - 1; at >= 0; at -= 1) if (isOver(silencedEvents[at])) silencedEvents.splice(at, 1);
  const silenced = { target: effect.target, name, pseudo: effect.pseudoElement ?? '', types: new Set(types), until: Infinity };
  silencedEvents.push(silenced);
  return silenced;
};

// Finite animations show their end, endless ones what is there without them. They are paused and not finished, so that they
// can go on.
const stillAnimation = (animation) => {
  const { playState, currentTime, effect } = animation;
  // Animations of a scroll position have no time, and stand still already.
  if (playState !== 'running' || typeof currentTime !== 'number' || !effect) return;
  const { endTime } = effect.getComputedTiming();
  const silenced = silenceEventsOf(animation, effect);
  animation.pause();
  animation.currentTime = Number.isFinite(endTime) ? endTime : -1;
  pictureUndos.push(() => {
    animation.currentTime = currentTime;
    animation.play();
    if (silenced) silenced.until = performance.now() + SILENCED_FOR_MS;
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
  Element.prototype.setAttribute.call(host, 'popover', 'manual');
  const root = Element.prototype.attachShadow.call(host, { mode: 'closed' });
  Node.prototype.appendChild.call(rootElementOf(inner), host);
  // Dialogs are above every other element that is no popover.
  attempt(() => HTMLElement.prototype.showPopover.call(host));
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
