// Positions of elements, and hit testing.

const isVisible = (element) => {
  if (!isConnected(element)) return false;
  const document = documentOf(element);
  if (!document.defaultView) return false;
  for (let frame = frameOf(document); frame; frame = frameOf(documentOf(frame))) {
    if (!frame.checkVisibility({ visibilityProperty: true })) return false;
  }
  if (styleOf(element)?.display === 'contents') {
    return [...childrenOf(element)].some((child) => {
      if (nodeTypeOf(child) === 1) return isVisible(child);
      if (nodeTypeOf(child) !== 3) return false;
      const range = document.createRange();
      range.selectNode(child);
      const box = range.getBoundingClientRect();
      return box.width > 0 && box.height > 0;
    });
  }
  if (!element.checkVisibility({ visibilityProperty: true })) return false;
  const box = boxOf(element);
  return box.width > 0 && box.height > 0;
};

// Maps from a frame to its parent by translation and scale, which is exact unless the frame is rotated
// or skewed.
const frameMapping = (frame) => {
  const box = boxOf(frame);
  const style = styleOf(frame);
  const scaleX = frame.offsetWidth ? box.width / frame.offsetWidth : 1;
  const scaleY = frame.offsetHeight ? box.height / frame.offsetHeight : 1;
  return {
    x: box.left + (frame.clientLeft + parseFloat(style.paddingLeft)) * scaleX,
    y: box.top + (frame.clientTop + parseFloat(style.paddingTop)) * scaleY,
    scaleX,
    scaleY,
  };
};

const isTurned = (frame) => {
  for (let at = frame; at; at = parentOf(at)) {
    const style = styleOf(at);
    if (!style) return false;
    if (style.transform !== 'none') {
      const matrix = new DOMMatrix(style.transform);
      if (!matrix.is2D || matrix.b || matrix.c || matrix.a < 0 || matrix.d < 0) return true;
    }
    if (style.rotate !== 'none') return true;
  }
  return false;
};

const isInTurnedFrame = (element) => {
  for (let frame = frameOf(documentOf(element)); frame; frame = frameOf(documentOf(frame))) {
    if (isTurned(frame)) return true;
  }
  return false;
};

// Maps a point of a document to the viewport of the outermost document in this process.
const toRoot = (document, point) => {
  let { x, y } = point;
  for (let frame = frameOf(document); frame; frame = frameOf(documentOf(frame))) {
    const mapping = frameMapping(frame);
    x = mapping.x + x * mapping.scaleX;
    y = mapping.y + y * mapping.scaleY;
  }
  return { x, y };
};

const rootBox = (element) => {
  const box = boxOf(element);
  const document = documentOf(element);
  const start = toRoot(document, { x: box.left, y: box.top });
  const end = toRoot(document, { x: box.right, y: box.bottom });
  return { x: start.x, y: start.y, width: end.x - start.x, height: end.y - start.y };
};

// The point for the pointer, in the element's document: the middle of the visible part of its first
// box, or the given position.
const pointOn = (element, position) => {
  const window = windowOf(element);
  const { innerWidth, innerHeight } = window;
  if (position) {
    const box = boxOf(element);
    const point = { x: box.left + position.x, y: box.top + position.y };
    const inside = point.x >= 0 && point.y >= 0 && point.x < innerWidth && point.y < innerHeight;
    return inside ? point : null;
  }
  const boxes = [...Element.prototype.getClientRects.call(element)];
  if (localNameOf(element) === 'area' || !boxes.length) boxes.push(boxOf(element));
  for (const box of boxes) {
    const left = Math.max(0, box.left);
    const top = Math.max(0, box.top);
    const right = Math.min(innerWidth, box.right);
    const bottom = Math.min(innerHeight, box.bottom);
    if (right - left > 0 && bottom - top > 0 && (right - left) * (bottom - top) > 0.99) {
      return { x: (left + right) / 2, y: (top + bottom) / 2 };
    }
  }
  return null;
};

// The topmost element at a point, including open shadow roots.
const topmostElement = (document, { x, y }) => {
  let found = document.elementFromPoint(x, y);
  while (found) {
    const shadow = shadowOf(found);
    const inner = shadow && shadow.elementFromPoint(x, y);
    if (!inner || inner === found) break;
    found = inner;
  }
  return found;
};

// Whether a hit on `met` acts on `element`: `met` is a descendant, or a label of it.
const actsOn = (met, element) => {
  if (isWithin(met, element)) return true;
  for (let at = met; at; at = parentOf(at)) {
    if (localNameOf(at) === 'label' && at.control === element) return true;
    if (localNameOf(at) === 'slot' && element.contains?.(at)) return true;
  }
  return false;
};

// The element that covers another one at a point; null if none does.
const coveringElement = (element, point) => {
  const document = documentOf(element);
  const met = topmostElement(document, point);
  if (!met) return { by: 'no element' };
  if (!actsOn(met, element)) return { by: describe(met), met };
  let inner = document;
  let at = point;
  for (let frame = frameOf(inner); frame; frame = frameOf(inner)) {
    const mapping = frameMapping(frame);
    at = { x: mapping.x + at.x * mapping.scaleX, y: mapping.y + at.y * mapping.scaleY };
    inner = documentOf(frame);
    const over = topmostElement(inner, at);
    if (over && !isWithin(over, frame)) return { by: describe(over), met: over };
    if (!over) return { by: 'no element' };
  }
  return null;
};

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Waits for the next animation frame and returns its timestamp. A hidden page has no animation frames,
// so a timeout replaces them. Null if a visible page draws none in time: without a frame in between,
// two equal positions do not prove that an element is stable.
const nextFrame = (window) =>
  new Promise((done) => {
    const hidden = window.document.visibilityState === 'hidden';
    const timer = setTimeout(() => done(hidden ? performance.now() : null), hidden ? 100 : 1000);
    window.requestAnimationFrame((time) => {
      clearTimeout(timer);
      done(time);
    });
  });

// Delayed frames may follow each other within a millisecond, in which a moving element seems to be
// stable.
const MIN_FRAME_INTERVAL = 10;

// Samples a value in two consecutive animation frames. Null if none were drawn.
const sampleTwoFrames = async (window, look) => {
  const first = await nextFrame(window);
  if (first === null) return null;
  const before = look();
  for (;;) {
    const second = await nextFrame(window);
    if (second === null) return null;
    if (second - first >= MIN_FRAME_INTERVAL) return [before, look()];
  }
};

const sameBox = (one, other) =>
  one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
