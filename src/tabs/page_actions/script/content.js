// The content of a page as text or Markdown. `placeholder` returns the marker for a cross-origin frame.

const readText = (root, placeholder) => {
  const parts = [];
  const visit = (element) => {
    // `innerText` is the rendered text, but lacks shadow roots and frames.
    const shadows = shadowsBelow(element).length > 0;
    if (!shadows) parts.push(element.innerText ?? textOf(element));
    else {
      const pending = { text: '' };
      shadowText(element, pending);
      parts.push(pending.text);
    }
    for (const frame of element.querySelectorAll('iframe, frame')) {
      if (!frame.checkVisibility({ visibilityProperty: true })) continue;
      const inner = innerDocument(frame);
      if (!inner) parts.push(placeholder(frame));
      else if (inner.body) visit(inner.body);
    }
  };
  const shadowText = (element, pending) => {
    for (const child of childrenOf(element)) {
      const type = nodeTypeOf(child);
      if (type === 3) pending.text += child.data.replace(/\s+/g, ' ');
      else if (type === 1 && !isNotRendered(child)) {
        const block = isBlock(child);
        if (block) pending.text += '\n';
        shadowText(child, pending);
        if (block) pending.text += '\n';
      }
    }
  };
  visit(root);
  return parts.join('\n').replace(/[ \t\u00a0]+\n/g, '\n').replace(/\n{3,}/g, '\n\n').trim();
};

