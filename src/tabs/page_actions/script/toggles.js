// Checkboxes, radio buttons and switches.

const TOGGLE_ROLES = new Set(['checkbox', 'radio', 'switch', 'menuitemcheckbox', 'menuitemradio', 'option', 'treeitem']);

const isToggle = (element) => TOGGLE_ROLES.has(roleOf(element));

const toggleIn = (component) =>
  isToggle(component)
    ? component
    : onlyInComponent(component, 'input[type=checkbox], input[type=radio], [role=checkbox], [role=radio], [role=switch]');

// The checkbox that an element stands for: the element or one around it, the control of a label around
// it, or the only one in a component.
const toggleOf = (found) => {
  for (let at = found; at; at = parentOf(at)) {
    if (isToggle(at)) return at;
    if (localNameOf(at) === 'label') return at.control && toggleIn(at.control);
    if (matches(at, 'a, button, select')) return null;
  }
  return toggleIn(found);
};

// Whether it is checked. A checkbox that is shown as indeterminate is checked or not beneath.
const isChecked = (element) => {
  const isNative = localNameOf(element) === 'input' && ['checkbox', 'radio'].includes(typeOf(element));
  return isNative ? element.checked : checkedOf(element) === true;
};

// What to click in order to toggle: a visible label, if the control is hidden, as where a label draws
// the checkbox.
const toggleTarget = (found) => {
  if (isVisible(found)) return found;
  const labels = toggleOf(found)?.labels;
  return (labels && [...labels].find(isVisible)) ?? found;
};

// Checks whether a checkbox, radio button or switch is in the wanted state, and whether it can get
// there.
const toggleState = ({ want, ...call }) =>
  whenActionable({ ...call, needs: {} }, (found) => {
    const element = toggleOf(found);
    if (!element) return unsuitable(found, 'it is neither a checkbox nor a radio button nor a switch');
    const role = roleOf(element);
    if (isChecked(element) === want) return { is: true };
    if (!want && (role === 'radio' || role === 'menuitemradio')) {
      return unsuitable(found, 'a radio button cannot be unchecked; check another one of its group');
    }
    return { is: false };
  });

// Waits briefly until the state is as wanted after the click.
const isToggled = async ({ want, number }) => {
  const element = fetchHeld(number);
  const own = element && toggleOf(element);
  for (let tries = 0; tries < 20; tries += 1) {
    if (!own || !isConnected(own) || isChecked(own) === want) return { is: true };
    await sleep(10);
  }
  return { is: false };
};
