//! Which fields of a request its row in the history may have.
//!
//! Each kind names the fields that are let in, so that a new field stays out until it is added here. Never let in: what is
//! typed or pressed and how long it is, points (an on-screen keyboard is pressed by them), selectors and other texts to
//! look for, scripts and their arguments, headers, cookies, credentials, names and contents of files, and of a URL
//! anything but scheme, host and port.

use cdp_bridge_protocol::request::{
    ActionWait, CreateSession, CreateTab, Emulate, GetAxSnapshot, GetScreenshot, Setting, Viewport,
    WaitFor,
};
use cdp_bridge_protocol::{RequestBody, RequestKind};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

/// The most characters of a URL that are kept.
const MAX_URL: usize = 512;

/// The fields of a row.
pub type Detail = Map<String, Value>;

/// The fields of this request that its row may have; `None` if it leaves no row.
pub fn detail(body: &RequestBody) -> Option<Detail> {
    let fields = Fields::default();
    let fields = match body {
        // They are sent again and again, and would push out what they ask for.
        RequestBody::Ping(_) | RequestBody::GetHistory(_) | RequestBody::GetUsage(_) => {
            return None;
        }
        RequestBody::CreateTab(it) => create_tab(it),
        RequestBody::Navigate(it) => fields.url("url", &it.url).put("waitUntil", it.wait_until),
        RequestBody::GoBack(it) => fields.put("waitUntil", it.wait_until),
        RequestBody::GoForward(it) => fields.put("waitUntil", it.wait_until),
        RequestBody::Reload(it) => fields.put("waitUntil", it.wait_until),
        RequestBody::GetDomSnapshot(it) => fields.put("format", it.format),
        RequestBody::GetScreenshot(it) => screenshot(it),
        RequestBody::SetLoggedOutMode(it) => fields.put("enabled", Some(it.enabled)),
        RequestBody::StartScreencast(it) => fields
            .put("maxFps", it.max_fps)
            .put("quality", it.quality)
            .put("maxWidth", it.max_width)
            .put("maxHeight", it.max_height),
        RequestBody::Click(it) => fields
            .by(it.selector.is_some())
            .put("button", it.button)
            .put("clickCount", it.click_count)
            .action(it.trial, it.force, it.wait_for.as_ref()),
        RequestBody::Hover(it) => fields.action(it.trial, it.force, it.wait_for.as_ref()),
        RequestBody::Check(it) => fields.action(it.trial, it.force, it.wait_for.as_ref()),
        RequestBody::Uncheck(it) => fields.action(it.trial, it.force, it.wait_for.as_ref()),
        RequestBody::Focus(it) => fields.action(it.trial, None, None),
        RequestBody::Fill(it) => fields.action(it.trial, it.force, it.wait_for.as_ref()),
        RequestBody::Type(it) => {
            fields
                .put("delayMs", it.delay_ms)
                .action(it.trial, None, it.wait_for.as_ref())
        }
        RequestBody::Press(it) => fields.action(it.trial, None, it.wait_for.as_ref()),
        RequestBody::Select(it) => fields.put("count", Some(it.values.len())).action(
            it.trial,
            it.force,
            it.wait_for.as_ref(),
        ),
        RequestBody::Scroll(it) => fields.put("smooth", it.smooth),
        RequestBody::Mouse(it) => fields
            .put("action", Some(it.action))
            .put("button", it.button),
        RequestBody::Keyboard(it) => fields.put("action", Some(it.action)),
        RequestBody::Drag(it) => fields.action(it.trial, it.force, it.wait_for.as_ref()),
        RequestBody::Upload(it) => {
            fields
                .put("count", Some(it.files.len()))
                .action(it.trial, None, it.wait_for.as_ref())
        }
        RequestBody::StageFile(it) => fields.put("size", it.size).put("offset", it.offset),
        RequestBody::WaitFor(it) => wait_for(it),
        RequestBody::Query(it) => fields.put("what", Some(it.what)),
        RequestBody::Evaluate(it) => fields.put("readOnly", it.read_only),
        RequestBody::GetAxSnapshot(it) => outline(it),
        RequestBody::GetContent(it) => fields.put("format", Some(it.format)),
        RequestBody::Subscribe(it) => fields.put("events", Some(&it.events)),
        RequestBody::Emulate(it) => fields.put("sets", Some(emulated(it))),
        RequestBody::SetPermissions(it) => fields.put("permissions", Some(&it.permissions)),
        RequestBody::PrintToPdf(it) => fields.put("paper", it.paper).put("landscape", it.landscape),
        RequestBody::AnswerDialog(it) => fields.put("accept", Some(it.accept)),
        RequestBody::AnswerAuth(it) => fields.put("cancel", it.cancel),
        RequestBody::SetCredentials(it) => fields.put("count", Some(it.credentials.len())),
        RequestBody::CreateSession(it) => create_session(it),
        RequestBody::ListSessions(it) => fields.put("status", it.status).put("limit", it.limit),
        // They have ids alone, or nothing, or texts that are not let in.
        RequestBody::CloseTab(_)
        | RequestBody::ActivateTab(_)
        | RequestBody::ListTabs(_)
        | RequestBody::StopScreencast(_)
        | RequestBody::ScrollIntoView(_)
        | RequestBody::ListFrames(_)
        | RequestBody::GetDownload(_)
        | RequestBody::Cancel(_)
        | RequestBody::AddInitScript(_)
        | RequestBody::RemoveInitScript(_)
        | RequestBody::GetSession(_)
        | RequestBody::EndSession(_) => fields,
    };
    Some(fields.0)
}

