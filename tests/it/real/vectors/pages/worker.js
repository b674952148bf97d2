// A worker, and a worker inside it. Its import stops it while it lasts, so it comes last.
const nested = () => new Promise(done => {
  const code = `fetch(${JSON.stringify(at("worker-nested"))}, { mode: "no-cors" })
    .catch(() => {}).then(() => postMessage("done"))`;
  const it = new Worker(URL.createObjectURL(new Blob([code])));
  it.onmessage = it.onerror = done;
});
each({
  fetch: () => get(at("worker-fetch")),
  hop: () => get(hop("worker-fetch-302")),
  xhr: () => xhr(at("worker-xhr")),
  events: () => events(at("worker-eventsource")),
  socket: () => socket(socketAt("worker-ws")),
  nested,
}).then(() => {
  try { importScripts(at("worker-import")); } catch {}
  postMessage("done");
});
