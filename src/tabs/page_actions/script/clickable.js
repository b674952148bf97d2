// What can be clicked although no role says so: elements that listen, and those that show the hand.

// Elements by `DOM.BackendNodeId`, by which Chromium names what listens; null for other nodes.
const MAX_LISTENING = 20000;
const listeningNodes = new Map();
const isNodeKnown = (id) => {
  const known = listeningNodes.get(id);
  return known === null || Boolean(known?.deref());
};
const learnNodes = (ids, nodes) => {
  ids.forEach((id, at) => {
    const node = nodes[at];
    listeningNodes.set(id, node && isElement(node) ? new WeakRef(node) : null);
    if (listeningNodes.size > MAX_LISTENING) listeningNodes.delete(listeningNodes.keys().next().value);
  });
};
const listeningElements = (ids) => new Set(ids.map((id) => listeningNodes.get(id)?.deref()).filter(Boolean));

// A label acts on its control, which has a line of its own wherever it is rendered.
const labelsShown = (element) => {
  const { control } = element;
  return Boolean(control) && !isNotRendered(control);
};

// Listeners of these are for everything in the page.
const ROOTS = new Set(['html', 'body', 'iframe', 'frame']);

// How an element can be clicked: it has a `listener`, or at least shows the `hand` where the elements around
// it do not. Null if neither.
const clickableBy = (element, style, listening) => {
  const tag = localNameOf(element);
  if (ROOTS.has(tag)) return null;
  const listens = listening.has(element) || hasAttr(element, 'onclick');
  const isForLabel = tag === 'label' && element.control && !labelsShown(element);
  const hasMediaControls = (tag === 'video' || tag === 'audio') && element.controls;
  let how = listens || isForLabel || hasMediaControls ? 'listener' : null;
  if (!how && style?.cursor === 'pointer' && !(tag === 'label' && labelsShown(element))) {
    const parent = parentOf(element);
    if (!parent || styleOf(parent)?.cursor !== 'pointer') how = 'hand';
  }
  if (!how || style?.pointerEvents === 'none') return null;
  return hasSize(boundsOf(element)) ? how : null;
};
