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

// Focuses an element. In an `<input>` that was not focused the caret goes to the start, as with
// Playwright; a `<textarea>` keeps its caret.
const focus = ({ typing, ...call }) =>
  whenActionable({ ...call, needs: { rendered: true } }, (element) => {
    const had = hasFocus(element);
    if (!focusOn(element) && !(isEditable(element) && focusForEditing(element))) {
      return { reason: 'unsuitable', because: 'it cannot be focused' };
    }
    const typed = localNameOf(element) === 'input' && element.selectionStart !== null;
    if (typing && !had && typed) element.setSelectionRange(0, 0);
    return { held: hold(element) };
  });
