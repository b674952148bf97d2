//! Notifies systemd of readiness, liveness and stopping (`sd_notify(3)`, `Type=notify`).
//!
//! Not the crate `sd-notify`: its socket blocks, so that a supervisor that does not read would stall the
//! daemon, and it cannot reach sockets in the abstract namespace.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

/// The socket that messages are sent to.
const SOCKET: &str = "NOTIFY_SOCKET";
/// The watchdog timeout in microseconds.
const WATCHDOG: &str = "WATCHDOG_USEC";
/// The process that the watchdog is for. A wrapper that started this process may be meant instead.
const WATCHDOG_PID: &str = "WATCHDOG_PID";

/// The supervisor that set `NOTIFY_SOCKET`; by default none. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Systemd {
    socket: Option<Arc<UnixDatagram>>,
    watchdog: Option<Duration>,
}

/// The daemon was started with a `NOTIFY_SOCKET` that it cannot reach.
#[derive(Debug, thiserror::Error)]
#[error("NOTIFY_SOCKET is {}: {source}. systemd will not learn that the bridge is ready", path.display())]
pub struct NotifyError {
    path: OsString,
    source: io::Error,
}

impl Systemd {
    /// The supervisor of this process; none if the environment names no socket.
    pub fn of_process() -> Result<Self, NotifyError> {
        Self::of(|name| std::env::var_os(name), std::process::id())
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>, own_pid: u32) -> Result<Self, NotifyError> {
        let Some(path) = variable(SOCKET).filter(|path| !path.is_empty()) else {
            return Ok(Self::default());
        };
        let socket = connect(&path).map_err(|source| NotifyError { path, source })?;
        let number = |name: &str| variable(name)?.to_str()?.parse::<u64>().ok();
        let is_ours = number(WATCHDOG_PID).is_none_or(|pid| pid == u64::from(own_pid));
        let watchdog = number(WATCHDOG).filter(|time| is_ours && *time > 0);
        Ok(Self {
            socket: Some(Arc::new(socket)),
            watchdog: watchdog.map(Duration::from_micros),
        })
    }

    pub fn ready(&self) {
        self.send("READY=1\nSTATUS=serving");
    }

    pub fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=waiting for running requests");
    }

    /// Sends `WATCHDOG=1` twice per watchdog timeout. It runs on the same runtime as the serving tasks, so
    /// it stops when these are starved. Without a watchdog it returns at once.
    pub async fn keep_alive(self) {
        let Some(limit) = self.watchdog else {
            return;
        };
        let mut ticks = interval(limit / 2);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.send("WATCHDOG=1");
        }
    }

    /// A failed send is only logged: systemd acts on missing messages itself.
    fn send(&self, message: &str) {
        let Some(socket) = &self.socket else {
            return;
        };
        if let Err(error) = socket.send(message.as_bytes()) {
            tracing::debug!(%error, message, "cannot notify systemd");
        }
    }
}

/// Connects to a path, or, if it begins with `@`, to a name in Linux's abstract namespace.
fn connect(path: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    // A supervisor that does not read must not block the daemon.
    socket.set_nonblocking(true)?;
    let address = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => abstract_address(name)?,
        None => SocketAddr::from_pathname(path)?,
    };
    socket.connect_addr(&address)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const PID: u32 = 7;

    fn started(variables: &[(&str, &OsStr)]) -> Result<Systemd, NotifyError> {
        let variables: HashMap<&str, OsString> = variables
            .iter()
            .map(|(name, value)| (*name, value.to_os_string()))
            .collect();
        Systemd::of(|name| variables.get(name).cloned(), PID)
    }

    fn received(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn without_a_socket_nothing_is_sent() {
        assert!(started(&[]).unwrap().socket.is_none());
        let empty = started(&[(SOCKET, OsStr::new(""))]).unwrap();
        assert!(empty.socket.is_none());
        empty.ready();
    }

    #[test]
    fn a_socket_that_is_not_there_is_named() {
        let error = started(&[(SOCKET, OsStr::new("/nowhere/notify"))]).unwrap_err();
        assert!(error.to_string().contains("/nowhere/notify"), "{error}");
    }

    #[test]
    fn a_socket_in_a_directory_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let systemd = started(&[(SOCKET, path.as_os_str())]).unwrap();
        systemd.ready();
        assert!(received(&socket).starts_with("READY=1\n"));
        systemd.stopping();
        assert!(received(&socket).starts_with("STOPPING=1\n"));
        assert_eq!(systemd.watchdog, None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_with_an_abstract_name_is_told() {
        let name = format!("cdp-bridge-test-{}", std::process::id());
        let address = abstract_address(name.as_bytes()).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        let path = OsString::from(format!("@{name}"));
        started(&[(SOCKET, &path)]).unwrap().ready();
        assert!(received(&socket).starts_with("READY=1\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_watchdog_is_fed_twice_in_its_time_and_only_by_its_own_process() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let of = |pid: &str| {
            let variables = [
                (SOCKET, path.as_os_str()),
                (WATCHDOG, OsStr::new("2000000")),
                (WATCHDOG_PID, OsStr::new(pid)),
            ];
            started(&variables).unwrap()
        };
        let others = of("8");
        let ours = of("7");
        let fed = async |systemd: Systemd| {
            let wait = Duration::from_millis(2500);
            let _ = tokio::time::timeout(wait, systemd.keep_alive()).await;
            let mut count = 0;
            while socket.recv(&mut [0; 64]).is_ok() {
                count += 1;
            }
            count
        };
        assert_eq!(fed(others).await, 0);
        // At the start, after one second and after two.
        assert_eq!(fed(ours).await, 3);
    }
}
