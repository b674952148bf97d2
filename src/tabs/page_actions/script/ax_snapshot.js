// The accessibility outline of a page: a record for each line, which the bridge prints. The fields of a
// record are separated by tabs: no text has one, since white space is collapsed and strings are quoted.

const isOperable = (element, role) =>
  INTERACTIVE.has(role) ||
  isEditingHost(element) ||
  (localNameOf(element) === 'input' && typeOf(element) !== 'hidden') ||
  localNameOf(element) === 'summary' ||
  (role === 'generic' && hasAttr(element, 'tabindex') && attr(element, 'tabindex') !== '-1');

// Whether the children of an element are presentational: only those that can be used are listed. A drawing
// may have text and links, and so may a picture without a name, whose content is all there is to say.
const hidesChildren = (element, role) => {
  if (!CHILDREN_PRESENTATIONAL.has(role)) return false;
  if (role !== 'img' && role !== 'math') return true;
  return !isSvg(element) && accessibleName(element, role) !== '';
};

// The options of a list that opens cannot be clicked: `select` chooses one.
const isOfOpeningList = (select) => !select.multiple && select.size <= 1;

const NOT_LISTED = new Set(['script', 'style', 'noscript', 'template', 'head']);

// Whether text is all that an element holds.
const holdsOnlyText = (element) => !shadowOf(element) && firstElementOf(element) === null;

// The outline of the document, or of a held element. `listening` are the nodes that have listeners for
// clicks. Those that are not known yet are returned instead, for the bridge to look them up.
const outline = ({ held, listening, mayLookUp, ...how }) => {
  const unknown = mayLookUp ? listening.filter((id) => !isNodeKnown(id)) : [];
  if (unknown.length) return { unknown };
  const root = held ? fetchHeld(held) : contentRootOf(document);
  if (held && !root) return { isGone: true };
  return outlineOf(root, Boolean(held), { ...how, listening: listeningElements(listening) });
};

