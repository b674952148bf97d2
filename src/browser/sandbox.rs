//! Whether Chromium's sandbox can be used on this host.

use std::path::Path;
use std::time::Duration;

use super::settings::Sandbox;
use super::spawn::system_command;

/// How long the probe for a user namespace may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxDecision {
    On,
    Off(SandboxOffReason),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SandboxOffReason {
    #[error("browser.sandbox is `off`")]
    Configured,
    #[error("the bridge runs as root, for which Chromium has no sandbox; run it as another user")]
    Root,
    #[error(
        "the kernel refuses user namespaces to this user; allow them, or install Chromium's \
         setuid helper `chrome-sandbox` beside it"
    )]
    NoUserNamespaces,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SandboxFacts {
    pub root: bool,
    pub namespaces_refused: bool,
    /// There is a setuid `chrome-sandbox` in the browser's directory.
    pub setuid_helper: bool,
}

pub fn decide(configured: Sandbox, facts: SandboxFacts) -> SandboxDecision {
    match configured {
        Sandbox::Off => SandboxDecision::Off(SandboxOffReason::Configured),
        Sandbox::Auto if facts.root => SandboxDecision::Off(SandboxOffReason::Root),
        Sandbox::Auto if facts.namespaces_refused && !facts.setuid_helper => {
            SandboxDecision::Off(SandboxOffReason::NoUserNamespaces)
        }
        Sandbox::On | Sandbox::Auto => SandboxDecision::On,
    }
}

pub async fn facts(executable: &Path) -> SandboxFacts {
    let root = rustix::process::geteuid().is_root();
    SandboxFacts {
        root,
        // The answer does not matter for root.
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

/// A container's seccomp filter refuses namespaces without a setting that could be read, so the probe
/// creates one. Without `unshare(1)` nothing is known, and the sandbox stays on.
async fn probe_refused() -> bool {
    let probe = system_command("unshare")
        .args(["--user", "true"])
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
        let root = SandboxFacts {
            root: true,
            ..SandboxFacts::default()
        };
        assert_eq!(decide(Sandbox::On, root), SandboxDecision::On);
        let off = decide(Sandbox::Off, SandboxFacts::default());
        assert_eq!(off, SandboxDecision::Off(SandboxOffReason::Configured));
    }

    #[test]
    fn auto_is_off_as_root_and_without_namespaces_and_else_on() {
        let refused = SandboxFacts {
            namespaces_refused: true,
            ..SandboxFacts::default()
        };
        let helped = SandboxFacts {
            setuid_helper: true,
            ..refused
        };
        let root = SandboxFacts {
            root: true,
            ..helped
        };
        assert_eq!(
            decide(Sandbox::Auto, root),
            SandboxDecision::Off(SandboxOffReason::Root)
        );
        assert_eq!(
            decide(Sandbox::Auto, refused),
            SandboxDecision::Off(SandboxOffReason::NoUserNamespaces)
        );
        assert_eq!(decide(Sandbox::Auto, helped), SandboxDecision::On);
        assert_eq!(
            decide(Sandbox::Auto, SandboxFacts::default()),
            SandboxDecision::On
        );
    }

    #[tokio::test]
    async fn the_facts_of_this_machine_can_be_collected() {
        let facts = facts(Path::new("/nowhere/chrome")).await;
        assert_eq!(facts.root, rustix::process::geteuid().is_root());
        assert!(!facts.setuid_helper);
    }
}
