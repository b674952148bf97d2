//! The command line Chromium is started with.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use super::options::{BrowserBuild, LaunchOptions};
use super::sandbox::SandboxDecision;
use super::settings::TransportKind;
use super::window_size::WindowSize;

/// Flags for every start. Popup blocking stays on, since it keeps a page from opening tabs without
/// limit.
const BASE: [&str; 30] = [
    // Nothing is drawn to a screen, and a software GPU process costs memory.
    "--disable-gpu",
    // QUIC requests bypass every proxy and every interception.
    "--disable-quic",
    // No first-run pages, questions or default-browser checks.
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-search-engine-choice-screen",
    // No background traffic of the browser itself.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-client-side-phishing-detection",
    "--disable-domain-reliability",
    "--disable-field-trial-config",
    "--no-pings",
    "--metrics-recording-only",
    // No crash reports, which would leave a process of their own behind.
    "--disable-breakpad",
    "--disable-crash-reporter",
    // No desktop services.
    "--password-store=basic",
    "--use-mock-keychain",
    "--no-service-autorun",
    "--mute-audio",
    // Screenshots look the same everywhere.
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    // A tab in the background works like one in front.
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-ipc-flooding-protection",
    // The bridge has its own watchdog for hanging tabs.
    "--disable-hang-monitor",
    "--disable-prompt-on-repost",
    // A page that wants to capture a screen would open a dialog that no client can answer.
    "--use-fake-ui-for-media-stream=deny",
    // The initial window would be a tab that no client opened.
    "--no-startup-window",
];

/// WebRTC may not send UDP past a proxy. The two builds have different names for this switch, and each
/// ignores the other's.
const WEBRTC: [&str; 2] = [
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
];

/// Features that are switched off.
const DISABLED_FEATURES: [&str; 12] = [
    // Activating a prerendered page would swap a tab's target.
    "Prerender2",
    // Two pages of the address bar for each window of new headless: a renderer that no client sees, memory,
    // and work in the browser process at every navigation.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    // Bubbles and downloads of models that no page needs.
    "Translate",
    "OptimizationHints",
    "LensOverlay",
    "GlobalMediaControls",
    // Multicast to the local network.
    "MediaRouter",
    "DialMediaRouteProvider",
    // It would try https first for an http URL.
    "HttpsUpgrades",
    // A picture right after a navigation would show the page before it.
    "PaintHolding",
    // There is one such window for the whole browser: a page that opens it closes that of another client.
    "DocumentPictureInPictureAPI",
];

/// Without it, new headless never answers a screenshot of a tab that is not in front.
const SCREENSHOT_FEATURE: &str = "CDPScreenshotNewSurface";

/// A network process that crashes is restarted without the proxies of the browser contexts, so that no
/// tab could load anything. In the browser process it crashes with the browser, from which tabs recover.
const NETWORK_FEATURE: &str = "NetworkServiceInProcess2";

/// Switches that the bridge sets itself, with the configuration key to use instead.
const RESERVED: [(&str, &str); 14] = [
    ("--remote-debugging-pipe", "browser.transport"),
    ("--remote-debugging-port", "browser.cdp_port"),
    ("--remote-debugging-address", "browser.transport"),
    ("--user-data-dir", "browser.user_data_dir"),
    // Each of these would bypass the network policy.
    ("--proxy-server", "policy.allowlist"),
    ("--no-proxy-server", "policy.allowlist"),
    ("--proxy-pac-url", "policy.allowlist"),
    ("--proxy-auto-detect", "policy.allowlist"),
    ("--proxy-bypass-list", "policy.allowlist"),
    ("--host-rules", "policy.resolve"),
    ("--host-resolver-rules", "policy.resolve"),
    ("--enable-quic", "policy.allowlist"),
    ("--webrtc-ip-handling-policy", "policy.allowlist"),
    ("--force-webrtc-ip-handling-policy", "policy.allowlist"),
];