// `next`: the next ref number. `inner`: the depth of the lines. `usableRefs`: only what can be used gets a ref.
const outlineOf = (root, isPart, { interactiveOnly, usableRefs, next, limit, inner, listening }) => {
  let number = Math.max(next, lastNumber + 1);
  const give = (element) => `e${numberOf(element, () => number++)}`;
  const lines = [];
  const frames = [];
  let omitted = 0;
  let length = 0;
  // The number of controls around. Within one, the hand says nothing new; within something that only listens, it
  // shows what the listener is for.
  let controlsAround = 0;
  const put = (line) => {
    if (length > limit) return null;
    const { depth, role, name = '', states = '', ref = '', url = '', value = '' } = line;
    const whole = { depth, role, name, states, ref, url, value, isUsable: Boolean(line.isUsable) };
    length += Math.min(depth, 60) * 2 + role.length + name.length + states.length + ref.length + url.length + value.length + 12;
    lines.push(whole);
    return whole;
  };
  // Text between elements is a line of its own.
  const flush = (depth, pending) => {
    const text = squeeze(pending.text);
    pending.text = '';
    if (text && !interactiveOnly) put({ depth, role: 'text', value: quote(text) });
  };
  // The text of an invisible element is left out; its descendants may be visible.
  const visitChildren = (element, depth, pending, isVisible = true, style = styleOf(element)) => {
    const hasText = isVisible && !interactiveOnly && style?.contentVisibility !== 'hidden';
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
    const around = controlsAround;
    const isRead = attempt(() => {
      visitElement(element, depth, pending);
      return true;
    }, false);
    controlsAround = around;
    if (!isRead) attempt(() => visitChildren(element, depth, pending), null);
  };
  const visitElement = (element, depth, pending) => {
    if (isAriaHidden(element) || hasAttr(element, 'inert')) return;
    const tag = localNameOf(element);
    if (NOT_LISTED.has(tag)) return;
    if (tag === 'br') {
      pending.text += ' ';
      return;
    }
    if (isNotRendered(element)) {
      if (isOnlyInvisible(element)) visitChildren(element, depth, pending, false);
      return;
    }
    const role = roleOf(element);
    const style = INTERACTIVE.has(role) ? null : styleOf(element);
    let click = style ? clickableBy(element, style, listening) : null;
    if (click === 'hand' && controlsAround) click = null;
    const operable = isOperable(element, role) || click !== null;
    const named = role === 'generic' ? explicitName(element) : '';
    const silent = !operable && (role === null || role === 'presentation' || ((role === 'generic' || NO_NAME.has(role)) && !named));
    if (silent || (interactiveOnly && !operable && role !== 'iframe')) {
      visitSilent(element, role, style, silent, depth, pending);
      return;
    }
    flush(depth, pending);
    if (length > limit) {
      omitted += 1;
      if (!hidesChildren(element, role)) visitChildren(element, depth, { text: '' });
      return;
    }
    visitListed(element, tag, role, style, { click, operable }, depth);
  };
  // An element without a line of its own.
  const visitSilent = (element, role, style, silent, depth, pending) => {
    const block = isBlockStyle(style);
    if (block) flush(depth, pending);
    if (!silent && hidesChildren(element, role)) {
      visitOperable(element, depth);
      return;
    }
    if (role === 'paragraph' && !interactiveOnly) {
      const inside = { text: '' };
      const mark = lines.length;
      visitChildren(element, depth, inside, true, style);
      const text = squeeze(inside.text);
      if (text && mark === lines.length) put({ depth, role: 'paragraph', value: quote(text) });
      else flush(depth, inside);
      return;
    }
    visitChildren(element, depth, pending, true, style);
    if (block) flush(depth, pending);
  };
  const visitListed = (element, tag, role, style, { click, operable }, depth) => {
    const shown = role === null || role === 'presentation' ? (tag === 'img' ? 'img' : 'generic') : shownRole(element, role);
    const ownName = role ? accessibleName(element, role) : '';
    const name = ownName || (click ? squeeze(attr(element, 'title') ?? attr(element, 'alt') ?? '') : '');
    const states = attempt(() => statesOf(element, role), []);
    if (click) states.push('clickable');
    const value = attempt(() => shownValue(element, role), '');
    const line = put({
      depth,
      role: shown,
      name: name && quote(name),
      states: states.map((state) => `[${state}]`).join(' '),
      ref: operable || !usableRefs ? give(element) : '',
      isUsable: operable,
      url: role === 'link' && !interactiveOnly ? shownAddress(element) : '',
      value: value && quote(squeeze(value)),
    });
    if (operable && !click) controlsAround += 1;
    if (tag === 'iframe' || tag === 'frame') visitFrame(element, depth + 1);
    else if (role && hidesChildren(element, role)) visitOperable(element, depth + 1);
    // The value of a field has been added already; its children are skipped.
    else if (tag === 'select') visitOptions(element, depth + 1);
    else if (tag !== 'textarea' && tag !== 'input') visitContents(element, line, style ?? undefined, { name, value, click }, depth);
  };
  const visitFrame = (frame, depth) => {
    const insideDocument = innerDocument(frame);
    if (!insideDocument) {
      frames.push({ held: hold(frame), line: lines.length, depth });
      return;
    }
    const inside = contentRootOf(insideDocument);
    if (!inside) return;
    const text = { text: '' };
    visitChildren(inside, depth, text);
    flush(depth, text);
  };
  const visitOptions = (select, depth) => {
    const hasRefs = !usableRefs || !isOfOpeningList(select);
    for (const option of select.options) {
      if (length > limit) {
        omitted += 1;
        continue;
      }
      const states = [option.selected && '[selected]', matches(option, ':disabled') && '[disabled]'];
      put({
        depth,
        role: 'option',
        name: quote(squeeze(option.label)),
        states: states.filter(Boolean).join(' '),
        ref: hasRefs ? give(option) : '',
      });
    }
  };
  const visitContents = (element, line, style, { name, value, click }, depth) => {
    // An element that is named by its text has nothing else to say.
    if (name && holdsOnlyText(element) && squeeze(textOf(element)) === name) return;
    const start = lines.length;
    const inside = { text: '' };
    visitChildren(element, depth + 1, inside, true, style);
    if (!line) return;
    // A block with only the accessible name.
    if (name && lines.length === start + 1 && lines[start].role === 'text' && lines[start].value === quote(name)) length -= lines.pop().value.length;
    const text = squeeze(inside.text);
    const repeatsName = normalizeText(text) === normalizeText(name ?? '');
    if (lines.length > start) {
      if (!repeatsName) flush(depth + 1, inside);
      if (click === 'hand' && !(interactiveOnly ? saysMore(element, start) : text)) liftSoleControls(start);
      return;
    }
    if (text && !interactiveOnly) {
      // Skip text that only repeats the accessible name.
      if (!repeatsName && text !== value) setValue(line, text);
    } else if (!name && !value && click) describeClickable(element, line);
  };
  const setValue = (line, text) => {
    line.value = quote(text);
    length += line.value.length;
  };
  const contentOf = (element) => contentName(element, { seen: new Set(), all: false, referenced: false });
  // Whether an element has text beside that of the controls in it.
  const saysMore = (element, start) => {
    const names = lines.slice(start).map(({ name }) => (name ? JSON.parse(name) : ''));
    const [whole, inside] = [contentOf(element), names.join('')].map((text) => text.replace(/\s/g, ''));
    return whole !== inside;
  };
  // Something to recognize an element by that can be clicked, and whose text is not listed, or that has none.
  const describeClickable = (element, line) => {
    const text = squeeze(contentOf(element));
    if (text) setValue(line, cutText(text, 100));
    else line.states += ` [element=${hintOf(element)}]`;
  };
  // An element that shows the hand only because of the controls in it says nothing that they do not.
  const liftSoleControls = (start) => {
    let hasControl = false;
    let controlDepth = Infinity;
    for (const { depth, isUsable, name, value } of lines.slice(start)) {
      if (depth > controlDepth) continue;
      controlDepth = isUsable ? depth : Infinity;
      hasControl ||= isUsable;
      if (!isUsable && (name || value)) return;
    }
    if (!hasControl || frames.some((frame) => frame.line >= start)) return;
    lines.splice(start - 1, 1);
    for (const each of lines.slice(start - 1)) each.depth -= 1;
  };
  // In a picture, elements without an interactive role may be operable too.
  const visitOperable = (element, depth, inPicture = roleOf(element) === 'img') => {
    for (const child of childrenOf(element)) {
      if (nodeTypeOf(child) !== 1) continue;
      const role = isNotRendered(child) ? null : roleOf(child);
      const isUsable = role !== null && (INTERACTIVE.has(role) || listening.has(child) || (inPicture && isOperable(child, role)));
      if (isUsable) visit(child, depth, { text: '' });
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
  const records = lines.map(({ depth, role, name, states, ref, url, value }) => [depth, role, name, states, ref, url, value].join('\t'));
  return { url: location.href, records: records.join('\n'), frames, omitted, next: number, length };
};
let lastNumber = 0;