const escapeMarkdown = (text) => text.replace(/([\\`*_[\]<>])/g, '\\$1');

const readMarkdown = (root, placeholder) => {
  const inline = (element) => {
    let text = '';
    for (const child of childrenOf(element)) {
      const type = nodeTypeOf(child);
      if (type === 3) text += escapeMarkdown(child.data.replace(/\s+/g, ' '));
      else if (type === 1) text += inlineElement(child);
    }
    return text;
  };
  const wrap = (mark, text) => {
    const [, before, core, after] = /^(\s*)(.*?)(\s*)$/s.exec(text);
    return core ? `${before}${mark}${core}${mark}${after}` : text;
  };
  const inlineElement = (element) => {
    if (isAriaHidden(element) || isNotRendered(element)) return '';
    const tag = localNameOf(element);
    switch (tag) {
      case 'br':
        return '\n';
      case 'b':
      case 'strong':
        return wrap('**', inline(element));
      case 'i':
      case 'em':
        return wrap('*', inline(element));
      case 'del':
      case 's':
        return wrap('~~', inline(element));
      case 'code':
      case 'kbd':
      case 'samp': {
        const text = textOf(element);
        return text.includes('`') ? `\`\` ${text} \`\`` : text && `\`${text}\``;
      }
      case 'a': {
        const text = squeeze(inline(element));
        const href = element.href;
        if (!text) return '';
        return typeof href === 'string' && /^https?:|^mailto:/.test(href) ? `[${text}](${href.replace(/[()\s]/g, encodeURIComponent)})` : text;
      }
      case 'img': {
        const alt = squeeze(attr(element, 'alt') ?? '');
        const source = element.currentSrc || element.src;
        return alt && /^https?:/.test(source) ? `![${escapeMarkdown(alt)}](${source})` : escapeMarkdown(alt);
      }
      case 'input':
        if (['checkbox', 'radio'].includes(typeOf(element))) return element.checked ? '[x] ' : '[ ] ';
        return ['password', 'hidden', 'file'].includes(typeOf(element)) ? '' : escapeMarkdown(element.value);
      case 'textarea':
      case 'select':
        return escapeMarkdown(valueOfField(element));
      default:
        return isBlock(element) ? ` ${squeeze(inline(element))} ` : inline(element);
    }
  };
  const blocks = [];
  const BLOCKS = 'address, article, aside, blockquote, body, details, dialog, dd, div, dl, dt, fieldset, figcaption, figure, footer, form, h1, h2, h3, h4, h5, h6, header, hr, iframe, frame, li, main, nav, ol, p, pre, section, table, ul';
  const indented = (text, by) => text.split('\n').map((line) => (line ? by + line : line)).join('\n');
  const collect = (element) => {
    const mark = blocks.length;
    visitChildren(element);
    return blocks.splice(mark).join('\n\n');
  };
  const visitChildren = (element) => {
    let run = '';
    const flush = () => {
      const lines = run.split('\n').map((line) => line.replace(/[ \t]+/g, ' ').trim());
      const text = lines.join('  \n').trim();
      run = '';
      if (text) blocks.push(text);
    };
    for (const child of childrenOf(element)) {
      const type = nodeTypeOf(child);
      if (type === 3) run += escapeMarkdown(child.data.replace(/\s+/g, ' '));
      else if (type === 1) {
        if (isAriaHidden(child) || isNotRendered(child)) continue;
        const holdsBlocks = matches(child, BLOCKS) || shadowOf(child) || child.querySelector(BLOCKS);
        if (holdsBlocks) {
          flush();
          visitBlock(child);
        } else if (isBlock(child)) {
          flush();
          run = inlineElement(child);
          flush();
        } else run += inlineElement(child);
      }
    }
    flush();
  };
  const list = (element, ordered) => {
    const items = [];
    let number = ordered ? (element.start ?? 1) : 0;
    for (const item of element.children) {
      if (isAriaHidden(item) || isNotRendered(item)) continue;
      const mark = ordered ? `${number++}. ` : '- ';
      const before = blocks.length;
      visitChildren(item);
      const inner = blocks.splice(before);
      const text = inner.reduce((all, block) => all + (all && (/^(- |\d+\. )/.test(block) ? '\n' : '\n\n')) + block, '');
      if (text) items.push(mark + indented(text, ' '.repeat(mark.length)).trimStart());
    }
    if (items.length) blocks.push(items.join('\n'));
  };
  const table = (element) => {
    const rows = [...element.rows].filter((row) => !isNotRendered(row));
    if (!rows.length) return;
    if (element.querySelector('table') || rows.every((row) => row.cells.length < 2)) {
      for (const row of rows) for (const cell of row.cells) visitChildren(cell);
      return;
    }
    const cells = rows.map((row) => [...row.cells].map((cell) => squeeze(inline(cell)).replace(/\|/g, '\\|')));
    const width = Math.max(...cells.map((row) => row.length));
    const line = (row) => `| ${Array.from({ length: width }, (_, at) => row[at] ?? '').join(' | ')} |`;
    const [head, ...rest] = cells;
    blocks.push([line(head), line(Array(width).fill('---')), ...rest.map(line)].join('\n'));
  };
  const visitBlock = (element) => {
    const tag = localNameOf(element);
    if (/^h[1-6]$/.test(tag)) {
      const text = squeeze(inline(element));
      if (text) blocks.push(`${'#'.repeat(Number(tag[1]))} ${text}`);
      return;
    }
    switch (tag) {
      case 'pre': {
        const text = textOf(element).replace(/\n$/, '');
        const fence = text.includes('```') ? '````' : '```';
        blocks.push(`${fence}\n${text}\n${fence}`);
        return;
      }
      case 'hr':
        blocks.push('---');
        return;
      case 'blockquote': {
        const inner = collect(element);
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
        else if (inner.body) visitChildren(inner.body);
        return;
      }
      default:
        visitChildren(element);
    }
  };
  if (matches(root, 'body, html') || !matches(root, 'ul, ol, table, pre, blockquote, h1, h2, h3, h4, h5, h6')) visitChildren(root);
  else visitBlock(root);
  return blocks.join('\n\n');
};

const content = ({ steps, from, format, limit, marker, timeout }) => {
  let placeholders = 0;
  const placeholder = (frame) => {
    placeholders += 1;
    return placeholders > MAX_CROSS_ORIGIN_FRAMES ? '' : `${marker}${hold(frame)};`;
  };
  const read = (root) => {
    const text = format === 'markdown' ? readMarkdown(root, placeholder) : readText(root, placeholder);
    const truncated = text.length > limit || placeholders > MAX_CROSS_ORIGIN_FRAMES;
    return { url: location.href, text: text.slice(0, limit), truncated };
  };
  // A locator that ends at the frame element of this document means the whole document.
  if (!steps || from >= steps.length) return read(document.body ?? document.documentElement);
  return whenActionable({ steps, from, timeout, needs: {} }, (element) => {
    const inner = isFrame(element) ? innerDocument(element)?.body : element;
    return inner ? read(inner) : { hop: hold(element), at: steps.length };
  });
};
