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
  // What covers a frame of another process at a point of it, and how large its inside is.
  frameCover: ({ number, point }) => {
    const frame = fetchHeld(number);
    if (!frame) return { gone: true };
    const over = onTop(documentOf(frame), point);
    return { by: over && !isWithin(over, frame) ? describe(over) : null };
  },
  scrolled: () => ({ x: scrollX, y: scrollY }),
  size: () => ({ width: innerWidth, height: innerHeight }),
  held: ({ number }) => fetchHeld(number),
  knows: ({ number }) => ({ value: byNumber(number) !== null }),
};
