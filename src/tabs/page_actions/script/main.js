// The functions that the bridge calls.
globalThis.cdpBridge = {
  aim,
  arm: ({ number, kind }) => {
    arm(number ? fetchHeld(number) : null, kind);
    return {};
  },
  // Copies are reported before the click is answered, so that the next request can paste them.
  hit: async () => {
    const outcome = await hit();
    reportCopied();
    return outcome;
  },
  disarm: () => {
    reportCopied();
    return disarm();
  },
  giveUp,
  focus,
  fill,
  wasReplaced,
  settle: async () => {
    await nextFrame(window, 100);
    await sleep(0);
    return {};
  },
  finishFill,
  toggleState,
  isToggled,
  selectOptions,
  scrollIntoView,
  scroll,
  uploadTarget,
  keepPart,
  dropParts,
  upload,
  setFiles,
  prepareKeys,
  prepareShortcut,
  takeCopied,
  paste,
  listenForCopies: () => {
    listenForCopies(window);
    return {};
  },
  watchDrag,
  dragStarted,
  // Whatever the page has scheduled by now, such as the navigation of a form, has begun after this.
  afterTasks: async () => {
    await sleep(0);
    await sleep(0);
    return {};
  },
  changed: async ({ most }) => {
    await nextChange(most, most);
    return {};
  },
  waitElement,
  waitText,
  listFrames,
  query,
  find,
  area,
  outline,
  // The nodes that the bridge has looked up for an outline.
  outlineWith: ({ ids, args }, ...nodes) => {
    learnNodes(ids, nodes);
    return outline(args);
  },
  documentNode: () => document,
  content,
  stillPicture,
  maskPicture,
  restorePicture,
  // Maps a point of a cross-origin frame to the parent's viewport, and reports what covers the frame
  // there. `turned`: the mapping needs the box model.
  frameOut: ({ number, point }) => {
    const frame = fetchHeld(number);
    if (!frame || !isConnected(frame)) return {};
    if (isTurned(frame) || isInTurnedFrame(frame)) return { point, turned: true };
    const mapping = frameMapping(frame);
    const outside = { x: mapping.x + point.x * mapping.scaleX, y: mapping.y + point.y * mapping.scaleY };
    const cover = coveringElement(frame, outside);
    return { point: toRoot(documentOf(frame), outside), by: cover ? cover.by : null };
  },
  scrolled: () => ({ x: scrollX, y: scrollY }),
  size: () => ({ width: innerWidth, height: innerHeight }),
  held: ({ number }) => fetchHeld(number),
  knows: ({ number }) => ({ value: byNumber(number) !== null }),
};
