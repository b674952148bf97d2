// Resolves locators.

// Elements by the ref number of an accessibility snapshot. A number is never reused for another
// element.
const numbered = new Map();
const numbers = new WeakMap();

const byNumber = (number) => {
  const element = numbered.get(number)?.deref();
  return element && isConnected(element) ? element : null;
};

const numberOf = (element, next) => {
  const known = numbers.get(element);
  if (known !== undefined) return known;
  const number = next();
  numbers.set(element, number);
  numbered.set(number, new WeakRef(element));
  return number;
};

// Thrown if a segment cannot be evaluated.
class LocatorError {
  constructor(problem) {
    this.problem = problem;
  }
}

// Characters without a glyph that a reader does not see: joiners and directional marks.
const INVISIBLE = /[\u200c-\u200f\u202a-\u202e\u2061-\u2064\u2066-\u2069]/g;
// As a reader sees the text, who cannot tell how it is composed.
const asSeen = (text) => squeeze(text.replace(INVISIBLE, '').normalize());
const normalizeText = (text) => asSeen(text).toLowerCase();
const matcher = ({ value, exact, pattern }) => {
  if (pattern) {
    const test = patternTest(pattern);
    return (text) => test(asSeen(text));
  }
  const wanted = exact ? asSeen(value) : normalizeText(value);
  return exact ? (text) => asSeen(text) === wanted : (text) => normalizeText(text).includes(wanted);
};

// Sorts elements from several shadow roots into flat-tree order.
const inTreeOrder = (found, scope) => {
  if (found.size < 2) return [...found];
  const sorted = [];
  const visit = (node) => {
    if (isElement(node)) {
      if (found.has(node)) sorted.push(node);
      const shadow = shadowOf(node);
      if (shadow) for (const child of elementChildrenOf(shadow)) visit(child);
    }
    for (const child of elementChildrenOf(node)) visit(child);
  };
  visit(scope);
  return sorted;
};

const bySelector = (scope, css) => {
  let found;
  try {
    found = queryAll(scope, css);
  } catch (error) {
    throw new LocatorError({ fail: 'badSelector', message: `not a CSS selector: ${css}` });
  }
  const shadows = shadowsBelow(scope);
  if (!shadows.length) return [...found];
  const all = new Set(found);
  for (const shadow of shadows) for (const element of queryAll(shadow, css)) all.add(element);
  return inTreeOrder(all, scope);
};

const byXPath = (scope, expression) => {
  const document = nodeTypeOf(scope) === 9 ? scope : documentOf(scope);
  const relative = nodeTypeOf(scope) !== 9 && expression.startsWith('/') ? `.${expression}` : expression;
  let result;
  try {
    const type = XPathResult.ORDERED_NODE_SNAPSHOT_TYPE;
    result = Document.prototype.evaluate.call(document, relative, scope, null, type);
  } catch (error) {
    throw new LocatorError({ fail: 'badSelector', message: `not an XPath expression of elements: ${expression}` });
  }
  const found = [];
  for (let at = 0; at < result.snapshotLength; at += 1) {
    const node = result.snapshotItem(at);
    if (isElement(node)) found.push(node);
  }
  return found;
};

// Elements whose content is not part of the page's text: code, metadata, and what is shown only where
// the element itself is not supported.
const TEXTLESS = new Set(
  `script style noscript template head noembed noframes iframe frame audio video datalist desc metadata
  annotation annotation-xml`.split(/\s+/),
);
const isTextless = (element) => {
  const name = localNameOf(element);
  return TEXTLESS.has(name) || (name === 'title' && isHtml(element));
};
const BUTTON_INPUTS = ['submit', 'button', 'reset'];
// Within an element without these, its `textContent` is its text.
const NOT_PLAIN = `${[...TEXTLESS].join(', ')}, title, input, slot`;

