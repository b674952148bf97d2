//! The time limit of each kind of request, from the keys of section `timeouts`.

use cdp_bridge_protocol::RequestKind;

use crate::config;
use crate::server::Timeouts;

/// The requests that share the time limit of page actions.
const ACTIONS: [RequestKind; 13] = [
    RequestKind::Click,
    RequestKind::Hover,
    RequestKind::Focus,
    RequestKind::Check,
    RequestKind::Uncheck,
    RequestKind::ScrollIntoView,
    RequestKind::Fill,
    RequestKind::Type,
    RequestKind::Press,
    RequestKind::Select,
    RequestKind::Scroll,
    RequestKind::Drag,
    RequestKind::Upload,
];

/// The requests that share the time limit of moving in a tab's history.
const TRAVELS: [RequestKind; 3] = [
    RequestKind::GoBack,
    RequestKind::GoForward,
    RequestKind::Reload,
];

pub(super) fn timeouts(config: &config::TimeoutsConfig) -> Timeouts {
    let shared = [(&ACTIONS[..], config.act), (&TRAVELS[..], config.travel)];
    let timeouts = shared
        .into_iter()
        .flat_map(|(kinds, limit)| kinds.iter().map(move |kind| (*kind, limit)))
        .fold(Timeouts::all(config.navigate), |timeouts, (kind, limit)| {
            timeouts.with(kind, limit)
        });
    timeouts
        .with(RequestKind::WaitFor, config.wait_for)
        .with(RequestKind::Query, config.query)
        .with(RequestKind::Evaluate, config.evaluate)
        .with(RequestKind::GetAxSnapshot, config.get_ax_snapshot)
        .with(RequestKind::GetContent, config.get_content)
        .with(RequestKind::Subscribe, config.subscribe)
        .with(RequestKind::GetDownload, config.get_download)
        .with(RequestKind::CreateTab, config.create_tab)
        .with(RequestKind::CloseTab, config.close_tab)
        .with(RequestKind::ActivateTab, config.activate_tab)
        .with(RequestKind::Navigate, config.navigate)
        .with(RequestKind::GetDomSnapshot, config.get_dom_snapshot)
        .with(RequestKind::GetScreenshot, config.get_screenshot)
        .with(RequestKind::SetLoggedOutMode, config.set_logged_out_mode)
        .with(RequestKind::StartScreencast, config.start_screencast)
        .with(RequestKind::StopScreencast, config.stop_screencast)
}
