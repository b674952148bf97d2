// Focus, and the synthetic events of actions that are carried out by script.

const fire = (element, name, options = {}) => {
  const window = windowOf(element);
  const type = name === 'input' ? window.InputEvent : window.Event;
  dispatchOn(element, new type(name, { bubbles: true, composed: name === 'input', ...options }));
};

const hasFocus = (element) => activeElementOf(rootOf(element)) === element;

const focusOn = (element) => {
  if (!hasFocus(element)) (isHtml(element) ? HTMLElement.prototype.focus : element.focus)?.call(element, { preventScroll: false });
  // The frame's window must be focused too, or key events go to the parent document.
  if (frameOf(documentOf(element))) windowOf(element).focus();
  return hasFocus(element);
};

const isEditable = (element) => isHtml(element) && isContentEditable(element);

// Focuses an element, or the editing host around it: what is inside of an editing host has no focus
// itself.
const focusForEditing = (element) => {
  for (let at = element; at && (at === element || isEditable(at)); at = parentOf(at)) {
    if (focusOn(at)) return true;
  }
  return false;
};

// How long after keys an editor may still be about to render what they did.
const EDITOR_RENDERS = 200;
let keysSentAt = -EDITOR_RENDERS;

// Editors may render the effect of a key only in the next frame, and would put what is typed before that at
// another place.
const untilEditorRendered = async (element) => {
  if (performance.now() - keysSentAt < EDITOR_RENDERS) {
    await nextFrame(windowOf(element), 100);
    await sleep(0);
  }
  keysSentAt = performance.now();
};

// Prepares the focused element for keys: tells whether it is an editor.
const prepareKeys = async () => {
  const element = focusedElement();
  if (isFrame(element)) return { hop: hold(element) };
  const editor = isEditable(element);
  if (editor) await untilEditorRendered(element);
  return { editor };
};

// Focuses an element. In an `<input>` that was not focused the caret goes to the start, as with
// Playwright; a `<textarea>` keeps its caret.
const focus = ({ typing, ...call }) =>
  whenActionable({ ...call, needs: { rendered: true }, acts: !call.trial }, async (element) => {
    if (call.trial) return {};
    const had = hasFocus(element);
    if (!focusOn(element) && !(isEditable(element) && focusForEditing(element))) {
      return { reason: 'unsuitable', because: 'it cannot be focused' };
    }
    const typed = localNameOf(element) === 'input' && element.selectionStart !== null;
    if (typing && !had && typed) element.setSelectionRange(0, 0);
    const editor = isEditable(element);
    if (typing && editor) await untilEditorRendered(element);
    return { held: hold(element), editor };
  });
