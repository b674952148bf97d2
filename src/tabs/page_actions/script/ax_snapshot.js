// The accessibility outline of a page: one line per element with its role, name, states and ref.

const shorten = (text, max) => (text.length > max ? `${cutText(text, max)}…` : text).toWellFormed();
const quote = (text) => JSON.stringify(shorten(text, 300));

const statesOf = (element, role) => {
  const states = [];
  const level = stateOf(element, role, 'level');
  if (level !== null && (role === 'heading' || role === 'treeitem')) states.push(`level=${level}`);
  for (const name of ['checked', 'pressed', 'expanded', 'selected']) {
    const value = stateOf(element, role, name);
    if (value === true) states.push(name);
    else if (value === 'mixed') states.push(`${name}=mixed`);
    else if (value === false && name === 'expanded') states.push('collapsed');
  }
  if ((INTERACTIVE.has(role) || role === 'group') && isDisabled(element)) states.push('disabled');
  if (INTERACTIVE.has(role)) {
    if (isReadOnly(element)) states.push('readonly');
    if (element.required === true || attr(element, 'aria-required') === 'true') states.push('required');
    if (attr(element, 'aria-invalid') === 'true') states.push('invalid');
  }
  if (activeElementOf(rootOf(element)) === element && localNameOf(element) !== 'body') states.push('active');
  return states;
};

const ROLES_WITH_VALUE = new Set(['textbox', 'searchbox', 'combobox', 'spinbutton', 'slider', 'progressbar', 'meter', 'scrollbar']);

// The value of a field. A password is masked.
const shownValue = (element, role) => {
  const tag = localNameOf(element);
  if (tag === 'input') {
    const type = typeOf(element);
    if (type === 'password') return element.value ? '••••' : '';
    if (ROLES_WITH_VALUE.has(role) || VALUE_INPUTS.has(type)) return element.value;
    return '';
  }
  if (tag === 'textarea') return element.value;
  if (tag === 'select') return element.multiple || element.size > 1 ? '' : valueOfField(element);
  if (!ROLES_WITH_VALUE.has(role)) return '';
  return attr(element, 'aria-valuetext') ?? attr(element, 'aria-valuenow') ?? (tag === 'progress' || tag === 'meter' ? String(element.value) : isEditingHost(element) ? squeeze(textOf(element)) : '');
};

const isOperable = (element, role) =>
  INTERACTIVE.has(role) ||
  isEditingHost(element) ||
  (localNameOf(element) === 'input' && typeOf(element) !== 'hidden') ||
  localNameOf(element) === 'summary' ||
  (role === 'generic' && hasAttr(element, 'tabindex') && attr(element, 'tabindex') !== '-1') ||
  (role === 'generic' && hasAttr(element, 'onclick'));

// Waits for the element of a locator; the whole page is read as it is.
const outline = ({ steps, from, timeout, ...how }) => {
  if (!steps) return outlineOf(contentRootOf(document), false, how);
  return whenActionable({ steps, from, timeout, needs: {} }, (element) => outlineOf(element, true, how));
};

// An input without a role of its own that is not typed into, such as a date, is listed by its type.
const shownRole = (element, role) =>
  role === 'textbox' && localNameOf(element) === 'input' && VALUE_INPUTS.has(typeOf(element)) && !attr(element, 'role') ? typeOf(element) : role;

// Whether the children of an element are presentational: only interactive ones are listed. A drawing may
// have text and links, and so may a picture without a name, whose content is all there is to say.
const hidesChildren = (element, role) => {
  if (!CHILDREN_PRESENTATIONAL.has(role)) return false;
  if (role !== 'img' && role !== 'math') return true;
  return !isSvg(element) && accessibleName(element, role) !== '';
};

