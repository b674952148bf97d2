//! Keeps a browser running: starts it again, with growing pauses, when it ends.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::concern::Concern;
use super::connect::{ConnectError, Connected, Source};
use super::custody::BrowserProcess;
use super::profile::Profile;
use super::settings::RestartConfig;
use super::space;
use crate::cdp::methods::{CloseBrowser, GetVersion, Version};
use crate::cdp::{Browser, CallError, Inbox};
use crate::flow::{Backoff, RestartBudget};
use crate::metrics;

/// How long a browser that was told to close may take, before its process group is killed.
const CLOSE_GRACE: Duration = Duration::from_secs(5);
/// How long a browser whose connection ended may take to exit, so that its status is known.
const EXIT_GRACE: Duration = Duration::from_millis(500);

/// How often the browser is asked whether it still answers, and how long it may take.
const HEARTBEAT: Duration = Duration::from_secs(5);
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(15);

/// What the browser does next; for whoever uses its targets.
#[derive(Debug)]
pub enum Lifecycle {
    /// It serves.
    Up {
        /// The handle to it.
        browser: Browser,
        /// Its own events.
        inbox: Inbox,
        /// What it is.
        version: Version,
        /// The process, if the bridge started it. It leads the group of all of Chromium's.
        pid: Option<u32>,
        /// A directory of the browser's own that goes with it, if the bridge started it.
        files: Option<PathBuf>,
        /// How often it was started again so far.
        restarts: u64,
    },
    /// It ended too often, and is not started any more.
    GivenUp {
        /// What is known of the cause.
        reason: String,
    },
    /// It is gone.
    Down {
        /// What is known of the cause.
        reason: String,
        /// How often it was started again so far.
        restarts: u64,
    },
}

/// The browser at one moment.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The handle, while it serves.
    pub browser: Option<Browser>,
    /// Such as `HeadlessChrome/156.0.8078.79`; of the last one that served.
    pub version: String,
    /// The process, if the bridge started it and it runs.
    pub pid: Option<u32>,
    /// The directories that it writes to, if the bridge started it and it runs.
    pub dirs: Vec<PathBuf>,
    /// What could not be had for it.
    pub concerns: Vec<Concern>,
    /// How often it was started again so far.
    pub restarts: u64,
    /// Why it does not serve.
    pub reason: Option<String>,
}

/// How others speak to the supervisor.
#[derive(Debug)]
pub struct BrowserSupervisor {
    status: watch::Receiver<Status>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// The browser did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It does not serve.
    #[error("Chromium is not running: {0}")]
    Down(String),
    /// It does not answer.
    #[error(transparent)]
    Silent(#[from] CallError),
}

impl BrowserSupervisor {
    /// Starts the browser, waits until it answers, and keeps it running from then on.
    pub async fn start(
        source: Source,
        policy: RestartConfig,
        lifecycle: mpsc::Sender<Lifecycle>,
    ) -> Result<Self, ConnectError> {
        let connected = source.connect().await?;
        let (status_sender, status) = watch::channel(Status::default());
        let (stop, stopped) = oneshot::channel();
        let keeper = Keeper {
            source,
            backoff: Backoff::new(policy.initial_backoff, policy.max_backoff),
            budget: RestartBudget::new(policy.max_restarts as usize, policy.window),
            policy,
            lifecycle,
            status: status_sender,
        };
        let task = tokio::spawn(keeper.run(connected, stopped));
        Ok(Self {
            status,
            stop: Some(stop),
            task,
        })
    }

    /// The browser now.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Ends the browser: asked first, then killed. Nothing of it is left when this returns.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the browser's supervisor failed");
        }
    }
}

/// One real round trip to the browser.
pub async fn probe(status: &Status, limit: Duration) -> Result<Duration, ProbeError> {
    let Some(browser) = &status.browser else {
        let reason = status
            .reason
            .clone()
            .unwrap_or_else(|| "it is being started".to_owned());
        return Err(ProbeError::Down(reason));
    };
    let sent = Instant::now();
    browser.call(GetVersion {}, limit).await?;
    Ok(sent.elapsed())
}

/// What is not well with a browser that serves. Looks at its disks, which blocks.
pub fn concerns(status: &Status) -> Vec<Concern> {
    let little = status.dirs.iter().filter_map(|dir| {
        let free = space::little_at(dir)?;
        let dir = dir.clone();
        Some(Concern::LittleSpace { dir, free })
    });
    status.concerns.iter().cloned().chain(little).collect()
}

struct Keeper {
    source: Source,
    policy: RestartConfig,
    backoff: Backoff,
    budget: RestartBudget,
    lifecycle: mpsc::Sender<Lifecycle>,
    status: watch::Sender<Status>,
}

impl Keeper {
    async fn run(mut self, first: Connected, mut stop: oneshot::Receiver<()>) {
        let mut connected = first;
        loop {
            let Connected {
                browser,
                inbox,
                version,
                mut process,
                concerns,
            } = connected;
            let up_since = Instant::now();
            self.up(&browser, inbox, version, process.as_ref(), concerns)
                .await;
            let reason = tokio::select! {
                biased;
                _ = &mut stop => {
                    close(&browser, process).await;
                    return;
                }
                reason = gone(&browser, &mut process) => reason,
            };
            self.down(reason).await;
            if let Some(process) = process {
                process.end(Duration::ZERO).await;
            }
            if up_since.elapsed() > self.policy.max_backoff {
                self.backoff.reset();
            }
            connected = tokio::select! {
                biased;
                _ = &mut stop => return,
                again = self.again() => again,
            };
        }
    }

