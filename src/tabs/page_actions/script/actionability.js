// Waiting until an element can be acted on.

// Wakes up when something about the page changes. Boxes move and styles change without a mutation, so
// that it wakes up now and then anyway.
const change = (left, most = 100) =>
  new Promise((done) => {
    const observers = [];
    let timer = 0;
    const wake = () => {
      clearTimeout(timer);
      for (const observer of observers) observer.disconnect();
      // Many mutations come together; looking once after them is enough.
      done();
    };
    timer = setTimeout(wake, Math.max(0, Math.min(left, most)));
    const options = { childList: true, subtree: true, attributes: true, characterData: true };
    const observe = (root) => {
      const observer = new MutationObserver(wake);
      observer.observe(root, options);
      observers.push(observer);
    };
    const visit = (document) => {
      observe(document);
      for (const frame of document.querySelectorAll('iframe, frame')) {
        const inner = innerDocument(frame);
        if (inner) visit(inner);
      }
    };
    visit(document);
  });

// The element whose state counts: a click on a label or inside a button is one on its control.
const controlOf = (element) => {
  const control = closest(element, 'button, input, select, textarea, [role=button], a, [role=link], option');
  if (control) return control;
  return closest(element, 'label')?.control ?? element;
};

const TEXT_INPUTS = new Set(['text', 'search', 'email', 'url', 'tel', 'password', 'number']);
const VALUE_INPUTS = new Set(['color', 'date', 'time', 'datetime-local', 'month', 'range', 'week']);
const isEditable = (element) => element.isContentEditable === true;
const isReadOnly = (element) => {
  const tag = localNameOf(element);
  if (tag === 'input' || tag === 'textarea') return element.readOnly;
  return attr(element, 'aria-readonly')?.toLowerCase() === 'true';
};

// Why an element cannot be acted on yet; null if it can. What is needed depends on the action.
const obstacle = (element, needs) => {
  if (needs.visible && !isVisible(element)) return { reason: 'hidden' };
  if (needs.enabled && isDisabled(controlOf(element))) return { reason: 'disabled' };
  if (needs.editable && isReadOnly(element)) return { reason: 'readOnly' };
  return null;
};

// Each try puts the element elsewhere in sight, to get it out from under what sticks to the edges.
const PLACES = [null, { block: 'center', inline: 'center' }, { block: 'end', inline: 'end' }, { block: 'start', inline: 'start' }];

// Whether something around an element scrolls smoothly, which takes its time.
const isScrolledSmoothly = (element) => {
  for (let at = element; at; at = parentOf(at) ?? frameOf(documentOf(at))) {
    if (styleOf(at)?.scrollBehavior === 'smooth') return true;
  }
  return false;
};

// At first an element that is partly in sight comes into it whole, and one that is there already stays.
const bringIntoSight = (element, attempt) => {
  const place = PLACES[attempt % PLACES.length] ?? (isScrolledSmoothly(element) ? { block: 'nearest', inline: 'nearest' } : null);
  if (place) element.scrollIntoView({ ...place, behavior: 'instant' });
  else Element.prototype.scrollIntoViewIfNeeded.call(element, true);
};

// Waits until the one element of a locator is fit for an action. `check` looks at it last, and comes to
// `{reason}` or to what the caller wants. A locator that is wrong in itself ends the waiting at once.
const ready = async ({ steps, from, needs, timeout, attempts = 0 }, check) => {
  const end = performance.now() + timeout;
  let last = null;
  for (let attempt = attempts; ; attempt += 1) {
    const result = resolveOne(steps, from);
    if (result.hop) return { hop: hold(result.hop), at: result.at };
    if (result.fail && result.fail !== 'notFound') return result;
    last = result;
    if (result.element) {
      const { element } = result;
      let why = obstacle(element, needs);
      if (!why && needs.stable) {
        const window = windowOf(element);
        const boxes = await inTwoFrames(window, () => (isConnected(element) ? rootBox(element) : null));
        // The page may have put another element in its place meanwhile.
        const again = resolveOne(steps, from);
        if (again.element !== element) why = { reason: 'moving' };
        else if (!boxes?.[0] || !boxes[1] || !sameBox(...boxes)) why = { reason: 'moving' };
        else why = obstacle(element, needs);
      }
      if (!why) why = await check(element, attempt);
      // `fail` beside a reason: waiting would change nothing.
      if (why?.fail || !why?.reason) return why ?? {};
      last = { fail: 'notActionable', ...why, element: describe(element) };
    }
    const left = end - performance.now();
    if (left <= 0) return last;
    // What is only in the wrong place needs no change of the page.
    await change(left, last.reason === 'covered' || last.reason === 'outside' ? 20 : 100);
  }
};

