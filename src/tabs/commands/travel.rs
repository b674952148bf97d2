//! `goBack`, `goForward` and `reload`, up to Chromium's answer. The commit that follows is an event.

use std::sync::Arc;
use std::time::Duration;

use super::navigate::Started;
use crate::cdp::page_methods::{GetNavigationHistory, NavigateToHistoryEntry, ReloadPage};
use crate::cdp::{CallError, Session};
use crate::tabs::identity::Scope;
use crate::tabs::message::Way;
use crate::tabs::outlet::Outlets;

/// Sends the main frame some way, if there is anything that way and policy allows it.
pub async fn travel(
    session: Session,
    way: Way,
    outlets: Arc<dyn Outlets>,
    scope: Scope,
    limit: Duration,
) -> Result<Started, CallError> {
    if way == Way::Again {
        session.call(ReloadPage {}, limit).await?;
        return Ok(Started::Anything);
    }
    let history = session.call(GetNavigationHistory {}, limit).await?;
    let index = match way {
        Way::Back => history.current_index.checked_sub(1),
        _ => history.current_index.checked_add(1),
    };
    let Some(entry) = index.and_then(|index| history.entries.get(index)) else {
        return Ok(Started::Nowhere);
    };
    if let Err(denied) = outlets.check(&scope, &entry.url) {
        return Ok(Started::Denied(denied));
    }
    let entry_id = entry.id;
    session
        .call(NavigateToHistoryEntry { entry_id }, limit)
        .await?;
    Ok(Started::Anything)
}
