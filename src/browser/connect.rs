//! From a configured browser to one that answers.

use std::time::Duration;

use url::Url;

use super::concern::Concern;
use super::custody::BrowserProcess;
use super::endpoint::{ResolveError, resolve_endpoint};
use super::launch::{Endpoint, LaunchError, Launched, explain_exit, launch};
use super::options::LaunchOptions;
use super::prepare::prepare;
use crate::cdp::methods::Version;
use crate::cdp::transport::{Transport, TransportError, pipe, websocket};
use crate::cdp::{self, Browser, CallError, Inbox};

/// How many of Chromium's last lines stand in the error of a call that its end cut off.
const LAST_LINES: usize = 3;

/// Which browser to use.
#[derive(Debug, Clone)]
pub enum Source {
    /// Start one.
    Launch(Box<LaunchOptions>),
    /// Use one that runs already.
    Connect {
        /// `http://` or `ws://`.
        url: Url,
        /// How long it may take to answer.
        limit: Duration,
    },
}

/// A browser that has answered.
#[derive(Debug)]
pub struct Connected {
    /// The handle to it.
    pub browser: Browser,
    /// Its own events.
    pub inbox: Inbox,
    /// What it is.
    pub version: Version,
    /// The process, if the bridge started it.
    pub process: Option<BrowserProcess>,
    /// What could not be had for it.
    pub concerns: Vec<Concern>,
}

/// No browser could be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Its address could not be found out.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// It could not be reached.
    #[error("cannot speak to the browser: {0}")]
    Transport(#[from] TransportError),
    /// It was reached, but did not answer.
    #[error("the browser does not answer: {0}")]
    Silent(#[from] CallError),
}

impl Source {
    /// Starts or reaches the browser, and has it answer once and prepare itself.
    pub async fn connect(&self) -> Result<Connected, ConnectError> {
        match self {
            Self::Launch(options) => launched(options).await,
            Self::Connect { url, limit } => {
                let url = resolve_endpoint(url).await?;
                let transport = websocket::open(&url, *limit).await?;
                let (browser, inbox) = cdp::connect(transport, Box::new(|| None));
                let version = prepare(&browser, *limit).await?;
                Ok(Connected {
                    browser,
                    inbox,
                    version,
                    process: None,
                    concerns: Vec::new(),
                })
            }
        }
    }
}

async fn launched(options: &LaunchOptions) -> Result<Connected, ConnectError> {
    let Launched {
        process,
        endpoint,
        concerns,
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
        Ok(version) => Ok(Connected {
            browser,
            inbox,
            version,
            process: Some(process),
            concerns,
        }),
        Err(CallError::Closed { .. }) => Err(explain_exit(process).await.into()),
        Err(error) => {
            process.end(Duration::ZERO).await;
            Err(error.into())
        }
    }
}

async fn transport_to(endpoint: Endpoint, limit: Duration) -> Result<Transport, TransportError> {
    match endpoint {
        Endpoint::Pipe { reader, writer } => pipe::open(reader, writer),
        Endpoint::WebSocket(url) => websocket::open(&url, limit).await,
    }
}
