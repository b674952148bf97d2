// Actions that are carried out by script rather than by mouse or keyboard input.

const fire = (element, name, options = {}) => {
  const window = windowOf(element);
  const type = name === 'input' ? window.InputEvent : window.Event;
  element.dispatchEvent(new type(name, { bubbles: true, composed: name === 'input', ...options }));
};

const focusOn = (element) => {
  const root = Node.prototype.getRootNode.call(element);
  if (root.activeElement !== element) element.focus({ preventScroll: false });
  let frame = frameOf(documentOf(element));
  // The frame's window must be focused too, or key events go to the parent document.
  if (frame) windowOf(element).focus();
  return Node.prototype.getRootNode.call(element).activeElement === element;
};

// Focuses an element. In an `<input>` that was not focused the caret goes to the start, as with
// Playwright; a `<textarea>` keeps its caret.
const focus = ({ typing, ...call }) =>
  whenActionable({ ...call, needs: { visible: true } }, (element) => {
    const had = Node.prototype.getRootNode.call(element).activeElement === element;
    if (focusOn(element)) {
      const typed = localNameOf(element) === 'input' && element.selectionStart !== null;
      if (typing && !had && typed) element.setSelectionRange(0, 0);
      return { held: hold(element) };
    }
    // An element inside an editing host is focused by focusing the host.
    const host = closest(element, '[contenteditable]:not([contenteditable=false])');
    if (host && focusOn(host)) return { held: hold(element) };
    return { reason: 'unsuitable', because: 'it cannot be focused' };
  });

const selectAll = (element) => {
  const window = windowOf(element);
  if (localNameOf(element) === 'input') {
    element.select();
    return;
  }
  if (localNameOf(element) === 'textarea') {
    element.setSelectionRange(0, element.value.length);
    return;
  }
  const selection = window.getSelection();
  const range = documentOf(element).createRange();
  range.selectNodeContents(element);
  selection.removeAllRanges();
  selection.addRange(range);
};

// Selects the content of a text field, so that typing replaces it. Sets the value of fields that are
// not typed into, such as dates.
const fill = ({ value, ...call }) =>
  whenActionable({ ...call, needs: { visible: true, enabled: true, editable: true } }, (found) => {
    let element = found;
    const tag = localNameOf(element);
    if (tag === 'label' && element.control) element = element.control;
    const name = localNameOf(element);
    if (name === 'input') {
      const type = typeOf(element);
      if (VALUE_INPUTS.has(type)) {
        const before = element.value;
        focusOn(element);
        const { set } = Object.getOwnPropertyDescriptor(windowOf(element).HTMLInputElement.prototype, 'value');
        set.call(element, value.trim());
        if (element.value !== value.trim() && type !== 'range' && type !== 'color') {
          set.call(element, before);
          return { fail: 'notActionable', reason: 'unsuitable', because: `the value is not valid for an input of type ${type}`, element: describe(element) };
        }
        fire(element, 'input');
        fire(element, 'change');
        return { filled: true };
      }
      if (!TEXT_INPUTS.has(type)) {
        return { fail: 'notActionable', reason: 'unsuitable', because: `an input of type ${type} cannot be filled`, element: describe(element) };
      }
      if (type === 'number' && value.trim() !== '' && Number.isNaN(Number(value))) {
        return { fail: 'notActionable', reason: 'unsuitable', because: 'it accepts only numbers', element: describe(element) };
      }
    } else if (name !== 'textarea' && !isEditable(element)) {
      return { fail: 'notActionable', reason: 'unsuitable', because: 'it is not a field', element: describe(element) };
    }
    // Select before focus: a field outside the viewport is then scrolled to the nearest edge, as with
    // the Tab key, instead of to the center.
    selectAll(element);
    if (!focusOn(element)) return { reason: 'unsuitable', because: 'it cannot be focused' };
    return { held: hold(element) };
  });

