// What is asked of a page, and what is waited for.

const isWanted = (result, state) => {
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

// Waits until the elements of a locator are as wanted. Several may match: one that is visible is
// enough, and hidden are they only together.
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
    if (isWanted(result, state)) return { url: location.href };
    const left = end - performance.now();
    if (left <= 0) {
      const [first] = result.found ?? [];
      return first
        ? { fail: 'notActionable', reason: gone ? 'visible' : 'hidden', element: describe(first) }
        : result;
    }
    await change(left);
  }
};

// Whether a text can be seen in the document, or in frames of its origin. Frames of other origins that
// are met on the way are added to a list.
const hasText = (wanted, strangers) => {
  const visit = (inner) => {
    if (!inner.body) return false;
    // What is not laid out is no part of `innerText`, but what is in shadow roots is not either.
    if (fold(inner.body.innerText).includes(wanted)) return true;
    for (const shadow of shadowsBelow(inner)) {
      for (const child of shadow.children) {
        if (!TEXTLESS.has(localNameOf(child)) && isVisible(child) && fold(child.innerText ?? '').includes(wanted)) return true;
      }
    }
    for (const frame of inner.querySelectorAll('iframe, frame')) {
      if (!frame.checkVisibility({ visibilityProperty: true })) continue;
      const next = innerDocument(frame);
      if (!next) strangers.push(frame);
      else if (visit(next)) return true;
    }
    return false;
  };
  return visit(document);
};

// The most frames of other origins that are looked into from one document.
const MOST_STRANGERS = 32;

// Waits until a text can be seen; or until there are other frames of other origins than those that are
// known, which are looked into elsewhere.
const waitText = async ({ text, known = [], timeout }) => {
  const end = performance.now() + timeout;
  const wanted = fold(text);
  for (;;) {
    const strangers = [];
    if (hasText(wanted, strangers)) return { url: location.href };
    const before = known.map(fetchHeld);
    const now = strangers.slice(0, MOST_STRANGERS);
    if (now.length !== before.length || now.some((frame, at) => frame !== before[at])) {
      return { frames: now.map(hold) };
    }
    const left = end - performance.now();
    if (left <= 0) return { fail: 'notFound', at: 0 };
    await change(left);
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
    return ready({ steps, from, timeout, needs: {} }, (element) => answer(element, what));
  }
  const result = resolve(steps, from);
  if (result.hop) return { hop: hold(result.hop), at: result.at };
  if (result.fail && result.fail !== 'notFound') return result.fail === 'ambiguous' ? ambiguous(result.found, result.at) : result;
  const found = result.found ?? [];
  if (what === 'count') return { value: found.length };
  if (found.length > 1) return ambiguous(found, steps.length - 1);
  return { value: found.length === 1 && isVisible(found[0]) };
};

// Finds the one element of a locator, for what is done to it elsewhere.
const find = ({ needs = {}, ...call }) => ready({ ...call, needs }, (element) => ({ held: hold(element) }));

// The part of the page that an element takes, for a picture of it; it is scrolled into sight, so that
// what is loaded only there is loaded.
const area = (call) =>
  ready({ ...call, needs: { visible: true, stable: true } }, async (element) => {
    bringIntoSight(element, 0);
    await nextFrame(windowOf(element));
    const box = rootBox(element);
    return {
      area: { x: box.x + globalThis.scrollX, y: box.y + globalThis.scrollY, width: box.width, height: box.height },
      held: hold(element),
    };
  });
