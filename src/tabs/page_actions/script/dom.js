// DOM accessors that a page cannot shadow. The fields of a form are properties of the form by their
// names, and so are images, forms and frames of the document; both hide even built-in properties. All
// properties of elements that may be forms, and of documents, are read through the prototypes.

const getter = (prototype, name) => {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name);
  return (node) => get.call(node);
};
const nodeTypeOf = getter(Node.prototype, 'nodeType');
const parentNodeOf = getter(Node.prototype, 'parentNode');
const childNodesOf = getter(Node.prototype, 'childNodes');
const documentOf = getter(Node.prototype, 'ownerDocument');
const textOf = getter(Node.prototype, 'textContent');
const baseUrlOf = getter(Node.prototype, 'baseURI');
const isConnected = getter(Node.prototype, 'isConnected');
const localNameOf = getter(Element.prototype, 'localName');
const namespaceOf = getter(Element.prototype, 'namespaceURI');
const shadowOf = getter(Element.prototype, 'shadowRoot');
const slotOf = getter(Element.prototype, 'assignedSlot');
const firstElementOf = getter(Element.prototype, 'firstElementChild');
const innerHtmlOf = getter(Element.prototype, 'innerHTML');
const htmlTextOf = getter(HTMLElement.prototype, 'innerText');
const isContentEditable = getter(HTMLElement.prototype, 'isContentEditable');
const contentEditableOf = getter(HTMLElement.prototype, 'contentEditable');
// Older versions of Chromium do not have it.
const editContextOf = Object.hasOwn(HTMLElement.prototype, 'editContext') ? getter(HTMLElement.prototype, 'editContext') : () => null;
const viewOf = getter(Document.prototype, 'defaultView');
const bodyOf = getter(Document.prototype, 'body');
const urlOf = getter(Document.prototype, 'URL');
const rootElementOf = getter(Document.prototype, 'documentElement');
const scrollingElementOf = getter(Document.prototype, 'scrollingElement');
const implementationOf = getter(Document.prototype, 'implementation');
const visibilityOf = getter(Document.prototype, 'visibilityState');
// The element whose content is the document's; null if a script has removed it.
const contentRootOf = (document) => bodyOf(document) ?? rootElementOf(document);
const attr = (element, name) => Element.prototype.getAttribute.call(element, name);
const hasAttr = (element, name) => Element.prototype.hasAttribute.call(element, name);
const matches = (element, css) => Element.prototype.matches.call(element, css);
const closest = (element, css) => Element.prototype.closest.call(element, css);
const scrollLeftOf = getter(Element.prototype, 'scrollLeft');
const scrollTopOf = getter(Element.prototype, 'scrollTop');
const scrollWidthOf = getter(Element.prototype, 'scrollWidth');
const scrollHeightOf = getter(Element.prototype, 'scrollHeight');
const clientWidthOf = getter(Element.prototype, 'clientWidth');
const clientHeightOf = getter(Element.prototype, 'clientHeight');
const listenOn = (target, type, listener, options) => EventTarget.prototype.addEventListener.call(target, type, listener, options);
const dispatchOn = (target, event) => EventTarget.prototype.dispatchEvent.call(target, event);
const boxOf = (element) => Element.prototype.getBoundingClientRect.call(element);
const contains = (outer, inner) => Node.prototype.contains.call(outer, inner);
const rootOf = (node) => Node.prototype.getRootNode.call(node);
const hasBox = (element, options = {}) => Element.prototype.checkVisibility.call(element, options);
const isRendered = (element) => hasBox(element, { visibilityProperty: true });

// Documents, shadow roots and elements have these members in common, on a prototype each.
const prototypeOf = (node) => {
  const type = nodeTypeOf(node);
  return type === 1 ? Element.prototype : type === 9 ? Document.prototype : DocumentFragment.prototype;
};
const queryAll = (scope, css) => prototypeOf(scope).querySelectorAll.call(scope, css);
const queryFirst = (scope, css) => prototypeOf(scope).querySelector.call(scope, css);
const elementChildrenOf = (node) => Object.getOwnPropertyDescriptor(prototypeOf(node), 'children').get.call(node);
const activeElementOf = (root) => {
  const type = nodeTypeOf(root);
  if (type !== 9 && type !== 11) return null;
  const owner = type === 9 ? Document.prototype : ShadowRoot.prototype;
  const active = Object.getOwnPropertyDescriptor(owner, 'activeElement');
  return active.get.call(root);
};
// `root` is the element itself if it is not in a document.
const elementById = (root, id) => {
  const type = nodeTypeOf(root);
  return type === 1 ? null : prototypeOf(root).getElementById.call(root, id);
};

