// Where elements are, and what lies over them.

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

// From a frame's inside to the page around it: a shift and a scale, which is exact as long as nothing
// turns or skews the frame.
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

// From a point in an element's own document to one in the visible part of what this process shows.
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

// The point of an element that is used, in its own document: the middle of the part of its first box
// that is in sight, or the given place.
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

// What is on top at a point of a document, in open shadow roots too.
const onTop = (document, { x, y }) => {
  let found = document.elementFromPoint(x, y);
  while (found) {
    const shadow = shadowOf(found);
    const inner = shadow && shadow.elementFromPoint(x, y);
    if (!inner || inner === found) break;
    found = inner;
  }
  return found;
};

// Whether the pointer acts on the element where it meets this one: that is in it, or its label.
const belongsTo = (met, element) => {
  if (isWithin(met, element)) return true;
  for (let at = met; at; at = parentOf(at)) {
    if (localNameOf(at) === 'label' && at.control === element) return true;
    if (localNameOf(at) === 'slot' && element.contains?.(at)) return true;
  }
  return false;
};

// What covers an element at a point of its document; null if nothing does.
const coverAt = (element, point) => {
  const document = documentOf(element);
  const met = onTop(document, point);
  if (!met) return { by: 'nothing that is laid out' };
  if (!belongsTo(met, element)) return { by: describe(met), met };
  let inner = document;
  let at = point;
  for (let frame = frameOf(inner); frame; frame = frameOf(inner)) {
    const mapping = frameMapping(frame);
    at = { x: mapping.x + at.x * mapping.scaleX, y: mapping.y + at.y * mapping.scaleY };
    inner = documentOf(frame);
    const over = onTop(inner, at);
    if (over && !isWithin(over, frame)) return { by: describe(over), met: over };
    if (!over) return { by: 'nothing that is laid out' };
  }
  return null;
};

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// The next animation frame: its time, by which animations go. A page that nobody sees draws none, and is
// given a moment instead. Null if there was none: on a busy machine it may be too long in coming, and
// between two looks without a frame what moves seems to stand still.
const nextFrame = (window) =>
  new Promise((done) => {
    const hidden = window.document.visibilityState === 'hidden';
    const timer = setTimeout(() => done(hidden ? performance.now() : null), hidden ? 100 : 1000);
    window.requestAnimationFrame((time) => {
      clearTimeout(timer);
      done(time);
    });
  });

// Frames that are made up for may have nearly the same time: what moves seems to stand still between them too.
const SHORTEST_FRAME = 10;

// A look at something in two frames, one after the other. Null if there were none.
const inTwoFrames = async (window, look) => {
  const first = await nextFrame(window);
  if (first === null) return null;
  const before = look();
  for (;;) {
    const second = await nextFrame(window);
    if (second === null) return null;
    if (second - first >= SHORTEST_FRAME) return [before, look()];
  }
};

const sameBox = (one, other) =>
  one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
