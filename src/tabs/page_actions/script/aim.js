// Points for the pointer.

// A point of a label that is not on a link or another control inside it.
const labelPoint = (label) => {
  const own = (point) => {
    const met = topmostElement(documentOf(label), point);
    const control = met && controlAround(met);
    return met && isWithin(met, label) && (control === label || control === label.control);
  };
  const middle = pointOn(label);
  if (!middle || own(middle)) return middle;
  const viewport = viewportOf(label);
  const texts = [...childNodesOf(label)].filter((child) => nodeTypeOf(child) === 3);
  const parts = texts.flatMap(textRectsOf).map((box) => overlap(box, viewport));
  return parts.filter(Boolean).map(middleOf).find(own) ?? middle;
};

const pointFor = (element, position, still) => {
  if (localNameOf(element) === 'label' && !position) return labelPoint(element);
  return pointOn(element, position, still && fromRoot(documentOf(element), still));
};

// A rotated or skewed frame around an element: the bridge maps the point out of it, with the frame's
// corners.
const turnedFrame = (element) => {
  if (!isInTurnedFrame(element)) return null;
  const { innerWidth, innerHeight } = windowOf(element);
  return { frame: hold(frameOf(documentOf(element))), width: innerWidth, height: innerHeight };
};

const POINTER_NEEDS = { visible: true, stable: true, enabled: true };

// Waits until the pointer can hit an element. Returns the point, in the viewport of this process's
// outermost document, and arms the hit check. In a turned frame, the point is in the element's document.
// `toggle`: a label will do as well as its checkbox. `force`: whatever covers it.
const aim = ({ kind, position, count, toggle, ...call }) => {
  const needs = kind === 'hover' ? { visible: true, stable: true } : POINTER_NEEDS;
  const choose = toggle ? toggleTarget : undefined;
  return whenActionable({ ...call, needs, choose }, async (element, attempt, { end, still }) => {
    let point = pointFor(element, position, still);
    const before = rootBox(element);
    if (attempt === 0 && !position) bringIntoView(element, 0);
    const moved = !still && !sameBox(before, rootBox(element));
    // What covered it may be in a document around, out of reach, where the bridge has seen it.
    const wasCovered = attempt > 0 && attempt === call.attempts;
    const isCovered = () => attempt > 0 && !call.force && coveringElement(element, point);
    if (!point || moved || wasCovered || isCovered()) {
      if (!moved) bringIntoView(element, attempt);
      // Parent frames scroll asynchronously, and a page may scroll smoothly.
      if (!still) await settle(element, end);
      point = pointFor(element, position);
    }
    if (!point) return { reason: 'outside' };
    const turned = turnedFrame(element);
    const root = toRoot(documentOf(element), point);
    if (!turned && (root.x < 0 || root.y < 0 || root.x >= innerWidth || root.y >= innerHeight)) {
      bringIntoView(element, attempt);
      return { reason: 'outside' };
    }
    const cover = call.force ? null : turned ? coveringInDocument(element, point) : coveringElement(element, point);
    if (cover) return { reason: 'covered', by: cover.by };
    if (isGivenUp(call.action)) return GIVEN_UP;
    // A trial sends no input, and that of a forced action is for whatever is there.
    if (kind && !call.trial && !call.force) arm(element, kind, { count, point });
    return { point: turned ? point : root, held: hold(element), turned };
  });
};