/// Switches with which an operator enables extensions.
const EXTENSION_SWITCHES: [&str; 3] = [
    "--load-extension",
    "--disable-extensions-except",
    "--enable-extensions",
];

/// Settings of pages, for what the whole browser has one of, so that it would cross browser contexts.
const BLINK_SETTINGS: [&str; 3] = [
    // The primary selection.
    "middleClickPasteAllowed=false",
    "selectionClipboardBufferAvailable=false",
    // The window of a video.
    "pictureInPictureEnabled=false",
];

const BLINK_SETTINGS_SWITCH: &str = "--blink-settings";
const ENABLE_FEATURES: &str = "--enable-features";
const DISABLE_FEATURES: &str = "--disable-features";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("browser.args may not contain `{argument}`: set `{key}` instead")]
pub struct ReservedArgument {
    pub argument: String,
    pub key: &'static str,
}

/// Facts about the host that the command line depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HostLimits {
    pub(super) sandbox: SandboxDecision,
    /// `/dev/shm` is too small for screenshots of a few tabs.
    pub(super) small_shared_memory: bool,
}

/// Rejects flags that would break the connection, the profile or the network policy.
pub(super) fn check_args(args: &[String]) -> Result<(), ReservedArgument> {
    for argument in args {
        let reserved = RESERVED.iter().find(|(name, _)| is_switch(argument, name));
        if let Some((_, key)) = reserved {
            return Err(ReservedArgument {
                argument: argument.clone(),
                key,
            });
        }
    }
    Ok(())
}

/// The arguments for one start, without the program's name.
pub(super) fn argv(options: &LaunchOptions, machine: HostLimits, profile: &Path) -> Vec<OsString> {
    let user = UserFlags::new(&options.config.args);
    let mut flags: Vec<String> = BASE
        .iter()
        .chain(&WEBRTC)
        .map(ToString::to_string)
        .collect();
    if options.config.headless && options.kind == BrowserBuild::Chrome {
        flags.push("--headless=new".to_owned());
    }
    if options.kind == BrowserBuild::Chrome
        && !EXTENSION_SWITCHES.iter().any(|name| user.gives(name))
    {
        flags.push("--disable-extensions".to_owned());
        flags.push("--disable-component-extensions-with-background-pages".to_owned());
    }
    if let SandboxDecision::Off(_) = machine.sandbox {
        flags.push("--no-sandbox".to_owned());
    }
    if machine.small_shared_memory {
        flags.push("--disable-dev-shm-usage".to_owned());
    }
    let WindowSize { width, height } = options.config.window_size;
    flags.push(format!("--window-size={width},{height}"));
    flags.push(match options.config.transport {
        TransportKind::Pipe => "--remote-debugging-pipe".to_owned(),
        TransportKind::Port => format!("--remote-debugging-port={}", options.config.cdp_port),
    });
    flags.retain(|argument| !user.gives(argument));
    flags.extend(user.features(options.kind));
    flags.push(user.blink_settings());
    flags.extend(options.proxy.into_iter().flat_map(proxy_flags));

    let mut argv: Vec<OsString> = flags.into_iter().map(OsString::from).collect();
    // A path need not be valid UTF-8.
    let mut user_data_dir = OsString::from("--user-data-dir=");
    user_data_dir.push(profile);
    argv.push(user_data_dir);
    argv.extend(user.rest.iter().map(OsString::from));
    argv
}

/// All traffic, also to loopback, goes through the proxy, and Chromium resolves no names itself: DNS
/// queries would leak the names.
fn proxy_flags(proxy: SocketAddr) -> [String; 3] {
    let host = proxy.ip();
    [
        format!("--proxy-server=http://{proxy}"),
        "--proxy-bypass-list=<-loopback>".to_owned(),
        format!("--host-resolver-rules=MAP * ~NOTFOUND,EXCLUDE {host}"),
    ]
}

