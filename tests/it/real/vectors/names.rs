//! The vectors by name, how each is told, and which of them Chromium sends at all.

use std::collections::BTreeSet;

use cdp_bridge::browser::options::BrowserBuild;

/// How a vector is told from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// By the path of a request.
    Path,
    /// By the port that is connected to, whatever is said there.
    Connection,
    /// By the port that a datagram is sent to.
    Datagram,
    /// By the name that is looked up.
    Lookup,
}

/// All of them. Those in `-302` come by a redirect of the allowed host.
pub(super) const VECTORS: [(&str, Told); 164] = [
    ("fetch", Told::Path),
    ("fetch-302", Told::Path),
    ("xhr", Told::Path),
    ("xhr-302", Told::Path),
    ("img", Told::Path),
    ("img-302", Told::Path),
    ("srcset", Told::Path),
    ("srcset-302", Told::Path),
    ("css", Told::Path),
    ("css-302", Told::Path),
    ("css-import", Told::Path),
    ("css-import-302", Told::Path),
    ("css-background", Told::Path),
    ("css-background-302", Told::Path),
    ("font", Told::Path),
    ("font-302", Told::Path),
    ("script", Told::Path),
    ("script-302", Told::Path),
    ("module-script", Told::Path),
    ("module-script-302", Told::Path),
    ("import", Told::Path),
    ("import-302", Told::Path),
    ("video", Told::Path),
    ("video-302", Told::Path),
    ("audio", Told::Path),
    ("audio-302", Told::Path),
    ("poster", Told::Path),
    ("poster-302", Told::Path),
    ("track", Told::Path),
    ("track-302", Told::Path),
    ("svg-image", Told::Path),
    ("svg-image-302", Told::Path),
    ("svg-filter", Told::Path),
    ("svg-filter-302", Told::Path),
    ("input-image", Told::Path),
    ("input-image-302", Told::Path),
    ("eventsource", Told::Path),
    ("eventsource-302", Told::Path),
    ("beacon", Told::Path),
    ("beacon-302", Told::Path),
    ("keepalive", Told::Path),
    ("keepalive-302", Told::Path),
    ("ping", Told::Path),
    ("ping-302", Told::Path),
    ("preload", Told::Path),
    ("preload-302", Told::Path),
    ("prefetch", Told::Path),
    ("prefetch-302", Told::Path),
    ("modulepreload", Told::Path),
    ("modulepreload-302", Told::Path),
    ("iframe", Told::Path),
    ("iframe-302", Told::Path),
    ("object", Told::Path),
    ("object-302", Told::Path),
    ("embed", Told::Path),
    ("embed-302", Told::Path),
    ("worker-fetch", Told::Path),
    ("worker-fetch-302", Told::Path),
    ("service-fetch", Told::Path),
    ("service-fetch-302", Told::Path),
    ("favicon", Told::Path),
    ("manifest", Told::Path),
    ("link-header", Told::Path),
    ("csp-report", Told::Path),
    ("frame-meta", Told::Path),
    ("frame-refresh", Told::Path),
    ("form", Told::Path),
    ("form-get", Told::Path),
    ("srcdoc", Told::Path),
    ("srcdoc-img", Told::Path),
    ("sandbox", Told::Path),
    ("sandbox-img", Told::Path),
    ("data", Told::Path),
    ("data-img", Told::Path),
    ("blob", Told::Path),
    ("blob-img", Told::Path),
    ("popup-open", Told::Path),
    ("popup-noopener", Told::Path),
    ("popup-scripted", Told::Path),
    ("popup-written", Told::Path),
    ("popup-link", Told::Path),
    ("popup-fetch", Told::Path),
    ("nav-302", Told::Path),
    ("nav-meta", Told::Path),
    ("nav-refresh", Told::Path),
    ("nav-location", Told::Path),
    ("nav-replace", Told::Path),
    ("nav-link", Told::Path),
    ("nav-download", Told::Path),
    ("nav-post", Told::Path),
    ("nav-userinfo", Told::Path),
    ("nav-backslash", Told::Path),
    ("nav-rebind", Told::Path),
    ("worker-xhr", Told::Path),
    ("worker-eventsource", Told::Path),
    ("worker-nested", Told::Path),
    ("worker-import", Told::Path),
    ("worker-module", Told::Path),
    ("worker-blob", Told::Path),
    ("shared-fetch", Told::Path),
    ("shared-import", Told::Path),
    ("service-import", Told::Path),
    ("worklet-audio", Told::Path),
    ("worklet-paint", Told::Path),
    ("worklet-import", Told::Path),
    ("cache-add", Told::Path),
    ("userinfo-frame", Told::Path),
    ("rebind-frame", Told::Path),
    ("ip-literal", Told::Path),
    ("ip-decimal", Told::Path),
    ("ip-hex", Told::Path),
    ("ip-octal", Told::Path),
    ("ip-short", Told::Path),
    ("ip-mapped", Told::Path),
    ("trailing-dot", Told::Path),
    ("upper-case", Told::Path),
    ("full-width", Told::Path),
    ("subdomain", Told::Path),
    ("rebind", Told::Path),
    ("ws", Told::Connection),
    ("worker-ws", Told::Connection),
    ("shared-ws", Told::Connection),
    ("service-ws", Told::Connection),
    ("srcdoc-ws", Told::Connection),
    ("sandbox-ws", Told::Connection),
    ("data-ws", Told::Connection),
    ("blob-ws", Told::Connection),
    ("wss", Told::Connection),
    ("https", Told::Connection),
    ("preconnect", Told::Connection),
    ("preconnect-tls", Told::Connection),
    ("fedcm", Told::Connection),
    ("turn-tcp", Told::Connection),
    ("turn-tcp-ip", Told::Connection),
    ("turns", Told::Connection),
    ("ice-tcp", Told::Connection),
    ("ip-literal-ws", Told::Connection),
    ("ip-decimal-ws", Told::Connection),
    ("ip-hex-ws", Told::Connection),
    ("ip-octal-ws", Told::Connection),
    ("ip-short-ws", Told::Connection),
    ("ip-mapped-ws", Told::Connection),
    ("trailing-dot-ws", Told::Connection),
    ("upper-case-ws", Told::Connection),
    ("full-width-ws", Told::Connection),
    ("subdomain-ws", Told::Connection),
    ("rebind-ws", Told::Connection),
    ("stun-host", Told::Datagram),
    ("stun-ip", Told::Datagram),
    ("turn-udp", Told::Datagram),
    ("turn-udp-ip", Told::Datagram),
    ("ice-udp", Told::Datagram),
    ("webtransport", Told::Datagram),
    ("webtransport-ip", Told::Datagram),
    ("webtransport-worker", Told::Datagram),
    ("dns-prefetch", Told::Lookup),
    ("dns-preconnect", Told::Lookup),
    ("dns-fetch", Told::Lookup),
    ("dns-img", Told::Lookup),
    ("dns-frame", Told::Lookup),
    ("dns-ws", Told::Lookup),
    ("dns-stun", Told::Lookup),
    ("dns-turn-tcp", Told::Lookup),
    ("dns-webtransport", Told::Lookup),
];

