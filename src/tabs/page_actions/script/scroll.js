// Scrolling of the page and of elements.

const isReversed = (target) => {
  const page = documentOf(target);
  const styles = [target, target === scrollingElementOf(page) ? bodyOf(page) : null].filter(Boolean).map((it) => styleOf(it));
  return styles.some((style) => style?.direction === 'rtl' || style?.writingMode === 'vertical-rl');
};

// The final position of a scroll. In right-to-left and vertical-rl content, x starts at 0 and is
// negative.
const destination = (target, { by, to }) => {
  const from = { x: scrollLeftOf(target), y: scrollTopOf(target) };
  const sent = by
    ? { x: from.x + by.x, y: from.y + by.y }
    : { x: to.x ?? from.x, y: to === 'top' ? 0 : to === 'bottom' ? scrollHeightOf(target) : to.y };
  const clamp = (value, room, backwards) => (backwards ? Math.max(-room, Math.min(0, value)) : Math.max(0, Math.min(room, value)));
  return {
    x: clamp(sent.x, scrollWidthOf(target) - clientWidthOf(target), isReversed(target)),
    y: clamp(sent.y, scrollHeightOf(target) - clientHeightOf(target), false),
  };
};

const isAway = (target, { x, y }) => Math.abs(scrollLeftOf(target) - x) >= 1 || Math.abs(scrollTopOf(target) - y) >= 1;

// Scrolls an element and returns its final position.
const scrollTo = async (target, { by, to, smooth }) => {
  const behavior = smooth ? 'smooth' : 'instant';
  const window = windowOf(target);
  const isDone = new Promise((done) => {
    const page = documentOf(target);
    listenOn(target === scrollingElementOf(page) ? page : target, 'scrollend', done, { once: true });
  });
  const before = { x: scrollLeftOf(target), y: scrollTopOf(target) };
  const end = destination(target, { by, to });
  const moves = isAway(target, end);
  Element.prototype.scrollTo.call(target, { left: end.x, top: end.y, behavior });
  // Without movement there is no `scrollend` event.
  if (smooth && moves) await Promise.race([isDone, sleep(5000)]);
  else await nextFrame(window, 200);
  return { position: { x: scrollLeftOf(target), y: scrollTopOf(target) }, moved: isAway(target, before) };
};

// Whether content overflows in a direction in which it can be scrolled: by a script if `hidden` is
// allowed, by the user otherwise.
const overflowsIn = (element, axis, hidden) => {
  const style = styleOf(element);
  if (!style) return false;
  const overflow = style[axis === 'x' ? 'overflowX' : 'overflowY'];
  const room = axis === 'x' ? scrollWidthOf(element) - clientWidthOf(element) : scrollHeightOf(element) - clientHeightOf(element);
  return room >= 1 && (overflow === 'auto' || overflow === 'scroll' || (hidden && overflow === 'hidden'));
};
const canScroll = (element) => overflowsIn(element, 'x', true) || overflowsIn(element, 'y', true);

const pageScroller = (document) => scrollingElementOf(document) ?? rootElementOf(document);

// Whether the body scrolls by itself: its overflow is that of the page, unless the root element has one
// too.
const isBodyScroller = (body) => {
  const page = documentOf(body);
  const style = styleOf(rootElementOf(page));
  const isOfPage = style?.overflowX === 'visible' && style?.overflowY === 'visible';
  return body !== scrollingElementOf(page) && !isOfPage && canScroll(body);
};

// Whether the user can scroll the page itself in this direction.
const isPageScrollable = (document, axis) => {
  const target = pageScroller(document);
  const room = axis === 'x' ? scrollWidthOf(target) - clientWidthOf(target) : scrollHeightOf(target) - clientHeightOf(target);
  if (room < 1) return false;
  const [root, body] = [rootElementOf(document), bodyOf(document)];
  const name = axis === 'x' ? 'overflowX' : 'overflowY';
  const own = styleOf(root)?.[name] ?? 'visible';
  const overflow = own === 'visible' && body ? styleOf(body)[name] : own;
  return overflow !== 'hidden' && overflow !== 'clip';
};

// Whether an element can be scrolled further towards where it is sent.
const hasRoom = (element, how) => isAway(element, destination(element, how));

const isScroller = (element, axes) => {
  const root = documentOf(element);
  if (element === rootElementOf(root) || element === pageScroller(root)) return false;
  if (element === bodyOf(root) && !isBodyScroller(element)) return false;
  return axes.some((axis) => overflowsIn(element, axis, false));
};

const visibleSize = (element) => {
  const part = overlap(boxOf(element), viewportOf(element));
  return part && isVisible(element) ? part.width * part.height : 0;
};

// What a user would scroll where the page itself does not: the innermost scroller in the middle of the
// window that can move further, or the largest one, or a frame.
const innerScroller = (document, axes, how) => {
  const { innerWidth, innerHeight } = windowOf(document);
  const middle = topmostElement(document, { x: innerWidth / 2, y: innerHeight / 2 });
  const around = [];
  for (let at = middle; at; at = parentOf(at)) if (isFrame(at) || isScroller(at, axes)) around.push(at);
  const moving = around.find((element) => isFrame(element) || hasRoom(element, how));
  if (moving) return moving;
  if (around.length) return around[0];
  let largest = null;
  let most = 0;
  for (const element of elementsBelow(document)) {
    if (!isFrame(element) && !isScroller(element, axes)) continue;
    const size = visibleSize(element);
    if (size > most) [largest, most] = [element, size];
  }
  return largest;
};

const axesOf = ({ by, to }) => {
  const isHorizontal = by ? by.x !== 0 && by.y === 0 : false;
  if (isHorizontal) return ['x'];
  return by ? (by.x === 0 ? ['y'] : ['y', 'x']) : to === 'top' || to === 'bottom' ? ['y'] : ['y', 'x'];
};

// Scrolls a document, or what scrolls in it.
const scrollPage = (document, how) => {
  const axes = axesOf(how);
  const target = pageScroller(document);
  if (axes.some((axis) => isPageScrollable(document, axis))) return scrollTo(target, how);
  const inner = innerScroller(document, axes, how);
  if (!inner) return scrollTo(target, how);
  return isFrame(inner) ? scrollFrame(inner, how) : scrollTo(inner, how);
};

// A frame of another origin is scrolled by the bridge, in a world of its own.
const scrollFrame = (frame, how) => {
  const inner = innerDocument(frame);
  return inner ? scrollPage(inner, how) : { frame: hold(frame) };
};

const scroll = ({ steps, by, to, smooth, ...call }) => {
  const how = { by, to, smooth };
  if (!steps) return scrollPage(document, how);
  return whenActionable({ steps, ...call, needs: { visible: true }, acts: true }, (element) => {
    if (isFrame(element)) return scrollFrame(element, how);
    const page = documentOf(element);
    if (element === bodyOf(page) && isBodyScroller(element)) return scrollTo(element, how);
    if (element === bodyOf(page) || element === rootElementOf(page)) return scrollPage(page, how);
    if (!canScroll(element)) return unsuitable(element, 'it does not scroll');
    return scrollTo(element, how);
  });
};
