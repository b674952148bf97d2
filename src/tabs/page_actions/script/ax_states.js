// The states and values of the lines of an outline.

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

// An input without a role of its own that is not typed into, such as a date, is listed by its type.
const shownRole = (element, role) =>
  role === 'textbox' && localNameOf(element) === 'input' && VALUE_INPUTS.has(typeOf(element)) && !attr(element, 'role') ? typeOf(element) : role;

// The address of a link as it is listed: scripts and data say nothing about where a link leads.
const shownAddress = (element) => {
  const href = (addressOf(element) ?? '').replace(/[\t\n\r]/g, '').trim();
  return href.startsWith('javascript:') || href.startsWith('data:') ? '' : shorten(href, 120);
};

// What kind of element it is, for one that can be clicked and says nothing of itself.
const hintOf = (element) => {
  const plain = (text) => /^[\w-]{1,24}$/.test(text);
  const id = attr(element, 'id') ?? '';
  const classes = (attr(element, 'class') ?? '').split(/\s+/).filter(plain).slice(0, 2);
  return `${localNameOf(element)}${plain(id) ? `#${id}` : ''}${classes.map((name) => `.${name}`).join('')}`;
};
