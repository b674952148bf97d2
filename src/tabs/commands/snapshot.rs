//! `getDomSnapshot`.

use std::borrow::Cow;

use cdp_bridge_protocol::payload::{EscapedText, without_lone_surrogates};
use cdp_bridge_protocol::request::SnapshotFormat;
use tokio::time::Instant;

use super::html::{DOCUMENT, html};
use super::retry::while_navigating;
use super::too_large::too_large;
use crate::cdp::TargetSession;
use crate::cdp::client::shape;
use crate::cdp::methods::{CaptureSnapshot, Evaluate};
use crate::cdp::results::{EvaluateResult, evaluated};
use crate::tabs::error::SnapshotError;
use crate::tabs::settings::CaptureLimits;

pub async fn snapshot(
    session: TargetSession,
    format: SnapshotFormat,
    limits: CaptureLimits,
    deadline: Instant,
) -> Result<EscapedText, SnapshotError> {
    let text = match format {
        SnapshotFormat::Html => html(&session, limits, deadline).await?,
        SnapshotFormat::Structured => structured(&session, limits, deadline).await?,
    };
    within(text.decoded_len() as u64, limits)?;
    Ok(text)
}

async fn structured(
    session: &TargetSession,
    limits: CaptureLimits,
    deadline: Instant,
) -> Result<EscapedText, SnapshotError> {
    let expression = format!(
        "(() => {{ {DOCUMENT} const nodes = countElements(); \
         if (nodes > {}) return {{nodes}}; \
         const root = rootElement(), bytes = root ? read(Node.prototype, 'textContent', root).length : 0; \
         return bytes > {} ? {{nodes, bytes}} : ''; }})()",
        limits.snapshot_nodes, limits.snapshot_bytes,
    );
    match evaluate(session, expression, deadline).await? {
        EvaluateResult::Text(_) => {}
        EvaluateResult::Threw => return Err(SnapshotError::Threw),
        EvaluateResult::Value(value) => return Err(too_large(&value, limits)),
        EvaluateResult::Handle(_)
        | EvaluateResult::Undefined
        | EvaluateResult::Unserializable(_) => {
            return Err(unexpected(&"neither text nor the counts"));
        }
    }
    let json = while_navigating(deadline, |left| {
        let computed_styles = Vec::new();
        session.call_raw(CaptureSnapshot { computed_styles }, left)
    })
    .await?;
    within(json.len() as u64, limits)?;
    let json = without_lone_surrogates(json).map_err(|error| unexpected(&error))?;
    let json = std::str::from_utf8(&json).map_err(|error| unexpected(&error))?;
    Ok(EscapedText::from_text(json))
}

async fn evaluate(
    session: &TargetSession,
    expression: String,
    deadline: Instant,
) -> Result<EvaluateResult, SnapshotError> {
    let result = while_navigating(deadline, |left| {
        let evaluate = Evaluate {
            expression: Cow::Owned(expression.clone()),
            return_by_value: true,
            timeout: u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1),
        };
        session.call_raw(evaluate, left)
    })
    .await?;
    Ok(evaluated(&result)?)
}

fn within(bytes: u64, limits: CaptureLimits) -> Result<(), SnapshotError> {
    let max = limits.snapshot_bytes;
    if bytes > max {
        Err(SnapshotError::TooManyBytes { bytes, max })
    } else {
        Ok(())
    }
}

fn unexpected(problem: &dyn std::fmt::Display) -> SnapshotError {
    shape::<Evaluate<'_>>(problem).into()
}
