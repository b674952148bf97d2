// Copying and pasting. A tab never pastes from Chromium's clipboard, which is one for the whole browser:
// what the page copies is reported to the bridge, and a paste is carried out here.

// The maximum length of a copy: characters of all types together.
const MAX_COPIED = 1024 * 1024;

const activeOf = getter(Document.prototype, 'activeElement');
const activeInShadow = getter(ShadowRoot.prototype, 'activeElement');

// The focused element: the body if there is none, and a frame if its document is out of reach.
const focusedElement = () => {
  let at = activeOf(document);
  for (;;) {
    const shadow = at && shadowOf(at);
    const inner = at && isFrame(at) ? innerDocument(at) : null;
    let next = null;
    if (shadow) next = activeInShadow(shadow);
    else if (inner) next = activeOf(inner) ?? contentRootOf(inner);
    if (!next) return at ?? rootElementOf(document);
    at = next;
  }
};

const isTextControl = (element) => ['input', 'textarea'].includes(localNameOf(element));

const selectedText = (element) => {
  if (isTextControl(element)) {
    // Passwords cannot be copied.
    if (typeOf(element) === 'password') return '';
    if (element.selectionStart !== null) return element.value.slice(element.selectionStart, element.selectionEnd);
  }
  return String(windowOf(element).getSelection());
};

// What a copy event puts on the clipboard: the text of each type. Undefined if it leaves it as it is.
const copiedBy = (event) => {
  if (event.defaultPrevented) {
    const transfer = event.clipboardData;
    const types = transfer.types.filter((type) => type !== 'Files');
    return types.length ? Object.fromEntries(types.map((type) => [type, transfer.getData(type)])) : undefined;
  }
  const focused = focusedElement();
  if (event.type === 'cut' && !(isTextControl(focused) ? !focused.readOnly : isEditable(focused))) return undefined;
  const text = selectedText(focused);
  if (text === '') return undefined;
  const markup = isTextControl(focused) ? '' : selectedMarkup(windowOf(focused).getSelection());
  const isRich = markup !== '' && text.length + markup.length <= MAX_COPIED;
  return isRich ? { 'text/plain': text, 'text/html': markup } : { 'text/plain': text };
};

// A copy that the bridge does not have yet. Null if it was too long.
let unreported;
let reporting = 0;

const takeCopied = () => {
  clearTimeout(reporting);
  const copied = unreported;
  unreported = undefined;
  return { copied };
};

const reportCopied = () => {
  const { copied } = takeCopied();
  if (copied !== undefined) globalThis.cdpBridgeCopied?.(JSON.stringify(copied));
};

const onCopy = (event) => {
  // A page may dispatch its own events at any time; only Chromium's copy anything.
  if (!event.isTrusted) return;
  const { type } = event;
  // The page may still set data, and may stop the event at any node.
  const read = (bubbling) => {
    if (bubbling !== event) return;
    const copied = copiedBy(event);
    if (copied === undefined) return;
    const length = Object.entries(copied).reduce((sum, [type, text]) => sum + type.length + text.length, 0);
    unreported = length <= MAX_COPIED ? copied : null;
  };
  const path = event.composedPath();
  for (const node of path) listenOn(node, type, read);
  const end = () => {
    for (const node of path) EventTarget.prototype.removeEventListener.call(node, type, read);
  };
  setTimeout(end);
  // A page that copies in a loop is reported once.
  clearTimeout(reporting);
  reporting = setTimeout(reportCopied);
};

// Reports what the page copies in this window. Listening twice has no effect.
const listenForCopies = (window) => {
  for (const type of ['copy', 'cut']) window.addEventListener(type, onCopy, { capture: true });
};

// The window in which the next shortcut is pressed, and the key event that it received last.
let pressed = null;
const onKey = (event) => {
  if (event.isTrusted && pressed) pressed.event = event;
};

// Prepares for a copy or paste shortcut in the focused frame.
const prepareShortcut = () => {
  const element = focusedElement();
  if (isFrame(element)) return { hop: hold(element) };
  const window = windowOf(element);
  listenForCopies(window);
  window.addEventListener('keydown', onKey, { capture: true });
  pressed = { window, event: null };
  return {};
};

// Pastes into the focused element, unless the page has cancelled the key event. `plain`: only the text.
// An empty clipboard is null.
const paste = ({ data, plain }) => {
  const key = pressed?.event;
  pressed?.window.removeEventListener('keydown', onKey, { capture: true });
  pressed = null;
  if (key?.defaultPrevented) return {};
  let target = focusedElement();
  if (isFrame(target)) return {};
  const window = windowOf(target);
  const focused = target;
  if (isEditable(target)) {
    // In rich text the event goes to the element with the caret.
    const { anchorNode } = window.getSelection();
    const caret = anchorNode && (isElement(anchorNode) ? anchorNode : parentOf(anchorNode));
    if (caret && isWithin(caret, target)) target = caret;
  }
  const transfer = new window.DataTransfer();
  for (const [type, text] of Object.entries(data ?? {})) {
    if (!plain || type === 'text/plain') transfer.setData(type, text);
  }
  const options = { clipboardData: transfer, bubbles: true, cancelable: true, composed: true };
  const event = new window.ClipboardEvent('paste', options);
  if (!dispatchOn(target, event)) return {};
  const text = data?.['text/plain'];
  const markup = data?.['text/html'];
  const isRich = !plain && isEditable(focused) && contentEditableOf(focused) !== 'plaintext-only';
  if (isRich && markup && insertMarkup(documentOf(focused), markup)) return {};
  if (text) Document.prototype.execCommand.call(documentOf(focused), 'insertText', false, text);
  return {};
};

listenForCopies(window);
