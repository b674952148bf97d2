//! Keeps a browser running: restarts it with exponential backoff when it exits or hangs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::connect::{BrowserConnectError, BrowserSource, ConnectedBrowser};
use super::disk_space;
use super::process_group::BrowserProcess;
use super::profile::Profile;
use super::settings::RestartConfig;
use super::warning::BrowserWarning;
use crate::cdp::methods::{BrowserVersion, CloseBrowser, GetVersion};
use crate::cdp::{Browser, CallError, Inbox};
use crate::flow::{Backoff, RestartBudget};
use crate::metrics;

/// How long a browser may take to close before its process group is killed.
const CLOSE_GRACE: Duration = Duration::from_secs(5);
/// How long a browser may take to exit after its connection ended, so that its status is known.
const EXIT_GRACE: Duration = Duration::from_millis(500);

/// The interval and the time limit of the liveness probe.
const HEARTBEAT: Duration = Duration::from_secs(5);
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(15);

/// Changes of the browser, for the users of its targets.
#[derive(Debug)]
pub enum Lifecycle {
    Up {
        browser: Browser,
        /// Events that belong to no session.
        inbox: Inbox,
        version: BrowserVersion,
        /// The process and process group, if the bridge started it.
        pid: Option<u32>,
        /// A directory for files that is removed with the browser, if the bridge started it.
        files: Option<PathBuf>,
        restarts: u64,
    },
    /// It exited too often, and is not restarted any more.
    GivenUp {
        reason: String,
    },
    Down {
        reason: String,
        restarts: u64,
    },
}

#[derive(Debug, Clone, Default)]
pub struct Status {
    /// `Some` while it runs.
    pub browser: Option<Browser>,
    /// Such as `HeadlessChrome/156.0.8078.79`; of the last one that ran.
    pub version: String,
    pub pid: Option<u32>,
    /// The directories that it writes to, if the bridge started it.
    pub dirs: Vec<PathBuf>,
    pub warnings: Vec<BrowserWarning>,
    pub restarts: u64,
    /// Why it does not run.
    pub reason: Option<String>,
}

/// The handle to the supervisor's task.
#[derive(Debug)]
pub struct BrowserSupervisor {
    status: watch::Receiver<Status>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("Chromium is not running: {0}")]
    Down(String),
    #[error(transparent)]
    Silent(#[from] CallError),
}

impl BrowserSupervisor {
    /// Starts the browser, waits until it answers, and keeps it running from then on.
    pub async fn start(
        source: BrowserSource,
        policy: RestartConfig,
        lifecycle: mpsc::Sender<Lifecycle>,
    ) -> Result<Self, BrowserConnectError> {
        let connected = source.connect().await?;
        let (status_sender, status) = watch::channel(Status::default());
        let (stop, stopped) = oneshot::channel();
        let keeper = SupervisorTask {
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

    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Closes the browser, and kills it if it does not close. Nothing of it is left when this returns.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the browser's supervisor task panicked");
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

/// The current warnings. Checks the browser's disks, which blocks.
pub fn warnings(status: &Status) -> Vec<BrowserWarning> {
    let little = status.dirs.iter().filter_map(|dir| {
        let free = disk_space::nearly_full(dir)?;
        let dir = dir.clone();
        Some(BrowserWarning::DiskNearlyFull { dir, free })
    });
    status.warnings.iter().cloned().chain(little).collect()
}

struct SupervisorTask {
    source: BrowserSource,
    policy: RestartConfig,
    backoff: Backoff,
    budget: RestartBudget,
    lifecycle: mpsc::Sender<Lifecycle>,
    status: watch::Sender<Status>,
}

impl SupervisorTask {
    async fn run(mut self, first: ConnectedBrowser, mut stop: oneshot::Receiver<()>) {
        let mut connected = first;
        loop {
            let ConnectedBrowser {
                browser,
                inbox,
                version,
                mut process,
                warnings,
            } = connected;
            let up_since = Instant::now();
            self.up(&browser, inbox, version, process.as_ref(), warnings)
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
                restarted = self.restart() => restarted,
            };
        }
    }

    async fn up(
        &self,
        browser: &Browser,
        inbox: Inbox,
        version: BrowserVersion,
        process: Option<&BrowserProcess>,
        warnings: Vec<BrowserWarning>,
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
        tracing::info!(version = version.product, pid, "Chromium is ready");
        metrics::browser_up(true);
        self.status.send_modify(|status| {
            status.browser = Some(browser.clone());
            status.version.clone_from(&version.product);
            status.pid = pid;
            status.dirs = dirs;
            status.warnings = warnings;
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
        // The receiver is dropped when the bridge stops.
        let _ = self.lifecycle.send(up).await;
    }

    async fn down(&self, reason: String) {
        tracing::error!(reason, "Chromium stopped");
        metrics::browser_up(false);
        self.status.send_modify(|status| {
            status.browser = None;
            status.pid = None;
            status.dirs.clear();
            status.warnings.clear();
            status.reason = Some(reason.clone());
        });
        let restarts = self.status.borrow().restarts;
        let _ = self
            .lifecycle
            .send(Lifecycle::Down { reason, restarts })
            .await;
    }

    /// Starts the browser until it answers. Never returns once the bridge has given up.
    async fn restart(&mut self) -> ConnectedBrowser {
        loop {
            if !self.budget.allow(Instant::now()) {
                let RestartConfig {
                    max_restarts,
                    window,
                    ..
                } = self.policy;
                tracing::error!(
                    max_restarts,
                    ?window,
                    "Chromium stopped too often; giving up"
                );
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
                    tracing::error!(%error, "Chromium could not be restarted");
                    self.status
                        .send_modify(|status| status.reason = Some(error.to_string()));
                }
            }
        }
    }
}

/// Waits until the browser exits or hangs, and returns the reason.
async fn gone(browser: &Browser, process: &mut Option<BrowserProcess>) -> String {
    tokio::select! {
        reason = ended(browser, process) => reason,
        error = hang(browser) => {
            let reason = format!("Chromium does not answer ({error})");
            // Pending calls fail now, and not only when it has been killed.
            browser.hang_up(reason.as_str());
            reason
        }
    }
}

/// Probes the browser until it does not answer: a browser that was stopped (SIGSTOP) or hangs does not
/// close its connection (docs/faults.md).
async fn hang(browser: &Browser) -> CallError {
    loop {
        sleep(HEARTBEAT).await;
        match browser.call(GetVersion {}, HEARTBEAT_LIMIT).await {
            Err(error @ CallError::Timeout { .. }) => return error,
            // `ended` reports the end of the connection; every other outcome is an answer.
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
                // It exited by itself.
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

/// Closes a browser that the bridge started; one that was already running keeps running.
async fn close(browser: &Browser, process: Option<BrowserProcess>) {
    let Some(process) = process else { return };
    if let Err(error) = browser.call(CloseBrowser {}, CLOSE_GRACE).await {
        // It often exits before it answers.
        tracing::debug!(%error, "Chromium did not answer Browser.close");
    }
    let ended = process.end(CLOSE_GRACE).await;
    tracing::info!(?ended, "Chromium exited");
}

/// Creates the directory for downloads in one that is removed with the browser.
fn files_in(own: &Path) -> Option<PathBuf> {
    let files = own.join("downloads");
    match std::fs::create_dir(&files) {
        Ok(()) => Some(files),
        Err(error) => {
            tracing::error!(%error, "the directory for downloads could not be created; downloads are disabled");
            None
        }
    }
}
