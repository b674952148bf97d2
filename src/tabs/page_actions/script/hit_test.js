// Which element is at a point, and whether input there acts on another one.

// The slot that shows a text of a shadow host at a point. For such a text Chromium names the host, but
// dispatches events at the slot.
const slotAt = (host, { x, y }) => {
  for (const child of childNodesOf(host)) {
    if (nodeTypeOf(child) !== 3) continue;
    let slot = child.assignedSlot;
    while (slot && slotOf(slot)) slot = slotOf(slot);
    if (!slot || styleOf(slot)?.pointerEvents === 'none') continue;
    const isHit = ({ left, right, top, bottom }) => x >= left && x < right && y >= top && y < bottom;
    if (textRectsOf(child).some(isHit)) return slot;
  }
  return null;
};

// The topmost element at a point, including open shadow roots.
const topmostElement = (document, { x, y }) => {
  let found = Document.prototype.elementFromPoint.call(document, x, y);
  while (found) {
    const shadow = shadowOf(found);
    if (!shadow) break;
    const inner = shadow.elementFromPoint(x, y);
    if (!inner || inner === found) return slotAt(found, { x, y }) ?? found;
    found = inner;
  }
  return found;
};

const CONTROLS = `button, input, select, textarea, option, summary, label, a, area, [role=button], [role=link],
  [role=checkbox], [role=radio], [role=switch], [role=tab], [role=option], [role=treeitem], [role=menuitem],
  [role=menuitemcheckbox], [role=menuitemradio], [role=combobox], [role=textbox], [role=searchbox],
  [role=spinbutton], [role=slider]`;

// The closest control around an element, or the element itself if it is one.
const controlAround = (element) => {
  for (let at = element; at; at = parentOf(at)) if (matches(at, CONTROLS)) return at;
  return null;
};

// Whether an element leaves its pointer events to the host of its shadow root, as the button of a component
// that listens on the host.
const leavesToHost = (element, host) => {
  for (let at = element; at && styleOf(at)?.pointerEvents === 'none'; at = rootOf(at).host) {
    if (nodeTypeOf(rootOf(at)) !== 11) return false;
    if (rootOf(at).host === host) return true;
  }
  return false;
};

// Whether a hit on `met` acts on `element`: `met` is a descendant, a label of it, or belongs to the same
// control, as around an icon that receives no pointer events itself.
const actsOn = (met, element) => {
  if (isWithin(met, element) || leavesToHost(element, met)) return true;
  for (let at = met; at; at = parentOf(at)) {
    if (localNameOf(at) === 'label' && at.control === element) return true;
  }
  const control = controlAround(element);
  if (!control) return false;
  const other = controlAround(met);
  return other === control || (localNameOf(control) === 'label' && control.control === other && Boolean(other));
};

// The element that covers another one at a point of its document; null if none does.
const coveringInDocument = (element, point) => {
  const met = topmostElement(documentOf(element), point);
  if (!met) return { by: 'no element' };
  return actsOn(met, element) ? null : { by: describe(met) };
};

// The same, also in the documents around.
const coveringElement = (element, point) => {
  const cover = coveringInDocument(element, point);
  if (cover) return cover;
  let inner = documentOf(element);
  let at = point;
  for (let frame = frameOf(inner); frame; frame = frameOf(inner)) {
    const mapping = frameMapping(frame);
    at = { x: mapping.x + at.x * mapping.scaleX, y: mapping.y + at.y * mapping.scaleY };
    inner = documentOf(frame);
    const over = topmostElement(inner, at);
    if (!over) return { by: 'no element' };
    if (!isWithin(over, frame)) return { by: describe(over) };
  }
  return null;
};
