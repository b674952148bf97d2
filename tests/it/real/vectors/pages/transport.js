// A worker that opens a transport of its own.
each({
  transport: () => Promise.race([sleep(2000), new WebTransport(`https://evil.test:${C.ports["webtransport-worker"]}/`,
    { serverCertificateHashes: [{ algorithm: "sha-256", value: new Uint8Array(32) }] }).ready]),
}).then(() => postMessage("done"));
