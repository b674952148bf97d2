//! From the configuration, which an operator writes, to what each room is told.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cdp_bridge_protocol::RequestKind;
use cdp_bridge_protocol::request::Viewport;

use crate::browser::connect::Source;
use crate::browser::find::{self, FindError, Flavor, Found, Query, ThisMachine};
use crate::browser::options::{LaunchOptions, Sandbox, Transport};
use crate::browser::supervisor::RestartPolicy;
use crate::config::{self, ClientConfig, Config, RestartConfig};
use crate::operations::{ClientLimits, IdempotencyConfig, OperationSettings, Timeouts};
use crate::policy::PatternError;
use crate::server::auth::DEFAULT_CLIENT;
use crate::server::{ClientToken, Listen, ServerSettings, TlsFiles, TokenHash, WelcomeLimits};
use crate::tabs::{CaptureLimits, ClientId, DownloadLimits, TabSettings, WhenFull};

/// How many changes wait on one tab.
const WAITING_CHANGES: usize = 64;

/// A value of the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// An entry of one of the policy's lists is none.
    #[error("{key}: {source}")]
    Policy {
        /// The entry's key.
        key: String,
        /// What is wrong with it.
        source: PatternError,
    },
    /// An entry of `private_networks` is none.
    #[error("{key}: `{text}` is neither an address nor a range such as 10.0.0.0/8")]
    Network {
        /// The entry's key.
        key: String,
        /// The entry.
        text: String,
    },
    /// A token's hash is none.
    #[error("{key}: is not 64 hexadecimal digits")]
    TokenHash {
        /// Its key.
        key: String,
    },
}

impl SettingsError {
    /// The key of the configuration that it is about, such as `policy.allowlist[0]`.
    pub fn key(&self) -> &str {
        match self {
            Self::Policy { key, .. } | Self::Network { key, .. } | Self::TokenHash { key } => key,
        }
    }
}