const outlineOf = (root, isPart, { interactiveOnly, next, limit, inner }) => {
  let number = Math.max(next, lastNumber + 1);
  const give = (element) => numberOf(element, () => number++);
  const lines = [];
  const frames = [];
  let omitted = 0;
  let length = 0;
  const put = (depth, text) => {
    if (length > limit) return false;
    const line = `${'  '.repeat(Math.min(depth, 60))}- ${text}`;
    length += line.length + 1;
    lines.push(line);
    return true;
  };
  // Text between elements is a line of its own.
  const flush = (depth, pending) => {
    const text = squeeze(pending.text);
    pending.text = '';
    if (text && !interactiveOnly) put(depth, `text: ${quote(text)}`);
  };
  // The text of an invisible element is left out; its descendants may be visible.
  const visitChildren = (element, depth, pending, isVisible = true) => {
    const hasText = isVisible && !interactiveOnly && !skipsContents(element);
    // Closed `<details>` show only their summary.
    if (localNameOf(element) === 'details' && !element.open) {
      const summary = firstChild(element, 'summary');
      if (summary) visit(summary, depth, pending);
      return;
    }
    if (hasText) pending.text += generatedContent(element, '::before');
    for (const child of childrenOf(element)) {
      const type = nodeTypeOf(child);
      if (type === 3) {
        if (hasText) pending.text += child.data;
      } else if (type === 1) visit(child, depth, pending);
    }
    for (const owned of idsOf(element, 'aria-owns')) visit(owned, depth, pending);
    if (hasText) pending.text += generatedContent(element, '::after');
  };
  const visited = new Set();
  const visit = (element, depth, pending) => {
    if (visited.has(element)) return;
    visited.add(element);
    const isRead = attempt(() => {
      visitElement(element, depth, pending);
      return true;
    }, false);
    if (!isRead) attempt(() => visitChildren(element, depth, pending), null);
  };
  const visitElement = (element, depth, pending) => {
    if (isAriaHidden(element) || hasAttr(element, 'inert')) return;
    const tag = localNameOf(element);
    if (tag === 'script' || tag === 'style' || tag === 'noscript' || tag === 'template' || tag === 'head') return;
    if (tag === 'br') {
      pending.text += ' ';
      return;
    }
    const hidden = isNotRendered(element);
    if (hidden) {
      if (isOnlyInvisible(element)) visitChildren(element, depth, pending, false);
      return;
    }
    const role = roleOf(element);
    const operable = isOperable(element, role);
    const named = role === 'generic' ? explicitName(element) : '';
    const silent = role === null || role === 'presentation' || ((role === 'generic' || NO_NAME.has(role)) && !operable && !named);
    if (silent || (interactiveOnly && !operable && role !== 'iframe')) {
      const block = isBlock(element);
      if (block) flush(depth, pending);
      if (!silent && hidesChildren(element, role)) {
        visitOperable(element, depth);
        return;
      }
      if (role === 'paragraph' && !interactiveOnly) {
        const inside = { text: '' };
        const mark = lines.length;
        visitChildren(element, depth, inside);
        const text = squeeze(inside.text);
        if (text && mark === lines.length) put(depth, `paragraph: ${quote(text)}`);
        else flush(depth, inside);
        return;
      }
      visitChildren(element, depth, pending);
      if (block) flush(depth, pending);
      return;
    }
    flush(depth, pending);
    if (length > limit) {
      omitted += 1;
      if (!hidesChildren(element, role)) visitChildren(element, depth, { text: '' });
      return;
    }
    const name = accessibleName(element, role);
    let line = shownRole(element, role);
    if (name) line += ` ${quote(name)}`;
    for (const state of attempt(() => statesOf(element, role), [])) line += ` [${state}]`;
    line += ` [ref=e${give(element)}]`;
    const value = attempt(() => shownValue(element, role), '');
    const href = role === 'link' && !interactiveOnly ? addressOf(element) : null;
    if (href !== null && !href.startsWith('javascript:') && !href.startsWith('data:')) line += ` [url=${shorten(href, 120)}]`;
    if (value) line += `: ${quote(squeeze(value))}`;
    if (tag === 'iframe' || tag === 'frame') {
      put(depth, line);
      const insideDocument = innerDocument(element);
      if (insideDocument) {
        const inside = contentRootOf(insideDocument);
        if (inside) {
          const text = { text: '' };
          visitChildren(inside, depth + 1, text);
          flush(depth + 1, text);
        }
      } else {
        frames.push({ held: hold(element), line: lines.length, depth: depth + 1 });
      }
      return;
    }
    if (hidesChildren(element, role)) {
      put(depth, line);
      visitOperable(element, depth + 1);
      return;
    }
    // The value of a field has been added already; its children are skipped.
    if (tag === 'textarea' || tag === 'input') {
      put(depth, line);
      return;
    }
    if (tag === 'select') {
      put(depth, line);
      for (const option of element.options) {
        if (length > limit) omitted += 1;
        else {
          const label = squeeze(option.label);
          put(depth + 1, `option ${quote(label)}${option.selected ? ' [selected]' : ''}${matches(option, ':disabled') ? ' [disabled]' : ''} [ref=e${give(option)}]`);
        }
      }
      return;
    }
    const at = lines.length;
    put(depth, line);
    const inside = { text: '' };
    visitChildren(element, depth + 1, inside);
    // A block with only the accessible name.
    if (name && lines.length === at + 2 && lines[at + 1].trimStart() === `- text: ${quote(name)}`) length -= lines.pop().length + 1;
    const text = squeeze(inside.text);
    if (text && lines.length === at + 1 && !interactiveOnly) {
      // Skip text that only repeats the accessible name.
      if (normalizeText(text) !== normalizeText(name) && text !== value) {
        lines[at] += `: ${quote(text)}`;
        length += text.length + 4;
      }
    } else if (normalizeText(text) !== normalizeText(name)) flush(depth + 1, inside);
  };
  // In a picture, elements without an interactive role may be operable too.
  const visitOperable = (element, depth, inPicture = roleOf(element) === 'img') => {
    for (const child of childrenOf(element)) {
      if (nodeTypeOf(child) !== 1) continue;
      const role = isNotRendered(child) ? null : roleOf(child);
      if (role && (INTERACTIVE.has(role) || (inPicture && isOperable(child, role)))) visit(child, depth, { text: '' });
      else visitOperable(child, depth, inPicture);
    }
  };
  const pending = { text: '' };
  const base = inner ?? 0;
  withLabelIndex(() => {
    if (!root) return;
    if (isPart || isFrame(root)) visit(root, base, pending);
    else visitChildren(root, base, pending);
  });
  flush(base, pending);
  lastNumber = Math.max(lastNumber, number - 1);
  return { url: location.href, lines, frames, omitted, next: number, length };
};
let lastNumber = 0;
