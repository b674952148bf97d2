// Accessible roles and states after WAI-ARIA 1.2, HTML-AAM and SVG-AAM. Chromium's accessibility tree
// is twenty times the size of the page's HTML and takes another round trip per element; a test compares
// the results with it.

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
  button: 'button', checkbox: 'checkbox', color: 'textbox', date: 'textbox', 'datetime-local': 'textbox',
  email: 'textbox', file: 'button', hidden: null, image: 'button', month: 'textbox', number: 'spinbutton',
  password: 'textbox', radio: 'radio', range: 'slider', reset: 'button', search: 'searchbox',
  submit: 'button', tel: 'textbox', text: 'textbox', time: 'textbox', url: 'textbox', week: 'textbox',
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
// Within these a header or footer is no landmark.
const SECTIONING = 'article:not([role]), aside:not([role]), main:not([role]), nav:not([role]), section:not([role]), [role=article], [role=complementary], [role=main], [role=navigation], [role=region]';
const isLandmark = (element) => !closestAbove(element, SECTIONING);

// The address of a link as the page has it; null if it is none. Links of SVG may have it in XLink's
// attribute.
const addressOf = (element) => attr(element, 'href') ?? (isSvg(element) ? attr(element, 'xlink:href') : null);

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
      return addressOf(element) === null ? 'generic' : 'link';
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
      return isLandmark(element) ? 'banner' : 'generic';
    case 'footer':
      return isLandmark(element) ? 'contentinfo' : 'generic';
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
      const headers = row && [...elementChildrenOf(row)].every((cell) => localNameOf(cell) === 'th');
      return headers ? 'columnheader' : 'rowheader';
    }
    default:
      return TAG_ROLES[tag] ?? 'generic';
  }
};

const cellRole = (element, plain, inGrid) => {
  const table = closestAbove(element, 'table');
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

const roleOf = (element) => attempt(() => computedRole(element), 'generic');

const PARTS_OF_LISTS_AND_TABLES = new Set(['listitem', 'row', 'rowgroup', 'cell', 'columnheader', 'rowheader']);

const computedRole = (element) => {
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
  if (PARTS_OF_LISTS_AND_TABLES.has(role)) {
    const outer = closestAbove(element, role === 'listitem' ? 'ul, ol, menu' : 'table');
    const outerRole = outer && attr(outer, 'role');
    if (outerRole === 'none' || outerRole === 'presentation') return 'generic';
  }
  return role;
};

// What these elements of a drawing hold is rendered only where it is used.
const TEMPLATES_OF_SVG = 'clipPath, defs, linearGradient, marker, mask, pattern, radialGradient, symbol';

const NEVER_RENDERED = new Set(['script', 'style', 'template', 'noscript', 'head', 'title', 'meta', 'link', 'base']);

// Not rendered, or `visibility: hidden`.
const isNotRendered = (element) => {
  const name = localNameOf(element);
  if (NEVER_RENDERED.has(name)) return true;
  // Options have no boxes: they are visible if their `<select>` is.
  if (name === 'option' || name === 'optgroup') {
    const select = closest(element, 'select');
    return select ? isNotRendered(select) : false;
  }
  // Nor have areas: they are where the image is that uses their map.
  if (name === 'area') {
    const image = imageOfArea(element);
    return image ? isNotRendered(image) : true;
  }
  if (isSvg(element) && closest(element, TEMPLATES_OF_SVG)) return true;
  if (isRendered(element)) return false;
  const style = styleOf(element);
  if (!style) return true;
  if (style.display === 'contents') {
    const parent = parentOf(element);
    return parent ? isNotRendered(parent) : false;
  }
  if (style.display === 'none' || style.visibility !== 'visible') return true;
  return !hasBox(element);
};

const imageOfArea = (area) => {
  const map = closest(area, 'map');
  const name = map && attr(map, 'name');
  if (!name) return null;
  return [...queryAll(rootOf(area), 'img[usemap]')].find((image) => attr(image, 'usemap') === `#${name}`) ?? null;
};

// Whether an element has a box, but not its contents.
const skipsContents = (element) => styleOf(element)?.contentVisibility === 'hidden';

// Not rendered only because of `visibility: hidden`, which descendants may reset.
const isOnlyInvisible = (element) => {
  const style = styleOf(element);
  return Boolean(style) && style.display !== 'none' && style.visibility !== 'visible' && hasBox(element);
};

const isAriaHidden = (element) => attr(element, 'aria-hidden')?.toLowerCase() === 'true';

// Hidden from assistive technology, itself or through an ancestor.
const isHiddenFromAll = (element) => {
  for (let at = element; at; at = parentOf(at)) {
    if (isAriaHidden(at) || hasAttr(at, 'inert')) return true;
  }
  return isNotRendered(element);
};

// The states in a snapshot, by their names there.
const CAN_BE_DISABLED = new Set(
  `application button checkbox columnheader combobox grid gridcell group link listbox menu menubar menuitem
  menuitemcheckbox menuitemradio option radio radiogroup row rowheader scrollbar searchbox separator slider
  spinbutton switch tab tablist textbox toolbar tree treegrid treeitem`.split(/\s+/),
);

// `aria-disabled` also applies to the descendants that can be disabled.
const isDisabled = (element) => {
  if (matches(element, ':disabled')) return true;
  const own = attr(element, 'aria-disabled');
  if (own !== null) return own.toLowerCase() === 'true';
  if (!CAN_BE_DISABLED.has(roleOf(element))) return false;
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

const CAN_BE_SELECTED = new Set(['columnheader', 'gridcell', 'option', 'row', 'rowheader', 'tab', 'treeitem']);

// Null if the element has no such state.
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
      const parent = tag === 'summary' && parentOf(element);
      if (parent && localNameOf(parent) === 'details') return parent.open;
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
      return CAN_BE_SELECTED.has(role) ? aria('aria-selected') === 'true' : null;
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
