//! Starts a browser.

use std::fmt::Write as _;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Once;
use std::time::Duration;

use url::Url;

use super::cleanup_helper::CleanupHelper;
use super::environment;
use super::flags::{self, HostLimits, ReservedArgument};
use super::memory_cgroup::{CgroupError, MemoryCgroup};
use super::options::LaunchOptions;
use super::process_group::BrowserProcess;
use super::profile::Profile;
use super::sandbox::{self, SandboxDecision};
use super::settings::TransportKind;
use super::spawn::{ChromiumEnds, SpawnError, browser_command, spawn};
use super::warning::BrowserWarning;

mod port;

/// How long a browser whose pipe has ended may take to exit.
const EXIT_GRACE: Duration = Duration::from_secs(1);
/// How many lines of stderr an error message has.
const SHOWN_LINES: usize = 8;
/// Below this, screenshots of a few tabs fill `/dev/shm` and renderers crash.
pub const SMALL_SHARED_MEMORY: u64 = 1024 * 1024 * 1024;

#[derive(Debug)]
pub struct LaunchedBrowser {
    pub process: BrowserProcess,
    pub endpoint: Endpoint,
    pub sandbox: SandboxDecision,
    pub warnings: Vec<BrowserWarning>,
}

/// How the browser's CDP connection is reached.
#[derive(Debug)]
pub enum Endpoint {
    /// Two pipes, which are still in blocking mode.
    Pipe {
        /// Answers and events, from Chromium.
        reader: OwnedFd,
        /// Commands, to Chromium.
        writer: OwnedFd,
    },
    WebSocket(Url),
}

#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error(transparent)]
    Argument(#[from] ReservedArgument),
    #[error("the browser's profile in {} could not be created: {source}; check that the bridge may \
             write there and that the disk is not full", .dir.display())]
    Profile { dir: PathBuf, source: io::Error },
    #[error("the browser's memory could not be limited: {source}")]
    MemoryCgroup { source: CgroupError },
    #[error("{} could not be started: {source}", .executable.display())]
    Spawn {
        executable: PathBuf,
        source: SpawnError,
    },
    #[error("Chromium exited while starting ({status}).{}{}", advice(*.status, .stderr), shown(.stderr))]
    Exited {
        status: ExitStatus,
        stderr: Vec<String>,
    },
    /// Another process has the port; Chromium does not fail then, but listens elsewhere.
    #[error(
        "port {port} is already in use on 127.0.0.1, and Chromium fell back to {instead}; \
             free the port, or choose another or 0 for browser.cdp_port"
    )]
    PortTaken {
        port: u16,
        /// The address of the other process, or where Chromium listens instead.
        instead: String,
    },
    #[error("Chromium did not open its DevTools port within {} s (browser.start_timeout).{}",
            .after.as_secs_f32(), shown(.stderr))]
    Timeout {
        after: Duration,
        stderr: Vec<String>,
    },
    #[error("Chromium closed its connection while starting and had to be killed.{}", shown(.stderr))]
    Closed { stderr: Vec<String> },
}

/// The last lines as a paragraph, without errors about D-Bus: a container has none, and they would
/// hide the relevant line.
fn shown(stderr: &[String]) -> String {
    let lines: Vec<&String> = stderr
        .iter()
        .filter(|line| !line.contains("dbus/"))
        .collect();
    let mut text = String::new();
    if lines.is_empty() {
        return text;
    }
    text.push_str(" Last lines of its stderr:");
    for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {line}");
    }
    text
}

/// What to do about an exit with a known cause.
fn advice(status: ExitStatus, stderr: &[String]) -> &'static str {
    const PROFILE_IN_USE: i32 = 21;
    let says = |words: &str| stderr.iter().any(|line| line.contains(words));
    if status.code() == Some(PROFILE_IN_USE) {
        " Another browser uses this profile: end it, or set another browser.user_data_dir. If that \
         browser's host no longer exists, remove SingletonLock from the profile."
    } else if says("No usable sandbox") || says("without --no-sandbox") {
        " The kernel does not allow Chromium's sandbox: run as a user who may create user \
         namespaces, or set browser.sandbox to `off`."
    } else if says("error while loading shared libraries") {
        " A library it needs is not installed."
    } else if says("Missing X server") || says("cannot open display") {
        " There is no display: set browser.headless to `true`."
    } else {
        ""
    }
}

