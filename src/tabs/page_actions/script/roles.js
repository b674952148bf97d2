// Accessible roles and names after WAI-ARIA 1.2, HTML-AAM and accname 1.2. Chromium's accessibility
// tree is twenty times the size of the page's HTML and takes another round trip per element; a test
// compares the results with it.

const KNOWN_ROLES = new Set(
  `alert alertdialog application article banner blockquote button caption cell checkbox code
  columnheader combobox complementary contentinfo definition deletion dialog directory document emphasis
  feed figure form generic grid gridcell group heading img image insertion link list listbox listitem log
  main marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter navigation none note option
  paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search
  searchbox separator slider spinbutton status strong subscript superscript switch tab table tablist
  tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem mark suggestion`.split(/\s+/),
);
const FROM_CONTENT = new Set(
  `button cell checkbox columnheader gridcell heading link menuitem menuitemcheckbox menuitemradio option
  radio row rowheader switch tab tooltip treeitem`.split(/\s+/),
);
const INTERACTIVE = new Set(
  `button checkbox combobox link listbox menuitem menuitemcheckbox menuitemradio option radio scrollbar
  searchbox slider spinbutton switch tab textbox treeitem gridcell`.split(/\s+/),
);
const NO_NAME = new Set(
  `caption code definition deletion emphasis generic insertion mark none paragraph presentation strong
  subscript superscript suggestion term time`.split(/\s+/),
);
const CHILDREN_PRESENTATIONAL = new Set(
  `button checkbox img image math menuitemcheckbox menuitemradio meter option progressbar radio scrollbar
  separator slider switch tab`.split(/\s+/),
);
const INPUT_ROLES = {
  button: 'button', checkbox: 'checkbox', color: 'generic', date: 'generic', 'datetime-local': 'generic',
  email: 'textbox', file: 'button', hidden: null, image: 'button', month: 'generic', number: 'spinbutton',
  password: 'textbox', radio: 'radio', range: 'slider', reset: 'button', search: 'searchbox',
  submit: 'button', tel: 'textbox', text: 'textbox', time: 'generic', url: 'textbox', week: 'generic',
};
const TAG_ROLES = {
  address: 'group', article: 'article', aside: 'complementary', blockquote: 'blockquote',
  button: 'button', caption: 'caption', code: 'code', dd: 'definition', del: 'deletion',
  details: 'group', dfn: 'term', dialog: 'dialog', dt: 'term', em: 'emphasis', fieldset: 'group',
  figure: 'figure', h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading',
  h6: 'heading', hgroup: 'group', hr: 'separator', html: 'document', iframe: 'iframe', frame: 'iframe',
  ins: 'insertion', li: 'listitem', main: 'main', mark: 'mark', math: 'math', menu: 'list',
  meter: 'meter', nav: 'navigation', ol: 'list', optgroup: 'group', option: 'option', output: 'status',
  p: 'paragraph', progress: 'progressbar', search: 'search', strong: 'strong', sub: 'subscript',
  summary: 'button', sup: 'superscript', svg: 'img', table: 'table', tbody: 'rowgroup',
  textarea: 'textbox', tfoot: 'rowgroup', thead: 'rowgroup', time: 'time', tr: 'row', ul: 'list',
};
const SECTIONING = 'article, aside, main, nav, section, [role=article], [role=complementary], [role=main], [role=navigation], [role=region]';

const typeOf = (input) => {
  const type = (attr(input, 'type') ?? 'text').toLowerCase();
  return type in INPUT_ROLES ? type : 'text';
};

const explicitName = (element) => attr(element, 'aria-labelledby') || squeeze(attr(element, 'aria-label') ?? '');

