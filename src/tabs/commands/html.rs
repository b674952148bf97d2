//! The HTML of a page.
//!
//! A large page is taken once and pulled in pieces. While Chromium writes a string of megabytes
//! into one answer, its main thread answers no tab for tens of milliseconds, and every stage on
//! the way waits for the one before it. Pieces let others get between, and overlap: measured with
//! 5.7 MB, all of it arrives in 0.7 of the time, and no other tab waits for longer than 9 ms
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
use crate::cdp::methods::{CallArgument, CallFunctionOn, Evaluate, Method, ReleaseObject};
use crate::cdp::results::{EvaluateResult, evaluated};
use crate::cdp::{CallError, TargetSession};
use crate::tabs::error::SnapshotError;
use crate::tabs::settings::CaptureLimits;

/// From how many UTF-16 units on a page is pulled in pieces of as many.
const PIECE: usize = 256 * 1024;

/// How many pieces are asked for before the first has come.
const AHEAD: usize = 4;

/// How long letting go may take, for which nobody waits.
const RELEASE_LIMIT: Duration = Duration::from_secs(30);

/// Takes the HTML of a page. Chromium would spend minutes on a page of millions of elements, so
/// the page counts them first, in the same round trip.
pub async fn html(
    session: &TargetSession,
    limits: CaptureLimits,
    deadline: Instant,
) -> Result<EscapedText, SnapshotError> {
    let expression = expression(limits);
    let text = while_navigating(deadline, |left| take(session, &expression, left))
        .await
        .map_err(SnapshotError::Call)?
        .ok_or(SnapshotError::Threw)?;
    // HTML begins with a tag, unless it is empty.
    if text.as_bytes().first() != Some(&b'{') {
        return Ok(text);
    }
    Err(too_large(&text.decode(), limits))
}

/// Comes to the HTML; to a list of its pieces, if it is large; or to the counts of a page that is
/// too large.
fn expression(limits: CaptureLimits) -> String {
    format!(
        "(() => {{ const nodes = document.getElementsByTagName('*').length; \
         if (nodes > {}) return '{{\"nodes\":' + nodes + '}}'; \
         const root = document.documentElement, html = root ? root.outerHTML : ''; \
         if (html.length > {}) return '{{\"nodes\":' + nodes + ',\"bytes\":' + html.length + '}}'; \
         if (html.length <= {PIECE}) return html; \
         const pieces = []; \
         for (let at = 0, end; at < html.length; at = end) {{ \
         end = at + {PIECE}; const last = html.charCodeAt(end - 1); \
         if (last >= 0xD800 && last < 0xDC00) end -= 1; \
         pieces.push(html.slice(at, end)); }} \
         return pieces; }})()",
        limits.snapshot_nodes, limits.snapshot_bytes,
    )
}

/// Takes the text that an expression comes to; none if it throws.
async fn take(
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
        EvaluateResult::Value(_) | EvaluateResult::Undefined => {
            return Err(shape::<Evaluate<'_>>(&"neither text nor its pieces"));
        }
    };
    let held = Held {
        session: session.clone(),
        handle,
    };
    let left = limit.saturating_sub(start.elapsed());
    let mut coming = stream::iter(0..)
        .map(|number| piece(session, &held.handle, number, left))
        .buffered(AHEAD);
    let mut pieces = Vec::new();
    while let Some(piece) = coming.next().await {
        match piece? {
            Some(piece) => pieces.push(piece),
            None => break,
        }
    }
    Ok(Some(EscapedText::join(&pieces)))
}

/// One of the pieces; none after the last.
async fn piece(
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
        _ => Err(shape::<CallFunctionOn<'_>>(&"a piece is no text")),
    }
}

/// Takes over the text that a call came to.
fn text<M: Method>(quoted: &Bytes) -> Result<EscapedText, CallError> {
    EscapedText::from_json_string(quoted).map_err(|error| shape::<M>(&error))
}

/// Pieces that the page holds for us. They are let go of however the taking ends: a page that is
/// looked at again and again must not grow.
struct Held {
    session: TargetSession,
    handle: Box<str>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (session, handle) = (self.session.clone(), std::mem::take(&mut self.handle));
            runtime.spawn(async move {
                let release = ReleaseObject { object_id: &handle };
                // A page that is gone holds nothing any more.
                let _ = session.call(release, RELEASE_LIMIT).await;
            });
        }
    }
}
