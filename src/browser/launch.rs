//! Starting a browser.

use std::fmt::Write as _;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Once;
use std::time::Duration;

use url::Url;

use super::ceiling::{Ceiling, NoCeiling};
use super::concern::Concern;
use super::custodian::Custodian;
use super::custody::BrowserProcess;
use super::flags::{self, Machine, ReservedArgument};
use super::options::LaunchOptions;
use super::profile::Profile;
use super::sandbox::{self, SandboxDecision};
use super::settings::TransportKind;
use super::spawn::{ChromiumEnds, SpawnError, browser_command, spawn};

mod port;

/// How long a browser whose pipe has ended may take to exit.
const EXIT_GRACE: Duration = Duration::from_secs(1);
/// How many lines of standard error go into an error message.
const SHOWN_LINES: usize = 8;
/// Below this, pictures of a few tabs fill `/dev/shm` and renderers crash.
pub const SMALL_SHARED_MEMORY: u64 = 1024 * 1024 * 1024;

/// A started browser and the way to talk to it.
#[derive(Debug)]
pub struct Launched {
    /// The process, in our keeping.
    pub process: BrowserProcess,
    /// Where its protocol is spoken.
    pub endpoint: Endpoint,
    /// Whether its renderers are confined.
    pub sandbox: SandboxDecision,
    /// What could not be had for it.
    pub concerns: Vec<Concern>,
}

/// Where a browser's protocol is spoken.
#[derive(Debug)]
pub enum Endpoint {
    /// Two pipes. Whoever uses them makes them non-blocking.
    Pipe {
        /// Answers and events, from Chromium.
        reader: OwnedFd,
        /// Commands, to Chromium.
        writer: OwnedFd,
    },
    /// A WebSocket.
    WebSocket(Url),
}

/// A browser could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// A flag that belongs to a key of its own.
    #[error(transparent)]
    Argument(#[from] ReservedArgument),
    /// The profile directory could not be made.
    #[error("the browser's profile in {} could not be made: {source}; check that the bridge may \
             write there and that the disk is not full", .dir.display())]
    Profile {
        /// Where it should have been.
        dir: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The control group for its memory cannot be entered.
    #[error("the browser's memory cannot be limited: {source}")]
    Ceiling {
        /// Why.
        source: NoCeiling,
    },
    /// The binary could not be executed.
    #[error("{} could not be started: {source}", .executable.display())]
    Spawn {
        /// The binary.
        executable: PathBuf,
        /// Why.
        source: SpawnError,
    },
    /// Chromium ended before it could be used.
    #[error("Chromium ended while starting ({status}).{}{}", advice(*.status, .stderr), shown(.stderr))]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its standard error.
        stderr: Vec<String>,
    },
    /// Somebody else has the port; Chromium does not fail then, it listens elsewhere.
    #[error(
        "port {port} is already in use on 127.0.0.1, and Chromium fell back to {instead}; \
             free the port, or choose another or 0 for browser.cdp_port"
    )]
    PortTaken {
        /// The port that was asked for.
        port: u16,
        /// Where Chromium listens instead, in words.
        instead: String,
    },
    /// Chromium runs and does not listen.
    #[error("Chromium did not open its DevTools port within {} s (browser.start_timeout).{}",
            .after.as_secs_f32(), shown(.stderr))]
    Timeout {
        /// How long was waited.
        after: Duration,
        /// The last lines of its standard error.
        stderr: Vec<String>,
    },
    /// Chromium runs and was neither usable nor gone.
    #[error("Chromium closed its connection while starting and had to be killed.{}", shown(.stderr))]
    Closed {
        /// The last lines of its standard error.
        stderr: Vec<String>,
    },
}

/// The last lines as a paragraph. Complaints about D-Bus are left out: a container has none, and
/// they would drown the line that matters.
fn shown(stderr: &[String]) -> String {
    let lines: Vec<&String> = stderr
        .iter()
        .filter(|line| !line.contains("dbus/"))
        .collect();
    let mut text = String::new();
    if lines.is_empty() {
        return text;
    }
    text.push_str(" Its last words:");
    for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {line}");
    }
    text
}

/// What to do about an exit, where its cause is known.
fn advice(status: ExitStatus, stderr: &[String]) -> &'static str {
    const PROFILE_IN_USE: i32 = 21;
    let says = |words: &str| stderr.iter().any(|line| line.contains(words));
    if status.code() == Some(PROFILE_IN_USE) {
        " Another browser uses this profile: end it, or set another browser.user_data_dir. If that \
         one was on a host that is no more, remove SingletonLock from the profile."
    } else if says("No usable sandbox") || says("without --no-sandbox") {
        " The kernel does not let Chromium confine its renderers: run as a user who may make user \
         namespaces, or set browser.sandbox to `off`."
    } else if says("error while loading shared libraries") {
        " A library it needs is not installed."
    } else if says("Missing X server") || says("cannot open display") {
        " There is no display: set browser.headless to `true`."
    } else {
        ""
    }
}

