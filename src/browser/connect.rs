//! Starts or reaches the configured browser and prepares it.

use std::time::Duration;

use url::Url;

use super::endpoint::{ResolveError, resolve_endpoint};
use super::launch::{Endpoint, LaunchError, LaunchedBrowser, explain_exit, launch};
use super::options::LaunchOptions;
use super::prepare::prepare;
use super::process_group::BrowserProcess;
use super::warning::BrowserWarning;
use crate::cdp::methods::BrowserVersion;
use crate::cdp::transport::{CdpTransport, TransportError, pipe, websocket};
use crate::cdp::{self, Browser, CallError, Inbox};

/// How many of Chromium's last stderr lines are added to the errors of calls that its exit cut off.
const LAST_LINES: usize = 3;

/// Which browser to use.
#[derive(Debug, Clone)]
pub enum BrowserSource {
    /// Start one.
    Launch(Box<LaunchOptions>),
    /// Connect to a running one.
    Connect {
        /// `http://` or `ws://`.
        url: Url,
        limit: Duration,
    },
}

/// A browser that is ready for use.
#[derive(Debug)]
pub struct ConnectedBrowser {
    pub browser: Browser,
    /// Events that belong to no session.
    pub inbox: Inbox,
    pub version: BrowserVersion,
    /// The process, if the bridge started it.
    pub process: Option<BrowserProcess>,
    pub warnings: Vec<BrowserWarning>,
}

#[derive(Debug, thiserror::Error)]
pub enum BrowserConnectError {
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error("could not connect to the browser: {0}")]
    Transport(#[from] TransportError),
    #[error("the browser does not answer its first calls: {0}")]
    Silent(#[from] CallError),
}

impl BrowserSource {
    /// Starts or reaches the browser, and prepares it, which proves that it answers.
    pub async fn connect(&self) -> Result<ConnectedBrowser, BrowserConnectError> {
        match self {
            Self::Launch(options) => launched(options).await,
            Self::Connect { url, limit } => {
                let url = resolve_endpoint(url).await?;
                let transport = websocket::open(&url, *limit).await?;
                let (browser, inbox) = cdp::connect(transport, Box::new(|| None));
                let version = prepare(&browser, *limit).await?;
                Ok(ConnectedBrowser {
                    browser,
                    inbox,
                    version,
                    process: None,
                    warnings: Vec::new(),
                })
            }
        }
    }
}

async fn launched(options: &LaunchOptions) -> Result<ConnectedBrowser, BrowserConnectError> {
    let LaunchedBrowser {
        process,
        endpoint,
        warnings,
        ..
    } = launch(options).await?;
    let transport = match transport_to(endpoint, options.config.start_timeout).await {
        Ok(transport) => transport,
        Err(error) => {
            process.end(Duration::ZERO).await;
            return Err(error.into());
        }
    };
    let stderr = process.stderr_lines();
    let last_words = move || {
        let lines = stderr.lines();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        (!last.is_empty()).then(|| last.join(" | "))
    };
    let (browser, inbox) = cdp::connect(transport, Box::new(last_words));
    match prepare(&browser, options.config.start_timeout).await {
        Ok(version) => Ok(ConnectedBrowser {
            browser,
            inbox,
            version,
            process: Some(process),
            warnings,
        }),
        Err(CallError::Closed { .. }) => Err(explain_exit(process).await.into()),
        Err(error) => {
            process.end(Duration::ZERO).await;
            Err(error.into())
        }
    }
}

async fn transport_to(endpoint: Endpoint, limit: Duration) -> Result<CdpTransport, TransportError> {
    match endpoint {
        Endpoint::Pipe { reader, writer } => pipe::open(reader, writer),
        Endpoint::WebSocket(url) => websocket::open(&url, limit).await,
    }
}
