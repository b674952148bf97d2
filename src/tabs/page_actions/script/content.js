// The content of a page as text or Markdown. `placeholder` returns the marker for a cross-origin frame.

const readText = (root, placeholder) => {
  const parts = [];
  const visit = (element) => {
    // `innerText` lacks what shadow roots and slots render, and exists only in HTML.
    const isFlat = isHtml(element) && !queryFirst(element, 'slot') && !shadowsBelow(element).length;
    parts.push((isFlat ? null : attempt(() => renderedText(element), null)) ?? innerTextOf(element));
    for (const frame of shownFramesBelow(element)) {
      const inner = innerDocument(frame);
      if (!inner) parts.push(placeholder(frame));
      else if (contentRootOf(inner)) visit(contentRootOf(inner));
    }
  };
  visit(root);
  return parts.join('\n').replace(/[ \t\u00a0]+\n/g, '\n').replace(/\n{3,}/g, '\n\n').trim();
};

const content = ({ steps, from, format, limit, marker, timeout }) => {
  let placeholders = 0;
  const placeholder = (frame) => {
    placeholders += 1;
    return placeholders > MAX_CROSS_ORIGIN_FRAMES ? '' : `${marker}${hold(frame)};`;
  };
  const read = (root) => {
    if (!root) return { url: location.href, text: '', truncated: false };
    const text = format === 'markdown' ? readMarkdown(root, placeholder) : readText(root, placeholder);
    const truncated = text.length > limit || placeholders > MAX_CROSS_ORIGIN_FRAMES;
    return { url: location.href, text: text.slice(0, limit), truncated };
  };
  // A locator that ends at the frame element of this document means the whole document.
  if (!steps || from >= steps.length) return read(contentRootOf(document));
  return whenActionable({ steps, from, timeout, needs: {} }, (element) => {
    if (!isFrame(element)) return read(element);
    const inner = innerDocument(element);
    return inner ? read(contentRootOf(inner)) : { hop: hold(element), at: steps.length };
  });
};