/// What a page loads by a redirect of the allowed host.
pub(super) fn redirected() -> impl Iterator<Item = &'static str> {
    VECTORS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| name.ends_with("-302") && !name.starts_with("nav-"))
}

/// The path of the allowed host that redirects.
pub(super) fn hop(place: Place, name: &str) -> String {
    format!("/302/{}/{name}", place.name())
}

/// From which browser context a vector is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The browser's default context.
    Default,
    /// The context that the tabs of a client share.
    Client,
    /// The context of one tab alone.
    LoggedOut,
}

impl Place {
    /// As it stands in URLs and in the names of hosts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Client => "client",
            Self::LoggedOut => "logged-out",
        }
    }
}

/// What must arrive where nothing is in the way.
pub(super) fn sent(kind: BrowserBuild, place: Place) -> BTreeSet<String> {
    those(|name, told| told != Told::Lookup && !is_never_sent(kind, place, name))
}

/// What must arrive through a bridge that forbids no host.
pub(super) fn sent_behind_a_bridge(kind: BrowserBuild, place: Place) -> BTreeSet<String> {
    let sent = sent(kind, place);
    sent.into_iter()
        .filter(|name| !is_switched_off(name))
        .collect()
}

/// What must be looked up where nothing is in the way.
pub(super) fn looked_up(kind: BrowserBuild, place: Place) -> BTreeSet<String> {
    those(|name, told| told == Told::Lookup && !is_never_sent(kind, place, name))
}

fn those(fits: impl Fn(&str, Told) -> bool) -> BTreeSet<String> {
    let fitting = VECTORS.iter().filter(|(name, told)| fits(name, *told));
    fitting.map(|(name, _)| (*name).to_owned()).collect()
}

/// What Chromium itself does not send, bridge or no bridge.
fn is_never_sent(kind: BrowserBuild, place: Place, name: &str) -> bool {
    let whole_profile = kind == BrowserBuild::Chrome && place == Place::Default;
    match name {
        // A subresource with credentials in its URL is blocked before it is asked for.
        "userinfo-frame" => true,
        // Only a whole browser predicts and installs, and it does neither off the record.
        "manifest" | "preconnect" | "preconnect-tls" | "dns-prefetch" | "dns-preconnect" => {
            !whole_profile
        }
        // The shell has no icons to show. It has the system look names up, and does not log those
        // of WebRTC; that it looks them up is told by `stun-host`.
        "favicon" | "dns-stun" => kind == BrowserBuild::Shell,
        _ => false,
    }
}

/// What a bridge closes whatever its policy: ways that pass by every proxy.
fn is_switched_off(name: &str) -> bool {
    let told = VECTORS.iter().find(|(known, _)| *known == name);
    told.is_some_and(|(_, told)| *told == Told::Datagram)
        || matches!(
            name,
            // `--no-pings`
            "ping" | "ping-302" |
            // WebRTC without UDP tries no candidates of its own.
            "ice-tcp" |
            // With a proxy, it is the proxy that is connected to early.
            "preconnect"
        )
}
