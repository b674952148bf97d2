//! Whether a locale or a time zone holds in a page. Chromium has one of each for a renderer process and refuses the commands
//! of a second session there, even if they ask for the same.

use std::borrow::Cow;
use std::time::Duration;

use super::overrides::Aspect;
use super::target_setup::TargetSetup;
use crate::cdp::CallError;
use crate::cdp::page_methods::{CreateIsolatedWorld, EvaluateIn};
use crate::cdp::results::{EvaluateResult, evaluated};

/// The world in which it is asked, where a page cannot replace `Intl`.
const WORLD: &str = "cdp-bridge zone check";

const LIMIT: Duration = Duration::from_secs(2);

/// Whether the page has what its set-up says.
pub(super) async fn holds(target: &TargetSetup, aspect: Aspect) -> Result<bool, CallError> {
    let setup = target.current();
    let (wanted, resolved) = match aspect {
        Aspect::Timezone => (&setup.emulation.timezone_id, "timeZone"),
        Aspect::Locale => (&setup.emulation.locale, "locale"),
        _ => return Ok(false),
    };
    let Some(wanted) = wanted else {
        return Ok(false);
    };
    // Text always serializes. One zone may have several names, so that both sides are resolved.
    let wanted = serde_json::to_string(wanted).unwrap_or_default();
    let made_with = match aspect {
        Aspect::Timezone => format!("undefined, {{timeZone: {wanted}}}"),
        _ => wanted,
    };
    let expression = format!(
        "new Intl.DateTimeFormat({made_with}).resolvedOptions().{resolved} \
         === new Intl.DateTimeFormat().resolvedOptions().{resolved}"
    );
    let session = target.session();
    let world = CreateIsolatedWorld {
        frame_id: Cow::Borrowed(target.main_frame()),
        world_name: WORLD,
    };
    let context = session.call(world, LIMIT).await?.execution_context_id;
    let evaluate = EvaluateIn {
        expression: Cow::Owned(expression),
        context_id: Some(context),
        return_by_value: true,
        await_promise: false,
        user_gesture: false,
        timeout: u64::try_from(LIMIT.as_millis()).unwrap_or(u64::MAX),
    };
    let result = session.call_raw(evaluate, LIMIT).await?;
    Ok(matches!(evaluated(&result)?, EvaluateResult::Value(value) if &*value == b"true"))
}