// The implicit ARIA role of an element.
const implicitRole = (element) => {
  const tag = localNameOf(element);
  switch (tag) {
    case 'a':
    case 'area':
      return hasAttr(element, 'href') ? 'link' : 'generic';
    case 'img': {
      const alt = attr(element, 'alt');
      return alt === '' && !explicitName(element) && !attr(element, 'title') ? 'presentation' : 'img';
    }
    case 'input': {
      const type = typeOf(element);
      const lists = hasAttr(element, 'list') && ['text', 'search', 'tel', 'url', 'email'].includes(type);
      return lists ? 'combobox' : INPUT_ROLES[type];
    }
    case 'select':
      return element.multiple || element.size > 1 ? 'listbox' : 'combobox';
    case 'header':
      return closest(parentNodeOf(element) ?? element, SECTIONING) ? 'generic' : 'banner';
    case 'footer':
      return closest(parentNodeOf(element) ?? element, SECTIONING) ? 'generic' : 'contentinfo';
    case 'section':
      return explicitName(element) || attr(element, 'title') ? 'region' : 'generic';
    case 'form':
      return explicitName(element) || attr(element, 'title') ? 'form' : 'generic';
    case 'td':
      return cellRole(element, 'cell', 'gridcell');
    case 'th': {
      const scope = attr(element, 'scope');
      if (scope === 'row' || scope === 'rowgroup') return 'rowheader';
      if (scope === 'col' || scope === 'colgroup') return 'columnheader';
      const row = parentNodeOf(element);
      const headers = row && [...row.children].every((cell) => localNameOf(cell) === 'th');
      return headers ? 'columnheader' : 'rowheader';
    }
    default:
      return TAG_ROLES[tag] ?? 'generic';
  }
};

const cellRole = (element, plain, inGrid) => {
  const table = closest(element, 'table');
  const role = table && attr(table, 'role');
  return role === 'grid' || role === 'treegrid' ? inGrid : plain;
};

const isFocusable = (element) =>
  (matches(element, 'a[href], area[href], button, input, select, textarea, iframe, summary, [tabindex], audio[controls], video[controls]') ||
    isEditingHost(element)) &&
  !matches(element, ':disabled');

const isEditingHost = (element) => {
  const value = attr(element, 'contenteditable');
  return value !== null && value.toLowerCase() !== 'false';
};

const GLOBAL_ARIA = ['aria-label', 'aria-labelledby', 'aria-describedby', 'aria-live', 'aria-controls', 'aria-owns', 'aria-busy', 'aria-current', 'aria-keyshortcuts', 'aria-roledescription', 'aria-details', 'aria-atomic', 'aria-flowto', 'aria-relevant'];

const roleOf = (element) => {
  const given = attr(element, 'role');
  if (given) {
    for (const word of given.toLowerCase().split(/\s+/)) {
      if (!KNOWN_ROLES.has(word)) continue;
      if (word === 'none' || word === 'presentation') {
        // Focusable elements and those with global ARIA attributes keep their role.
        if (isFocusable(element) || GLOBAL_ARIA.some((name) => hasAttr(element, name))) continue;
        return 'presentation';
      }
      return word === 'image' ? 'img' : word;
    }
  }
  const role = implicitRole(element);
  // Presentational lists and tables make their parts generic.
  if (role === 'listitem' || role === 'row' || role === 'cell' || role === 'rowgroup') {
    const outer = closest(parentNodeOf(element) ?? element, role === 'listitem' ? 'ul, ol, menu' : 'table');
    const outerRole = outer && attr(outer, 'role');
    if (outerRole === 'none' || outerRole === 'presentation') return 'generic';
  }
  return role;
};

// Not rendered, or `visibility: hidden`.
const isNotRendered = (element) => {
  const name = localNameOf(element);
  if (name === 'script' || name === 'style' || name === 'template' || name === 'noscript' || name === 'head' || name === 'title' || name === 'meta' || name === 'link' || name === 'base') return true;
  // Options have no boxes: they are visible if their `<select>` is.
  if (name === 'option' || name === 'optgroup') {
    const select = closest(element, 'select');
    return select ? isNotRendered(select) : false;
  }
  if (element.checkVisibility({ visibilityProperty: true })) return false;
  const style = styleOf(element);
  if (!style) return true;
  if (style.display === 'contents') {
    const parent = parentOf(element);
    return parent ? isNotRendered(parent) : false;
  }
  if (style.display === 'none' || style.visibility !== 'visible') return true;
  return !element.checkVisibility();
};

const isAriaHidden = (element) => attr(element, 'aria-hidden')?.toLowerCase() === 'true';

// Hidden from assistive technology, itself or through an ancestor.
const isHiddenFromAll = (element) => {
  for (let at = element; at; at = parentOf(at)) {
    if (isAriaHidden(at) || hasAttr(at, 'inert')) return true;
  }
  return isNotRendered(element);
};

