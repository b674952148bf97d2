// Segments that keep some of the elements found so far.

// Whether a text has what is wanted somewhere in it.
const containsText = ({ value, exact, pattern }) => {
  if (pattern) {
    const test = patternTest(pattern);
    return (text) => test(asSeen(text));
  }
  const wanted = exact ? asSeen(value) : normalizeText(value);
  return (text) => (exact ? asSeen(text) : normalizeText(text)).includes(wanted);
};

// Whether a locator finds anything inside of an element, in this process.
const hasInside = (element, steps) => {
  const result = resolve(steps, 0, innerDocument, element);
  if (result.fail === 'badSelector') throw new LocatorError(result);
  return Boolean(result.found?.length);
};

const FILTERS = {
  nth: (found, { index }) => [found.at(index)].filter(Boolean),
  hastext: (found, step) => {
    const fits = containsText(step);
    return found.filter((element) => fits(textReader(element)(element)));
  },
  has: (found, { steps }) => found.filter((element) => hasInside(element, steps)),
  visible: (found, { wanted }) => found.filter((element) => isVisible(element) === wanted),
};
