// Scrolls elements into view.

// Each attempt scrolls the element to another position, to uncover it from sticky headers and footers.
const SCROLL_POSITIONS = [null, { block: 'center', inline: 'center' }, { block: 'end', inline: 'end' }, { block: 'start', inline: 'start' }];

// Whether an ancestor scrolls smoothly, which takes time.
const isScrolledSmoothly = (element) => {
  for (let at = element; at; at = parentOf(at) ?? frameOf(documentOf(at))) {
    if (styleOf(at)?.scrollBehavior === 'smooth') return true;
  }
  return false;
};

const scrollBoxIntoView = (element, attempt) => {
  const place = SCROLL_POSITIONS[attempt % SCROLL_POSITIONS.length] ?? (isScrolledSmoothly(element) ? { block: 'nearest', inline: 'nearest' } : null);
  if (place) Element.prototype.scrollIntoView.call(element, { ...place, behavior: 'instant' });
  else Element.prototype.scrollIntoViewIfNeeded.call(element, true);
};

// The first element in the content of another one that has a box.
const firstBoxIn = (element) => {
  for (const child of visibleContents(element)) {
    if (nodeTypeOf(child) !== 1) return null;
    const found = hasOnlyContents(child) ? firstBoxIn(child) : child;
    if (found) return found;
  }
  return null;
};

// Scrolls the containers around an element to bring a box into view, which is measured each time: its own
// one, or that of something in the frame that it is.
const scrollContainers = (element, measure, isInView) => {
  for (let at = parentOf(element); at; at = parentOf(at)) {
    const box = measure();
    const isRoot = !parentOf(at);
    const around = isRoot ? viewportOf(element) : boxOf(at);
    if (isInView(box, around)) continue;
    const [from, to] = [middleOf(box), middleOf(around)];
    Element.prototype.scrollBy.call(at, { left: from.x - to.x, top: from.y - to.y, behavior: 'instant' });
  }
};

const isAllIn = (box, around) => {
  const common = overlap(box, around);
  return Boolean(common) && common.width >= box.width - 1 && common.height >= box.height - 1;
};

const isMiddleIn = (box, around) => {
  const { x, y } = middleOf(box);
  return x >= around.left && x < around.right && y >= around.top && y < around.bottom;
};

// The box of what a frame shows of an element, in the document around the frame.
const boxAround = (element, frame) => {
  let box = boundsOf(element);
  let inner = element;
  for (let at = frameOf(documentOf(element)); at; at = frameOf(documentOf(at))) {
    const { x, y, scaleX, scaleY } = frameMapping(at);
    box = overlap(box, viewportOf(inner)) ?? box;
    inner = at;
    box = new DOMRect(x + box.x * scaleX, y + box.y * scaleY, box.width * scaleX, box.height * scaleY);
    if (at === frame) break;
  }
  return box;
};

// Chromium scrolls nothing around a frame for what has a fixed position in it, such as a dialog.
const scrollAroundFrames = (element) => {
  for (let frame = frameOf(documentOf(element)); frame; frame = frameOf(documentOf(frame))) {
    scrollContainers(frame, () => boxAround(element, frame), isMiddleIn);
  }
};

// Scrolls all containers of an element whose content is text without a box around it.
const scrollTextIntoView = (element) => {
  scrollContainers(element, () => boundsOf(element), isAllIn);
  const frame = frameOf(documentOf(element));
  if (frame) scrollBoxIntoView(frame, 0);
};

// The first attempt scrolls a partly visible element fully into view, and leaves a visible one where it
// is.
const bringIntoView = (element, attempt) => {
  if (localNameOf(element) === 'area') {
    const [image] = imagesOf(element).filter(isVisible);
    if (image) scrollBoxIntoView(image, attempt);
  } else if (hasOnlyContents(element)) {
    const boxed = firstBoxIn(element);
    if (boxed) scrollBoxIntoView(boxed, attempt);
    else scrollTextIntoView(element);
  } else scrollBoxIntoView(element, attempt);
  scrollAroundFrames(element);
};

// Whether some of an element is in the viewport. It may have no size.
const isInViewport = (element) => {
  const box = boundsOf(element);
  const viewport = viewportOf(element);
  return box.right >= 0 && box.bottom >= 0 && box.left <= viewport.right && box.top <= viewport.bottom;
};

const scrollIntoView = (call) =>
  whenActionable({ ...call, needs: { rendered: true, stable: true }, acts: true }, async (element, attempt, { end }) => {
    bringIntoView(element, attempt);
    await settle(element, end);
    return isInViewport(element) ? {} : { reason: 'outside' };
  });
