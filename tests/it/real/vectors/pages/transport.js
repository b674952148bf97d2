// A worker that opens a transport of its own.
each({
  transport: () => new WebTransport(`https://evil.test:${C.ports["webtransport-worker"]}/`,
    { serverCertificateHashes: [{ algorithm: "sha-256", value: new Uint8Array(32) }] }).ready,
}).then(() => postMessage("done"));
