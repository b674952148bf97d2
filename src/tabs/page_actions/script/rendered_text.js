// The text of a subtree as it is rendered, like `innerText`, but through open shadow roots and slots.
// The steps are those of "The innerText getter" in the HTML standard.

// What these render is not their child nodes.
const REPLACED = new Set(
  'audio canvas embed frame iframe img input meter object progress select textarea video'.split(' '),
);

const preservesLines = (style) => {
  const collapse = style?.whiteSpaceCollapse ?? style?.whiteSpace ?? '';
  return collapse.startsWith('pre') || collapse === 'break-spaces';
};
const collapsesSpaces = (style) => {
  const collapse = style?.whiteSpaceCollapse ?? style?.whiteSpace ?? '';
  return !['preserve', 'break-spaces', 'pre', 'pre-wrap'].includes(collapse);
};

const transformed = (text, style) => {
  switch (style?.textTransform) {
    case 'uppercase':
      return text.toUpperCase();
    case 'lowercase':
      return text.toLowerCase();
    case 'capitalize':
      return text.replace(/(^|[^\p{L}\p{N}'’_])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase());
  }
  return text;
};

// Collects text and line breaks. A number is a required line break: as many newlines, at most, as the
// highest of adjacent ones.
class RenderedText {
  items = [];
  // Within a line: whether nothing has been rendered yet, and whether a space precedes the next text.
  isAtStart = true;
  hasSpace = false;

  put(text) {
    if (this.hasSpace) this.items.push(' ');
    this.items.push(text);
    this.hasSpace = false;
    this.isAtStart = false;
  }

  // Text whose spaces collapse, also with those of the inline elements around it.
  putCollapsed(text) {
    const core = text.replace(/^ | $/g, '');
    if (text.startsWith(' ') && !this.isAtStart) this.hasSpace = true;
    if (!core) return;
    this.put(core);
    this.hasSpace = text.endsWith(' ');
  }

  newline() {
    this.hasSpace = false;
    this.isAtStart = true;
    this.items.push('\n');
  }

  breakLine(lines) {
    this.hasSpace = false;
    this.isAtStart = true;
    this.items.push(lines);
  }

  // An inline box with lines of its own.
  inBox(visit) {
    if (this.hasSpace) this.items.push(' ');
    this.hasSpace = false;
    this.isAtStart = true;
    visit();
    this.hasSpace = false;
    this.isAtStart = false;
  }

  toString() {
    let text = '';
    let lines = 0;
    for (const item of this.items) {
      if (typeof item === 'number') lines = Math.max(lines, item);
      else {
        if (text) text += '\n'.repeat(lines);
        lines = 0;
        text += item;
      }
    }
    return text;
  }
}

// Whether a later sibling in the flat tree is displayed like this.
const isFollowedBy = (element, displays) => {
  const parent = parentOf(element);
  const siblings = parent ? [...childrenOf(parent)] : [];
  return siblings
    .slice(siblings.indexOf(element) + 1)
    .some((sibling) => isElement(sibling) && displays.includes(styleOf(sibling)?.display));
};
const ROW_GROUPS = ['table-row-group', 'table-header-group', 'table-footer-group'];
const isLastRow = (row) => {
  if (isFollowedBy(row, ['table-row'])) return false;
  const group = parentOf(row);
  return !group || !ROW_GROUPS.includes(styleOf(group)?.display) || !isFollowedBy(group, ROW_GROUPS);
};

// `isSkipped` says which elements to leave out.
const renderedText = (root, isSkipped = () => false) => {
  const out = new RenderedText();
  const visitText = (node, style) => {
    if (style?.visibility !== 'visible' || style.contentVisibility === 'hidden') return;
    const text = transformed(node.data, style);
    if (!preservesLines(style)) out.putCollapsed(text.replace(/[ \t\n\r\f]+/g, ' '));
    else {
      text.split('\n').forEach((line, number) => {
        if (number > 0) out.newline();
        if (!line) return;
        if (collapsesSpaces(style)) out.putCollapsed(line.replace(/[ \t\r\f]+/g, ' '));
        else out.put(line);
      });
    }
  };
  const visitChildren = (element, style) => {
    const isClosed = localNameOf(element) === 'details' && !element.open;
    for (const child of childrenOf(element)) {
      const type = nodeTypeOf(child);
      if (type === 3 && !isClosed) visitText(child, style);
      else if (type === 1) visit(child);
    }
  };
  const visit = (element) => {
    const style = styleOf(element);
    if (!style || style.display === 'none' || isSkipped(element)) return;
    const { display } = style;
    if (display === 'contents') return visitChildren(element, style);
    if (!hasBox(element)) return;
    const tag = localNameOf(element);
    if (tag === 'br') return out.newline();
    if (REPLACED.has(tag)) {
      out.inBox(() => {
        const options = tag === 'select' && style.visibility === 'visible' ? innerTextOf(element) : '';
        if (options) out.items.push(1, options, 1);
      });
      return;
    }
    if (style.visibility !== 'visible') return visitChildren(element, style);
    if (display === 'table-cell') {
      out.inBox(() => visitChildren(element, style));
      if (isFollowedBy(element, ['table-cell'])) out.items.push('\t');
      out.isAtStart = true;
    } else if (display === 'table-row') {
      visitChildren(element, style);
      if (!isLastRow(element)) out.newline();
    } else if (tag !== 'p' && display.startsWith('inline-')) {
      out.inBox(() => visitChildren(element, style));
    } else if (tag !== 'p' && (display === 'inline' || display.startsWith('ruby') || ROW_GROUPS.includes(display))) {
      visitChildren(element, style);
    } else {
      const lines = tag === 'p' ? 2 : 1;
      out.breakLine(lines);
      visitChildren(element, style);
      out.breakLine(lines);
    }
  };
  visitChildren(root, styleOf(root));
  return out.toString();
};
