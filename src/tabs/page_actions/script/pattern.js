// Regular expressions of locators, as programs that the bridge has compiled. All ways through a program are followed at
// once, so that no expression and no text takes more than linear time.

const WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;

// What assertions need to know of the character on either side.
const EDGE = 'edge';
const kindOfChar = (char) => {
  if (char === 10) return 'line';
  return WORD.test(String.fromCodePoint(char)) ? 'word' : 'other';
};
const isBoundary = (before, after) => (before === 'word') !== (after === 'word');
const POSITIONS = {
  start: (before) => before === EDGE,
  end: (before, after) => after === EDGE,
  lineStart: (before) => before === EDGE || before === 'line',
  lineEnd: (before, after) => after === EDGE || after === 'line',
  wordBoundary: isBoundary,
  notWordBoundary: (before, after) => !isBoundary(before, after),
};

const isInRanges = (ranges, char) => {
  let from = 0;
  let to = ranges.length - 1;
  while (from <= to) {
    const at = (from + to) >> 1;
    if (char < ranges[at][0]) to = at - 1;
    else if (char > ranges[at][1]) from = at + 1;
    else return true;
  }
  return false;
};

// How many transitions of a program are remembered.
const MAX_TRANSITIONS = 20000;

// Returns a function that tells whether a program matches a part of a text.
const compilePattern = ({ classes, steps, start }) => {
  // The steps that consume a character and can be reached between two characters; null if the end can be.
  const reach = (threads, before, after) => {
    const seen = new Set();
    const waiting = [...threads];
    const consuming = [];
    while (waiting.length) {
      const at = waiting.pop();
      if (seen.has(at)) continue;
      seen.add(at);
      const step = steps[at];
      if (!step) return null;
      if (step.to) waiting.push(...step.to);
      else if (!step.look) consuming.push(step);
      else if (POSITIONS[step.look](before, after)) waiting.push(step.next);
    }
    return consuming;
  };
  const states = new Map();
  let transitions = 0;
  const stateOf = (threads, before) => {
    const key = `${before} ${threads}`;
    let state = states.get(key);
    if (!state) {
      state = { threads, before, next: new Map() };
      states.set(key, state);
    }
    return state;
  };
  // The state after a character; null if the program has matched before it.
  const advance = (state, char) => {
    const after = kindOfChar(char);
    const consuming = reach(state.threads, state.before, after);
    if (!consuming) return null;
    const threads = new Set([start]);
    for (const step of consuming) if (isInRanges(classes[step.class], char)) threads.add(step.next);
    return stateOf([...threads].sort((one, other) => one - other), after);
  };
  return (text) => {
    let state = stateOf([start], EDGE);
    for (const letter of text) {
      const char = letter.codePointAt(0);
      let next = state.next.get(char);
      if (next === undefined) {
        if (transitions >= MAX_TRANSITIONS) {
          states.clear();
          transitions = 0;
        }
        transitions += 1;
        next = advance(state, char);
        state.next.set(char, next);
      }
      if (!next) return true;
      state = next;
    }
    return reach(state.threads, state.before, EDGE) === null;
  };
};

const compiledPatterns = new WeakMap();
const patternTest = (pattern) => {
  let test = compiledPatterns.get(pattern);
  if (!test) {
    test = compilePattern(pattern);
    compiledPatterns.set(pattern, test);
  }
  return test;
};
