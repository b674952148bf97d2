// What the bridge calls.
globalThis.cdpBridge = {
  aim,
  arm: ({ number, kind }) => {
    arm(number ? fetchHeld(number) : null, kind);
    return {};
  },
  disarm,
  focus,
  fill,
  settle: ({ number }) => settle(number),
  toggled,
  isToggled,
  choose,
  reveal,
  scroll,
  upload,
  watchDrag,
  dragStarted,
  waitElement,
  waitText,
  query,
  find,
  area,
  outline,
  content,
  // From a point in a frame of another origin to one around it; what covers the frame there; and
  // whether that can be said at all.
  frameOut: ({ number, point }) => {
    const frame = fetchHeld(number);
    if (!frame || !isConnected(frame)) return {};
    if (isTurned(frame) || isInTurnedFrame(frame)) return { point, turned: true };
    const mapping = frameMapping(frame);
    const outside = { x: mapping.x + point.x * mapping.scaleX, y: mapping.y + point.y * mapping.scaleY };
    const cover = coverAt(frame, outside);
    return { point: toRoot(documentOf(frame), outside), by: cover ? cover.by : null };
  },
  scrolled: () => ({ x: scrollX, y: scrollY }),
  size: () => ({ width: innerWidth, height: innerHeight }),
  held: ({ number }) => fetchHeld(number),
  knows: ({ number }) => ({ value: byNumber(number) !== null }),
};