// Fires the `change` event of a field that has been typed into, exactly once.
const fireChange = (number) => {
  const element = fetchHeld(number);
  if (!element || !isConnected(element)) return {};
  const tag = localNameOf(element);
  if (tag === 'input' || tag === 'textarea') {
    // Chromium fires its own `change` event on blur. It is suppressed, unless the value has changed
    // again by then.
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
  }
  fire(element, 'change');
  return {};
};

const TOGGLE_ROLES = new Set(['checkbox', 'radio', 'switch', 'menuitemcheckbox', 'menuitemradio', 'option', 'treeitem']);

const toggleOf = (found) => {
  const control = localNameOf(found) === 'label' ? found.control : closest(found, 'label')?.control;
  const own = TOGGLE_ROLES.has(roleOf(found)) ? found : control && TOGGLE_ROLES.has(roleOf(control)) ? control : null;
  return own;
};

// Checks whether a checkbox, radio button or switch is in the wanted state, and whether it can get
// there.
const toggleState = ({ want, ...call }) =>
  whenActionable({ ...call, needs: {} }, (found) => {
    const element = toggleOf(found);
    const no = (because) => ({ fail: 'notActionable', reason: 'unsuitable', because, element: describe(found) });
    if (!element) return no('it is neither a checkbox nor a radio button nor a switch');
    const role = roleOf(element);
    const checked = checkedOf(element, role);
    if (checked === want) return { is: true };
    if (!want && (role === 'radio' || role === 'menuitemradio')) return no('a radio button cannot be unchecked; check another one of its group');
    return { is: false };
  });

// Waits briefly until the state is as wanted after the click.
const isToggled = async ({ want, number }) => {
  const element = fetchHeld(number);
  const own = element && toggleOf(element);
  for (let tries = 0; tries < 20; tries += 1) {
    if (!own || !isConnected(own) || checkedOf(own) === want) return { is: true };
    await sleep(10);
  }
  return { is: false };
};