/// Whether Chromium runs on this machine, as far as its address tells.
pub(super) fn is_local(config: &Config) -> bool {
    let Some(url) = &config.browser.connect else {
        return true;
    };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whose tabs live in the browser's default context, if any do.
pub(super) fn client_of_default_context(config: &Config) -> Option<ClientId> {
    config.browser.user_data_dir.as_ref()?;
    // With several clients nobody can say whose page it is, so that none's own policy counts.
    match config.auth.clients.as_slice() {
        [client] => Some(client.name.as_str().into()),
        _ => Some(DEFAULT_CLIENT.into()),
    }
}

/// The browser to use: found, or running already. One that is started sends everything through
/// the proxy.
pub(super) fn browser_source(config: &Config, proxy: SocketAddr) -> Result<Source, FindError> {
    if let Some(running) = running_browser(config) {
        return Ok(running);
    }
    let found = found_browser(config)?;
    for tried in &found.passed_over {
        tracing::debug!(%tried, "passed over while looking for a browser");
    }
    tracing::info!(path = %found.path.display(), source = %found.source, "using this browser");
    let options = launch_options(config, found, Some(proxy));
    Ok(Source::Launch(options))
}

/// The browser that runs already, if the configuration names one.
pub(crate) fn running_browser(config: &Config) -> Option<Source> {
    let url = config.browser.connect.clone()?;
    Some(Source::Connect {
        url,
        limit: config.browser.start_timeout,
    })
}

/// The browser on this machine that the configuration leads to.
pub(crate) fn found_browser(config: &Config) -> Result<Found, FindError> {
    let query = Query {
        path: config.browser.path.clone(),
        flavor: match config.browser.flavor {
            config::Flavor::Auto => Flavor::Auto,
            config::Flavor::Shell => Flavor::Shell,
            config::Flavor::Chrome => Flavor::Chrome,
        },
    };
    find::find(&query, &ThisMachine)
}

/// How a browser that was found is started.
pub(crate) fn launch_options(
    config: &Config,
    found: Found,
    proxy: Option<SocketAddr>,
) -> LaunchOptions {
    let browser = &config.browser;
    LaunchOptions {
        executable: found.path,
        kind: found.kind,
        args: browser.args.clone(),
        headless: browser.headless,
        sandbox: match browser.sandbox {
            config::Sandbox::Auto => Sandbox::Auto,
            config::Sandbox::On => Sandbox::On,
            config::Sandbox::Off => Sandbox::Off,
        },
        transport: match browser.transport {
            config::TransportKind::Pipe => Transport::Pipe,
            config::TransportKind::Port => Transport::Port(browser.cdp_port),
        },
        user_data_dir: browser.user_data_dir.clone(),
        window_size: (browser.window_size.width, browser.window_size.height),
        start_timeout: browser.start_timeout,
        memory_max: browser.memory_max.map(|bytes| bytes as u64),
        proxy,
    }
}

pub(super) fn restart(config: &RestartConfig) -> RestartPolicy {
    RestartPolicy {
        initial_backoff: config.initial_backoff,
        max_backoff: config.max_backoff,
        max_restarts: usize::try_from(config.max_restarts).unwrap_or(usize::MAX),
        window: config.window,
    }
}

pub(super) fn tabs(config: &Config) -> TabSettings {
    let size = &config.browser.window_size;
    let flow = &config.flow;
    TabSettings {
        viewport: Viewport {
            width: size.width,
            height: size.height,
            device_scale_factor: None,
        },
        max_tabs: config.tabs.max,
        max_tabs_of: tab_quotas(&config.auth),
        idle_timeout: config.tabs.idle_timeout,
        hang_timeout: config.tabs.hang_timeout,
        when_full: match config.tabs.when_full {
            config::WhenFull::Refuse => WhenFull::Refuse,
            config::WhenFull::CloseLru => WhenFull::CloseLru,
        },
        max_waiting_changes: WAITING_CHANGES,
        accept_dialogs: config.policy.dialogs == config::DialogPolicy::Accept,
        adopt_popups: config.policy.popups == config::PopupPolicy::Adopt,
        use_default_context: config.browser.user_data_dir.is_some(),
        snapshot_debounce: flow.snapshot_debounce,
        screenshot_interval: Duration::from_secs_f64(1.0 / flow.screenshot_max_fps),
        screenshot_queue: flow.screenshot_queue,
        limits: CaptureLimits {
            snapshot_nodes: u64::from(flow.max_snapshot_nodes),
            snapshot_bytes: flow.max_snapshot_bytes as u64,
            screenshot_pixels: flow.max_screenshot_pixels,
        },
        downloads: DownloadLimits {
            largest: flow.max_download_bytes as u64,
            most: flow.kept_downloads,
            bytes: flow.kept_download_bytes as u64,
        },
        navigate_timeout: config.timeouts.navigate,
        open_timeout: config.timeouts.create_tab,
    }
}

pub(crate) fn server(config: &Config) -> Result<ServerSettings, SettingsError> {
    let (server, flow) = (&config.server, &config.flow);
    Ok(ServerSettings {
        listen: listen(&server.listen),
        allowed_origins: server.allowed_origins.clone(),
        allowed_hosts: server.allowed_hosts.clone(),
        max_connections: server.max_connections,
        max_connections_per_address: server.max_connections_per_address,
        header_timeout: server.header_timeout,
        tls: server.tls.as_ref().map(tls_files),
        max_message_bytes: server.max_message_bytes,
        outbound_bytes: server.outbound_bytes,
        resume_window: server.resume_window,
        resume_bytes: server.resume_bytes,
        drain_timeout: server.drain_timeout,
        ping_interval: server.ping_interval,
        ping_timeout: server.ping_timeout,
        chunk_bytes: flow.chunk_bytes,
        limits: usual_limits(config),
        protect_metrics: config.auth.protect_metrics,
        welcome: WelcomeLimits {
            snapshot_debounce_ms: u64::try_from(flow.snapshot_debounce.as_millis())
                .unwrap_or(u64::MAX),
            screenshot_max_fps: flow.screenshot_max_fps,
            screenshot_queue: flow.screenshot_queue as u64,
        },
        close_tabs_on_disconnect: config.tabs.on_disconnect == config::OnDisconnect::Close,
        clients: clients(config)?,
    })
}

pub(crate) fn operations(config: &Config) -> OperationSettings {
    OperationSettings {
        timeouts: timeouts(&config.timeouts),
        idempotency: IdempotencyConfig {
            window: config.server.idempotency_window,
            keys: config.server.idempotency_keys,
        },
        logged_out_default: config.policy.logged_out_default,
        may_evaluate: config.policy.evaluate == config::EvaluatePolicy::Allow,
    }
}

fn listen(listen: &config::Listen) -> Listen {
    match listen {
        config::Listen::Tcp(address) => Listen::Tcp(*address),
        config::Listen::Unix(path) => Listen::Unix(PathBuf::from(path)),
    }
}

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

fn timeouts(config: &config::TimeoutsConfig) -> Timeouts {
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

pub(super) fn tls_files(config: &config::TlsConfig) -> TlsFiles {
    TlsFiles {
        certificate: config.certificate.clone(),
        key: config.key.clone(),
    }
}

/// What a client may use that has no limits of its own.
fn usual_limits(config: &Config) -> ClientLimits {
    ClientLimits {
        max_tabs: config.tabs.max,
        max_inflight: config.flow.max_inflight,
        rate_per_second: config.flow.rate_per_second,
        max_connections: config.server.max_connections,
    }
}

/// What a client may use, under the limits that all clients have together.
fn limits_of(client: &ClientConfig, usual: ClientLimits) -> ClientLimits {
    let own = client.limits.unwrap_or_default();
    let most = |own: Option<usize>, all: usize| own.map_or(all, |own| own.min(all));
    ClientLimits {
        max_tabs: most(own.tabs, usual.max_tabs),
        max_inflight: own.max_inflight.unwrap_or(usual.max_inflight),
        rate_per_second: own.rate_per_second.unwrap_or(usual.rate_per_second),
        max_connections: most(own.max_connections, usual.max_connections),
    }
}

/// How many tabs each client may have that has a limit of its own.
pub(super) fn tab_quotas(config: &config::AuthConfig) -> HashMap<ClientId, usize> {
    let quotas = config.clients.iter().filter_map(|client| {
        let tabs = client.limits?.tabs?;
        Some((client.name.as_str().into(), tabs))
    });
    quotas.collect()
}

/// The clients that may connect.
pub(super) fn clients(config: &Config) -> Result<Vec<ClientToken>, SettingsError> {
    let usual = usual_limits(config);
    config
        .auth
        .clients
        .iter()
        .enumerate()
        .map(|(index, client)| {
            let token = match (&client.token, &client.token_sha256) {
                (Some(token), _) => Some(TokenHash::of(token.expose())),
                (None, Some(hash)) => TokenHash::from_hex(hash),
                (None, None) => None,
            };
            let invalid = || SettingsError::TokenHash {
                key: format!("auth.clients[{index}].token_sha256"),
            };
            let name = ClientId::from(client.name.as_str());
            Ok(ClientToken {
                name,
                token: token.ok_or_else(invalid)?,
                limits: limits_of(client, usual),
            })
        })
        .collect()
}
