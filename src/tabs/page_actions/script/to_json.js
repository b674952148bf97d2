// Writes a value as `JSON.stringify` does, as text, or returns why it cannot: `{chars}` or `{problem}`.
// It runs beside the page's own scripts, which may have replaced `JSON`, or added `toJSON` to the prototypes
// that every value has. So it uses syntax where it can: object spread reads own properties, `in` lists them.
(root, maxChars, maxDepth) => {
  const toString = {}.toString;
  const hex = '0123456789abcdef';
  const control = '\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f'
    + '\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f';
  const ancestors = { __proto__: null };
  const ended = { __proto__: null, because: null };
  let chars = 0;

  const end = (because) => {
    ended.because = because;
    throw ended;
  };
  const count = (text) => {
    chars += text.length;
    if (chars > maxChars) end({ chars });
    return text;
  };
  const tagOf = (it) => {
    try {
      return toString.call(it);
    } catch {
      return '';
    }
  };
  const isArray = (it) => {
    try {
      if (Array.isArray([]) === true && Array.isArray({}) === false) return Array.isArray(it);
    } catch {}
    return tagOf(it) === '[object Array]';
  };
  // The primitive in a `Number`, `String` or `Boolean` object, or the object itself.
  const unboxed = (it, tag) => {
    try {
      if (tag === '[object Number]') return (0).valueOf.call(it);
      if (tag === '[object String]') return ''.valueOf.call(it);
      if (tag === '[object Boolean]') return true.valueOf.call(it);
      if (tag === '[object BigInt]') return 0n.valueOf.call(it);
    } catch {}
    return it;
  };
  // `toJSON` as the class of the object has it, without what the page has added for all objects.
  const converted = (it, tag, key) => {
    if (tag === '[object Date]') {
      try {
        const time = Date.prototype.getTime.call(it);
        if (time !== time) return null;
        const text = Date.prototype.toISOString.call(it);
        if (typeof text === 'string') return text;
      } catch {}
    }
    const { toJSON } = it;
    const isAdded = toJSON === {}.toJSON || toJSON === [].toJSON || toJSON === (() => {}).toJSON;
    return typeof toJSON === 'function' && !isAdded ? it.toJSON(key) : it;
  };
  const escaped = (char) => {
    if (char === '"' || char === '\\') return `\\${char}`;
    let code = 0;
    while (control[code] !== char) code += 1;
    return `\\u00${hex[code >> 4]}${hex[code & 15]}`;
  };
  const quoted = (text) => {
    if (text.length > maxChars) end({ chars: text.length });
    let result = '"';
    for (let at = 0; at < text.length; at += 1) {
      const char = text[at];
      if (char < ' ' || char === '"' || char === '\\') result += escaped(char);
      else if (char < '\ud800' || char > '\udfff') result += char;
      else {
        const next = at + 1 < text.length ? text[at + 1] : '';
        if (char < '\udc00' && next >= '\udc00' && next <= '\udfff') {
          result += char + next;
          at += 1;
        } else result += '\ufffd';
      }
    }
    return count(`${result}"`);
  };
  const list = (it, depth) => {
    if (it.length > maxChars) end({ chars: it.length });
    let text = '';
    for (let at = 0; at < it.length; at += 1) {
      const item = write(it[at], `${at}`, depth) ?? count('null');
      text += at > 0 ? count(',') + item : item;
    }
    return `${count('[')}${text}${count(']')}`;
  };
  const record = (it, depth) => {
    const own = { __proto__: null, ...it };
    let text = '';
    for (const key in own) {
      const value = write(own[key], key, depth);
      if (value !== undefined) text += `${text ? count(',') : ''}${quoted(key)}${count(':')}${value}`;
    }
    return `${count('{')}${text}${count('}')}`;
  };
  // `undefined` for what JSON leaves out.
  const write = (value, key, depth) => {
    let it = value;
    if ((typeof it === 'object' && it !== null) || typeof it === 'function') it = converted(it, tagOf(it), key);
    if (typeof it === 'object' && it !== null) it = unboxed(it, tagOf(it));
    switch (typeof it) {
      case 'string':
        return quoted(it);
      case 'number':
        return count(it - it === 0 ? `${it}` : 'null');
      case 'boolean':
        return count(it ? 'true' : 'false');
      case 'bigint':
        return end({ problem: 'bigint' });
      case 'object':
        break;
      default:
        return undefined;
    }
    if (it === null) return count('null');
    for (let level = 0; level < depth; level += 1) if (ancestors[level] === it) end({ problem: 'circular' });
    if (depth >= maxDepth) end({ problem: 'depth' });
    ancestors[depth] = it;
    return isArray(it) ? list(it, depth + 1) : record(it, depth + 1);
  };
  try {
    return write(root, '', 0) ?? 'null';
  } catch (error) {
    if (error !== ended) throw error;
    return ended.because;
  }
}