// Reads the texts of elements for matching. Each element is read once.
const textReader = (scope) => {
  const hasShadows = shadowsBelow(scope).length > 0;
  const known = new Map();
  const read = (element) => {
    // For a button that is an `<input>` this is its value.
    if (localNameOf(element) === 'input') return BUTTON_INPUTS.includes(typeOf(element)) ? element.value : '';
    if (!hasShadows && !queryFirst(element, NOT_PLAIN)) return textOf(element);
    let text = '';
    for (const child of childrenOf(element)) {
      const type = nodeTypeOf(child);
      if (type === 3) text += child.data;
      else if (type === 1 && !isTextless(child)) text += matchedText(child);
    }
    return text;
  };
  const matchedText = (element) => {
    let text = known.get(element);
    if (text === undefined) {
      text = read(element);
      known.set(element, text);
    }
    return text;
  };
  return matchedText;
};

// Slotted text belongs to the host of the slot.
const ownerOfText = (element) => {
  const isFilled = localNameOf(element) === 'slot' && [...childrenOf(element)].some((node) => parentNodeOf(node) !== element);
  return isFilled ? rootOf(element).host : element;
};

const byText = (scope, wanted) => {
  const fits = matcher(wanted);
  // An element's text contains the text of its descendants, so subtrees without the text are skipped. A regular
  // expression may match the text of a descendant only.
  const may = wanted.pattern ? () => true : matcher({ value: wanted.value, exact: false });
  const matchedText = textReader(scope);
  const found = new Set();
  const visit = (element) => {
    if (isTextless(element)) return false;
    const text = matchedText(element);
    if (!may(text)) return false;
    let inner = false;
    for (const child of childrenOf(element)) {
      if (nodeTypeOf(child) === 1 && visit(child)) inner = true;
    }
    if (inner) return true;
    // A title is a tooltip of the element around it.
    if (!fits(text) || localNameOf(element) === 'title') return false;
    found.add(ownerOfText(element));
    return true;
  };
  const roots = nodeTypeOf(scope) === 1 ? childrenOf(scope) : elementChildrenOf(scope);
  for (const child of roots) if (nodeTypeOf(child) === 1) visit(child);
  return [...found];
};

const byRole = (scope, { role, name, level, states }) => {
  const fits = name && matcher(name);
  const wantedRole = role === 'image' ? 'img' : role;
  const isFound = (element) => {
    if (roleOf(element) !== wantedRole) return false;
    if (level !== undefined && stateOf(element, role, 'level') !== level) return false;
    if (states?.some(([which, wanted]) => stateOf(element, role, which) !== wanted)) return false;
    if (isHiddenFromAll(element)) return false;
    return !fits || fits(accessibleName(element, role));
  };
  const found = new Set(elementsBelow(scope).filter((element) => attempt(() => isFound(element), false)));
  return shadowsBelow(scope).length ? inTreeOrder(found, scope) : [...found];
};

const byLabel = (scope, wanted) => {
  const fits = matcher(wanted);
  const css = 'input, textarea, select, button, meter, output, progress, [aria-label], [aria-labelledby]';
  // Components may be labelled like fields.
  const all = bySelector(scope, '*').filter((element) => localNameOf(element).includes('-') || matches(element, css));
  const matchedText = textReader(nodeTypeOf(scope) === 9 ? scope : documentOf(scope));
  const isFound = (element) => {
    const texts = [];
    for (const label of labelsOf(element)) {
      texts.push(matchedText(label));
      // The options of a list are not what labels it.
      if (contains(label, element)) texts.push(alternative(label, 'label', { seen: new Set([element]) }));
    }
    if (hasAttr(element, 'aria-label')) texts.push(attr(element, 'aria-label'));
    const named = idsOf(element, 'aria-labelledby');
    if (named.length) texts.push(named.map(matchedText).join(' '));
    return texts.some(fits);
  };
  return withLabelIndex(() => all.filter((element) => attempt(() => isFound(element), false)));
};

const byAttribute = (scope, name, fits) => bySelector(scope, `[${name}]`).filter((element) => fits(attr(element, name)));

