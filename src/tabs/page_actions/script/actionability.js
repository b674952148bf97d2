// Actionability checks.

// Resolves after a mutation, or after a timeout, because layout and style can change without a
// mutation.
const nextChange = (left, most = 100) =>
  new Promise((done) => {
    const observers = [];
    let timer = 0;
    const wake = () => {
      clearTimeout(timer);
      for (const observer of observers) observer.disconnect();
      // Mutations come in batches; one check after a batch is enough.
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
      for (const frame of queryAll(document, 'iframe, frame')) {
        const inner = innerDocument(frame);
        if (inner) visit(inner);
      }
    };
    visit(document);
  });

// The element whose state decides: a click on a label, or inside a button, acts on the control.
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

// The reason why an element is not actionable; null if it is.
const actionabilityProblem = (element, needs) => {
  if (needs.visible && !isVisible(element)) return { reason: 'hidden' };
  if (needs.enabled && isDisabled(controlOf(element))) return { reason: 'disabled' };
  if (needs.editable && isReadOnly(element)) return { reason: 'readOnly' };
  return null;
};

// Each attempt scrolls the element to another position, to uncover it from sticky headers and footers.
const SCROLL_POSITIONS = [null, { block: 'center', inline: 'center' }, { block: 'end', inline: 'end' }, { block: 'start', inline: 'start' }];

// Whether an ancestor scrolls smoothly, which takes time.
const isScrolledSmoothly = (element) => {
  for (let at = element; at; at = parentOf(at) ?? frameOf(documentOf(at))) {
    if (styleOf(at)?.scrollBehavior === 'smooth') return true;
  }
  return false;
};

// The first attempt scrolls a partly visible element fully into view, and leaves a visible one where it
// is.
const bringIntoView = (element, attempt) => {
  const place = SCROLL_POSITIONS[attempt % SCROLL_POSITIONS.length] ?? (isScrolledSmoothly(element) ? { block: 'nearest', inline: 'nearest' } : null);
  if (place) element.scrollIntoView({ ...place, behavior: 'instant' });
  else Element.prototype.scrollIntoViewIfNeeded.call(element, true);
};

// Waits until the element of a locator is actionable, then calls `check`, which returns `{reason}` to
// wait again or the result. An invalid locator ends the wait at once.
const whenActionable = async ({ steps, from, needs, timeout, attempts = 0 }, check) => {
  const end = performance.now() + timeout;
  let last = null;
  for (let attempt = attempts; ; attempt += 1) {
    const result = resolveOne(steps, from);
    if (result.hop) return { hop: hold(result.hop), at: result.at };
    if (result.fail && result.fail !== 'notFound') return result;
    last = result;
    if (result.element) {
      const { element } = result;
      let why = actionabilityProblem(element, needs);
      if (!why && needs.stable) {
        const window = windowOf(element);
        const boxes = await sampleTwoFrames(window, () => (isConnected(element) ? rootBox(element) : null));
        // The page may have replaced the element meanwhile.
        const again = resolveOne(steps, from);
        if (again.element !== element) why = { reason: 'moving' };
        else if (!boxes?.[0] || !boxes[1] || !sameBox(...boxes)) why = { reason: 'moving' };
        else why = actionabilityProblem(element, needs);
      }
      if (!why) why = await check(element, attempt);
      // `fail` means that waiting would not help.
      if (why?.fail || !why?.reason) return why ?? {};
      last = { fail: 'notActionable', ...why, element: describe(element) };
    }
    const left = end - performance.now();
    if (left <= 0) return last;
    // A covered or clipped element needs another scroll position, not a change of the page.
    await nextChange(left, last.reason === 'covered' || last.reason === 'outside' ? 20 : 100);
  }
};

const POINTER = { visible: true, stable: true, enabled: true };

// Waits until the pointer can hit an element. Returns the point, in the viewport of this process's
// outermost document, and arms the hit check.
const aim = ({ kind, position, ...call }) => {
  const needs = kind === 'hover' ? { visible: true, stable: true } : POINTER;
  return whenActionable({ ...call, needs }, async (element, attempt) => {
    let point = pointOn(element, position);
    const before = rootBox(element);
    if (attempt === 0 && !position) bringIntoView(element, 0);
    const moved = !sameBox(before, rootBox(element));
    if (!point || moved || (attempt > 0 && coveringElement(element, point))) {
      if (!moved) bringIntoView(element, attempt);
      // Parent frames scroll asynchronously, and a page may scroll smoothly.
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
      bringIntoView(element, attempt);
      return { reason: 'outside' };
    }
    if (!turned) {
      const cover = coveringElement(element, point);
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

let hitCheck = null;

// Hit check: verifies the target of the next input of this kind. If it is not the element, the events
// are cancelled, so that no other element receives the action.
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
      const inside = element && met && met.nodeType === 1 && actsOn(met, element);
      if (!inside) state.wrong = met?.nodeType === 1 ? describe(met) : 'no element';
    }
    if (state.wrong) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  for (const window of windows) {
    listenForCopies(window);
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
  hitCheck = mine;
  // The bridge may have disconnected; the page must not ignore input forever.
  setTimeout(() => {
    if (hitCheck === mine) disarm();
  }, 5000);
};

// Ends the hit check; returns the wrong element that was hit, if any.
const disarm = () => {
  if (!hitCheck) return { wrong: null };
  const { state, end } = hitCheck;
  hitCheck = null;
  end();
  return { wrong: state.wrong };
};