/// The name of an argument's switch, without its dashes and its value. Chromium ignores white space around
/// an argument, and takes one dash for two.
fn switch(argument: &str) -> &str {
    let argument = argument.trim();
    let name = argument.split_once('=').map_or(argument, |(name, _)| name);
    let without_dashes = name.strip_prefix("--").or_else(|| name.strip_prefix('-'));
    without_dashes.unwrap_or(name)
}

pub(super) fn is_switch(argument: &str, name: &str) -> bool {
    switch(argument) == switch(name)
}

/// The operator's flags. The two feature lists and the settings of pages are merged into the bridge's.
#[derive(Default)]
struct UserFlags<'a> {
    enabled: Vec<&'a str>,
    disabled: Vec<&'a str>,
    blink_settings: Vec<&'a str>,
    rest: Vec<&'a str>,
}

impl<'a> UserFlags<'a> {
    fn new(args: &'a [String]) -> Self {
        let mut user = Self::default();
        for argument in args {
            let lists = [
                (ENABLE_FEATURES, &mut user.enabled),
                (DISABLE_FEATURES, &mut user.disabled),
                (BLINK_SETTINGS_SWITCH, &mut user.blink_settings),
            ];
            let list = lists
                .into_iter()
                .find(|(name, _)| is_switch(argument, name));
            let (Some((_, list)), Some((_, value))) = (list, argument.split_once('=')) else {
                user.rest.push(argument);
                continue;
            };
            let items = value.split(',').map(str::trim);
            list.extend(items.filter(|item| !item.is_empty()));
        }
        user
    }

    /// The bridge's settings come last: Chromium applies all of them in order.
    fn blink_settings(&self) -> String {
        let settings: Vec<&str> = self
            .blink_settings
            .iter()
            .copied()
            .chain(BLINK_SETTINGS)
            .collect();
        format!("{BLINK_SETTINGS_SWITCH}={}", settings.join(","))
    }

    fn gives(&self, name: &str) -> bool {
        self.rest.iter().any(|argument| is_switch(argument, name))
    }

    /// The two feature lists. Chromium takes only the last of a repeated switch, so there is one of
    /// each; where the operator and the bridge disagree about a feature, the operator wins.
    fn features(&self, kind: BrowserBuild) -> Vec<String> {
        let ours: &[&str] = match kind {
            BrowserBuild::Chrome => &[SCREENSHOT_FEATURE, NETWORK_FEATURE],
            BrowserBuild::Shell => &[NETWORK_FEATURE],
        };
        let enabled = merged(ours, &self.enabled, &self.disabled);
        let disabled = merged(&DISABLED_FEATURES, &self.disabled, &self.enabled);
        [(ENABLE_FEATURES, enabled), (DISABLE_FEATURES, disabled)]
            .into_iter()
            .filter(|(_, features)| !features.is_empty())
            .map(|(name, features)| format!("{name}={}", features.join(",")))
            .collect()
    }
}