const idsOf = (element, name) => {
  const ids = (attr(element, name) ?? '').split(/\s+/).filter(Boolean);
  const root = Node.prototype.getRootNode.call(element);
  return ids.map((id) => root.getElementById?.(id)).filter(Boolean);
};

const generatedContent = (element, which) => {
  const content = styleOf(element, which)?.content;
  if (!content || content === 'none' || content === 'normal') return '';
  // Text after a slash is the alternative text of generated content.
  const [, shown, said] = /^(.*?)(?:\s\/\s("(?:[^"\\]|\\.)*"))?$/s.exec(content) ?? [];
  const strings = said ?? shown ?? '';
  let text = '';
  for (const [, inner] of strings.matchAll(/"((?:[^"\\]|\\.)*)"/g)) text += inner.replace(/\\(.)/g, '$1');
  return text;
};

const isBlock = (element) => {
  const display = styleOf(element)?.display ?? 'inline';
  return !display.startsWith('inline') && display !== 'contents';
};

const valueOfField = (element) => {
  const tag = localNameOf(element);
  if (tag === 'select') return [...element.selectedOptions].map((option) => squeeze(option.label)).join(' ');
  if (tag === 'input') return ['password', 'hidden'].includes(typeOf(element)) ? '' : element.value;
  return tag === 'textarea' ? element.value : squeeze(textOf(element));
};

// The text alternative of one element. `via` says whether it was reached by a reference or from its
// parent, which decides which sources apply.
const alternative = (element, via, seen) => {
  if (seen.has(element)) return '';
  if (via !== 'reference' && via !== 'self' && (isAriaHidden(element) || isNotRendered(element))) {
    return '';
  }
  seen.add(element);
  if (via !== 'reference') {
    const parts = idsOf(element, 'aria-labelledby');
    if (parts.length && via !== 'label') {
      const text = squeeze(parts.map((part) => alternative(part, 'reference', new Set(seen).add(element))).join(' '));
      if (text) return text;
    }
  }
  const role = roleOf(element);
  // An embedded control contributes its value.
  if (via === 'content' || via === 'label') {
    if (role === 'textbox' || role === 'searchbox') return valueOfField(element);
    if (role === 'combobox' || role === 'listbox') return valueOfField(element);
    if (role === 'slider' || role === 'spinbutton' || role === 'progressbar' || role === 'meter' || role === 'scrollbar') {
      return attr(element, 'aria-valuetext') ?? attr(element, 'aria-valuenow') ?? String(element.value ?? '');
    }
  }
  const label = squeeze(attr(element, 'aria-label') ?? '');
  if (label) return label;
  if (role !== 'presentation') {
    const native = nativeName(element, role, via, seen);
    if (native) return native;
  }
  const byContent = FROM_CONTENT.has(role) || via !== 'self' || localNameOf(element) === 'legend';
  if (byContent && !(via === 'self' && NO_NAME.has(role))) {
    const text = squeeze(contentName(element, seen));
    if (text) return text;
  }
  return squeeze(attr(element, 'title') ?? '');
};

// `element.labels` searches the whole document on each access. While many elements are examined
// synchronously, all labels are indexed once.
let labelIndexes = null;
const withLabelIndex = (look) => {
  labelIndexes = new Map();
  try {
    return look();
  } finally {
    labelIndexes = null;
  }
};
const labelIndex = (root) => {
  const book = new Map();
  for (const label of root.querySelectorAll('label')) {
    const { control } = label;
    if (control) book.set(control, [...(book.get(control) ?? []), label]);
  }
  return book;
};
const labelsOf = (element) => {
  if (!labelIndexes) return element.labels ? [...element.labels] : [];
  const root = Node.prototype.getRootNode.call(element);
  if (!labelIndexes.has(root)) labelIndexes.set(root, labelIndex(root));
  return labelIndexes.get(root).get(element) ?? [];
};

const labelsText = (element, seen) => {
  const labels = labelsOf(element);
  return squeeze(labels.map((label) => alternative(label, 'label', new Set(seen))).join(' '));
};

const firstChild = (element, tag) => [...element.children].find((child) => localNameOf(child) === tag);

