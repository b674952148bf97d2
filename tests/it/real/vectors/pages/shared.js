// A worker that pages share.
onconnect = ({ ports: [port] }) => each({
  fetch: () => get(at("shared-fetch")),
  socket: () => socket(socketAt("shared-ws")),
}).then(() => {
  try { importScripts(at("shared-import")); } catch {}
  port.postMessage("done");
});