/// Whether requests of this kind leave rows.
pub fn is_recorded(kind: RequestKind) -> bool {
    !matches!(
        kind,
        RequestKind::Ping | RequestKind::GetHistory | RequestKind::GetUsage
    )
}

/// Bytes that the request itself carries, where it is about them.
pub fn sent_bytes(body: &RequestBody) -> Option<u64> {
    let bytes = match body {
        RequestBody::StageFile(it) => it.data.expose().len(),
        RequestBody::Upload(it) => {
            let inline = it.files.iter().filter_map(|file| file.data.as_ref());
            inline.map(|data| data.expose().len()).sum()
        }
        _ => return None,
    };
    Some(bytes as u64)
}

/// Scheme, host and port of a URL: links that log in or reset a password have their secret in the path. Of one without a
/// host, the scheme; of a text that is no URL, nothing.
pub fn location(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let scheme = url.scheme();
    let Some(host) = url.host_str() else {
        return Some(format!("{scheme}:"));
    };
    let port = url.port().map(|port| format!(":{port}"));
    let port = port.unwrap_or_default();
    let whole = format!("{scheme}://{host}{port}");
    Some(whole.chars().take(MAX_URL).collect())
}

#[derive(Default)]
struct Fields(Detail);

impl Fields {
    /// A value of a closed set: a number, a flag, a word of the protocol.
    fn put<T: Serialize>(mut self, name: &str, value: Option<T>) -> Self {
        if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    fn url(self, name: &str, url: &str) -> Self {
        let location = location(url);
        self.put(name, location)
    }

    /// How the element is named, without saying which.
    fn by(self, is_selector: bool) -> Self {
        self.put("by", Some(if is_selector { "selector" } else { "point" }))
    }

    /// What most actions have.
    fn action(self, trial: Option<bool>, force: Option<bool>, wait: Option<&ActionWait>) -> Self {
        self.put("trial", trial)
            .put("force", force)
            .put("waits", wait.map(|_| true))
    }

    fn viewport(self, viewport: Option<Viewport>) -> Self {
        self.put("viewport", viewport)
    }
}

fn create_tab(create: &CreateTab) -> Fields {
    let url = create.url.as_deref().unwrap_or("about:blank");
    Fields::default()
        .url("url", url)
        .put("loggedOut", create.logged_out)
        .put("waitUntil", create.wait_until)
        .viewport(create.viewport)
}

fn create_session(create: &CreateSession) -> Fields {
    let start = create.start_url.as_deref().and_then(location);
    Fields::default()
        .put("maxDurationMs", create.max_duration_ms)
        .put("idleTimeoutMs", create.idle_timeout_ms)
        .put("heartbeatTimeoutMs", create.heartbeat_timeout_ms)
        .put("queueTimeoutMs", create.queue_timeout_ms)
        .put("loggedOut", create.logged_out)
        .put("downloads", create.downloads)
        .put("startUrl", start)
        .put("proxy", create.proxy.as_ref().map(|_| true))
        .put("webhook", create.webhook_url.as_ref().map(|_| true))
        .viewport(create.viewport)
}

fn screenshot(screenshot: &GetScreenshot) -> Fields {
    Fields::default()
        .put("fullPage", screenshot.full_page)
        .put("format", screenshot.format)
        .put("quality", screenshot.quality)
        .put("clip", screenshot.clip.as_ref().map(|_| true))
        .put("selector", screenshot.selector.as_ref().map(|_| true))
}

fn outline(outline: &GetAxSnapshot) -> Fields {
    Fields::default()
        .put("mode", outline.mode)
        .put("compact", outline.compact)
        .put("interactiveOnly", outline.interactive_only)
        .put("since", outline.since)
        .put("maxChars", outline.max_chars)
        .put("offset", outline.offset)
}

fn wait_for(wait: &WaitFor) -> Fields {
    Fields::default()
        .put("state", wait.state)
        .put("loadState", wait.load_state)
        .put("conditions", Some(wait.conditions().len()))
}

/// The names of the settings that are set or reset.
fn emulated(emulate: &Emulate) -> Vec<&'static str> {
    fn is_set<T>(setting: &Setting<T>) -> bool {
        !setting.is_keep()
    }
    let Emulate {
        tab_id: _,
        device,
        viewport,
        device_scale_factor,
        mobile,
        touch,
        user_agent,
        locale,
        timezone_id,
        geolocation,
        color_scheme,
        reduced_motion,
        media,
        offline,
        extra_headers,
        ..
    } = emulate;
    let settings = [
        ("device", is_set(device)),
        ("viewport", is_set(viewport)),
        ("deviceScaleFactor", is_set(device_scale_factor)),
        ("mobile", is_set(mobile)),
        ("touch", is_set(touch)),
        ("userAgent", is_set(user_agent)),
        ("locale", is_set(locale)),
        ("timezoneId", is_set(timezone_id)),
        ("geolocation", is_set(geolocation)),
        ("colorScheme", is_set(color_scheme)),
        ("reducedMotion", is_set(reduced_motion)),
        ("media", is_set(media)),
        ("offline", is_set(offline)),
        ("extraHeaders", is_set(extra_headers)),
    ];
    let set = settings.into_iter().filter(|(_, is_set)| *is_set);
    set.map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::Request;
    use serde_json::json;

