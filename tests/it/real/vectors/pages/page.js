// What only pages have need of, not workers.

const element = (tag, attributes, parent = document.body) => new Promise(done => {
  const it = document.createElement(tag);
  it.onload = it.onerror = it.onloadeddata = done;
  Object.assign(it, attributes.properties);
  for (const [name, value] of Object.entries(attributes))
    if (name !== "properties") it.setAttribute(name, value);
  parent.append(it);
});
const said = it => new Promise(done => { it.onmessage = done; it.onerror = done; });
const port = name => C.ports[name];
const done = page => fetch(`${location.origin}/done/${C.context}/${page}`);
// Names that nobody answers for: what counts is whether they are asked for.
const unknown = name => `${name}.${C.context}.leak.test`;
