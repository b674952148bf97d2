//! Pages that are difficult for a bridge.

/// A page of at least this many bytes, full of text that breaks escaping and splitting: quotes,
/// backslashes, control characters, and characters of every length in UTF-8.
pub(crate) fn large(bytes: usize) -> String {
    const PIECE: &str = "<p title='\"q\" &amp; \\ /'>Grüße, 世界 — 🦀👩‍👩‍👧 \u{1}\u{b}\u{1f}\u{7f}\u{2028}\u{feff} tab\there &lt;!-- \\u0041\\n</p>\n";
    let mut page = String::with_capacity(bytes + 1024);
    page.push_str("<!doctype html><meta charset=utf-8><title>large</title><body>");
    for number in 0.. {
        if page.len() >= bytes {
            break;
        }
        page.extend(["<i>", &number.to_string(), "</i>"]);
        page.push_str(PIECE);
    }
    page.push_str("<b id=end>the end</b>");
    page
}

/// The body of a page that is this many pixels high and looks different everywhere.
pub(crate) fn tall(pixels: u32) -> String {
    format!(
        "<style>body{{margin:0}} div{{height:{pixels}px;\
         background:repeating-linear-gradient(#036,#fc0 97px,#a2c 211px)}}</style><div></div>"
    )
}

/// A script that loops for ever, started once the page has loaded. Right before it, it requests
/// [`LOOPS`] from the page's host, so that a test can wait for it.
pub(crate) const ENDLESS: &str = "<script>onload = () => setTimeout(() => {
    const last = new XMLHttpRequest(); last.open('GET', '/loops', false); last.send();
    while (1) {} }, 50)</script>";

/// The path that a page requests right before it loops for ever.
pub(crate) const LOOPS: &str = "/loops";