const selectOptions = ({ values, ...call }) =>
  whenActionable({ ...call, needs: { visible: true, enabled: true } }, (found) => {
    const element = localNameOf(found) === 'label' && found.control ? found.control : found;
    const no = (because) => ({ fail: 'notActionable', reason: 'unsuitable', because, element: describe(element) });
    if (localNameOf(element) !== 'select') return no('it is not a <select>');
    if (!element.multiple && values.length !== 1) return no('it accepts exactly one option');
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
      if (matches(option, ':disabled')) return { reason: 'disabled', because: `its option ${JSON.stringify(value)} is disabled` };
      chosen.add(option);
    }
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

const scrollIntoView = (call) =>
  whenActionable({ ...call, needs: { visible: true, stable: true } }, async (element) => {
    bringIntoView(element, 0);
    const window = windowOf(element);
    for (let frames = 0; frames < 60; frames += 1) {
      const before = rootBox(element);
      await nextFrame(window);
      if (sameBox(before, rootBox(element))) break;
    }
    return {};
  });

// The final position of a scroll. In right-to-left and vertical-rl content, x starts at 0 and is
// negative.
const destination = (target, { by, to }) => {
  const from = { x: target.scrollLeft, y: target.scrollTop };
  const sent = by
    ? { x: from.x + by.x, y: from.y + by.y }
    : { x: to.x ?? from.x, y: to === 'top' ? 0 : to === 'bottom' ? target.scrollHeight : to.y };
  const clamp = (value, room, backwards) => (backwards ? Math.max(-room, Math.min(0, value)) : Math.max(0, Math.min(room, value)));
  const page = documentOf(target);
  const styles = [target, target === page.scrollingElement ? page.body : null].filter(Boolean).map((it) => styleOf(it));
  const backwards = styles.some((style) => style?.direction === 'rtl' || style?.writingMode === 'vertical-rl');
  return {
    x: clamp(sent.x, target.scrollWidth - target.clientWidth, backwards),
    y: clamp(sent.y, target.scrollHeight - target.clientHeight, false),
  };
};

// Scrolls an element and returns its final position.
const scrollTo = async (target, { by, to, smooth }) => {
  const behavior = smooth ? 'smooth' : 'instant';
  const window = windowOf(target);
  const isDone = new Promise((done) => {
    const listened = target === documentOf(target)?.scrollingElement ? documentOf(target) : target;
    listened.addEventListener('scrollend', done, { once: true });
  });
  const { x, y } = destination(target, { by, to });
  const moves = Math.abs(target.scrollLeft - x) >= 1 || Math.abs(target.scrollTop - y) >= 1;
  target.scrollTo({ left: x, top: y, behavior });
  // Without movement there is no `scrollend` event.
  if (smooth && moves) await Promise.race([isDone, sleep(5000)]);
  else await nextFrame(window);
  return { position: { x: target.scrollLeft, y: target.scrollTop } };
};

const canScroll = (element) => {
  const style = styleOf(element);
  const may = (overflow) => overflow === 'auto' || overflow === 'scroll' || overflow === 'hidden';
  return (
    (may(style.overflowY) && element.scrollHeight > element.clientHeight) ||
    (may(style.overflowX) && element.scrollWidth > element.clientWidth)
  );
};

const scroll = ({ steps, by, to, smooth, ...call }) => {
  if (!steps) return scrollTo(document.scrollingElement ?? document.documentElement, { by, to, smooth });
  return whenActionable({ steps, ...call, needs: { visible: true } }, (element) => {
    if (isFrame(element)) {
      const inner = innerDocument(element);
      if (inner) return scrollTo(inner.scrollingElement ?? inner.documentElement, { by, to, smooth });
    }
    const whole = matches(element, 'html, body');
    const target = whole ? (documentOf(element).scrollingElement ?? element) : element;
    if (!whole && !canScroll(element)) {
      return { fail: 'notActionable', reason: 'unsuitable', because: 'it does not scroll', element: describe(element) };
    }
    return scrollTo(target, { by, to, smooth });
  });
};

// Sets the files of a file input, or returns why not.
const setFiles = (element, files) => {
  const no = (because) => ({ reason: 'unsuitable', because, element: describe(element) });
  if (localNameOf(element) !== 'input' || typeOf(element) !== 'file') return no('it is not an <input type=file>');
  if (files.length > 1 && !element.multiple) return no('it accepts only one file');
  if (isDisabled(element)) return { reason: 'disabled', element: describe(element) };
  const transfer = new DataTransfer();
  for (const { name, mime, data } of files) {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: mime ?? '' }));
  }
  element.files = transfer.files;
  fire(element, 'input');
  fire(element, 'change');
  return null;
};

const upload = ({ files, ...call }) =>
  whenActionable({ ...call, needs: {} }, (found) => {
    const refused = setFiles(localNameOf(found) === 'label' && found.control ? found.control : found, files);
    if (!refused) return {};
    return refused.reason === 'disabled' ? { reason: 'disabled' } : { fail: 'notActionable', ...refused };
  });

// Detects whether the page has started an HTML5 drag.
let dragging = null;
const watchDrag = () => {
  const state = { event: null };
  // `defaultPrevented` is final only after all listeners have run.
  const listen = (event) => {
    state.event = event;
  };
  const windows = [];
  const visit = (document) => {
    windows.push(document.defaultView);
    for (const frame of document.querySelectorAll('iframe, frame')) {
      const inner = innerDocument(frame);
      if (inner) visit(inner);
    }
  };
  visit(document);
  for (const window of windows) window.addEventListener('dragstart', listen, { capture: true });
  dragging = {
    state,
    end: () => {
      for (const window of windows) window.removeEventListener('dragstart', listen, { capture: true });
    },
  };
  return {};
};
const dragStarted = () => {
  const current = dragging;
  dragging = null;
  current?.end();
  const event = current?.state.event;
  return { started: Boolean(event) && !event.defaultPrevented };
};
