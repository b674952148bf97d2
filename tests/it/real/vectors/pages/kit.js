// What every script of the vectors begins with. `C` is written in front of it by the server.

// The forbidden URL of a vector, and one of the allowed server that redirects there.
const at = name => `${C.http}/v/${C.context}/${name}`;
const hop = name => `${C.here}/302/${C.context}/${name}`;
// WebSockets to one port wait for each other, so each has a port of its own.
const socketAt = name => `ws://evil.test:${C.ports[name]}/`;
const scripts = `${location.origin}/js/${C.context}`;
const sleep = ms => new Promise(done => setTimeout(done, ms));

// Whatever a vector comes to, it has an end. Chromium itself holds back WebSockets of a page whose
// others have failed, by up to five seconds.
const bounded = (run, ms = 7000) =>
  Promise.race([Promise.resolve().then(run).catch(() => {}), sleep(ms)]);
const each = vectors => Promise.all(Object.values(vectors).map(run => bounded(run)));

const get = url => fetch(url, { mode: "no-cors" });
const socket = url => new Promise(done => {
  const it = new WebSocket(url);
  it.onopen = it.onerror = it.onclose = done;
});
const xhr = url => new Promise(done => {
  const it = new XMLHttpRequest();
  it.onloadend = done;
  it.open("GET", url);
  it.send();
});
const events = url => new Promise(done => {
  const it = new EventSource(url);
  it.onopen = it.onerror = () => { it.close(); done(); };
});
