//! `goBack`, `goForward` and `reload`, up to Chromium's answer. The commit that follows is an event.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::history::settled_history;
use super::navigate::NavigationStart;
use super::retry::until_active;
use crate::cdp::page_methods::{NavigateToHistoryEntry, ReloadPage};
use crate::cdp::{CallError, TargetSession};
use crate::tabs::context_proxy::ProxyProvider;
use crate::tabs::identity::Scope;
use crate::tabs::message::Way;

/// Moves the main frame in its history, if there is such an entry and policy allows it. Right after a
/// commit Chromium may refuse these calls, without effect.
pub async fn travel(
    session: TargetSession,
    way: Way,
    url: String,
    proxies: Arc<dyn ProxyProvider>,
    scope: Scope,
    limit: Duration,
) -> Result<NavigationStart, CallError> {
    let deadline = Instant::now() + limit;
    let history = settled_history(&session, &url, deadline).await?;
    if way == Way::Reload {
        until_active(deadline, |left| session.call(ReloadPage {}, left)).await?;
        return Ok(NavigationStart::AnyDocument);
    }
    let index = match way {
        Way::Back => history.current_index.checked_sub(1),
        _ => history.current_index.checked_add(1),
    };
    let Some(entry) = index.and_then(|index| history.entries.get(index)) else {
        return Ok(NavigationStart::NoHistoryEntry);
    };
    if let Err(denied) = proxies.check(&scope, &entry.url) {
        return Ok(NavigationStart::Denied(denied));
    }
    let entry_id = entry.id;
    let travel = |left| session.call(NavigateToHistoryEntry { entry_id }, left);
    until_active(deadline, travel).await?;
    Ok(NavigationStart::AnyDocument)
}
