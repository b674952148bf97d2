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

const normalizeText = (text) => squeeze(text).toLowerCase();
const matcher = ({ value, exact }) => {
  const wanted = exact ? squeeze(value) : normalizeText(value);
  return exact ? (text) => squeeze(text) === wanted : (text) => normalizeText(text).includes(wanted);
};

// Sorts elements from several shadow roots into flat-tree order.
const inTreeOrder = (found, scope) => {
  if (found.size < 2) return [...found];
  const sorted = [];
  const visit = (node) => {
    if (isElement(node)) {
      if (found.has(node)) sorted.push(node);
      const shadow = shadowOf(node);
      if (shadow) for (const child of shadow.children) visit(child);
    }
    for (const child of node.children ?? []) visit(child);
  };
  visit(scope);
  return sorted;
};

const bySelector = (scope, css) => {
  let found;
  try {
    found = scope.querySelectorAll(css);
  } catch (error) {
    throw new LocatorError({ fail: 'badSelector', message: `not a CSS selector: ${css}` });
  }
  const shadows = shadowsBelow(scope);
  if (!shadows.length) return [...found];
  const all = new Set(found);
  for (const shadow of shadows) for (const element of shadow.querySelectorAll(css)) all.add(element);
  return inTreeOrder(all, scope);
};

const byXPath = (scope, expression) => {
  const document = nodeTypeOf(scope) === 9 ? scope : documentOf(scope);
  const relative = nodeTypeOf(scope) !== 9 && expression.startsWith('/') ? `.${expression}` : expression;
  let result;
  try {
    result = document.evaluate(relative, scope, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
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

const IGNORED_FOR_TEXT = new Set(['script', 'style', 'noscript', 'template', 'head', 'title']);

// The text of an element for matching. For a button that is an `<input>` this is its value.
const matchedText = (element) => {
  const name = localNameOf(element);
  if (name === 'input') return ['submit', 'button', 'reset'].includes(typeOf(element)) ? element.value : '';
  const shadow = shadowOf(element);
  if (!shadow && !hasShadows) return textOf(element);
  let text = '';
  for (const child of childrenOf(element)) {
    const type = nodeTypeOf(child);
    if (type === 3) text += child.data;
    else if (type === 1 && !IGNORED_FOR_TEXT.has(localNameOf(child))) text += matchedText(child);
  }
  return text;
};
let hasShadows = false;

const byText = (scope, wanted) => {
  const fits = matcher(wanted);
  // An element's text contains the text of its descendants, so subtrees without the text are skipped.
  const may = matcher({ value: wanted.value, exact: false });
  const found = [];
  hasShadows = shadowsBelow(scope).length > 0;
  const visit = (element) => {
    if (IGNORED_FOR_TEXT.has(localNameOf(element))) return false;
    const text = matchedText(element);
    const inputs = !may(text);
    if (inputs && !element.querySelector('input')) {
      if (!hasShadows) return false;
      if (!shadowsBelow(element).length) return false;
    }
    let inner = false;
    for (const child of childrenOf(element)) {
      if (nodeTypeOf(child) === 1 && visit(child)) inner = true;
    }
    if (inner) return true;
    if (!fits(text)) return false;
    found.push(element);
    return true;
  };
  const roots = nodeTypeOf(scope) === 1 ? childrenOf(scope) : scope.children;
  for (const child of roots) if (nodeTypeOf(child) === 1) visit(child);
  return found;
};

const byRole = (scope, { role, name, level, states }) => {
  const fits = name && matcher(name);
  const found = new Set();
  for (const element of elementsBelow(scope)) {
    if (roleOf(element) !== (role === 'image' ? 'img' : role)) continue;
    if (level !== undefined && stateOf(element, role, 'level') !== level) continue;
    if (states?.some(([which, wanted]) => (stateOf(element, role, which) === true) !== wanted)) continue;
    if (isHiddenFromAll(element)) continue;
    if (fits && !fits(accessibleName(element, role))) continue;
    found.add(element);
  }
  return shadowsBelow(scope).length ? inTreeOrder(found, scope) : [...found];
};

const byLabel = (scope, wanted) => {
  const fits = matcher(wanted);
  const all = bySelector(scope, 'input, textarea, select, button, meter, output, progress, [aria-label], [aria-labelledby]');
  return all.filter((element) => {
    const texts = [];
    for (const label of labelsOf(element)) texts.push(textOf(label));
    if (hasAttr(element, 'aria-label')) texts.push(attr(element, 'aria-label'));
    const named = idsOf(element, 'aria-labelledby');
    if (named.length) texts.push(named.map(textOf).join(' '));
    return texts.some(fits);
  });
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
      return byAttribute(scope, 'data-testid', (value) => value === step.value);
    case 'xpath':
      return byXPath(scope, step.value);
  }
  return [];
};

// Evaluates the segments from index `from` on. Returns `{found}`, `{hop, at}` if the next segments are
// evaluated in a cross-origin frame, or `{fail}`.
const resolve = (steps, from) => {
  let scopes = [document];
  let entered = true;
  for (let at = from; at < steps.length; at += 1) {
    const step = steps[at];
    if (step.by === 'ref') {
      const element = byNumber(step.number);
      if (!element) return { fail: 'staleRef', at };
      scopes = [element];
      entered = false;
      continue;
    }
    if (step.by === 'nth') {
      const chosen = scopes.at(step.index);
      if (!chosen || entered) return { fail: 'notFound', at };
      scopes = [chosen];
      continue;
    }
    const found = new Set();
    for (const scope of scopes) {
      let inside = scope;
      if (isElement(scope) && isFrame(scope)) {
        inside = innerDocument(scope);
        if (!inside) {
          if (scopes.length > 1) return { fail: 'ambiguous', at: at - 1, found: scopes };
          return { hop: scope, at };
        }
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
  return { found: scopes };
};

const ambiguous = (found, at) => ({
  fail: 'ambiguous',
  at,
  count: found.length,
  elements: found.slice(0, 5).map(describe),
});

// Resolves a locator to exactly one element: `{element}`, `{hop, at}` or `{fail}`.
const resolveOne = (steps, from) => {
  const result = resolve(steps, from);
  if (result.fail === 'ambiguous') return ambiguous(result.found, result.at);
  if (!result.found) return result;
  if (result.found.length > 1) return ambiguous(result.found, steps.length - 1);
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
