// The areas of image maps. They have no boxes; their coordinates are relative to an image.

const imagesOf = (area) => {
  const map = closest(area, 'map');
  const name = map && attr(map, 'name');
  if (!name) return [];
  const root = Node.prototype.getRootNode.call(area);
  const { prototype } = nodeTypeOf(root) === 9 ? Document : DocumentFragment;
  const images = [...prototype.querySelectorAll.call(root, 'img[usemap], object[usemap]')];
  return images.filter((image) => attr(image, 'usemap').split('#').at(-1) === name);
};

// The widest horizontal line inside a polygon, as a box around its middle.
const boxInPolygon = (coords) => {
  const corners = [];
  for (let at = 0; at + 1 < coords.length; at += 2) corners.push([coords[at], coords[at + 1]]);
  const heights = [...new Set(corners.map(([, y]) => y))].sort((one, other) => one - other);
  let widest = null;
  for (let at = 0; at + 1 < heights.length; at += 1) {
    const y = (heights[at] + heights[at + 1]) / 2;
    const crossings = corners
      .map(([x, from], index) => {
        const [nextX, to] = corners[(index + 1) % corners.length];
        return from > y === to > y ? null : x + ((y - from) / (to - from)) * (nextX - x);
      })
      .filter((x) => x !== null)
      .sort((one, other) => one - other);
    for (let index = 0; index + 1 < crossings.length; index += 2) {
      const width = crossings[index + 1] - crossings[index];
      if (!widest || width > widest.width) widest = { x: (crossings[index] + crossings[index + 1]) / 2, y, width };
    }
  }
  return widest && [widest.x - 1, widest.y - 1, widest.x + 1, widest.y + 1];
};

// A box whose middle is inside the shape of an area: `[left, top, right, bottom]`.
const boxInShape = (area, image) => {
  const coords = (attr(area, 'coords') ?? '').split(/[\s,;]+/).map(Number).filter(Number.isFinite);
  switch ((attr(area, 'shape') ?? 'rect').toLowerCase()) {
    case 'default':
      return [0, 0, image.offsetWidth, image.offsetHeight];
    case 'circle':
    case 'circ': {
      const [x, y, radius] = coords;
      const half = radius * Math.SQRT1_2;
      return radius > 0 ? [x - half, y - half, x + half, y + half] : null;
    }
    case 'poly':
    case 'polygon':
      return boxInPolygon(coords);
    default: {
      const [x, y, otherX, otherY] = coords;
      return coords.length < 4 ? null : [Math.min(x, otherX), Math.min(y, otherY), Math.max(x, otherX), Math.max(y, otherY)];
    }
  }
};

const areaRectsOf = (area) =>
  imagesOf(area)
    .filter(isVisible)
    .map((image) => {
      const box = boxInShape(area, image);
      if (!box) return null;
      // Chromium measures from the border, unscaled.
      const { x, y, width, height } = boxOf(image);
      const [scaleX, scaleY] = [width / image.offsetWidth, height / image.offsetHeight];
      const [left, top, right, bottom] = box;
      return new DOMRect(x + left * scaleX, y + top * scaleY, (right - left) * scaleX, (bottom - top) * scaleY);
    })
    .filter((rect) => rect && hasSize(rect));
