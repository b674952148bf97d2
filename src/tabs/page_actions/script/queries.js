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
  const gone = state === 'detached' || state === 'hidden';
  for (;;) {
    const result = resolve(steps, from, gone ? innerDocument : enterLazyFrame);
    if (result.hop) return { hop: hold(result.hop), at: result.at };
    if (result.fail === 'staleRef' && gone) return { url: location.href };
    if (result.fail && result.fail !== 'notFound') {
      return result.fail === 'ambiguous' ? ambiguous(result) : result;
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

const compact = (text) => normalizeText(text).replace(/ /g, '');

// Whether a text is visible in the document or in same-origin frames. Cross-origin frames are collected
// in `crossOriginFrames`.
const hasText = (wanted, crossOriginFrames) => {
  const visit = (inner) => {
    const body = contentRootOf(inner);
    if (!body) return false;
    if (normalizeText(innerTextOf(body)).includes(wanted)) return true;
    // Reading rendered text through shadow roots is slow, so the text must be in the tree first.
    if (shadowsBelow(body).length > 0) {
      const mayBeThere = compact(textReader(body)(body)).includes(compact(wanted));
      if (mayBeThere && normalizeText(renderedText(body)).includes(wanted)) return true;
    }
    for (const frame of shownFramesBelow(body)) {
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
    const start = performance.now();
    if (hasText(wanted, crossOriginFrames)) return { url: location.href };
    const took = performance.now() - start;
    const before = known.map(fetchHeld);
    const now = crossOriginFrames.slice(0, MAX_CROSS_ORIGIN_FRAMES);
    if (now.length !== before.length || now.some((frame, at) => frame !== before[at])) {
      return { frames: now.map(hold) };
    }
    const left = end - performance.now();
    if (left <= 0) return { fail: 'notFound', at: 0 };
    // A large page that changes all the time must have time for that.
    if (took > 20) await sleep(Math.min(left, took));
    await nextChange(left);
  }
};

// The field that an element stands for: a label, or what is in it, stands for its control.
const fieldOf = (element) => {
  if (matches(element, 'input, textarea, select, button, option') || isEditable(element)) return element;
  return closest(element, 'label')?.control ?? element;
};

const answer = (element, what) => {
  switch (what) {
    case 'text':
      return { value: innerTextOf(element) };
    case 'html':
      return { value: innerHtmlOf(element) };
    case 'value': {
      const field = fieldOf(element);
      if (localNameOf(field) === 'select' && field.multiple) return { value: [...field.selectedOptions].map((option) => option.value) };
      if (typeof field.value === 'string') return { value: field.value };
      if (isEditable(field)) return { value: innerTextOf(field) };
      return { fail: 'notActionable', reason: 'unsuitable', because: 'it has no value', element: describe(element) };
    }
    case 'enabled':
      return { value: !isDisabled(controlOf(element)) };
    case 'checked': {
      const own = toggleOf(element);
      if (!own) return { fail: 'notActionable', reason: 'unsuitable', because: 'it is neither a checkbox nor a radio button nor a switch', element: describe(element) };
      return { value: checkedOf(own) === true };
    }
    case 'box': {
      const shown = boxOf(element);
      return { value: shown.width || shown.height ? rootBox(element) : null };
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
  if (result.fail && result.fail !== 'notFound') return result.fail === 'ambiguous' ? ambiguous(result) : result;
  const found = result.found ?? [];
  if (what === 'count') return { value: found.length };
  if (found.length > 1) return ambiguous(result);
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
