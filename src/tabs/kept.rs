//! What is kept of a tab beyond the process, so that the next one opens it again. No I/O.

use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::identity::{ClientId, Scope};
use super::page_setup::EmulationState;
use super::page_setup::init_scripts::InitScripts;
use super::supervisor::ScopeSetup;
use super::view::TabView;

/// A tab as it is kept. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptTab {
    pub id: TabId,
    pub scope: Scope,
    /// The tab that opened it, for a popup.
    pub opener: Option<TabId>,
    pub logged_out: bool,
    pub created_at_ms: u64,
    pub last_used_ms: u64,
    /// The number of its latest creation or activation.
    pub activated: u64,
    pub page: KeptPage,
}

/// What the page of a tab is opened again with. It may hold what clients and people have typed, so that it is
/// encrypted wherever it is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeptPage {
    pub url: String,
    pub title: String,
    #[serde(skip_serializing_if = "is_default")]
    pub emulation: EmulationState,
    #[serde(skip_serializing_if = "InitScripts::was_never_set")]
    pub scripts: InitScripts,
}

/// The tabs that an earlier process has kept.
#[derive(Debug, Default)]
pub struct Restoration {
    /// The sessions that come back, and what their tabs start with.
    pub scopes: Vec<(Scope, ScopeSetup)>,
    pub tabs: Vec<KeptTab>,
    /// The highest number that a tab of each client has had.
    pub last_numbers: Vec<(ClientId, u64)>,
}

fn is_default(emulation: &EmulationState) -> bool {
    *emulation == EmulationState::default()
}

impl TabView {
    /// What is kept of it. `now` is the present by both clocks.
    pub fn kept(&self, now: (Instant, u64)) -> KeptTab {
        KeptTab {
            id: self.id,
            scope: self.scope.clone(),
            opener: self.opener,
            logged_out: self.logged_out,
            created_at_ms: self.created_at_ms,
            last_used_ms: self.last_used_ms(now),
            activated: self.activated,
            page: KeptPage {
                url: self.going_to.clone().unwrap_or_else(|| self.url.clone()),
                title: self.title.clone(),
                emulation: EmulationState::clone(&self.emulation),
                scripts: self.scripts.clone(),
            },
        }
    }

    /// When its latest request arrived, in milliseconds since the epoch.
    pub fn last_used_ms(&self, (now, now_ms): (Instant, u64)) -> u64 {
        let age = now.saturating_duration_since(self.last_used).as_millis();
        now_ms.saturating_sub(u64::try_from(age).unwrap_or(u64::MAX))
    }

    /// Whether what is kept of two views is the same, apart from when they were used.
    pub fn is_kept_like(&self, other: &Self) -> bool {
        let is_same = Arc::ptr_eq(&self.emulation, &other.emulation);
        self.url == other.url
            && self.going_to == other.going_to
            && self.title == other.title
            && self.logged_out == other.logged_out
            && self.activated == other.activated
            && self.scripts == other.scripts
            && (is_same || self.emulation == other.emulation)
    }
}

/// The moment on this process's clock of a time in milliseconds since the epoch that has passed.
pub fn moment_of(ms: u64, (now, now_ms): (Instant, u64)) -> Instant {
    let age = std::time::Duration::from_millis(now_ms.saturating_sub(ms));
    // A clock that began with the machine may not reach so far back.
    now.checked_sub(age).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::request::{Device, Emulate, Setting};

    #[test]
    fn a_page_is_read_as_it_was_written_with_its_emulation_and_its_scripts() {
        let tab = TabId::new(1);
        let request: Emulate = serde_json::from_value(serde_json::json!({
            "tabId": "t1", "viewport": {"width": 500, "height": 400}, "locale": "de-CH",
            "timezoneId": "Europe/Zurich", "geolocation": {"latitude": 1.5, "longitude": -2.25},
            "colorScheme": "dark", "offline": true, "extraHeaders": {"X-Token": "s3cret"},
        }))
        .unwrap();
        let device = Setting::To(Device::named("Pixel 8").unwrap());
        let request = Emulate { device, ..request };
        assert_eq!(request.tab_id, tab.into());
        let emulation = EmulationState::default().after(request, 156);
        let (scripts, first) = InitScripts::default().with("one()".into()).unwrap();
        let (scripts, _) = scripts.with("two()".into()).unwrap();
        let scripts = scripts.without(&first).unwrap();
        let page = KeptPage {
            url: "https://a.test/?q=1".to_owned(),
            title: "A".to_owned(),
            emulation,
            scripts,
        };
        let text = serde_json::to_string(&page).unwrap();
        let read: KeptPage = serde_json::from_str(&text).unwrap();
        assert_eq!(read, page);
        let (_, third) = read.scripts.with("three()".into()).unwrap();
        assert_eq!(third, "s3", "numbers of scripts are not given again");
    }

    #[test]
    fn what_an_older_or_newer_version_has_written_is_read_as_far_as_it_goes() {
        let read: KeptPage =
            serde_json::from_str(r#"{"url":"https://a.test/","later":1}"#).unwrap();
        assert_eq!(read.url, "https://a.test/");
        assert_eq!(read.emulation, EmulationState::default());
    }

    #[test]
    fn a_time_of_the_past_is_a_moment_of_this_clock() {
        let now = (Instant::now(), 10_000);
        assert_eq!(
            now.0 - moment_of(4_000, now),
            std::time::Duration::from_secs(6)
        );
        assert_eq!(moment_of(11_000, now), now.0, "a clock that was set back");
    }
}
