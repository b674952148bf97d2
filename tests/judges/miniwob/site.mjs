// The pages of MiniWoB++, as `scripts/install-miniwob` has unpacked them, on a port of their own.

import { createServer } from "node:http";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { folder } from "../packages.mjs";

export const pages = join(folder, "miniwob", "html");

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".gif": "image/gif" };

// The names of all tasks.
export function tasks() {
  if (!existsSync(pages)) throw new Error(`there are no pages in ${pages}: run scripts/install-miniwob`);
  const files = readdirSync(join(pages, "miniwob"));
  return files.filter((file) => file.endsWith(".html")).map((file) => file.slice(0, -".html".length));
}

// `script` is put before the page's own scripts.
export async function serve(script = "") {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://a").pathname));
    const file = join(pages, path);
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const isPage = extname(file) === ".html";
    const body = readFileSync(file);
    response.writeHead(200, { "content-type": type, "cache-control": isPage ? "no-store" : "max-age=3600" });
    response.end(isPage && script ? body.toString().replace("<head>", () => `<head><script>${script}</script>`) : body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: (task) => `http://127.0.0.1:${server.address().port}/miniwob/${task}.html`,
    stop: () => server.close(),
  };
}
