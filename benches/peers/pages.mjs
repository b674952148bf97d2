// The pages of the end-to-end benchmark, and a server for them.

import { createServer } from "node:http";

function pageOf(bytes) {
  let page = '<!doctype html><html><head><meta charset=utf-8><title>page</title></head><body>';
  const pieces = [page];
  let length = page.length;
  for (let number = 0; length < bytes; number++) {
    const minute = String(number % 60).padStart(2, "0");
    const piece =
      `<article class="card card-${number % 7}" data-id="${number}"><h2>Article ${number}</h2>` +
      "<p>The quick brown fox jumps over the lazy dog; Grüße aus Köln. He said \"yes\" " +
      `and left at ${number % 24}:${minute}.</p><a href="/article/${number}?ref=list&amp;x=1">more</a></article>\n`;
    pieces.push(piece);
    length += Buffer.byteLength(piece);
  }
  return pieces.join("") + "</body></html>";
}

const PAGES = {
  "/small": "<!doctype html><meta charset=utf-8><title>small</title><h1>Small</h1><p>One paragraph.</p>",
  "/medium": pageOf(218_000),
  "/large": pageOf(5_700_000),
};

/// Serves on a free port; returns the base URL and a function that ends it.
export async function serve() {
  const server = createServer((request, response) => {
    const body = PAGES[request.url];
    response.writeHead(body ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
    response.end(body ?? "");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
