//! Pages that make the daemon move much at once.

use crate::support::site::{Reply, Site};

/// Writes one line of so many bytes to its console when its button is clicked, and has an input for files.
pub(crate) fn loud(site: &Site, bytes: usize) -> String {
    let body = format!(
        "<button id=b>Write</button><input type=file id=f>\
         <script>b.onclick = () => setTimeout(() => console.log('x'.repeat({bytes})))</script>"
    );
    site.page("/loud", &body)
}

/// A long text in few nodes.
pub(crate) fn long(site: &Site, bytes: usize) -> String {
    const PARAGRAPHS: usize = 200;
    let paragraph = "\"long\"\n".repeat(bytes / PARAGRAPHS / 7);
    let body: String = (0..PARAGRAPHS)
        .flat_map(|_| ["<p>", &paragraph, "</p>"])
        .collect();
    let page = format!("<!doctype html><meta charset=utf-8><title>long</title><body>{body}");
    site.serve("/long", Reply::page(page))
}

/// A picture of noise, which does not become small when it is compressed.
pub(crate) fn noise(site: &Site) -> String {
    site.page(
        "/noise",
        "<canvas id=c width=1280 height=720 style='position:fixed;inset:0'></canvas><script>\
         const context = c.getContext('2d'), image = context.createImageData(1280, 720);\
         const pixels = new Uint32Array(image.data.buffer);\
         for (let at = 0; at < pixels.length; at++) pixels[at] = Math.random() * 2 ** 24 | 255 << 24;\
         context.putImageData(image, 0, 0)</script>",
    )
}