const nativeName = (element, role, via, seen) => {
  const tag = localNameOf(element);
  const from = (child) => (child ? squeeze(alternative(child, 'reference', seen)) : '');
  switch (tag) {
    case 'input': {
      const type = typeOf(element);
      if (type === 'submit' || type === 'button' || type === 'reset') {
        const labels = labelsText(element, seen);
        if (labels) return labels;
        return squeeze(attr(element, 'value') ?? (element.value || { submit: 'Submit', reset: 'Reset' }[type] || ''));
      }
      if (type === 'image') return labelsText(element, seen) || attr(element, 'alt') || attr(element, 'title') || 'Submit';
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
    case 'svg':
      return from(firstChild(element, 'title'));
    default: {
      const placeholder = attr(element, 'aria-placeholder');
      return via === 'self' && role === 'textbox' && placeholder ? squeeze(placeholder) : '';
    }
  }
};

const contentName = (element, seen) => {
  let text = generatedContent(element, '::before');
  const add = (node) => {
    const type = nodeTypeOf(node);
    if (type === 3) text += node.data;
    else if (type === 1) {
      const name = localNameOf(node);
      if (name === 'br') text += ' ';
      else {
        const inner = alternative(node, 'content', seen);
        text += isBlock(node) || styleOf(node)?.display.startsWith('inline-') ? ` ${inner} ` : spaced(node, inner);
      }
    }
  };
  for (const child of childrenOf(element)) add(child);
  for (const owned of idsOf(element, 'aria-owns')) add(owned);
  return text + generatedContent(element, '::after');
};

// White space at the ends of an inline element separates words, although its own name is trimmed.
const spaced = (element, inner) => {
  const text = textOf(element);
  return (/^\s/.test(text) ? ' ' : '') + inner + (/\s$/.test(text) ? ' ' : '');
};

const accessibleName = (element, role = roleOf(element)) => (NO_NAME.has(role) && !explicitName(element) ? '' : squeeze(alternative(element, 'self', new Set())).slice(0, 900));

// The states in a snapshot, by their names there.
const isDisabled = (element) => {
  if (matches(element, ':disabled')) return true;
  for (let at = element; at; at = parentOf(at)) {
    const value = attr(at, 'aria-disabled');
    if (value !== null) return value.toLowerCase() === 'true';
  }
  return false;
};

const CHECKABLE = new Set(['checkbox', 'radio', 'switch', 'menuitemcheckbox', 'menuitemradio', 'option', 'treeitem']);
const checkedOf = (element, role = roleOf(element)) => {
  if (localNameOf(element) === 'input' && ['checkbox', 'radio'].includes(typeOf(element))) {
    return element.indeterminate ? 'mixed' : element.checked;
  }
  if (!CHECKABLE.has(role)) return null;
  const value = attr(element, 'aria-checked')?.toLowerCase();
  if (value === 'mixed') return role === 'radio' || role === 'switch' ? false : 'mixed';
  if (value === undefined && (role === 'option' || role === 'treeitem')) return null;
  return value === 'true';
};

const stateOf = (element, role, which) => {
  const aria = (name) => attr(element, name)?.toLowerCase();
  switch (which) {
    case 'checked':
      return checkedOf(element, role);
    case 'disabled':
      return isDisabled(element);
    case 'expanded': {
      const tag = localNameOf(element);
      if (tag === 'details') return element.open;
      if (tag === 'summary' && parentNodeOf(element)?.open !== undefined) return parentNodeOf(element).open;
      const value = aria('aria-expanded');
      return value === 'true' ? true : value === 'false' ? false : null;
    }
    case 'pressed': {
      if (role !== 'button') return null;
      const value = aria('aria-pressed');
      return value === 'mixed' ? 'mixed' : value === undefined ? null : value === 'true';
    }
    case 'selected': {
      if (localNameOf(element) === 'option') return element.selected;
      const value = aria('aria-selected');
      return value === undefined ? null : value === 'true';
    }
    case 'level': {
      const level = Number(attr(element, 'aria-level'));
      if (level >= 1) return level;
      const tag = localNameOf(element);
      return role === 'heading' ? (/^h[1-6]$/.test(tag) ? Number(tag[1]) : 2) : null;
    }
  }
  return null;
};
