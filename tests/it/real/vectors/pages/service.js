// A service worker.
oninstall = event => event.waitUntil(each({
  fetch: () => get(at("service-fetch")),
  hop: () => get(hop("service-fetch-302")),
  socket: () => socket(socketAt("service-ws")),
}));
try { importScripts(at("service-import")); } catch {}