/// The bridge's features unless the operator sets the opposite, then the operator's, each once.
fn merged<'a>(ours: &[&'a str], theirs: &[&'a str], opposed: &[&str]) -> Vec<&'a str> {
    let opposed: Vec<&str> = opposed
        .iter()
        .map(|feature| feature_name(feature))
        .collect();
    let mut merged: Vec<&str> = Vec::new();
    let wanted = ours
        .iter()
        .filter(|feature| !opposed.contains(&feature_name(feature)));
    for feature in wanted.chain(theirs) {
        match merged
            .iter_mut()
            .find(|seen| feature_name(seen) == feature_name(feature))
        {
            // The later one may carry parameters.
            Some(seen) => *seen = feature,
            None => merged.push(feature),
        }
    }
    merged
}

/// The name of a feature without its field trial (`<`) and parameters (`:`).
pub(super) fn feature_name(feature: &str) -> &str {
    feature.split(['<', ':']).next().unwrap_or(feature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::BrowserConfig;
    use crate::browser::sandbox::SandboxOffReason;

    const CONFINED: HostLimits = HostLimits {
        sandbox: SandboxDecision::On,
        small_shared_memory: false,
    };

    fn options(kind: BrowserBuild, args: &[&str]) -> LaunchOptions {
        LaunchOptions {
            executable: "/chrome".into(),
            kind,
            config: BrowserConfig {
                args: args.iter().map(ToString::to_string).collect(),
                ..BrowserConfig::default()
            },
            proxy: None,
        }
    }

    fn line(options: &LaunchOptions, machine: HostLimits) -> Vec<String> {
        argv(options, machine, Path::new("/profile"))
            .into_iter()
            .map(|argument| argument.into_string().unwrap())
            .collect()
    }

    fn values<'a>(line: &'a [String], name: &str) -> Vec<&'a str> {
        line.iter()
            .filter(|argument| is_switch(argument, name))
            .map(String::as_str)
            .collect()
    }

    #[test]
    fn new_headless_is_only_asked_of_a_full_browser() {
        let chrome = line(&options(BrowserBuild::Chrome, &[]), CONFINED);
        assert_eq!(values(&chrome, "--headless"), ["--headless=new"]);
        assert_eq!(
            values(&chrome, ENABLE_FEATURES),
            ["--enable-features=CDPScreenshotNewSurface,NetworkServiceInProcess2"]
        );
        let shell = line(&options(BrowserBuild::Shell, &[]), CONFINED);
        assert!(values(&shell, "--headless").is_empty());
        assert_eq!(
            values(&shell, ENABLE_FEATURES),
            ["--enable-features=NetworkServiceInProcess2"]
        );
        assert!(values(&shell, "--disable-extensions").is_empty());
        let mut shown = options(BrowserBuild::Chrome, &[]);
        shown.config.headless = false;
        assert!(values(&line(&shown, CONFINED), "--headless").is_empty());
    }

    #[test]
    fn every_start_has_the_base_flags_and_never_lifts_popup_blocking() {
        for kind in [BrowserBuild::Chrome, BrowserBuild::Shell] {
            let line = line(&options(kind, &[]), CONFINED);
            for flag in [
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-startup-window",
                "--webrtc-ip-handling-policy=disable_non_proxied_udp",
                "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
                "--window-size=1280,720",
                "--user-data-dir=/profile",
                "--remote-debugging-pipe",
            ] {
                assert!(
                    line.iter().any(|argument| argument == flag),
                    "{flag} is missing"
                );
            }
            assert!(values(&line, "--disable-popup-blocking").is_empty());
            assert!(values(&line, "--no-sandbox").is_empty());
        }
    }

    #[test]
    fn no_switch_is_given_twice() {
        let options = options(
            BrowserBuild::Chrome,
            &[
                "--window-size=1,2",
                "--disable-gpu",
                "--disable-features=A",
                "--mute-audio=x",
            ],
        );
        let line = line(&options, CONFINED);
        let mut names: Vec<&str> = line.iter().map(|argument| switch(argument)).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(values(&line, "--window-size"), ["--window-size=1,2"]);
    }

    #[test]
    fn the_operators_features_are_merged_and_win() {
        let options = options(
            BrowserBuild::Chrome,
            &[
                "--enable-features=Translate,Mine<Trial",
                "--disable-features=Other",
                "--disable-features=CDPScreenshotNewSurface,Prerender2",
            ],
        );
        let line = line(&options, CONFINED);
        assert_eq!(
            values(&line, ENABLE_FEATURES),
            ["--enable-features=NetworkServiceInProcess2,Translate,Mine<Trial"]
        );
        let disabled = values(&line, DISABLE_FEATURES);
        assert_eq!(disabled.len(), 1);
        let disabled: Vec<&str> = disabled[0].split(['=', ',']).skip(1).collect();
        assert!(disabled.contains(&"Other") && disabled.contains(&"CDPScreenshotNewSurface"));
        assert!(!disabled.contains(&"Translate"));
        assert_eq!(
            disabled
                .iter()
                .filter(|feature| **feature == "Prerender2")
                .count(),
            1
        );
    }

    #[test]
    fn pasting_with_the_middle_button_stays_off_beside_the_operators_settings() {
        let given = "-blink-settings=imagesEnabled=false,middleClickPasteAllowed=true";
        let line = line(&options(BrowserBuild::Shell, &[given]), CONFINED);
        let expected = "--blink-settings=imagesEnabled=false,middleClickPasteAllowed=true,\
             middleClickPasteAllowed=false,selectionClipboardBufferAvailable=false,\
             pictureInPictureEnabled=false";
        assert_eq!(values(&line, BLINK_SETTINGS_SWITCH), [expected]);
    }

    #[test]
    fn the_operators_arguments_come_last() {
        let line = line(
            &options(
                BrowserBuild::Shell,
                &["--lang=de", "--touch-events=enabled"],
            ),
            CONFINED,
        );
        assert_eq!(
            line[line.len() - 2..],
            ["--lang=de", "--touch-events=enabled"]
        );
    }

    #[test]
    fn everything_goes_through_the_proxy_and_no_name_is_resolved() {
        let mut options = options(BrowserBuild::Shell, &[]);
        options.proxy = Some("127.0.0.1:4711".parse().unwrap());
        let line = line(&options, CONFINED);
        for flag in [
            "--proxy-server=http://127.0.0.1:4711",
            "--proxy-bypass-list=<-loopback>",
            "--host-resolver-rules=MAP * ~NOTFOUND,EXCLUDE 127.0.0.1",
        ] {
            assert!(line.iter().any(|argument| argument == flag), "{flag}");
        }
    }

    #[test]
    fn flags_that_lead_past_policy_are_refused() {
        for flag in [
            "--proxy-server=p:1",
            "--no-proxy-server",
            "--proxy-bypass-list=*",
            "--host-resolver-rules=MAP * 1.2.3.4",
            "--webrtc-ip-handling-policy=default",
            "--enable-quic",
            // Chromium takes one dash for two, and ignores white space.
            "-proxy-server=p:1",
            " --no-proxy-server ",
        ] {
            let error = check_args(&[flag.to_owned()]).unwrap_err();
            assert!(error.key.starts_with("policy."), "{flag}");
        }
    }

    #[test]
    fn an_operator_who_loads_an_extension_gets_extensions() {
        let line = line(
            &options(BrowserBuild::Chrome, &["--load-extension=/e"]),
            CONFINED,
        );
        assert!(values(&line, "--disable-extensions").is_empty());
    }

    #[test]
    fn the_machine_decides_about_sandbox_and_shared_memory() {
        let machine = HostLimits {
            sandbox: SandboxDecision::Off(SandboxOffReason::Root),
            small_shared_memory: true,
        };
        let mut options = options(BrowserBuild::Shell, &[]);
        options.config.transport = TransportKind::Port;
        options.config.cdp_port = 9222;
        let line = line(&options, machine);
        assert_eq!(values(&line, "--no-sandbox").len(), 1);
        assert_eq!(values(&line, "--disable-dev-shm-usage").len(), 1);
        assert_eq!(
            values(&line, "--remote-debugging-port"),
            ["--remote-debugging-port=9222"]
        );
        assert!(values(&line, "--remote-debugging-pipe").is_empty());
    }

    #[test]
    fn flags_with_a_key_of_their_own_are_refused_by_name() {
        let args = ["--lang=de".to_owned(), "--user-data-dir=/x".to_owned()];
        let error = check_args(&args).unwrap_err();
        assert_eq!(error.key, "browser.user_data_dir");
        assert!(error.to_string().contains("--user-data-dir=/x"));
        assert_eq!(check_args(&args[..1]), Ok(()));
    }
}
