// Actionability checks.

// Resolves after a mutation, or after a timeout, because layout and style can change without a
// mutation.
const nextChange = (left, most = 100) =>
  new Promise((done) => {
    const observers = [];
    let timer = 0;
    const wake = () => {
      clearTimeout(timer);
      for (const observer of observers) observer.disconnect();
      // Mutations come in batches; one check after a batch is enough.
      done();
    };
    timer = setTimeout(wake, Math.max(0, Math.min(left, most)));
    const options = { childList: true, subtree: true, attributes: true, characterData: true };
    const observe = (root) => {
      const observer = new MutationObserver(wake);
      observer.observe(root, options);
      observers.push(observer);
    };
    const visit = (document) => {
      observe(document);
      for (const frame of queryAll(document, 'iframe, frame')) {
        const inner = innerDocument(frame);
        if (inner) visit(inner);
      }
    };
    visit(document);
  });

// The element whose state decides: a click on a label, or inside a button, acts on the control.
const controlOf = (element) => {
  const control = controlAround(element);
  return (control && localNameOf(control) === 'label' ? control.control : control) ?? element;
};

const isReadOnly = (element) => {
  const tag = localNameOf(element);
  if (tag === 'input' || tag === 'textarea') return element.readOnly;
  return attr(element, 'aria-readonly')?.toLowerCase() === 'true';
};

// What to do with an option of a closed `<select>`, which has no box.
const hiddenHint = (element) => {
  const isOption = localNameOf(element) === 'option' || localNameOf(element) === 'optgroup';
  const select = isOption && closest(element, 'select');
  return select ? { because: `it is in a closed ${describe(select)}; choose it with \`select\`` } : {};
};

// Whether an element has a place in the layout, even if its size is zero.
const hasPlace = (element) => isVisible(element) || isShown(element);

// The reason why an element is not actionable; null if it is.
const actionabilityProblem = (element, needs) => {
  const isSeen = isVisible(element) || (needs.editable && isKeyReceiver(element) && isShown(element));
  if (needs.visible && !isSeen) return { reason: 'hidden', ...hiddenHint(element) };
  if (needs.rendered && !hasPlace(element)) return { reason: 'hidden', ...hiddenHint(element) };
  if (needs.enabled && isDisabled(controlOf(element))) return { reason: 'disabled' };
  if (needs.editable && isReadOnly(element)) return { reason: 'readOnly' };
  return null;
};

// The reasons in the course of the waiting, each with how often it followed itself.
const MAX_COURSE = 8;
const courseOfWaiting = () => {
  const course = [];
  return {
    add: (reason, by) => {
      const last = course.at(-1);
      if (last?.reason === reason && last.by === by) last.count += 1;
      else course.push({ reason, by, count: 1 });
      if (course.length > MAX_COURSE) course.shift();
    },
    // Without the last reason, which is the failure itself.
    before: () => course.slice(0, -1),
  };
};

// Frames that load only when they come near the viewport.
const isLazy = (frame) => attr(frame, 'loading')?.toLowerCase() === 'lazy';
const loadLazyFrame = (steps, from, at) => {
  if (at <= from) return;
  const { element } = resolveOne(steps.slice(0, at), from);
  if (element && isFrame(element) && isLazy(element)) bringIntoView(element, 0);
};

// Waits until the element of a locator is actionable, then calls `check`, which returns `{reason}` to
// wait again or the result. An invalid locator ends the wait at once. `choose` may replace the element
// by another one that has the same effect. `acts`: `check` does not only look. `force`: only an element that is
// pointed at needs a place.
const whenActionable = async (
  { steps, from, needs, timeout, action, acts = false, attempts = 0, force = false, choose = (element) => element },
  check,
) => {
  const checked = force ? { visible: Boolean(needs.stable) } : needs;
  const end = performance.now() + timeout;
  const course = courseOfWaiting();
  const checkStability = stabilityCheck();
  let last = null;
  let shown = null;
  for (let attempt = attempts; ; attempt += 1) {
    if (isGivenUp(action)) return GIVEN_UP;
    const result = resolveOne(steps, from);
    if (result.hop && !(needs.stable && !isVisible(result.hop))) {
      // A frame of another origin draws nothing while it is out of view.
      if (needs.stable || isLazy(result.hop)) bringIntoView(result.hop, 0);
      return { hop: hold(result.hop), at: result.at };
    }
    if (result.fail && result.fail !== 'notFound') return result;
    if (result.fail && (needs.visible || needs.rendered)) loadLazyFrame(steps, from, result.at);
    last = result;
    if (result.hop) last = { fail: 'notActionable', reason: 'hidden', element: describe(result.hop) };
    if (result.element) {
      const element = choose(result.element);
      let why = actionabilityProblem(element, checked);
      let still = null;
      if (!why && checked.stable) {
        // Scrolling an element of a frame into view also scrolls the documents around.
        if (shown !== element && windowOf(element) !== windowOf(element).top) bringIntoView(element, 0);
        shown = element;
        const stability = await checkStability(element);
        ({ still } = stability);
        // The page may have replaced the element meanwhile.
        const again = resolveOne(steps, from);
        if (!again.element || choose(again.element) !== element) why = { reason: 'moving' };
        else why = stability.reason ? stability : actionabilityProblem(element, checked);
      }
      const checking = () => check(element, attempt, { end, still });
      if (!why) why = await (acts ? acting(action, checking) : checking());
      // `fail` means that waiting would not help.
      if (why?.fail || !why?.reason) return why ?? {};
      last = { fail: 'notActionable', ...why, element: describe(element) };
    }
    course.add(last.reason ?? 'absent', last.by ?? last.because);
    const left = end - performance.now();
    if (left <= 0) return { ...last, course: course.before() };
    // A covered or clipped element needs another scroll position, and a moving one another sample, not a
    // change of the page.
    const impatient = last.reason === 'covered' || last.reason === 'outside' || last.reason === 'moving';
    await nextChange(left, impatient ? 20 : 100);
  }
};
