// DOM accessors that a page cannot shadow: a form's fields are properties of the form by name, so its
// own properties are read through the getters of the prototypes.

const getter = (prototype, name) => {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name);
  return (node) => get.call(node);
};
const nodeTypeOf = getter(Node.prototype, 'nodeType');
const parentNodeOf = getter(Node.prototype, 'parentNode');
const childNodesOf = getter(Node.prototype, 'childNodes');
const documentOf = getter(Node.prototype, 'ownerDocument');
const textOf = getter(Node.prototype, 'textContent');
const isConnected = getter(Node.prototype, 'isConnected');
const localNameOf = getter(Element.prototype, 'localName');
const shadowOf = getter(Element.prototype, 'shadowRoot');
const slotOf = getter(Element.prototype, 'assignedSlot');
const attr = (element, name) => Element.prototype.getAttribute.call(element, name);
const hasAttr = (element, name) => Element.prototype.hasAttribute.call(element, name);
const matches = (element, css) => Element.prototype.matches.call(element, css);
const closest = (element, css) => Element.prototype.closest.call(element, css);
const boxOf = (element) => Element.prototype.getBoundingClientRect.call(element);
const contains = (outer, inner) => Node.prototype.contains.call(outer, inner);

const isElement = (node) => nodeTypeOf(node) === 1;
const isFrame = (node) => {
  const name = localNameOf(node);
  return name === 'iframe' || name === 'frame';
};
const windowOf = (node) => (nodeTypeOf(node) === 9 ? node : documentOf(node)).defaultView;
const styleOf = (element, pseudo) => {
  const window = windowOf(element);
  return window ? window.getComputedStyle(element, pseudo) : null;
};
const squeeze = (text) => text.replace(/[\s\u200b]+/g, ' ').trim();

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
    const window = document.defaultView;
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
    for (const element of scope.querySelectorAll('*')) {
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
  const found = [...root.querySelectorAll('*')];
  for (const shadow of shadowsBelow(root)) found.push(...shadow.querySelectorAll('*'));
  return found;
};

// A short description of an element for error messages. It never contains typed text.
const describe = (element) => {
  let text = `<${localNameOf(element)}`;
  for (const name of ['id', 'class', 'type', 'role', 'name', 'aria-label', 'href', 'data-testid']) {
    const value = attr(element, name);
    if (value) text += ` ${name}="${squeeze(value).slice(0, 40)}"`;
  }
  text += '>';
  const typed =
    localNameOf(element) === 'textarea' ||
    closest(element, '[contenteditable]:not([contenteditable=false])') ||
    element.querySelector?.('textarea, [contenteditable]:not([contenteditable=false])');
  const content = typed ? '' : squeeze((element.innerText ?? textOf(element)).slice(0, 200));
  if (content) text += content.length > 40 ? `${content.slice(0, 40)}…` : content;
  return text;
};