    fn of(message: Value) -> Option<Value> {
        let Value::Object(fields) = message else {
            panic!("an object")
        };
        detail(&Request::of_fields(fields).unwrap().body).map(Value::Object)
    }

    #[test]
    fn of_a_url_scheme_host_and_port_are_kept() {
        let kept = |url| location(url).unwrap_or_default();
        assert_eq!(
            kept("https://user:pw@a.test:8443/p/q?token=1#frag"),
            "https://a.test:8443"
        );
        assert_eq!(kept("data:text/html,secret"), "data:");
        assert_eq!(kept("about:blank?secret#secret"), "about:");
        assert_eq!(kept("javascript:alert('secret')"), "javascript:");
        assert_eq!(kept("no url, but a secret"), "");
        assert!(kept(&format!("https://{}.test/", "x.".repeat(1000))).len() <= MAX_URL);
    }

    #[test]
    fn a_row_says_how_and_not_what() {
        assert_eq!(
            of(
                json!({"type": "navigate", "tabId": "t1", "url": "https://a.test/x?q=1",
                "waitUntil": "commit"})
            ),
            Some(json!({"url": "https://a.test", "waitUntil": "commit"}))
        );
        assert_eq!(
            of(
                json!({"type": "fill", "tabId": "t1", "selector": "#pin", "value": "1234",
                "force": true, "waitFor": {"text": "Welcome"}})
            ),
            Some(json!({"force": true, "waits": true}))
        );
        assert_eq!(
            of(
                json!({"type": "emulate", "tabId": "t1", "extraHeaders": {"X-Key": "1"},
                "offline": null})
            ),
            Some(json!({"sets": ["offline", "extraHeaders"]}))
        );
        assert_eq!(of(json!({"type": "ping"})), None);
    }

    #[test]
    fn what_leaves_no_row_is_known_by_its_kind_too() {
        for message in [json!({"type": "ping"}), json!({"type": "getUsage"})] {
            let Value::Object(fields) = message else {
                panic!("an object")
            };
            let body = Request::of_fields(fields).unwrap().body;
            assert_eq!(detail(&body).is_some(), is_recorded(body.kind()));
        }
    }
}
