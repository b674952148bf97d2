// The boxes of elements in the viewport of their document, and visibility.

const hasSize = (box) => box.width > 0 && box.height > 0;

const textRectsOf = (text) => {
  const range = new Range();
  range.selectNodeContents(text);
  return [...range.getClientRects()].filter(hasSize);
};

// `display: contents`: the element has no box, but its content has.
const hasOnlyContents = (element) => styleOf(element)?.display === 'contents';

// The visible children, in the flat tree, of an element without a box.
const visibleContents = (element) => {
  const showsText = styleOf(element)?.visibility === 'visible';
  return [...childrenOf(element)].filter((child) => {
    if (nodeTypeOf(child) === 1) return isVisible(child);
    return nodeTypeOf(child) === 3 && showsText && textRectsOf(child).length > 0;
  });
};

// The boxes of an element: one for each line of inline content. An element without a box has those of
// its content.
const rectsOf = (element) => {
  if (localNameOf(element) === 'area') return areaRectsOf(element);
  const own = [...Element.prototype.getClientRects.call(element)];
  if (own.length || !hasOnlyContents(element)) return own;
  return visibleContents(element).flatMap((child) => (nodeTypeOf(child) === 1 ? rectsOf(child) : textRectsOf(child)));
};

// The smallest box around all boxes of an element.
const boundsOf = (element) => {
  const own = boxOf(element);
  if (own.width || own.height) return own;
  const rects = rectsOf(element).filter(hasSize);
  if (!rects.length) return own;
  const left = Math.min(...rects.map((rect) => rect.left));
  const top = Math.min(...rects.map((rect) => rect.top));
  const right = Math.max(...rects.map((rect) => rect.right));
  const bottom = Math.max(...rects.map((rect) => rect.bottom));
  return new DOMRect(left, top, right - left, bottom - top);
};

// The common part of two boxes; null if there is none.
const overlap = (one, other) => {
  const left = Math.max(one.left, other.left);
  const top = Math.max(one.top, other.top);
  const width = Math.min(one.right, other.right) - left;
  const height = Math.min(one.bottom, other.bottom) - top;
  return width > 0 && height > 0 ? new DOMRect(left, top, width, height) : null;
};

const middleOf = (box) => ({ x: box.left + box.width / 2, y: box.top + box.height / 2 });

const isShown = (element) => Element.prototype.checkVisibility.call(element, { visibilityProperty: true });

const isVisible = (element) => {
  if (!isConnected(element)) return false;
  const document = documentOf(element);
  if (!windowOf(element)) return false;
  for (let frame = frameOf(document); frame; frame = frameOf(documentOf(frame))) {
    if (!isShown(frame)) return false;
  }
  if (localNameOf(element) === 'area') return areaRectsOf(element).length > 0;
  if (hasOnlyContents(element)) return visibleContents(element).length > 0;
  return isShown(element) && hasSize(boxOf(element));
};

// Maps the content box of a frame to the document around it by translation and scale, which
// is exact unless the frame is rotated or skewed.
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
