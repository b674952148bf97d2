// The content of a page as Markdown.

const escapeMarkdown = (text) => text.replace(/([\\`*_[\]<>])/g, '\\$1');
// What would begin a heading, a list item or a rule at the start of a line.
const escapeLineStart = (line) =>
  line
    .replace(/^(#{1,6}(?=\s|$)|[-+](?=\s|$)|-{2,}\s*$|=+\s*$|~{3,})/, '\\$1')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2');

// A row of backticks that is longer than any in the text.
const backticks = (text, least) => {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  return '`'.repeat(Math.max(least, longest + 1));
};
const codeSpan = (line) => {
  if (!line) return '';
  const mark = backticks(line, 1);
  return line.includes('`') ? `${mark} ${line} ${mark}` : mark + line + mark;
};
const codeBlock = (text) => {
  const fence = backticks(text, 3);
  return `${fence}\n${text}\n${fence}`;
};

// Characters that would end an address in parentheses.
const ENCODED = { '(': '%28', ')': '%29', '<': '%3C', '>': '%3E', '\\': '%5C' };
const encodeAddress = (url) => url.replace(/[()<>\\\s]/g, (char) => ENCODED[char] ?? encodeURIComponent(char));

// The absolute address of a link; null if it only runs a script or contains its own content.
const linkTarget = (element) => {
  const address = addressOf(element);
  if (address === null) return null;
  const url = isSvg(element) ? attempt(() => new URL(address, element.baseURI).href, null) : element.href;
  return !url || /^(javascript|vbscript|data|blob|about):/i.test(url) ? null : encodeAddress(url);
};

const BLOCKS = 'address, article, aside, blockquote, body, details, dialog, dd, div, dl, dt, fieldset, figcaption, figure, footer, form, h1, h2, h3, h4, h5, h6, header, hr, iframe, frame, li, main, nav, ol, p, pre, section, table, ul';
const SPECIAL_ROOTS = 'ul, ol, menu, table, pre, blockquote, h1, h2, h3, h4, h5, h6';

// The nodes to read in an element, each with its parent. Slots are replaced by what is assigned to
// them, and invisible elements by their visible descendants.
const partsOf = function* (element) {
  const isClosed = (localNameOf(element) === 'details' && !element.open) || skipsContents(element);
  for (const node of childrenOf(element)) {
    const type = nodeTypeOf(node);
    if (type === 3 && !isClosed) yield { text: node.data, parent: element };
    if (type !== 1 || attempt(() => isAriaHidden(node), false)) continue;
    if (localNameOf(node) === 'slot') yield* partsOf(node);
    else if (!attempt(() => isNotRendered(node), false)) yield { element: node };
    else if (isOnlyInvisible(node)) for (const part of partsOf(node)) if (part.element) yield part;
  }
};

const holdsBlocks = (element) => {
  if (matches(element, BLOCKS) || shadowOf(element)) return true;
  if (!queryFirst(element, 'slot') && !shadowsBelow(element).length) return queryFirst(element, BLOCKS) !== null;
  for (const part of partsOf(element)) if (part.element && holdsBlocks(part.element)) return true;
  return false;
};

const inlineText = (text, parent) =>
  escapeMarkdown(preservesLines(styleOf(parent)) ? text.replace(/[^\S\n]+/g, ' ') : text.replace(/\s+/g, ' '));

const inlineOf = (element) => {
  let text = '';
  for (const part of partsOf(element)) text += part.element ? inlineElement(part.element) : inlineText(part.text, part.parent);
  return text;
};

const wrapInline = (mark, text) => {
  const [, before, core, after] = /^(\s*)(.*?)(\s*)$/s.exec(text);
  return core ? `${before}${mark}${core}${mark}${after}` : text;
};

const link = (element) => {
  const url = linkTarget(element);
  const text = squeeze(inlineOf(element)) || (url && escapeMarkdown(accessibleName(element, 'link'))) || '';
  if (!url) return text;
  if (text) return `[${text}](${url})`;
  // A picture without a name. An empty anchor renders nothing.
  const box = boxOf(element);
  return queryFirst(element, '*') && box.width > 0 && box.height > 0 ? `<${url}>` : '';
};

const inlineElement = (element) =>
  attempt(() => inlineOfElement(element), null) ?? escapeMarkdown(squeeze(textOf(element)));

const inlineOfElement = (element) => {
  if (isTextless(element)) return '';
  const tag = localNameOf(element);
  switch (tag) {
    case 'br':
      return '\n';
    case 'b':
    case 'strong':
      return wrapInline('**', inlineOf(element));
    case 'i':
    case 'em':
      return wrapInline('*', inlineOf(element));
    case 'del':
    case 's':
      return wrapInline('~~', inlineOf(element));
    case 'code':
    case 'kbd':
    case 'samp':
      return renderedText(element, isAriaHidden).split('\n').map(codeSpan).join('\n');
    case 'a':
    case 'area':
      return link(element);
    case 'img': {
      const alt = escapeMarkdown(squeeze(attr(element, 'alt') ?? ''));
      const source = element.currentSrc || element.src;
      return alt && /^https?:/.test(source) ? `![${alt}](${encodeAddress(source)})` : alt;
    }
    case 'input':
      if (['checkbox', 'radio'].includes(typeOf(element))) return element.checked ? '[x] ' : '[ ] ';
      return ['password', 'hidden', 'file'].includes(typeOf(element)) ? '' : escapeMarkdown(element.value);
    case 'textarea':
    case 'select':
      return escapeMarkdown(valueOfField(element));
    case 'canvas':
    case 'meter':
    case 'progress':
      return '';
    default:
      return isBlock(element) ? ` ${inlineOf(element)} ` : inlineOf(element);
  }
};

// The cells of a table by rows and columns. A cell that spans several has its text in the first.
const tableGrid = (rows) => {
  const grid = rows.map(() => []);
  rows.forEach((row, top) => {
    const section = parentNodeOf(row);
    let left = 0;
    for (const cell of row.cells) {
      if (isNotRendered(cell)) continue;
      while (grid[top][left] !== undefined) left += 1;
      const text = squeeze(inlineOf(cell)).replace(/\|/g, '\\|');
      const bottom = cell.rowSpan === 0 ? rows.length : Math.min(rows.length, top + cell.rowSpan);
      for (let line = top; line < bottom && parentNodeOf(rows[line]) === section; line += 1) {
        for (let column = left; column < left + cell.colSpan; column += 1) {
          grid[line][column] = line === top && column === left ? text : '';
        }
      }
    }
  });
  return grid;
};

const tableLines = (rows) => {
  const grid = tableGrid(rows);
  const lastColumn = (row) => row.findLastIndex((text) => text) + 1;
  const width = Math.max(...grid.map(lastColumn));
  if (width < 1) return [];
  const line = (row) => `| ${Array.from({ length: width }, (_, at) => row[at] ?? '').join(' | ')} |`;
  const [head, ...rest] = grid;
  return [line(head), line(Array(width).fill('---')), ...rest.map(line)];
};

const IS_LIST_BLOCK = /^(- |-?\d+\. )/;
const IS_NO_LINK_TEXT = /^(- |-?\d+\. |> |\| |```|---|!?\[[^\]]*\]\()/;

// Puts the address of a link around blocks on its heading, or on its first paragraph.
const linkBlocks = (blocks, element) => {
  const url = linkTarget(element);
  if (!url) return blocks;
  const heading = blocks.findIndex((block) => /^#{1,6} /.test(block));
  const at = heading >= 0 ? heading : blocks.findIndex((block) => !IS_NO_LINK_TEXT.test(block) || /^!\[[^\]]*\]\([^)]*\)$/.test(block));
  if (at < 0) {
    const name = escapeMarkdown(accessibleName(element, 'link'));
    return [...blocks, name ? `[${name}](${url})` : `<${url}>`];
  }
  const [, mark, text] = /^(#{1,6} )?(.*)$/s.exec(blocks[at]);
  return blocks.with(at, `${mark ?? ''}[${text}](${url})`);
};

const readMarkdown = (root, placeholder) => {
  const blocks = [];
  const collect = (visit) => {
    const mark = blocks.length;
    visit();
    return blocks.splice(mark);
  };
  const indented = (text, by) => text.split('\n').map((line) => (line ? by + line : line)).join('\n');
  const visitChildren = (element) => {
    let run = '';
    const flush = () => {
      // An empty line begins another paragraph.
      for (const paragraph of run.split(/\n\s*\n/)) {
        const lines = paragraph.split('\n').map((line) => line.replace(/[ \t]+/g, ' ').trim());
        const text = lines.filter(Boolean).map(escapeLineStart).join('  \n');
        if (text) blocks.push(text);
      }
      run = '';
    };
    for (const { element: child, text, parent } of partsOf(element)) {
      if (!child) run += inlineText(text, parent);
      else if (holdsBlocks(child)) {
        flush();
        attempt(() => visitBlock(child), null);
      } else if (isBlock(child)) {
        flush();
        run = inlineElement(child);
        flush();
      } else run += inlineElement(child);
    }
    flush();
  };
  const list = (element, isOrdered) => {
    const children = [...partsOf(element)].flatMap((part) => part.element ?? []);
    const isReversed = isOrdered && hasAttr(element, 'reversed');
    const count = children.filter((child) => localNameOf(child) === 'li').length;
    let number = Number.parseInt(attr(element, 'start'), 10);
    if (Number.isNaN(number)) number = isReversed ? count : 1;
    const items = [];
    let indentation = '  ';
    for (const child of children) {
      const inner = collect(() => (localNameOf(child) === 'li' ? visitChildren(child) : visitBlock(child)));
      const text = inner.reduce((all, block) => all + (all && (IS_LIST_BLOCK.test(block) ? '\n' : '\n\n')) + block, '');
      if (localNameOf(child) === 'li') {
        const own = Number.parseInt(attr(child, 'value'), 10);
        if (isOrdered && !Number.isNaN(own)) number = own;
        const mark = isOrdered ? `${number}. ` : '- ';
        number += isReversed ? -1 : 1;
        indentation = ' '.repeat(mark.length);
        if (text) items.push(mark + indented(text, indentation).trimStart());
      } else if (text) {
        // A list that is a child of another one belongs to the item before it.
        items.push(items.length ? indented(text, indentation) : text);
      }
    }
    if (items.length) blocks.push(items.join('\n'));
  };
  const table = (element) => {
    const caption = firstChild(element, 'caption');
    if (caption && !isNotRendered(caption)) visitChildren(caption);
    const rows = [...element.rows].filter((row) => !isNotRendered(row));
    if (!rows.length) return;
    if (queryFirst(element, 'table') || rows.every((row) => row.cells.length < 2)) {
      for (const row of rows) for (const cell of row.cells) if (!isNotRendered(cell)) visitChildren(cell);
      return;
    }
    const lines = tableLines(rows);
    if (lines.length) blocks.push(lines.join('\n'));
  };
  const visitBlock = (element) => {
    const tag = localNameOf(element);
    if (/^h[1-6]$/.test(tag)) {
      const text = squeeze(inlineOf(element));
      if (text) blocks.push(`${'#'.repeat(Number(tag[1]))} ${text}`);
      return;
    }
    switch (tag) {
      case 'a':
        if (addressOf(element) === null) visitChildren(element);
        else blocks.push(...linkBlocks(collect(() => visitChildren(element)), element));
        return;
      case 'pre': {
        const text = renderedText(element, isAriaHidden).replace(/\n$/, '');
        if (text.trim()) blocks.push(codeBlock(text));
        return;
      }
      case 'hr':
        blocks.push('---');
        return;
      case 'blockquote': {
        const inner = collect(() => visitChildren(element)).join('\n\n');
        if (inner) blocks.push(inner.split('\n').map((line) => `> ${line}`.trimEnd()).join('\n'));
        return;
      }
      case 'ul':
      case 'menu':
        return list(element, false);
      case 'ol':
        return list(element, true);
      case 'table':
        return table(element);
      case 'iframe':
      case 'frame': {
        const inner = innerDocument(element);
        if (!inner) blocks.push(placeholder(element));
        else if (contentRootOf(inner)) visitChildren(contentRootOf(inner));
        return;
      }
      default:
        if (!isTextless(element)) visitChildren(element);
    }
  };
  if (matches(root, SPECIAL_ROOTS)) visitBlock(root);
  else visitChildren(root);
  return blocks.join('\n\n');
};