    async fn up(
        &self,
        browser: &Browser,
        inbox: Inbox,
        version: Version,
        process: Option<&BrowserProcess>,
        concerns: Vec<Concern>,
    ) {
        let profile = process.map(BrowserProcess::profile);
        let temporary = profile.and_then(Profile::temporary_files);
        let mut dirs: Vec<PathBuf> = profile
            .map(Profile::path)
            .into_iter()
            .chain(temporary)
            .map(Path::to_path_buf)
            .collect();
        dirs.dedup();
        let own = profile.and_then(|profile| profile.to_remove().next());
        let files = own.and_then(files_in);
        let pid = process.map(BrowserProcess::pid);
        tracing::info!(version = version.product, pid, "Chromium serves");
        metrics::browser_up(true);
        self.status.send_modify(|status| {
            status.browser = Some(browser.clone());
            status.version.clone_from(&version.product);
            status.pid = pid;
            status.dirs = dirs;
            status.concerns = concerns;
            status.reason = None;
        });
        let restarts = self.status.borrow().restarts;
        let up = Lifecycle::Up {
            browser: browser.clone(),
            inbox,
            version,
            pid,
            files,
            restarts,
        };
        // When nobody uses the browser any more, the bridge is stopping.
        let _ = self.lifecycle.send(up).await;
    }

    async fn down(&self, reason: String) {
        tracing::error!(reason, "Chromium is gone");
        metrics::browser_up(false);
        self.status.send_modify(|status| {
            status.browser = None;
            status.pid = None;
            status.dirs.clear();
            status.concerns.clear();
            status.reason = Some(reason.clone());
        });
        let restarts = self.status.borrow().restarts;
        let _ = self
            .lifecycle
            .send(Lifecycle::Down { reason, restarts })
            .await;
    }

    /// Tries until a browser answers. Never ends once the bridge has given up.
    async fn again(&mut self) -> Connected {
        loop {
            if !self.budget.allow(Instant::now()) {
                let RestartConfig {
                    max_restarts,
                    window,
                    ..
                } = self.policy;
                tracing::error!(max_restarts, ?window, "Chromium ends too often; giving up");
                let cause = self.status.borrow().reason.clone().unwrap_or_default();
                let reason = format!("given up after {max_restarts} restarts: {cause}");
                self.status
                    .send_modify(|status| status.reason = Some(reason.clone()));
                let _ = self.lifecycle.send(Lifecycle::GivenUp { reason }).await;
                std::future::pending::<()>().await;
            }
            sleep(self.backoff.next(fastrand::f64())).await;
            self.status.send_modify(|status| status.restarts += 1);
            metrics::browser_restarted();
            match self.source.connect().await {
                Ok(connected) => return connected,
                Err(error) => {
                    tracing::error!(%error, "Chromium could not be started again");
                    self.status
                        .send_modify(|status| status.reason = Some(error.to_string()));
                }
            }
        }
    }
}

/// Waits until the browser is gone or hangs, and finds out why.
async fn gone(browser: &Browser, process: &mut Option<BrowserProcess>) -> String {
    tokio::select! {
        reason = ended(browser, process) => reason,
        error = silent(browser) => {
            let reason = format!("Chromium does not answer ({error})");
            // Those who wait for it are answered now, not when it has been killed.
            browser.hang_up(reason.as_str());
            reason
        }
    }
}

/// Asks the browser now and then, until it does not answer any more: a browser that was stopped
/// or hangs ends no connection (faults section 1).
async fn silent(browser: &Browser) -> CallError {
    loop {
        sleep(HEARTBEAT).await;
        match browser.call(GetVersion {}, HEARTBEAT_LIMIT).await {
            Err(error @ CallError::Timeout { .. }) => return error,
            // That it has ended is noticed elsewhere, and any other answer is one.
            Err(CallError::Closed { .. }) => std::future::pending().await,
            _ => {}
        }
    }
}

async fn ended(browser: &Browser, process: &mut Option<BrowserProcess>) -> String {
    let Some(process) = process else {
        return browser.ended().await.to_string();
    };
    let status = tokio::select! {
        status = process.exited() => status,
        reason = browser.ended() => {
            let status = timeout(EXIT_GRACE, process.exited()).await;
            match status {
                // It went away by itself.
                Ok(status) if !browser.was_hung_up() => status,
                Ok(_) => return reason.to_string(),
                Err(_) => return format!("{reason}, and Chromium still runs"),
            }
        }
    };
    match status {
        Ok(status) => format!("Chromium exited ({status})"),
        Err(error) => format!("Chromium exited ({error})"),
    }
}

/// Ends a browser that the bridge started; one that it found running stays.
async fn close(browser: &Browser, process: Option<BrowserProcess>) {
    let Some(process) = process else { return };
    if let Err(error) = browser.call(CloseBrowser {}, CLOSE_GRACE).await {
        // It often exits before it answers.
        tracing::debug!(%error, "Chromium did not answer its close");
    }
    let ended = process.end(CLOSE_GRACE).await;
    tracing::info!(?ended, "Chromium ended");
}
/// A directory for what pages download, in one that goes with the browser, as everything of ours
/// does.
fn files_in(own: &Path) -> Option<PathBuf> {
    let files = own.join("downloads");
    match std::fs::create_dir(&files) {
        Ok(()) => Some(files),
        Err(error) => {
            tracing::error!(%error, "there is no place for downloads");
            None
        }
    }
}
