//! The HTML of a page.
//!
//! The HTML of a large page is kept in the page and fetched in chunks. While Chromium writes a string
//! of megabytes into one response, its main thread serves no tab for tens of milliseconds, and each
//! stage of the transfer waits for the one before it. Chunks interleave with other traffic and
//! overlap: with 5.7 MB the transfer takes 0.7 of the time, and other tabs wait for at most 9 ms
//! instead of 55.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use cdp_bridge_protocol::payload::EscapedText;
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use super::retry::while_navigating;
use super::too_large::too_large;
use crate::cdp::client::shape;
use crate::cdp::methods::{CallArgument, CallFunctionOn, Evaluate, Method};
use crate::cdp::results::{EvaluateResult, evaluated};
use crate::cdp::{CallError, TargetSession};
use crate::tabs::error::SnapshotError;
use crate::tabs::object_handle::ObjectHandle;
use crate::tabs::settings::CaptureLimits;

/// The size of a chunk in UTF-16 units; a page up to this size is returned in one.
const CHUNK: usize = 256 * 1024;

/// How many chunks are requested before the first has arrived.
const CHUNKS_IN_FLIGHT: usize = 4;

/// Captures the HTML of a page. Chromium would spend minutes on a page of millions of elements, so
/// the page counts them first, in the same round trip.
pub async fn html(
    session: &TargetSession,
    limits: CaptureLimits,
    deadline: Instant,
) -> Result<EscapedText, SnapshotError> {
    let expression = expression(limits);
    let text = while_navigating(deadline, |left| fetch(session, &expression, left)).await?;
    let text = text.ok_or(SnapshotError::Threw)?;
    // HTML begins with `<`, or is empty; a brace begins the counts.
    if text.as_bytes().first() != Some(&b'{') {
        return Ok(text);
    }
    Err(too_large(&text.decode(), limits))
}

/// Functions that read the document through its prototypes: an element with a name such as
/// `documentElement` hides the property of the document.
pub(super) const DOCUMENT: &str = "\
    const read = (prototype, name, node) => Object.getOwnPropertyDescriptor(prototype, name).get.call(node); \
    const countElements = () => Document.prototype.getElementsByTagName.call(document, '*').length; \
    const rootElement = () => read(Document.prototype, 'documentElement', document);";

/// Functions that write the nodes of a document.
const MARKUP: &str = "\
    const doctype = ({ name, publicId, systemId }) => '<!DOCTYPE ' + name + \
    (publicId ? ' PUBLIC \"' + publicId + '\"' : systemId ? ' SYSTEM' : '') + \
    (systemId ? ' \"' + systemId + '\"' : '') + '>'; \
    const markup = (node) => { switch (read(Node.prototype, 'nodeType', node)) { \
    case 1: return read(Element.prototype, 'outerHTML', node); \
    case 7: return '<?' + node.target + ' ' + node.data + '?>'; \
    case 8: return '<!--' + node.data + '-->'; \
    case 10: return doctype(node); } \
    return ''; }; \
    const wholeMarkup = () => { let all = ''; \
    for (let node = read(Node.prototype, 'firstChild', document); node; node = read(Node.prototype, 'nextSibling', node)) all += markup(node); \
    return all; };";

/// Evaluates to the HTML, to an array of its chunks if it is large, or to the counts of a page that
/// is over the limits.
fn expression(limits: CaptureLimits) -> String {
    format!(
        "(() => {{ {DOCUMENT} {MARKUP} const nodes = countElements(); \
         if (nodes > {}) return '{{\"nodes\":' + nodes + '}}'; \
         const html = wholeMarkup(); \
         if (html.length > {}) return '{{\"nodes\":' + nodes + ',\"bytes\":' + html.length + '}}'; \
         if (html.length <= {CHUNK}) return html; \
         const chunks = []; \
         for (let at = 0, end; at < html.length; at = end) {{ \
         end = at + {CHUNK}; const last = html.charCodeAt(end - 1); \
         if (last >= 0xD800 && last < 0xDC00) end -= 1; \
         chunks.push(html.slice(at, end)); }} \
         return chunks; }})()",
        limits.snapshot_nodes, limits.snapshot_bytes,
    )
}

/// Fetches the text that an expression evaluates to; `None` if it throws.
async fn fetch(
    session: &TargetSession,
    expression: &str,
    limit: Duration,
) -> Result<Option<EscapedText>, CallError> {
    let start = Instant::now();
    let evaluate = Evaluate {
        expression: Cow::Borrowed(expression),
        return_by_value: false,
        timeout: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1),
    };
    let handle = match evaluated(&session.call_raw(evaluate, limit).await?)? {
        EvaluateResult::Text(quoted) => return text::<Evaluate<'_>>(&quoted).map(Some),
        EvaluateResult::Handle(handle) => handle,
        EvaluateResult::Threw => return Ok(None),
        EvaluateResult::Value(_)
        | EvaluateResult::Undefined
        | EvaluateResult::Unserializable(_) => {
            return Err(shape::<Evaluate<'_>>(
                &"neither text nor an array of chunks",
            ));
        }
    };
    // Released however the transfer ends.
    let remote = ObjectHandle::new(session.clone(), handle);
    let left = limit.saturating_sub(start.elapsed());
    let mut in_flight = stream::iter(0..)
        .map(|number| fetch_chunk(session, remote.id(), number, left))
        .buffered(CHUNKS_IN_FLIGHT);
    let mut chunks = Vec::new();
    while let Some(chunk) = in_flight.next().await {
        match chunk? {
            Some(chunk) => chunks.push(chunk),
            None => break,
        }
    }
    Ok(Some(EscapedText::join(&chunks)))
}

/// `None` after the last chunk.
async fn fetch_chunk(
    session: &TargetSession,
    handle: &str,
    number: u32,
    limit: Duration,
) -> Result<Option<EscapedText>, CallError> {
    let call = CallFunctionOn {
        object_id: handle,
        function_declaration: "function(number) { return this[number]; }",
        arguments: [CallArgument { value: number }],
        return_by_value: true,
    };
    match evaluated(&session.call_raw(call, limit).await?)? {
        EvaluateResult::Text(quoted) => text::<CallFunctionOn<'_>>(&quoted).map(Some),
        EvaluateResult::Undefined => Ok(None),
        _ => Err(shape::<CallFunctionOn<'_>>(&"a chunk is not text")),
    }
}

fn text<M: Method>(quoted: &Bytes) -> Result<EscapedText, CallError> {
    EscapedText::from_json_string(quoted).map_err(|error| shape::<M>(&error))
}
