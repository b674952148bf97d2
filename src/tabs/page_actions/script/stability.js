// Whether an element moves.

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// How long to wait for an animation frame.
const FRAME_LIMIT = 1000;

// Waits for the next animation frame and returns its timestamp. Null if none is drawn in time: hidden
// pages have none, neither have frames of another origin outside of the viewport, and a busy page may
// take longer.
const nextFrame = (window, most = FRAME_LIMIT) =>
  new Promise((done) => {
    const hidden = visibilityOf(window.document) === 'hidden';
    const timer = setTimeout(() => done(null), hidden ? 100 : most);
    window.requestAnimationFrame((time) => {
      clearTimeout(timer);
      done(time);
    });
  });

// Delayed frames may follow each other within a millisecond, in which a moving element seems to be
// stable.
const MIN_FRAME_INTERVAL = 10;

// Samples a value in two consecutive animation frames. Where none is drawn, nothing is animated either,
// and the layout is sampled at two times.
const sampleTwice = async (window, look) => {
  const first = await nextFrame(window);
  const before = look();
  for (;;) {
    const second = await nextFrame(window, first === null ? MIN_FRAME_INTERVAL * 5 : FRAME_LIMIT);
    if (first === null || second === null || second - first >= MIN_FRAME_INTERVAL) return [before, look()];
  }
};

// Waits until an element keeps its position, after scrolling.
const settle = async (element, end) => {
  const window = windowOf(element);
  for (let frames = 0; frames < 30 && performance.now() < end; frames += 1) {
    const before = rootBox(element);
    await nextFrame(window, 200);
    if (sameBox(before, rootBox(element))) return;
  }
};

// How long an element that moves is observed, before a part that it never leaves counts as still.
const OBSERVE_TIME = 1000;

// How much of an element, in both directions, must not move.
const STILL_PART = 0.5;

// Observes elements until one is stable. An element that moves for ever, but within narrow bounds, such
// as one that pulses, is as good as stable: the part that it never leaves can be pointed at.
const stabilityCheck = () => {
  let seen = null;
  return async (element) => {
    const window = windowOf(element);
    const boxes = await sampleTwice(window, () => (isConnected(element) ? rootBox(element) : null));
    if (!boxes.every(Boolean)) return { reason: 'moving' };
    const [before, after] = boxes;
    if (sameBox(before, after)) return { still: null };
    const now = performance.now();
    if (seen?.element !== element) seen = { element, since: now, common: before, width: before.width, height: before.height };
    seen.width = Math.min(seen.width, before.width, after.width);
    seen.height = Math.min(seen.height, before.height, after.height);
    const past = overlap(seen.common, before);
    const common = past && overlap(past, after);
    if (!common || common.width < seen.width * STILL_PART || common.height < seen.height * STILL_PART) {
      seen = null;
      return { reason: 'moving' };
    }
    seen.common = common;
    return now - seen.since >= OBSERVE_TIME ? { still: common } : { reason: 'moving' };
  };
};
