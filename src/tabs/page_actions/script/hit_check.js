// Verifies that input reaches the element it is meant for. If it reaches another one, the events are
// cancelled, so that no other element receives the action.

const EVENTS = {
  click: ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'auxclick', 'dblclick', 'contextmenu'],
  hover: ['pointermove', 'mousemove'],
};

// The events that follow the last release of a button.
const LAST_EVENTS = ['click', 'auxclick'];

// The events that Chromium counts for the page, whether or not a listener of the page stops them.
const COUNTED_EVENTS = ['pointerdown', 'mousedown', 'pointerover', 'mouseover'];
const countInput = (windows) => {
  let sum = 0;
  for (const { performance } of windows) {
    for (const name of COUNTED_EVENTS) sum += performance.eventCounts?.get(name) ?? 0;
  }
  return sum;
};

// Elements with a document of their own, which receives the events.
const isOpaque = (element) => isFrame(element) || matches(element, 'object, embed, fencedframe');

let hitCheck = null;

// Prepares for the next input of this kind. Without an element, all input is cancelled: it is meant for
// a frame in this document.
const arm = (element, kind, { count = 1, point } = {}) => {
  disarm();
  const windows = [];
  for (let inner = element ? documentOf(element) : document; inner; ) {
    windows.push(windowOf(inner));
    const frame = frameOf(inner);
    inner = frame && documentOf(frame);
  }
  const state = { met: undefined, wrong: null, releases: 0 };
  const met = element && point && topmostElement(documentOf(element), point);
  const isBlind = !element || Boolean(met && isOpaque(met));
  const counted = countInput(windows);
  const listen = (event) => {
    if (!event.isTrusted) return;
    if (state.met === undefined) {
      const [met] = event.composedPath();
      state.met = met;
      const inside = element && met && nodeTypeOf(met) === 1 && actsOn(met, element);
      if (!inside) state.wrong = met && nodeTypeOf(met) === 1 ? describe(met) : 'no element';
    }
    if (state.wrong) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    // The `click` event follows the last `mouseup` at once, but not always. After input, Chromium holds
    // timers back until the next frame.
    if (event.type === 'mouseup') {
      state.releases += 1;
      if (state.releases === count) setTimeout(mine.end, 0, true);
    }
  };
  // Ends the check without that delay, where the page lets the event through: after its own listeners.
  const handled = (event) => {
    if (event.isTrusted && !state.wrong && state.releases === count) mine.end(true);
  };
  for (const window of windows) {
    listenForCopies(window);
    if (kind === 'click') for (const name of LAST_EVENTS) window.addEventListener(name, handled);
    for (const name of EVENTS[kind]) window.addEventListener(name, listen, { capture: true, passive: false });
  }
  let resolve;
  const outcome = new Promise((done) => {
    resolve = done;
  });
  // A pointer that was there before causes no counted event.
  const isHovered = () => kind === 'hover' && Boolean(element) && matches(element, ':hover');
  const hasArrived = () => isBlind || state.met !== undefined || countInput(windows) !== counted || isHovered();
  const mine = {
    outcome,
    end: (arrived = hasArrived()) => {
      for (const window of windows) {
        for (const name of EVENTS[kind]) window.removeEventListener(name, listen, { capture: true });
        for (const name of LAST_EVENTS) window.removeEventListener(name, handled);
      }
      resolve({ wrong: state.wrong, arrived });
    },
  };
  hitCheck = mine;
  // The bridge may have disconnected; the page must not ignore input forever. Input that comes later
  // than this counts as arrived, so that it is not repeated.
  setTimeout(mine.end, 5000, true);
};

const UNARMED = { wrong: null, arrived: true };

// The outcome, as soon as it is known. A call that waits for it is answered even if the input begins a
// navigation; Chromium holds back calls that are made later.
const hit = () => hitCheck?.outcome ?? UNARMED;

// Ends the hit check; returns the wrong element that was hit, if any, and whether the input arrived.
const disarm = () => {
  const current = hitCheck;
  hitCheck = null;
  current?.end();
  return current?.outcome ?? UNARMED;
};
