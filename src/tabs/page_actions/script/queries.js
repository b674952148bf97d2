// Queries and conditions to wait for.

const hasState = (result, state) => {
  const found = result.found ?? [];
  switch (state) {
    case 'attached':
      return found.length > 0;
    case 'detached':
      return found.length === 0;
    case 'visible':
      return found.some(isVisible);
    case 'hidden':
      return !found.some(isVisible);
  }
  return false;
};

// Waits for a state of a locator's elements. One visible element is enough for `visible`; for `hidden`
// all must be hidden.
const waitElement = async ({ steps, from, state, timeout }) => {
  const end = performance.now() + timeout;
  for (;;) {
    const result = resolve(steps, from);
    if (result.hop) return { hop: hold(result.hop), at: result.at };
    const gone = state === 'detached' || state === 'hidden';
    if (result.fail === 'staleRef' && gone) return { url: location.href };
    if (result.fail && result.fail !== 'notFound') {
      return result.fail === 'ambiguous' ? ambiguous(result.found, result.at) : result;
    }
    if (hasState(result, state)) return { url: location.href };
    const left = end - performance.now();
    if (left <= 0) {
      const [first] = result.found ?? [];
      return first
        ? { fail: 'notActionable', reason: gone ? 'visible' : 'hidden', element: describe(first) }
        : result;
    }
    await nextChange(left);
  }
};

// Whether a text is visible in the document or in same-origin frames. Cross-origin frames are collected
// in `crossOriginFrames`.
const hasText = (wanted, crossOriginFrames) => {
  const visit = (inner) => {
    if (!inner.body) return false;
    // `innerText` has rendered text only, but lacks shadow roots.
    if (normalizeText(inner.body.innerText).includes(wanted)) return true;
    for (const shadow of shadowsBelow(inner)) {
      for (const child of shadow.children) {
        if (!IGNORED_FOR_TEXT.has(localNameOf(child)) && isVisible(child) && normalizeText(child.innerText ?? '').includes(wanted)) return true;
      }
    }
    for (const frame of inner.querySelectorAll('iframe, frame')) {
      if (!frame.checkVisibility({ visibilityProperty: true })) continue;
      const next = innerDocument(frame);
      if (!next) crossOriginFrames.push(frame);
      else if (visit(next)) return true;
    }
    return false;
  };
  return visit(document);
};

// The maximum number of cross-origin frames that are read in one document.
const MAX_CROSS_ORIGIN_FRAMES = 32;

// Waits until a text is visible, or until the cross-origin frames differ from the `known` ones; the
// bridge searches those in their own worlds.
const waitText = async ({ text, known = [], timeout }) => {
  const end = performance.now() + timeout;
  const wanted = normalizeText(text);
  for (;;) {
    const crossOriginFrames = [];
    if (hasText(wanted, crossOriginFrames)) return { url: location.href };
    const before = known.map(fetchHeld);
    const now = crossOriginFrames.slice(0, MAX_CROSS_ORIGIN_FRAMES);
    if (now.length !== before.length || now.some((frame, at) => frame !== before[at])) {
      return { frames: now.map(hold) };
    }
    const left = end - performance.now();
    if (left <= 0) return { fail: 'notFound', at: 0 };
    await nextChange(left);
  }
};

const answer = (element, what) => {
  const tag = localNameOf(element);
  switch (what) {
    case 'text':
      return { value: element.innerText ?? textOf(element) };
    case 'html':
      return { value: element.innerHTML };
    case 'value':
      if (tag === 'select' && element.multiple) return { value: [...element.selectedOptions].map((option) => option.value) };
      if (typeof element.value === 'string') return { value: element.value };
      if (isEditable(element)) return { value: element.innerText };
      return { fail: 'notActionable', reason: 'unsuitable', because: 'it has no value', element: describe(element) };
    case 'enabled':
      return { value: !isDisabled(element) };
    case 'checked': {
      const own = toggleOf(element);
      if (!own) return { fail: 'notActionable', reason: 'unsuitable', because: 'it is neither a checkbox nor a radio button nor a switch', element: describe(element) };
      return { value: isChecked(own) };
    }
    case 'box': {
      const { x, y, width, height } = rootBox(element);
      return { value: width || height ? { x, y, width, height } : null };
    }
    case 'attributes':
      return { value: Object.fromEntries([...Element.prototype.getAttributeNames.call(element)].map((name) => [name, attr(element, name)])) };
  }
  return { value: null };
};

const query = async ({ what, steps, from, timeout }) => {
  if (what !== 'count' && what !== 'visible') {
    return whenActionable({ steps, from, timeout, needs: {} }, (element) => answer(element, what));
  }
  const result = resolve(steps, from);
  if (result.hop) return { hop: hold(result.hop), at: result.at };
  if (result.fail && result.fail !== 'notFound') return result.fail === 'ambiguous' ? ambiguous(result.found, result.at) : result;
  const found = result.found ?? [];
  if (what === 'count') return { value: found.length };
  if (found.length > 1) return ambiguous(found, steps.length - 1);
  return { value: found.length === 1 && isVisible(found[0]) };
};

// Resolves a locator to a handle.
const find = ({ needs = {}, ...call }) => whenActionable({ ...call, needs }, (element) => ({ held: hold(element) }));

// The bounding box of an element in page coordinates. The element is scrolled into view first, so that
// lazy content loads.
const area = (call) =>
  whenActionable({ ...call, needs: { visible: true, stable: true } }, async (element) => {
    bringIntoView(element, 0);
    await nextFrame(windowOf(element));
    const box = rootBox(element);
    return {
      area: { x: box.x + globalThis.scrollX, y: box.y + globalThis.scrollY, width: box.width, height: box.height },
      held: hold(element),
    };
  });
