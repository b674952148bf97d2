// Proposes locators for the elements that an ambiguous one matches.

const MAX_PROPOSED = 5;
// With more elements, searching for each of them would take too long.
const MAX_SEARCHED = 100;
const MAX_QUOTED = 80;

const quotedValue = (text) => `"${text.replace(/["\\]/g, '\\$&')}"`;

// Segments that name an element by what a reader sees or by its ids, the most lasting ones first.
const candidates = function* (element) {
  const testId = attr(element, 'data-testid');
  if (testId) yield { text: `testid=${quotedValue(testId)}`, step: { by: 'testid', value: testId } };
  const id = attr(element, 'id');
  if (id) {
    const value = `#${CSS.escape(id)}`;
    yield { text: value, step: { by: 'css', value } };
  }
  const role = roleOf(element);
  const name = role && !NO_NAME.has(role) ? accessibleName(element, role) : '';
  if (name && name.length <= MAX_QUOTED) {
    yield { text: `role=${role}[name=${quotedValue(name)}]`, step: { by: 'role', role, name: { value: name, exact: true } } };
  }
  const shown = squeeze(innerTextOf(element));
  if (shown && shown.length <= MAX_QUOTED) yield { text: `text=${quotedValue(shown)}`, step: { by: 'text', value: shown, exact: true } };
};

// For each of the first elements: the segment, and how many segments of the original locator stay
// before it. Those after index `at` stay behind it.
const proposals = (found, at, base) => {
  const searched = new Map();
  const unique = (element) => {
    if (!base || found.length > MAX_SEARCHED) return null;
    for (const { text, step } of candidates(element)) {
      if (!searched.has(text)) searched.set(text, search(base.scope, step));
      const others = searched.get(text);
      if (others.length === 1 && others[0] === element) return { keep: base.at, segment: text };
    }
    return null;
  };
  return found
    .slice(0, MAX_PROPOSED)
    .map((element, index) => attempt(() => unique(element), null) ?? { keep: at + 1, segment: `nth=${index}` });
};
