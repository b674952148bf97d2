//! Whether Chromium can confine its renderers on this machine.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::settings::Sandbox;

/// How long the kernel is asked for a user namespace.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the sandbox is on, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxDecision {
    /// Renderers are confined.
    On,
    /// They are not.
    Off(Reason),
}

/// Why the sandbox is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The operator asked for it.
    #[error("browser.sandbox is `off`")]
    Configured,
    /// Chromium refuses to confine anything as root.
    #[error("the bridge runs as root, and Chromium confines nothing then; run it as another user")]
    Root,
    /// The kernel gives this user no namespaces, and there is no helper with the right to make them.
    #[error(
        "the kernel refuses user namespaces to this user; allow them, or install Chromium's \
         setuid helper `chrome-sandbox` beside it"
    )]
    NoUserNamespaces,
}

/// What the decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The effective user is root.
    pub root: bool,
    /// The kernel refuses user namespaces.
    pub namespaces_refused: bool,
    /// A setuid `chrome-sandbox` stands beside the browser.
    pub setuid_helper: bool,
}

/// The decision for a wish and the facts.
pub fn decide(wish: Sandbox, facts: Facts) -> SandboxDecision {
    match wish {
        Sandbox::Off => SandboxDecision::Off(Reason::Configured),
        Sandbox::Auto if facts.root => SandboxDecision::Off(Reason::Root),
        Sandbox::Auto if facts.namespaces_refused && !facts.setuid_helper => {
            SandboxDecision::Off(Reason::NoUserNamespaces)
        }
        Sandbox::On | Sandbox::Auto => SandboxDecision::On,
    }
}

/// Collects the facts about this machine for a browser.
pub async fn facts(executable: &Path) -> Facts {
    let root = rustix::process::geteuid().is_root();
    Facts {
        root,
        // As root the answer would not matter, so nothing is asked.
        namespaces_refused: !root && cfg!(target_os = "linux") && namespaces_refused().await,
        setuid_helper: setuid_helper_beside(executable),
    }
}

async fn namespaces_refused() -> bool {
    let says = |path: &str, value: &str| {
        std::fs::read_to_string(path).is_ok_and(|text| text.trim() == value)
    };
    says("/proc/sys/kernel/unprivileged_userns_clone", "0")
        || says("/proc/sys/user/max_user_namespaces", "0")
        || says(
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
        )
        || probe_refused().await
}

/// A container's system call filter refuses namespaces without any setting that could be read, so
/// one is asked for. Without the tool to ask, nothing is known and the sandbox stays on.
async fn probe_refused() -> bool {
    let probe = tokio::process::Command::new("unshare")
        .args(["--user", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    matches!(tokio::time::timeout(PROBE_TIMEOUT, probe).await, Ok(Ok(status)) if !status.success())
}

fn setuid_helper_beside(executable: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    const SETUID: u32 = 0o4000;
    let Some(dir) = executable.parent() else {
        return false;
    };
    ["chrome-sandbox", "chrome_sandbox"].iter().any(|name| {
        std::fs::metadata(dir.join(name))
            .is_ok_and(|helper| helper.uid() == 0 && helper.mode() & SETUID != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_wish_is_final() {
        let root = Facts {
            root: true,
            ..Facts::default()
        };
        assert_eq!(decide(Sandbox::On, root), SandboxDecision::On);
        let off = decide(Sandbox::Off, Facts::default());
        assert_eq!(off, SandboxDecision::Off(Reason::Configured));
    }

    #[test]
    fn auto_is_off_as_root_and_without_namespaces_and_else_on() {
        let refused = Facts {
            namespaces_refused: true,
            ..Facts::default()
        };
        let helped = Facts {
            setuid_helper: true,
            ..refused
        };
        let root = Facts {
            root: true,
            ..helped
        };
        assert_eq!(
            decide(Sandbox::Auto, root),
            SandboxDecision::Off(Reason::Root)
        );
        assert_eq!(
            decide(Sandbox::Auto, refused),
            SandboxDecision::Off(Reason::NoUserNamespaces)
        );
        assert_eq!(decide(Sandbox::Auto, helped), SandboxDecision::On);
        assert_eq!(decide(Sandbox::Auto, Facts::default()), SandboxDecision::On);
    }

    #[tokio::test]
    async fn the_facts_of_this_machine_can_be_collected() {
        let facts = facts(Path::new("/nowhere/chrome")).await;
        assert_eq!(facts.root, rustix::process::geteuid().is_root());
        assert!(!facts.setuid_helper);
    }
}