const search = (scope, step) => {
  switch (step.by) {
    case 'css':
      return bySelector(scope, step.value);
    case 'text':
      return byText(scope, step);
    case 'role':
      return withLabelIndex(() => byRole(scope, step));
    case 'label':
      return withLabelIndex(() => byLabel(scope, step));
    case 'placeholder':
      return byAttribute(scope, 'placeholder', matcher(step));
    case 'testid':
      return byAttribute(scope, 'data-testid', step.pattern ? patternTest(step.pattern) : (value) => value === step.value);
    case 'xpath':
      return byXPath(scope, step.value);
  }
  return [];
};

// A frame that loads lazily is empty until it is near the viewport, so it is scrolled there once.
const broughtNear = new WeakSet();
const enterLazyFrame = (frame) => {
  const inner = innerDocument(frame);
  const waits =
    inner && urlOf(inner) === 'about:blank' && attr(frame, 'loading')?.toLowerCase() === 'lazy' && (attr(frame, 'src') || hasAttr(frame, 'srcdoc'));
  if (waits && !broughtNear.has(frame)) {
    broughtNear.add(frame);
    Element.prototype.scrollIntoView.call(frame, { block: 'center', behavior: 'instant' });
  }
  return inner;
};

// Evaluates the segments from index `from` on. Returns `{found}`, `{hop, at}` if the next segments are
// evaluated in a cross-origin frame, or `{fail}`. `base` is where the segments after index `base.at` can
// be replaced by others: null if they are evaluated in several frames. `root` is where the first segment searches.
const resolve = (steps, from, enterFrame = innerDocument, root = document) => {
  let scopes = [root];
  let entered = true;
  let base = { at: from, scope: root };
  for (let at = from; at < steps.length; at += 1) {
    const step = steps[at];
    if (step.by === 'ref') {
      const element = byNumber(step.number);
      if (!element) return { fail: 'staleRef', at };
      scopes = [element];
      base = { at: at + 1, scope: element };
      entered = false;
      continue;
    }
    const filter = FILTERS[step.by];
    if (filter) {
      try {
        scopes = entered ? [] : filter(scopes, step);
      } catch (error) {
        if (error instanceof LocatorError) return { ...error.problem, at };
        throw error;
      }
      if (!scopes.length) return { fail: 'notFound', at };
      continue;
    }
    const found = new Set();
    for (const scope of scopes) {
      let inside = scope;
      if (isElement(scope) && isFrame(scope)) {
        inside = enterFrame(scope);
        if (!inside) {
          if (scopes.length > 1) return { fail: 'ambiguous', at: at - 1, found: scopes, base };
          return { hop: scope, at };
        }
        base = scopes.length > 1 ? null : { at, scope: inside };
      }
      try {
        for (const element of search(inside, step)) found.add(element);
      } catch (error) {
        if (error instanceof LocatorError) return { ...error.problem, at };
        throw error;
      }
    }
    if (!found.size) return { fail: 'notFound', at };
    scopes = [...found];
    entered = false;
  }
  return { found: scopes, at: steps.length - 1, base };
};

const ambiguous = ({ found, at, base }) => ({
  fail: 'ambiguous',
  at,
  count: found.length,
  elements: found.slice(0, MAX_PROPOSED).map(describe),
  locators: proposals(found, at, base),
});

// Resolves a locator to exactly one element: `{element}`, `{hop, at}` or `{fail}`.
const resolveOne = (steps, from) => {
  const result = resolve(steps, from, enterLazyFrame);
  if (result.fail === 'ambiguous') return ambiguous(result);
  if (!result.found) return result;
  if (result.found.length > 1) return ambiguous(result);
  return { element: result.found[0] };
};

// Numbers under which the bridge can fetch elements and frames later. An element keeps its number,
// because concurrent requests may hold the same element.
const MAX_HELD = 1024;
const heldNumbers = new WeakMap();
const held = new Map();
let lastHeld = 0;
const hold = (element) => {
  if (!heldNumbers.has(element)) {
    lastHeld += 1;
    heldNumbers.set(element, lastHeld);
  }
  const number = heldNumbers.get(element);
  // Evict the least recently used.
  held.delete(number);
  held.set(number, new WeakRef(element));
  if (held.size > MAX_HELD) held.delete(held.keys().next().value);
  return number;
};
const fetchHeld = (number) => held.get(number)?.deref() ?? null;
