// Detects whether the page has started an HTML5 drag.
let dragging = null;
const watchDrag = () => {
  const state = { event: null };
  // `defaultPrevented` is final only after all listeners have run.
  const listen = (event) => {
    state.event = event;
  };
  const windows = [];
  const visit = (document) => {
    windows.push(viewOf(document));
    for (const frame of queryAll(document, 'iframe, frame')) {
      const inner = innerDocument(frame);
      if (inner) visit(inner);
    }
  };
  visit(document);
  for (const window of windows) window.addEventListener('dragstart', listen, { capture: true });
  dragging = {
    state,
    end: () => {
      for (const window of windows) window.removeEventListener('dragstart', listen, { capture: true });
    },
  };
  return {};
};
const dragStarted = () => {
  const current = dragging;
  dragging = null;
  current?.end();
  const event = current?.state.event;
  return { started: Boolean(event) && !event.defaultPrevented };
};