const HTML = 'http://www.w3.org/1999/xhtml';
const SVG = 'http://www.w3.org/2000/svg';
const isHtml = (element) => namespaceOf(element) === HTML;
const isSvg = (element) => namespaceOf(element) === SVG;

// One element that cannot be examined must not fail the request for the whole page.
const attempt = (examine, otherwise) => {
  try {
    return examine();
  } catch {
    return otherwise;
  }
};

const isElement = (node) => nodeTypeOf(node) === 1;
const isFrame = (node) => {
  const name = localNameOf(node);
  return name === 'iframe' || name === 'frame';
};
const windowOf = (node) => viewOf(nodeTypeOf(node) === 9 ? node : documentOf(node));
const styleOf = (element, pseudo) => {
  const window = windowOf(element);
  return window ? window.getComputedStyle(element, pseudo) : null;
};

// Characters without a glyph that only mark where a line may break.
const INVISIBLE_BREAKS = /[\u00ad\u200b\u2060\ufeff]+/g;
const squeeze = (text) => text.replace(INVISIBLE_BREAKS, '').replace(/\s+/g, ' ').trim();

// The start of a text, without half a surrogate pair at its end.
const cutText = (text, max) => (text.length > max ? text.slice(0, max).replace(/[\ud800-\udbff]$/, '') : text);

// The text of an element as it is rendered, without what its shadow roots and frames render.
const innerTextOf = (element) => (isHtml(element) ? htmlTextOf(element) : textOf(element));

// The parent in the flat tree: slots and shadow hosts count.
const parentOf = (node) => {
  if (isElement(node)) {
    const slot = slotOf(node);
    if (slot) return slot;
  }
  const parent = parentNodeOf(node);
  if (!parent) return null;
  if (nodeTypeOf(parent) === 11) return parent.host ?? null;
  return isElement(parent) ? parent : null;
};

// The closest ancestor in the flat tree that matches, without the element itself.
const closestAbove = (element, css) => {
  for (let at = parentOf(element); at; at = parentOf(at)) if (matches(at, css)) return at;
  return null;
};

// Whether an element is another one or its descendant in the flat tree.
const isWithin = (inner, outer) => {
  for (let at = inner; at; at = parentOf(at)) if (at === outer) return true;
  return false;
};

// The children in the flat tree.
const childrenOf = (element) => {
  const shadow = shadowOf(element);
  if (shadow) return childNodesOf(shadow);
  if (localNameOf(element) === 'slot') {
    const assigned = HTMLSlotElement.prototype.assignedNodes.call(element);
    if (assigned.length) return assigned;
  }
  return childNodesOf(element);
};

// The document of a frame; null if it is cross-origin.
const innerDocument = (frame) => {
  try {
    return frame.contentDocument;
  } catch {
    return null;
  }
};

// The frame element of a document; null if the parent is cross-origin.
const frameOf = (document) => {
  try {
    const window = viewOf(document);
    return window && window !== globalThis.window ? window.frameElement : null;
  } catch {
    return null;
  }
};

// All open shadow roots below a node.
const shadowsBelow = (root) => {
  const found = [];
  const visit = (scope) => {
    if (nodeTypeOf(scope) === 1) {
      const own = shadowOf(scope);
      if (own) {
        found.push(own);
        visit(own);
      }
    }
    for (const element of queryAll(scope, '*')) {
      const shadow = shadowOf(element);
      if (shadow) {
        found.push(shadow);
        visit(shadow);
      }
    }
  };
  visit(root);
  return found;
};

// All elements below a node, including those in open shadow roots.
const elementsBelow = (root) => {
  const found = [...queryAll(root, '*')];
  for (const shadow of shadowsBelow(root)) found.push(...queryAll(shadow, '*'));
  return found;
};

// The frames below a node that are rendered, including those in open shadow roots.
const shownFramesBelow = (root) => {
  const found = [...queryAll(root, 'iframe, frame')];
  for (const shadow of shadowsBelow(root)) found.push(...queryAll(shadow, 'iframe, frame'));
  return found.filter(isRendered);
};

// A short description of an element for error messages. It never contains typed text.
const describe = (element) => {
  let text = `<${localNameOf(element)}`;
  for (const name of ['id', 'class', 'type', 'role', 'name', 'aria-label', 'href', 'data-testid']) {
    const value = attr(element, name);
    if (value) text += ` ${name}="${cutText(squeeze(value), 40)}"`;
  }
  text += '>';
  const typed =
    localNameOf(element) === 'textarea' ||
    closest(element, '[contenteditable]:not([contenteditable=false])') ||
    queryFirst(element, 'textarea, [contenteditable]:not([contenteditable=false])');
  const content = typed ? '' : squeeze(cutText(innerTextOf(element), 200));
  if (content) text += content.length > 40 ? `${cutText(content, 40)}…` : content;
  return text;
};