/// Starts a browser. Over a pipe it may still be starting when this returns; whoever then finds the
/// pipe closed asks [`explain_exit`] for the reason.
pub async fn launch(options: &LaunchOptions) -> Result<Launched, LaunchError> {
    flags::check_args(&options.config.args)?;
    let profile = profile(options.config.user_data_dir.as_deref())?;
    let (ceiling, concerns) = ceiling(options.config.memory_max.map(|bytes| bytes as u64));
    let facts = sandbox::facts(&options.executable).await;
    let sandbox = sandbox::decide(options.config.sandbox, facts);
    if let SandboxDecision::Off(reason) = sandbox {
        tracing::warn!(%reason, "Chromium runs without its sandbox");
    }
    let machine = Machine {
        sandbox,
        small_shared_memory: small_shared_memory(),
    };
    let args = flags::argv(options, machine, profile.path());

    let failed = |source| LaunchError::Spawn {
        executable: options.executable.clone(),
        source,
    };
    let (ends, ours) = match options.config.transport {
        TransportKind::Pipe => {
            let (ends, ours) = pipes().map_err(|error| failed(error.into()))?;
            (Some(ends), Some(ours))
        }
        TransportKind::Port => {
            port::forget_last_start(profile.path());
            (None, None)
        }
    };
    let entrance = ceiling.as_ref().map(Ceiling::entrance).transpose();
    let entrance = entrance.map_err(|source| LaunchError::Ceiling { source })?;
    let mut command =
        browser_command(&options.executable, &args, ends, entrance).map_err(failed)?;
    if let Some(dir) = profile.temporary_files() {
        command.env("TMPDIR", dir);
    }
    let custodian = custodian(&profile, ceiling.as_ref()).await;
    let child = match spawn(command).await {
        Ok(child) => child,
        Err(source) => {
            // The profile goes first: its custodian must not find it after it has been dismissed.
            drop(profile);
            if let Some(custodian) = custodian {
                custodian.dismiss().await;
            }
            return Err(failed(source));
        }
    };
    let process = BrowserProcess::new(child, profile, custodian, ceiling);
    let process = process.map_err(|error| failed(error.into()))?;
    tracing::debug!(pid = process.pid(), executable = %options.executable.display(), "started");
    match (options.config.transport, ours) {
        (TransportKind::Port, _) => {
            let requested = options.config.cdp_port;
            let (process, url) =
                port::listening(process, requested, options.config.start_timeout).await?;
            Ok(Launched {
                process,
                endpoint: Endpoint::WebSocket(url),
                sandbox,
                concerns,
            })
        }
        (TransportKind::Pipe, Some((reader, writer))) => Ok(Launched {
            process,
            endpoint: Endpoint::Pipe { reader, writer },
            sandbox,
            concerns,
        }),
        (TransportKind::Pipe, None) => {
            Err(failed(io::Error::from(io::ErrorKind::BrokenPipe).into()))
        }
    }
}

/// The reason why a browser that was just started closed its connection. Ends what is left of it.
pub async fn explain_exit(mut process: BrowserProcess) -> LaunchError {
    let exit = tokio::time::timeout(EXIT_GRACE, process.exited()).await;
    let stderr = process.last_words().await;
    process.end(Duration::ZERO).await;
    match exit {
        Ok(Ok(status)) => LaunchError::Exited { status, stderr },
        Ok(Err(_)) | Err(_) => LaunchError::Closed { stderr },
    }
}

fn profile(configured: Option<&Path>) -> Result<Profile, LaunchError> {
    let temporary = std::env::temp_dir();
    let (dir, profile) = match configured {
        Some(dir) => (dir, Profile::configured(dir)),
        None => (temporary.as_path(), Profile::fresh()),
    };
    profile.map_err(|source| LaunchError::Profile {
        dir: dir.to_path_buf(),
        source,
    })
}

/// Chromium's ends and ours (reader, writer). All are closed on exec, except as the spawner maps
/// them.
fn pipes() -> io::Result<(ChromiumEnds, (OwnedFd, OwnedFd))> {
    let (commands, writer) = io::pipe()?;
    let (reader, answers) = io::pipe()?;
    let ends = ChromiumEnds {
        commands: commands.into(),
        answers: answers.into(),
    };
    Ok((ends, (reader.into(), writer.into())))
}

/// The custodian, without which a browser runs as well: only a killed daemon would leave its
/// profile behind.
async fn custodian(profile: &Profile, ceiling: Option<&Ceiling>) -> Option<Custodian> {
    static WARNED: Once = Once::new();
    let group = ceiling.map(Ceiling::group);
    match Custodian::start(group, profile.to_remove()).await {
        Ok(custodian) => Some(custodian),
        Err(error) => {
            WARNED.call_once(|| {
                tracing::warn!(%error, "no /bin/sh to tidy up after a killed daemon");
            });
            None
        }
    }
}

/// The ceiling over its memory, if one is wanted and can be had.
fn ceiling(memory_max: Option<u64>) -> (Option<Ceiling>, Vec<Concern>) {
    match memory_max.map(Ceiling::of) {
        None => (None, Vec::new()),
        Some(Ok(ceiling)) => (Some(ceiling), Vec::new()),
        Some(Err(error)) => {
            let concern = Concern::NoCeiling(error);
            tracing::warn!("{concern}");
            (None, vec![concern])
        }
    }
}

fn small_shared_memory() -> bool {
    cfg!(target_os = "linux")
        && rustix::fs::statvfs("/dev/shm")
            .is_ok_and(|shm| shm.f_blocks.saturating_mul(shm.f_frsize) < SMALL_SHARED_MEMORY)
}

#[cfg(test)]
mod tests;
