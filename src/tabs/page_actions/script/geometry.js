// Positions of elements in the viewport of the outermost document in this process.

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

// The inverse of `toRoot`, for a box.
const fromRoot = (document, box) => {
  const origin = toRoot(document, { x: 0, y: 0 });
  const unit = toRoot(document, { x: 1, y: 1 });
  const [scaleX, scaleY] = [unit.x - origin.x, unit.y - origin.y];
  return new DOMRect((box.x - origin.x) / scaleX, (box.y - origin.y) / scaleY, box.width / scaleX, box.height / scaleY);
};

const rootBox = (element) => {
  const box = boundsOf(element);
  const document = documentOf(element);
  const start = toRoot(document, { x: box.left, y: box.top });
  const end = toRoot(document, { x: box.right, y: box.bottom });
  return new DOMRect(start.x, start.y, end.x - start.x, end.y - start.y);
};

const viewportOf = (element) => {
  const { innerWidth, innerHeight } = windowOf(element);
  return new DOMRect(0, 0, innerWidth, innerHeight);
};

// The point for the pointer, in the element's document: the middle of the visible part of its first
// box, or the given position. `within`: the part of the element that does not move.
const pointOn = (element, position, within) => {
  const viewport = viewportOf(element);
  if (position) {
    const box = boundsOf(element);
    const point = { x: box.left + position.x, y: box.top + position.y };
    const inside = point.x >= 0 && point.y >= 0 && point.x < viewport.right && point.y < viewport.bottom;
    return inside ? point : null;
  }
  const boxes = rectsOf(element);
  if (!boxes.length) boxes.push(boxOf(element));
  for (const box of boxes) {
    const seen = overlap(box, viewport);
    const part = seen && within ? (overlap(seen, within) ?? seen) : seen;
    if (part && part.width * part.height > 0.99) return middleOf(part);
  }
  return null;
};

const sameBox = (one, other) =>
  one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