const POINTER = { visible: true, stable: true, enabled: true };

// An element that the pointer can act on: with the point, in the visible part of what this process
// shows, and armed against landing elsewhere.
const aim = ({ kind, position, ...call }) => {
  const needs = kind === 'hover' ? { visible: true, stable: true } : POINTER;
  return ready({ ...call, needs }, async (element, attempt) => {
    let point = pointOn(element, position);
    const before = rootBox(element);
    if (attempt === 0 && !position) bringIntoSight(element, 0);
    const moved = !sameBox(before, rootBox(element));
    if (!point || moved || (attempt > 0 && coverAt(element, point))) {
      if (!moved) bringIntoSight(element, attempt);
      // Frames further out take a moment, and a page may scroll smoothly.
      const window = windowOf(element);
      for (let frames = 0; frames < 30; frames += 1) {
        const before = rootBox(element);
        await nextFrame(window);
        if (sameBox(before, rootBox(element))) break;
      }
      point = pointOn(element, position);
    }
    if (!point) return { reason: 'outside' };
    const root = toRoot(documentOf(element), point);
    const turned = isInTurnedFrame(element);
    if (!turned && (root.x < 0 || root.y < 0 || root.x >= innerWidth || root.y >= innerHeight)) {
      bringIntoSight(element, attempt);
      return { reason: 'outside' };
    }
    if (!turned) {
      const cover = coverAt(element, point);
      if (cover) return { reason: 'covered', by: cover.by };
    }
    if (kind) arm(element, kind);
    return { point: root, held: hold(element), turned };
  });
};

const EVENTS = {
  click: ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'auxclick', 'dblclick', 'contextmenu'],
  hover: ['pointermove', 'mousemove'],
};

let guard = null;

// Watches where the next input of this kind lands. If that is not the element, the input is kept from
// the page, so that no action is ever done to another one.
const arm = (element, kind) => {
  disarm();
  const windows = [];
  for (let inner = element ? documentOf(element) : document; inner; ) {
    windows.push(inner.defaultView);
    const frame = frameOf(inner);
    inner = frame && documentOf(frame);
  }
  const state = { met: undefined, wrong: null };
  const listen = (event) => {
    if (!event.isTrusted) return;
    if (state.met === undefined) {
      const [met] = event.composedPath();
      state.met = met;
      const inside = element && met && met.nodeType === 1 && belongsTo(met, element);
      if (!inside) state.wrong = met?.nodeType === 1 ? describe(met) : 'nothing that is laid out';
    }
    if (state.wrong) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  for (const window of windows) {
    for (const name of EVENTS[kind]) window.addEventListener(name, listen, { capture: true, passive: false });
  }
  const mine = {
    state,
    end: () => {
      for (const window of windows) {
        for (const name of EVENTS[kind]) window.removeEventListener(name, listen, { capture: true });
      }
    },
  };
  guard = mine;
  // Whoever armed it may have gone away; a page must not stay deaf for that.
  setTimeout(() => {
    if (guard === mine) disarm();
  }, 5000);
};

// Ends the watching, and says on what else the input landed, if it did.
const disarm = () => {
  if (!guard) return { wrong: null };
  const { state, end } = guard;
  guard = null;
  end();
  return { wrong: state.wrong };
};