/// Starts a browser. Over a pipe it may still be starting when this returns; if the pipe is then
/// closed, [`explain_exit`] returns the reason.
pub async fn launch(options: &LaunchOptions) -> Result<LaunchedBrowser, LaunchError> {
    flags::check_args(&options.config.args)?;
    let profile = profile(options.config.user_data_dir.as_deref())?;
    let (cgroup, warnings) = memory_cgroup(options.config.memory_max.map(|bytes| bytes as u64));
    let facts = sandbox::facts(&options.executable).await;
    let sandbox = sandbox::decide(options.config.sandbox, facts);
    if let SandboxDecision::Off(reason) = sandbox {
        tracing::warn!(%reason, "Chromium runs without its sandbox");
    }
    let machine = HostLimits {
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
    let procs_file = cgroup.as_ref().map(MemoryCgroup::procs_file).transpose();
    let procs_file = procs_file.map_err(|source| LaunchError::MemoryCgroup { source })?;
    let config = &options.config;
    let variables = environment::of_browser(std::env::vars_os(), &config.env, config.headless);
    let command = browser_command(&options.executable, &args, variables, ends, procs_file);
    let mut command = command.map_err(failed)?;
    if let Some(dir) = profile.temporary_files() {
        command.env("TMPDIR", dir);
    }
    let helper = cleanup_helper(&profile, cgroup.as_ref()).await;
    let child = match spawn(command).await {
        Ok(child) => child,
        Err(source) => {
            // The profile is removed first, since the dismissed cleanup helper will not do it.
            drop(profile);
            if let Some(helper) = helper {
                helper.dismiss().await;
            }
            return Err(failed(source));
        }
    };
    let process = BrowserProcess::new(child, profile, helper, cgroup);
    let process = process.map_err(|error| failed(error.into()))?;
    tracing::debug!(pid = process.pid(), executable = %options.executable.display(), "started Chromium");
    let (process, endpoint) = if let Some((reader, writer)) = ours {
        (process, Endpoint::Pipe { reader, writer })
    } else {
        let (requested, limit) = (options.config.cdp_port, options.config.start_timeout);
        let (process, url) = port::listening(process, requested, limit).await?;
        (process, Endpoint::WebSocket(url))
    };
    Ok(LaunchedBrowser {
        process,
        endpoint,
        sandbox,
        warnings,
    })
}

/// Why a browser that was just started closed its connection. Ends the rest of its process group.
pub(super) async fn explain_exit(mut process: BrowserProcess) -> LaunchError {
    let exit = tokio::time::timeout(EXIT_GRACE, process.exited()).await;
    let stderr = process.last_words().await;
    process.end(Duration::ZERO).await;
    exit_error(exit.ok().and_then(Result::ok), stderr)
}

fn exit_error(status: Option<ExitStatus>, stderr: Vec<String>) -> LaunchError {
    match status {
        Some(status) => LaunchError::Exited { status, stderr },
        None => LaunchError::Closed { stderr },
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

/// Chromium's ends and ours (reader, writer). All are close-on-exec, but for those that the spawner
/// maps.
fn pipes() -> io::Result<(ChromiumEnds, (OwnedFd, OwnedFd))> {
    let (commands, writer) = io::pipe()?;
    let (reader, answers) = io::pipe()?;
    let ends = ChromiumEnds {
        commands: commands.into(),
        answers: answers.into(),
    };
    Ok((ends, (reader.into(), writer.into())))
}

/// Starts the cleanup helper. A browser runs without it as well; only a killed daemon would then leave
/// its profile behind.
async fn cleanup_helper(profile: &Profile, cgroup: Option<&MemoryCgroup>) -> Option<CleanupHelper> {
    static WARNED: Once = Once::new();
    let group = cgroup.map(MemoryCgroup::group);
    match CleanupHelper::start(group, profile.to_remove()).await {
        Ok(helper) => Some(helper),
        Err(error) => {
            WARNED.call_once(|| {
                tracing::warn!(%error, "the cleanup helper could not be started with /bin/sh; if the daemon is killed, its temporary files will stay");
            });
            None
        }
    }
}

/// The control group of a configured memory limit; a warning if it cannot be created.
fn memory_cgroup(memory_max: Option<u64>) -> (Option<MemoryCgroup>, Vec<BrowserWarning>) {
    match memory_max.map(MemoryCgroup::create) {
        None => (None, Vec::new()),
        Some(Ok(cgroup)) => (Some(cgroup), Vec::new()),
        Some(Err(error)) => {
            let warning = BrowserWarning::NoMemoryLimit(error);
            tracing::warn!("{warning}");
            (None, vec![warning])
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
