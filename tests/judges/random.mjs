// Chance that can be repeated.

// mulberry32: the same numbers for the same seed.
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (most) => Math.floor(next() * most);
  return { below, pick: (list) => list[below(list.length)], list: (least, most, make) => Array.from({ length: least + below(most - least + 1) }, make) };
}
