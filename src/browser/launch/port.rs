//! Waits until a started Chromium listens on its port, and verifies that it is this one.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use url::Url;

use super::super::endpoint::resolve_within;
use super::super::process_group::BrowserProcess;
use super::{LaunchError, exit_error};

/// The file Chromium writes its port and path to.
const FILE: &str = "DevToolsActivePort";
const POLL: Duration = Duration::from_millis(10);
/// How long the listener on the requested port may take to answer `/json/version`.
const IDENTITY_TIMEOUT: Duration = Duration::from_secs(2);

/// Removes the file of an earlier start in this profile, whose port is stale.
pub(super) fn forget_last_start(profile: &Path) {
    let _ = std::fs::remove_file(profile.join(FILE));
}

/// Waits for the port. On failure the process is ended.
pub(super) async fn listening(
    mut process: BrowserProcess,
    requested: u16,
    limit: Duration,
) -> Result<(BrowserProcess, Url), LaunchError> {
    match wait(&mut process, requested, limit).await {
        Ok(url) => Ok((process, url)),
        Err(error) => {
            process.end(Duration::ZERO).await;
            Err(error)
        }
    }
}

async fn wait(
    process: &mut BrowserProcess,
    requested: u16,
    limit: Duration,
) -> Result<Url, LaunchError> {
    let deadline = Instant::now() + limit;
    let file = process.profile().path().join(FILE);
    loop {
        if let Some(url) = announced(process, &file, requested)? {
            return verified(url, requested).await;
        }
        let now = Instant::now();
        if now >= deadline {
            return Err(LaunchError::Timeout {
                after: limit,
                stderr: process.stderr_tail(),
            });
        }
        tokio::select! {
            exit = process.exited() => {
                return Err(exit_error(exit.ok(), process.last_words().await));
            }
            () = sleep_until(deadline.min(now + POLL)) => {}
        }
    }
}

/// The address, once Chromium has announced it. A full browser writes the file only for a port that it
/// chose itself, so for a requested port its stderr is used as well.
fn announced(
    process: &BrowserProcess,
    file: &Path,
    requested: u16,
) -> Result<Option<Url>, LaunchError> {
    if let Some(said) = process.listening()
        && requested != 0
    {
        return match at(&said, requested) {
            Some(url) => Ok(Some(url)),
            None => Err(LaunchError::PortTaken {
                port: requested,
                instead: said,
            }),
        };
    }
    Ok(std::fs::read_to_string(file)
        .ok()
        .as_deref()
        .and_then(address))
}

/// Another process may have the requested port on 127.0.0.1 while Chromium has it on `[::1]`; headless
/// shell writes the file even then. So the listener on 127.0.0.1 is asked for its path, which only
/// this browser knows.
async fn verified(url: Url, requested: u16) -> Result<Url, LaunchError> {
    if requested == 0 {
        return Ok(url);
    }
    let taken = |instead: String| LaunchError::PortTaken {
        port: requested,
        instead,
    };
    if url.port_or_known_default() != Some(requested) {
        return Err(taken(url.to_string()));
    }
    let mut http = url.clone();
    // `ws` to `http` is a change between two schemes of the same sort, which cannot fail.
    let _ = http.set_scheme("http");
    match resolve_within(&http, IDENTITY_TIMEOUT).await {
        Ok(there) if there.path() == url.path() => Ok(url),
        Ok(_) | Err(_) => Err(taken("another address".to_owned())),
    }
}

/// The address in the file: the port, and in the second line the path.
fn address(file: &str) -> Option<Url> {
    let mut lines = file.lines();
    let port: u16 = lines.next()?.trim().parse().ok()?;
    let path = lines.next()?.trim();
    let url = format!("ws://127.0.0.1:{port}{path}");
    (port != 0 && path.starts_with("/devtools/")).then(|| url.parse().ok())?
}

/// The address that Chromium printed, if it has the requested port.
fn at(said: &str, port: u16) -> Option<Url> {
    let url = Url::parse(said).ok()?;
    let there = url.host_str() == Some("127.0.0.1") && url.port_or_known_default() == Some(port);
    there.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_gives_the_address_once_it_is_whole() {
        let url = address("9222\n/devtools/browser/a-b").unwrap();
        assert_eq!(url.as_str(), "ws://127.0.0.1:9222/devtools/browser/a-b");
        for part in [
            "",
            "9222",
            "9222\n",
            "x\n/devtools/browser/a",
            "0\n/devtools/browser/a",
        ] {
            assert_eq!(address(part), None, "{part:?}");
        }
    }

    #[test]
    fn only_the_loopback_address_that_was_asked_for_counts() {
        assert!(at("ws://127.0.0.1:9222/devtools/browser/a", 9222).is_some());
        assert!(at("ws://[::1]:9222/devtools/browser/a", 9222).is_none());
        assert!(at("ws://127.0.0.1:9223/devtools/browser/a", 9222).is_none());
    }
}
