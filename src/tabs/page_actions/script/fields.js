// Form fields and editors.

const TEXT_INPUTS = new Set(['text', 'search', 'email', 'url', 'tel', 'password', 'number']);
const VALUE_INPUTS = new Set(['color', 'date', 'time', 'datetime-local', 'month', 'range', 'week']);
const FIELDS = new Set(['input', 'textarea', 'select']);

const unsuitable = (element, because) => ({ fail: 'notActionable', reason: 'unsuitable', because, element: describe(element) });

// The only match in a component: in its shadow root, or among its children if it has none.
const onlyInComponent = (host, css) => {
  const scope = shadowOf(host) ?? (localNameOf(host).includes('-') ? host : null);
  const found = scope ? queryAll(scope, css) : [];
  return found.length === 1 ? found[0] : null;
};

// The field that an element stands for: a label, or what is inside of one, stands for its control, and a
// component for the only field in it.
const labelledField = (element) => {
  if (FIELDS.has(localNameOf(element)) || isEditable(element)) return element;
  const control = closest(element, 'label')?.control ?? element;
  return FIELDS.has(localNameOf(control)) ? control : (onlyInComponent(control, 'input, textarea, select') ?? control);
};

// A color as Chromium writes opaque ones: `#rrggbb`.
const colorOf = (text) => {
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  context.fillStyle = text;
  return context.fillStyle;
};

// Whether Chromium took a value, perhaps in another notation, instead of a default or the nearest one.
const tookValue = (element, type, wanted) => {
  const { value } = element;
  if (value === wanted) return true;
  if (type === 'range') return wanted !== '' && Number(value) === Number(wanted);
  if (type === 'color') return CSS.supports('color', wanted) && value.toLowerCase() === colorOf(wanted);
  // An invalid date or time becomes empty; a valid one may be shortened.
  return value !== '';
};

const whyNotTaken = (element, type) => {
  const text = `the value is not valid for an input of type ${type}`;
  if (type !== 'range') return text;
  const { min, max, step } = element;
  return `${text} from ${min || 0} to ${max || 100} in steps of ${step || 1}`;
};

// Sets the value of a field that is not typed into, such as a date.
const setValue = (element, type, wanted) => {
  const before = element.value;
  focusOn(element);
  const { set } = Object.getOwnPropertyDescriptor(windowOf(element).HTMLInputElement.prototype, 'value');
  set.call(element, wanted);
  if (!tookValue(element, type, wanted)) {
    set.call(element, before);
    return unsuitable(element, whyNotTaken(element, type));
  }
  const taken = element.value;
  fire(element, 'input');
  fire(element, 'change');
  return { filled: true, matches: element.value === taken };
};

const selectAll = (element) => {
  if (localNameOf(element) === 'input') {
    element.select();
    return;
  }
  if (localNameOf(element) === 'textarea') {
    element.setSelectionRange(0, element.value.length);
    return;
  }
  const selection = windowOf(element).getSelection();
  const range = new Range();
  range.selectNodeContents(element);
  selection.removeAllRanges();
  selection.addRange(range);
};

// How long to wait for the event that notifies the page of a new selection.
const SELECTION_LIMIT = 200;

// Changes the selection in an editor, and waits until the page has been notified. Editors that keep a
// selection of their own would otherwise insert text at the old one.
const selectInEditor = async (element, change) => {
  const document = documentOf(element);
  const limit = new AbortController();
  const notified = new Promise((done) => {
    // Listeners of the page that are called after this one run before the timeout.
    listenOn(document, 'selectionchange', () => setTimeout(done, 0), { capture: true, once: true, signal: limit.signal });
    setTimeout(done, SELECTION_LIMIT);
  });
  change();
  await notified;
  limit.abort();
};

const isAllSelected = (element) => {
  const selection = windowOf(element).getSelection();
  return fillText(selection.toString()) === fillText(textOfField(element));
};

// Selects the content of an editor, or of a part of it. An editor may place the caret itself as soon as
// it is focused, so that the content is selected again.
const selectEditor = async (element) => {
  let focused = false;
  await selectInEditor(element, () => {
    focused = focusForEditing(element);
    selectAll(element);
  });
  if (focused && !isAllSelected(element)) await selectInEditor(element, () => selectAll(element));
  return focused;
};

const textOfField = (element) => (FIELDS.has(localNameOf(element)) ? element.value : innerTextOf(element));

// A text without white space and characters without glyphs, which editors add.
const fillText = (text) => text.replace(/[\s\u200b-\u200d\u2060\ufeff]+/g, '');

// Whether an element receives text through the EditContext API: the page renders the text elsewhere, and the
// element may have no size.
const isKeyReceiver = (element) => isHtml(element) && Boolean(editContextOf(element));

const isTiny = (element) => {
  const { width, height } = boxOf(element);
  return width <= 4 || height <= 4;
};

// Whether a textarea is only where a code editor receives keys: it is almost invisible, perhaps because of
// what clips it, and holds none of the text.
const isKeyProxy = (textarea) => {
  if (isTiny(textarea) || styleOf(textarea)?.opacity === '0') return true;
  const around = parentOf(textarea);
  return Boolean(around) && styleOf(around)?.overflow === 'hidden' && isTiny(around);
};

// The text of an editor before it is filled.
const textsBefore = new WeakMap();

