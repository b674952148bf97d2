//! `getDomSnapshot`.

use std::borrow::Cow;

use cdp_bridge_protocol::payload::{EscapedText, without_lone_surrogates};
use cdp_bridge_protocol::request::SnapshotFormat;
use tokio::time::Instant;

use super::html::html;
use super::retry::while_navigating;
use super::too_large::too_large;
use crate::cdp::client::shape;
use crate::cdp::methods::{CaptureSnapshot, Evaluate};
use crate::cdp::results::{EvaluateResult, evaluated};
use crate::cdp::{CallError, TargetSession};
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
        "(() => {{ const nodes = document.getElementsByTagName('*').length; \
         if (nodes > {}) return {{nodes}}; \
         const root = document.documentElement, bytes = root ? root.textContent.length : 0; \
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
        session.call_raw(
            CaptureSnapshot {
                computed_styles: Vec::new(),
            },
            left,
        )
    })
    .await
    .map_err(SnapshotError::Call)?;
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
        let timeout = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1);
        let expression = Cow::Owned(expression.clone());
        session.call_raw(
            Evaluate {
                expression,
                return_by_value: true,
                timeout,
            },
            left,
        )
    })
    .await
    .map_err(SnapshotError::Call)?;
    evaluated(&result).map_err(SnapshotError::Call)
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
    let error: CallError = shape::<Evaluate<'_>>(problem);
    SnapshotError::Call(error)
}
