// Lists the frames of a document, each behind the one that it is in.

const FRAMES = 'iframe, frame';

// A locator of a frame in its document. `all`: the frames of the document.
const frameSegment = (document, frame, all) => {
  const isOnly = (css) => {
    const found = bySelector(document, css);
    return found.length === 1 && found[0] === frame;
  };
  const [id, name] = [attr(frame, 'id'), attr(frame, 'name')];
  const proposed = [];
  if (id) proposed.push(`#${CSS.escape(id)}`);
  if (name) proposed.push(`${localNameOf(frame)}[name=${quotedValue(name)}]`);
  return proposed.find((css) => attempt(() => isOnly(css), false)) ?? `${FRAMES} >> nth=${all.indexOf(frame)}`;
};

// Where the element of a frame says that it is; what is in the frame is not known here.
const urlOfElement = (frame) => attempt(() => new URL(attr(frame, 'src') ?? 'about:blank', baseUrlOf(frame)).href, 'about:blank');

const listFrames = ({ limit }) => {
  const frames = [];
  let truncated = false;
  const visit = (document, parent) => {
    const all = bySelector(document, FRAMES);
    for (const frame of all) {
      if (frames.length >= limit) {
        truncated = true;
        return;
      }
      const inner = innerDocument(frame);
      frames.push({
        parent,
        url: inner ? urlOf(inner) : urlOfElement(frame),
        name: attr(frame, 'name') || null,
        segment: frameSegment(document, frame, all),
        hop: inner ? null : hold(frame),
      });
      if (inner) visit(inner, frames.length - 1);
    }
  };
  visit(document, null);
  return { url: location.href, frames, truncated };
};