// Selects the content of a text field, so that typing replaces it. Sets the value of fields that are
// not typed into, such as dates.
const fill = ({ value, ...call }) =>
  whenActionable({ ...call, needs: { visible: true, enabled: true, editable: true }, acts: !call.trial }, async (found) => {
    const element = labelledField(found);
    const name = localNameOf(element);
    if (name === 'input') {
      const type = typeOf(element);
      if (VALUE_INPUTS.has(type) && !call.trial) return setValue(element, type, type === 'color' ? value.trim().toLowerCase() : value.trim());
      if (!TEXT_INPUTS.has(type) && !VALUE_INPUTS.has(type)) return unsuitable(element, `an input of type ${type} cannot be filled`);
      if (type === 'number' && value.trim() !== '' && Number.isNaN(Number(value))) return unsuitable(element, 'it accepts only numbers');
    } else if (name !== 'textarea' && !isEditable(element) && !isKeyReceiver(element)) {
      return unsuitable(element, name === 'select' ? 'it is a <select>; choose its options with `select`' : 'it is not a field');
    }
    if (call.trial) return {};
    if (isKeyReceiver(element)) {
      return focusOn(element) ? { held: hold(element), proxy: true } : { reason: 'unsuitable', because: 'it cannot be focused' };
    }
    const editor = name !== 'input' && name !== 'textarea';
    if (editor) {
      textsBefore.set(element, textOfField(element));
      if (!(await selectEditor(element))) return { reason: 'unsuitable', because: 'it cannot be focused' };
    } else {
      // Select before focus: a field outside the viewport is then scrolled to the nearest edge, as with
      // the Tab key, instead of to the center.
      selectAll(element);
      if (!focusOn(element)) return { reason: 'unsuitable', because: 'it cannot be focused' };
    }
    return { held: hold(element), editor, proxy: name === 'textarea' && isKeyProxy(element) };
  });

// Whether a field holds the text that it was filled with.
const holdsText = (element, value) => {
  const text = textOfField(element);
  if (localNameOf(element) === 'textarea') return text === value.replace(/\r\n?/g, '\n');
  if (localNameOf(element) !== 'input') return fillText(text) === fillText(value);
  if (typeOf(element) === 'number') return value.trim() === '' ? text === '' : Number(text) === Number(value);
  const line = value.replace(/[\r\n]/g, '');
  return text === line || text === line.trim();
};

// Whether an editor still has some of the text that should have been replaced.
const keepsOldText = (element, value) => {
  const [before, now, wanted] = [textsBefore.get(element) ?? '', textOfField(element), value].map(fillText);
  if (!before || now === wanted) return false;
  if (now === before) return true;
  const without = (text) => (wanted ? text.replaceAll(wanted, '') : text);
  const rest = without(now);
  return rest !== '' && without(before).includes(rest);
};

// How long an editor may take to show what was typed.
const EDITOR_LIMIT = 500;

// Looks whether the text of an editor was replaced.
const wasReplaced = async ({ number, value }) => {
  const element = fetchHeld(number);
  const end = performance.now() + EDITOR_LIMIT;
  for (;;) {
    if (!element || !isConnected(element) || holdsText(element, value)) return { replaced: true };
    if (performance.now() >= end) return { replaced: !keepsOldText(element, value) };
    await sleep(20);
  }
};

// Fires the `change` event of a field that has been typed into, exactly once, and looks at the text
// afterwards.
const finishFill = async ({ number, value }) => {
  const element = fetchHeld(number);
  if (!element || !isConnected(element)) return {};
  const tag = localNameOf(element);
  if (tag === 'input' || tag === 'textarea') suppressNextChange(element);
  fire(element, 'change');
  // Scripts of the page may reformat the text in a task of their own.
  await sleep(0);
  if (!isConnected(element)) return {};
  if (holdsText(element, value)) return { matches: true };
  // The text of a code editor is elsewhere.
  return isKeyReceiver(element) || (tag === 'textarea' && isKeyProxy(element)) ? {} : { matches: false };
};

// Chromium fires its own `change` event on blur. It is suppressed, unless the value has changed again by
// then.
const suppressNextChange = (element) => {
  const window = windowOf(element);
  const { value } = element;
  const end = () => {
    window.removeEventListener('change', listen, { capture: true });
    window.removeEventListener('blur', leave, { capture: true });
  };
  const listen = (event) => {
    if (!event.isTrusted || event.composedPath()[0] !== element) return;
    if (element.value === value) event.stopImmediatePropagation();
    end();
  };
  const leave = (event) => {
    if (event.composedPath()[0] === element) end();
  };
  window.addEventListener('change', listen, { capture: true });
  window.addEventListener('blur', leave, { capture: true });
};

const selectOptions = ({ values, ...call }) =>
  whenActionable({ ...call, needs: { visible: true, enabled: true }, acts: !call.trial }, (found) => {
    const element = labelledField(found);
    if (localNameOf(element) !== 'select') return unsuitable(element, 'it is not a <select>');
    if (!element.multiple && values.length !== 1) return unsuitable(element, 'it accepts exactly one option');
    const options = [...element.options];
    const chosen = new Set();
    for (const value of values) {
      const option =
        typeof value === 'number'
          ? options[value]
          : (options.find((option) => option.value === value) ??
            options.find((option) => squeeze(option.label) === squeeze(value)));
      // Scripts may still be adding the options, so keep waiting.
      if (!option) return { reason: 'unsuitable', because: `it has no option ${JSON.stringify(value)}` };
      if (matches(option, ':disabled') && !call.force) return { reason: 'disabled', because: `its option ${JSON.stringify(value)} is disabled` };
      chosen.add(option);
    }
    if (call.trial) return { values: [] };
    let changed = false;
    for (const option of options) {
      if (option.selected !== chosen.has(option)) {
        changed = true;
        if (element.multiple || chosen.has(option)) option.selected = chosen.has(option);
      }
    }
    if (changed) {
      fire(element, 'input');
      fire(element, 'change');
    }
    return { values: [...element.selectedOptions].map((option) => option.value) };
  });
