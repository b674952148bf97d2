// Accessible names after accname 1.2, HTML-AAM and SVG-AAM.

const idsOf = (element, name) => {
  const ids = (attr(element, name) ?? '').split(/\s+/).filter(Boolean);
  if (!ids.length) return ids;
  const root = rootOf(element);
  return ids.map((id) => elementById(root, id)).filter(Boolean);
};

const CSS_CONTENT = /"((?:[^"\\]|\\.)*)"|attr\(\s*([^\s,)]+)[^)]*\)|[\w-]+\((?:"(?:[^"\\]|\\.)*"|[^")])*\)|(\/)|[^\s"/]+/gs;
const CSS_ESCAPE = /\\([0-9a-f]{1,6})\s?|\\(.)/gis;

// The text of a CSS `content` value. Text after a slash is the alternative text of what is before it.
const textOfContent = (element, content) => {
  let text = '';
  for (const [token, string, attribute, slash] of content.matchAll(CSS_CONTENT)) {
    if (slash) text = '';
    else if (token === 'open-quote') text += '“';
    else if (token === 'close-quote') text += '”';
    else if (attribute) text += attr(element, attribute) ?? '';
    else if (string) text += string.replace(CSS_ESCAPE, (_, code, plain) => plain ?? String.fromCodePoint(parseInt(code, 16) || 0xfffd));
  }
  return text;
};

// The text of a pseudo-element. A box of its own separates it from the text around it.
const generatedContent = (element, which) => {
  const style = styleOf(element, which);
  const content = style?.content;
  if (!content || content === 'none' || content === 'normal') return '';
  if (style.display === 'none' || style.visibility !== 'visible') return '';
  const text = textOfContent(element, content);
  return style.display === 'inline' || !text ? text : ` ${text} `;
};

const isBlockStyle = (style) => {
  const display = style?.display ?? 'inline';
  return !display.startsWith('inline') && display !== 'contents';
};
const isBlock = (element) => isBlockStyle(styleOf(element));

const valueOfField = (element) => {
  const tag = localNameOf(element);
  if (tag === 'select') return [...element.selectedOptions].map((option) => squeeze(option.label)).join(' ');
  if (tag === 'input') return ['password', 'hidden'].includes(typeOf(element)) ? '' : element.value;
  return tag === 'textarea' ? element.value : squeeze(textOf(element));
};

const HAS_NUMBER = new Set(['input', 'meter', 'progress']);

// The text alternative of one element. `via` is how it was reached: `self`, from its parent as
// `content`, as a `label`, or by a `reference`; it decides which sources apply. `seen` are the elements
// on the path to it. In an element that is named although it is hidden, hidden parts count too: `all`.
const alternative = (element, via, { seen, all = false, referenced = false }) => {
  if (seen.has(element) || UNREADABLE.has(localNameOf(element))) return '';
  if (via === 'content' && !all && (isAriaHidden(element) || isNotRendered(element))) {
    const mayShow = !isAriaHidden(element) && isOnlyInvisible(element);
    return mayShow ? contentName(element, { seen, all, referenced }, false) : '';
  }
  const inside = {
    seen,
    all: all || ((via === 'label' || via === 'reference') && isHiddenFromAll(element)),
    referenced: referenced || via === 'reference',
  };
  // References are not followed from what was reached by one.
  if (!inside.referenced && via !== 'label') {
    const parts = idsOf(element, 'aria-labelledby');
    // What refers to a label around itself is not a part of its own name, such as the value of a slider. A
    // reference to itself is another matter: it has the name that it would have without references.
    const texts = parts.map((part) => alternative(part, 'reference', { seen: new Set(part === element ? seen : [...seen, element]) }));
    const text = squeeze(texts.join(' '));
    if (text) return text;
  }
  seen.add(element);
  const role = roleOf(element);
  // An embedded control contributes its value.
  if (via === 'content' || via === 'label') {
    if (role === 'textbox' || role === 'searchbox') return valueOfField(element);
    if (role === 'combobox' || role === 'listbox') return valueOfField(element);
    if (role === 'slider' || role === 'spinbutton' || role === 'progressbar' || role === 'meter' || role === 'scrollbar') {
      return attr(element, 'aria-valuetext') ?? attr(element, 'aria-valuenow') ?? (HAS_NUMBER.has(localNameOf(element)) ? String(element.value) : '');
    }
  }
  const label = squeeze(attr(element, 'aria-label') ?? '');
  if (label) return label;
  if (role !== 'presentation') {
    const native = nativeName(element, role, via, inside);
    if (native) return native;
  }
  const byContent = FROM_CONTENT.has(role) || via !== 'self' || localNameOf(element) === 'legend';
  if (byContent && !(via === 'self' && NO_NAME.has(role))) {
    const text = contentName(element, inside);
    // White space at the ends of a part separates words.
    if (squeeze(text)) return via === 'content' ? text : squeeze(text);
  }
  return role === 'presentation' ? '' : squeeze(attr(element, 'title') ?? '');
};

const UNREADABLE = new Set(['script', 'style', 'noscript', 'template']);

// `element.labels` searches the whole document on each access. While many elements are examined
// synchronously, all labels are indexed once.
let labelIndexes = null;
const withLabelIndex = (look) => {
  if (labelIndexes) return look();
  labelIndexes = new Map();
  try {
    return look();
  } finally {
    labelIndexes = null;
  }
};
const labelIndex = (root) => {
  const book = new Map();
  for (const label of queryAll(root, 'label')) {
    const { control } = label;
    if (control) book.set(control, [...(book.get(control) ?? []), label]);
  }
  return book;
};
const LABELABLE = new Set(['button', 'input', 'meter', 'output', 'progress', 'select', 'textarea']);
const labelsOf = (element) => {
  const name = localNameOf(element);
  if (!LABELABLE.has(name) && !name.includes('-')) return [];
  if (!labelIndexes) return element.labels ? [...element.labels] : [];
  const root = rootOf(element);
  if (!labelIndexes.has(root)) labelIndexes.set(root, labelIndex(root));
  return labelIndexes.get(root).get(element) ?? [];
};

const labelsText = (element, seen) => {
  const labels = labelsOf(element);
  return squeeze(labels.map((label) => alternative(label, 'label', { seen: new Set(seen) })).join(' '));
};

const firstChild = (element, tag) => [...elementChildrenOf(element)].find((child) => localNameOf(child) === tag);

const nativeName = (element, role, via, inside) => {
  const { seen } = inside;
  const tag = localNameOf(element);
  const from = (child) => (child ? squeeze(alternative(child, 'reference', inside)) : '');
  // Any element of SVG may have a title.
  if (isSvg(element)) return from(firstChild(element, 'title')) || squeeze(attr(element, 'xlink:title') ?? '');
  switch (tag) {
    case 'input': {
      const type = typeOf(element);
      if (type === 'submit' || type === 'button' || type === 'reset') {
        const labels = labelsText(element, seen);
        if (labels) return labels;
        return squeeze(attr(element, 'value') ?? (element.value || { submit: 'Submit', reset: 'Reset' }[type] || ''));
      }
      if (type === 'image') return labelsText(element, seen) || attr(element, 'alt') || attr(element, 'title') || 'Submit';
      // As Chromium captions its button in English.
      if (type === 'file') return labelsText(element, seen) || (element.multiple ? 'Choose Files' : 'Choose File');
      const title = squeeze(attr(element, 'title') ?? '');
      const placeholder = squeeze(attr(element, 'placeholder') ?? '');
      return labelsText(element, seen) || (via === 'self' ? title || placeholder : '');
    }
    case 'textarea':
    case 'select':
    case 'meter':
    case 'progress':
    case 'output': {
      const labels = labelsText(element, seen);
      const placeholder = tag === 'textarea' ? squeeze(attr(element, 'placeholder') ?? '') : '';
      return labels || (via === 'self' ? squeeze(attr(element, 'title') ?? '') || placeholder : '');
    }
    case 'button':
      return labelsText(element, seen);
    case 'img':
    case 'area':
      return squeeze(attr(element, 'alt') ?? '');
    case 'fieldset':
      return from(firstChild(element, 'legend'));
    case 'figure':
      return from(firstChild(element, 'figcaption'));
    case 'table':
      return from(firstChild(element, 'caption'));
    case 'optgroup':
    case 'option':
      return squeeze(attr(element, 'label') ?? '');
    default: {
      const placeholder = attr(element, 'aria-placeholder');
      return via === 'self' && role === 'textbox' && placeholder ? squeeze(placeholder) : '';
    }
  }
};

// The text of an invisible element does not count; its descendants may be visible.
const contentName = (element, inside, isVisible = true) => {
  let text = generatedContent(element, '::before');
  const add = (node) => {
    const type = nodeTypeOf(node);
    if (type === 3) text += isVisible ? node.data : '';
    else if (type === 1) {
      if (localNameOf(node) === 'br') text += ' ';
      else {
        const inner = alternative(node, 'content', inside);
        text += isBlock(node) || styleOf(node)?.display.startsWith('inline-') ? ` ${inner} ` : inner;
      }
    }
  };
  for (const child of childrenOf(element)) add(child);
  for (const owned of idsOf(element, 'aria-owns')) add(owned);
  return text + generatedContent(element, '::after');
};

const accessibleName = (element, role = roleOf(element)) =>
  NO_NAME.has(role) && !explicitName(element)
    ? ''
    : attempt(() => cutText(squeeze(alternative(element, 'self', { seen: new Set() })), 900), '');
