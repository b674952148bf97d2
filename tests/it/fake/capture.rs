//! Snapshots and screenshots of a page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::browser::Call;
use super::target::{Metrics, Target};

/// The length of one part of a large page.
const PIECE: usize = 100_000;

const USUAL: Metrics = Metrics {
    width: 800.0,
    height: 600.0,
    scale: 1.0,
};

/// The whole page is always twice as high as its viewport.
pub(super) fn layout_metrics(target: &Target) -> Value {
    let Metrics { width, height, .. } = target.metrics.unwrap_or(USUAL);
    json!({"cssContentSize": {"x": 0, "y": 0, "width": width, "height": height * 2.0}})
}

/// `Runtime.evaluate`, for the expressions with which the bridge reads a page. Their results are the
/// number of elements, the HTML, `undefined`, or the sizes of a page that is too large.
pub(super) fn evaluate(target: &Target, call: &Call) -> Value {
    let expression = call.text("expression").unwrap_or_default();
    let html = target.html.as_str();
    let nodes = count_elements(html);
    let over =
        |before: &str, size: usize| limit(expression, before).is_some_and(|most| size > most);
    let counts = if over("nodes > ", nodes) {
        Some(json!({"nodes": nodes}))
    } else if over("html.length > ", html.len()) {
        Some(json!({"nodes": nodes, "bytes": html.len()}))
    } else {
        None
    };
    let by_value = call.params["returnByValue"] == json!(true);
    let value = match counts {
        Some(counts) if by_value => counts,
        Some(counts) => json!(counts.to_string()),
        None if !expression.contains("outerHTML") => json!(""),
        None if limit(expression, "html.length <= ").is_some_and(|most| html.len() > most) => {
            return json!({"result": {"type": "object", "subtype": "array", "objectId": PIECES}});
        }
        None => json!(html),
    };
    let kind = if value.is_string() {
        "string"
    } else {
        "object"
    };
    json!({"result": {"type": kind, "value": value}})
}

/// The object id for the parts of a large page.
const PIECES: &str = "pieces";

/// `Runtime.callFunctionOn`, for the function that returns one part.
pub(super) fn piece(target: &Target, call: &Call) -> Value {
    assert_eq!(call.text("objectId"), Some(PIECES));
    let number = call.params["arguments"][0]["value"].as_u64().unwrap();
    let piece = target
        .html
        .as_bytes()
        .chunks(PIECE)
        .nth(number.try_into().unwrap());
    match piece {
        Some(piece) => {
            json!({"result": {"type": "string", "value": String::from_utf8_lossy(piece)}})
        }
        None => json!({"result": {"type": "undefined"}}),
    }
}

fn limit(expression: &str, before: &str) -> Option<usize> {
    let (_, rest) = expression.split_once(before)?;
    let digits = rest.split(|character: char| !character.is_ascii_digit());
    digits.into_iter().next()?.parse().ok()
}

fn count_elements(html: &str) -> usize {
    let bytes = html.as_bytes();
    bytes
        .windows(2)
        .filter(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic())
        .count()
}

/// `DOMSnapshot.captureSnapshot`.
pub(super) fn snapshot(target: &Target) -> Value {
    json!({"documents": [{"documentURL": 0}], "strings": [target.url, target.html]})
}

/// `Page.captureScreenshot`.
pub(super) fn screenshot(target: &Target, call: &Call) -> Value {
    let metrics = target.metrics.unwrap_or(USUAL);
    let side = |name: &str, visible: f64| call.params["clip"][name].as_f64().unwrap_or(visible);
    let pixels = |side: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the sides of a page are small and positive"
        )]
        let pixels = (side * metrics.scale) as u16;
        pixels
    };
    let width = pixels(side("width", metrics.width));
    let height = pixels(side("height", metrics.height));
    let head = match call.text("format") {
        Some("png") => png(width, height),
        Some("webp") => webp(width, height),
        _ => jpeg(width, height),
    };
    json!({"data": STANDARD.encode(head)})
}

/// The first bytes of a picture, which contain its size: tests read no more of it.
fn png(width: u16, height: u16) -> Vec<u8> {
    let mut head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    head.extend(u32::from(width).to_be_bytes());
    head.extend(u32::from(height).to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    head
}

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut head =
        b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\x00\x11\x08".to_vec();
    head.extend(height.to_be_bytes());
    head.extend(width.to_be_bytes());
    head.extend([3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xff, 0xd9]);
    head
}

fn webp(width: u16, height: u16) -> Vec<u8> {
    let mut head = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    head.extend(&u32::from(width - 1).to_le_bytes()[..3]);
    head.extend(&u32::from(height - 1).to_le_bytes()[..3]);
    head
}
