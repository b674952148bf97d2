//! Which browser is used, how it is started, and which client owns its default context.

use std::net::SocketAddr;

use crate::browser::connect::BrowserSource;
use crate::browser::find::{self, BrowserQuery, FindError, FoundBrowser, RealHost};
use crate::browser::options::LaunchOptions;
use crate::config::Config;
use crate::server::auth::DEFAULT_CLIENT;
use crate::tabs::ClientId;

/// Whether Chromium runs on this machine, judged by its address.
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

/// The client whose tabs live in the browser's default context, if tabs may.
pub(super) fn client_of_default_context(config: &Config) -> Option<ClientId> {
    config.browser.user_data_dir.as_ref()?;
    // With several clients a page of the profile cannot be attributed to one, so that no client's own
    // policy applies.
    match config.auth.clients.as_slice() {
        [client] => Some(client.name.as_str().into()),
        _ => Some(DEFAULT_CLIENT.into()),
    }
}

/// The browser to use: a running one, or one that is found and started with this proxy.
pub(super) fn browser_source(
    config: &Config,
    proxy: SocketAddr,
) -> Result<BrowserSource, FindError> {
    if let Some(running) = running_browser(config) {
        return Ok(running);
    }
    let found = found_browser(config)?;
    for tried in &found.passed_over {
        tracing::debug!(%tried, "not used as the browser");
    }
    tracing::info!(path = %found.path.display(), source = %found.source, "using this browser");
    let options = launch_options(config, found, Some(proxy));
    Ok(BrowserSource::Launch(Box::new(options)))
}

/// The running browser that the configuration names, if it names one.
pub(crate) fn running_browser(config: &Config) -> Option<BrowserSource> {
    let url = config.browser.connect.clone()?;
    Some(BrowserSource::Connect {
        url,
        limit: config.browser.start_timeout,
    })
}

/// The browser that is found on this machine.
pub(crate) fn found_browser(config: &Config) -> Result<FoundBrowser, FindError> {
    let query = BrowserQuery {
        path: config.browser.path.clone(),
        flavor: config.browser.flavor,
    };
    find::find(&query, &RealHost)
}

pub(crate) fn launch_options(
    config: &Config,
    found: FoundBrowser,
    proxy: Option<SocketAddr>,
) -> LaunchOptions {
    LaunchOptions {
        executable: found.path,
        kind: found.kind,
        config: config.browser.clone(),
        proxy,
    }
}
