// The vectors of a page on the allowed host that browsers offer to trustworthy origins alone.

const soon = promise => Promise.race([promise, sleep(2000)]);
// It may take long to fail, long after it was on its way.
const transport = url => soon(new WebTransport(url, { serverCertificateHashes:
  [{ algorithm: "sha-256", value: new Uint8Array(32) }] }).ready);
// The peers stay: a busy machine may take long to ask the first of them.
const peers = [];
const ice = async (urls, more) => {
  const peer = new RTCPeerConnection(
    { iceServers: urls ? [{ urls, username: "u", credential: "c" }] : [] });
  peers.push(peer);
  peer.createDataChannel("x");
  await peer.setLocalDescription();
  if (more) await more(peer);
  await sleep(1800);
};
// A peer that is told that the other side is on the forbidden host.
const candidate = line => ice(null, async peer => {
  const other = new RTCPeerConnection();
  await other.setRemoteDescription(peer.localDescription);
  await other.setLocalDescription();
  await peer.setRemoteDescription(other.localDescription);
  await peer.addIceCandidate({ candidate: line, sdpMid: "0" });
});
const media = {
  "stun-host": () => ice(`stun:evil.test:${port("stun-host")}`),
  "stun-ip": () => ice(`stun:127.0.0.2:${port("stun-ip")}`),
  "turn-udp": () => ice(`turn:evil.test:${port("turn-udp")}?transport=udp`),
  "turn-udp-ip": () => ice(`turn:127.0.0.2:${port("turn-udp-ip")}?transport=udp`),
  "turn-tcp": () => ice(`turn:evil.test:${port("turn-tcp")}?transport=tcp`),
  "turn-tcp-ip": () => ice(`turn:127.0.0.2:${port("turn-tcp-ip")}?transport=tcp`),
  turns: () => ice(`turns:evil.test:${port("turns")}?transport=tcp`),
  "ice-udp": () => candidate(
    `candidate:1 1 udp 2122260223 127.0.0.2 ${port("ice-udp")} typ host`),
  "ice-tcp": () => candidate(
    `candidate:1 1 tcp 1518280447 127.0.0.2 ${port("ice-tcp")} typ host tcptype passive`),
};

const vectors = {
  service: async () => {
    await navigator.serviceWorker.register(`${scripts}/service.js`);
    await sleep(2000);
  },
  audio: () => new OfflineAudioContext(1, 1, 44100).audioWorklet.addModule(at("worklet-audio")),
  paint: () => CSS.paintWorklet.addModule(at("worklet-paint")),
  inside: () => new OfflineAudioContext(1, 1, 44100).audioWorklet
    .addModule(`${scripts}/worklet.js`),
  "cache-add": async () => (await caches.open("x")).add(new Request(at("cache-add"), { mode: "no-cors" })),
  webtransport: () => transport(`https://evil.test:${port("webtransport")}/`),
  "webtransport-ip": () => transport(`https://127.0.0.2:${port("webtransport-ip")}/`),
  "webtransport-worker": () => said(new Worker(`${scripts}/transport.js`)),
  "dns-webtransport": () => transport(`https://${unknown("dns-webtransport")}/`),
  "dns-stun": () => ice(`stun:${unknown("dns-stun")}:3478`),
  "dns-turn-tcp": () => ice(`turn:${unknown("dns-turn-tcp")}:3478?transport=tcp`),
  fedcm: () => soon(navigator.credentials.get({ identity: { providers: [
    { configURL: `https://evil.test:${port("fedcm")}/fedcm.json`, clientId: "x" }] } })),
};
each({ ...vectors, ...media }).then(() => done("secure"));
