// Rich text on the clipboard: the markup of a selection, and inserting markup from another page.

// Only these are copied and pasted. None of them can run a script.
const RICH_BLOCKS = ['p', 'div', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre'];
const RICH_ELEMENTS = [
  ...RICH_BLOCKS,
  ...['span', 'br', 'hr', 'a', 'b', 'strong', 'i', 'em', 'u', 's', 'del', 'ins', 'mark', 'small', 'sub', 'sup', 'code', 'kbd', 'q'],
  ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'img'],
  ...['table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td'],
];
const RICH_ATTRIBUTES = ['href', 'src', 'alt', 'colspan', 'rowspan'];
const EMPTY_ELEMENTS = new Set(['br', 'hr', 'img']);
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeMarkup = (text) => text.replace(/[&<>"]/g, (char) => ENTITIES[char]);

const startTag = (element, name) => {
  let tag = `<${name}`;
  for (const attribute of RICH_ATTRIBUTES) {
    if (!hasAttr(element, attribute)) continue;
    let value = attr(element, attribute);
    // A relative address means nothing in another page.
    if (attribute === 'href' || attribute === 'src') value = URL.parse(value, baseUrlOf(element))?.href ?? '';
    tag += ` ${attribute}="${escapeMarkup(value)}"`;
  }
  return `${tag}>`;
};

// The markup of a selection. Nodes are read and not cloned: a clone would load pictures, and construct the
// page's custom elements.
const selectedMarkup = (selection) => {
  if (!selection.rangeCount) return '';
  const range = selection.getRangeAt(0);
  const visit = (node) => {
    if (!range.intersectsNode(node)) return '';
    if (nodeTypeOf(node) === 3) {
      const text = textOf(node);
      const start = node === range.startContainer ? range.startOffset : 0;
      const end = node === range.endContainer ? range.endOffset : text.length;
      return escapeMarkup(text.slice(start, end));
    }
    if (!isElement(node) || styleOf(node)?.display === 'none') return '';
    const name = localNameOf(node);
    const inside = Array.from(childNodesOf(node), visit).join('');
    if (!RICH_ELEMENTS.includes(name)) return inside;
    return EMPTY_ELEMENTS.has(name) ? startTag(node, name) : `${startTag(node, name)}${inside}</${name}>`;
  };
  const common = range.commonAncestorContainer;
  const root = isElement(common) ? common : parentNodeOf(common);
  try {
    // A part of one block is pasted into the block with the caret.
    return RICH_BLOCKS.includes(localNameOf(root)) ? Array.from(childNodesOf(root), visit).join('') : visit(root);
  } catch {
    // A document may be nested too deeply.
    return '';
  }
};

// Inserts markup at the caret. False if that is not possible here, so that the text must be inserted.
const insertMarkup = (document, markup) => {
  const holder = implementationOf(document).createHTMLDocument('').createElement('div');
  if (!holder.setHTML) return false;
  holder.setHTML(markup, { sanitizer: { elements: RICH_ELEMENTS, attributes: RICH_ATTRIBUTES } });
  try {
    return Document.prototype.execCommand.call(document, 'insertHTML', false, holder.innerHTML);
  } catch {
    // The page requires trusted types.
    return false;
  }
};
