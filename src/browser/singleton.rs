//! Chromium's own lock on a profile, where a browser died without releasing it.
//!
//! `SingletonLock` is a link to `HOST-PID`. Chromium removes one of its own host by itself, when that
//! process is gone. One of another host it never touches: it exits with 21. That happens to every
//! container that is started again on a volume, because a container's host name is new each time.
//!
//! Which bridge used a profile last stands in a file in it, and while it lives it holds a lock on the
//! directory. A bridge that finds the directory unlocked, and its predecessor's host in Chromium's
//! lock, knows that nobody uses the profile: Chromium dies with its bridge.

use std::fs::File;
use std::io;
use std::path::Path;

/// Names the bridge that used the profile last.
const USED_BY: &str = "cdp-bridge-used-by";

/// Chromium's lock, and what comes with it.
const LOCK: &str = "SingletonLock";
const WITH_IT: [&str; 2] = ["SingletonCookie", "SingletonSocket"];

/// A machine since its last start. Containers have host names of their own, and this in common.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Machine {
    host: String,
    /// Linux makes a new one at each start of the kernel (random(4)).
    boot: String,
}

impl Machine {
    fn this() -> Option<Self> {
        let host = rustix::system::uname().nodename().to_str().ok()?.to_owned();
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let boot = boot.trim().to_owned();
        Some(Self { host, boot })
    }

    fn parse(text: &str) -> Option<Self> {
        let (host, boot) = text.trim().split_once(' ')?;
        Some(Self {
            host: host.to_owned(),
            boot: boot.to_owned(),
        })
    }
}

/// Locks a profile for as long as the value lives, and removes Chromium's lock if whoever made it
/// is known to be dead. None where the directory cannot be locked: then nothing is known, nothing is
/// removed, and Chromium decides.
pub(super) fn take_over(profile: &Path) -> Option<File> {
    let held = File::open(profile).ok()?;
    if let Err(error) = held.try_lock() {
        tracing::debug!(%error, "the profile cannot be locked; another bridge may use it");
        return None;
    }
    let here = Machine::this()?;
    let last = std::fs::read_to_string(profile.join(USED_BY)).ok();
    let last = last.as_deref().and_then(Machine::parse);
    let lock = std::fs::read_link(profile.join(LOCK)).ok();
    if let Some(lock) = lock.as_deref().and_then(Path::to_str)
        && is_stale(lock, last.as_ref(), &here, is_on_this_machine(&held))
    {
        match remove(profile) {
            Ok(()) => tracing::info!(lock, "removed the lock of a dead browser from its profile"),
            Err(error) => tracing::warn!(lock, %error, "a dead browser's lock cannot be removed"),
        }
    }
    if let Err(error) = std::fs::write(
        profile.join(USED_BY),
        format!("{} {}", here.host, here.boot),
    ) {
        tracing::debug!(%error, "the profile does not say who uses it");
    }
    Some(held)
}

/// Whether the maker of Chromium's lock is dead, where no bridge of this machine uses the profile.
/// `local`: no other machine can use it either.
fn is_stale(lock: &str, last: Option<&Machine>, here: &Machine, local: bool) -> bool {
    let (Some((host, _)), Some(last)) = (lock.rsplit_once('-'), last) else {
        return false;
    };
    // Of its own host Chromium knows by itself whether the process is there.
    let ours = host != here.host && host == last.host;
    // Since the last start of a machine nothing lives that was there before; and what a bridge
    // started on this one died with it.
    ours && (last.boot == here.boot || local)
}

fn remove(profile: &Path) -> io::Result<()> {
    for name in WITH_IT {
        match std::fs::remove_file(profile.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::remove_file(profile.join(LOCK))
}

/// Whether this is a file system that only one machine has at a time, as far as is known.
#[cfg(target_os = "linux")]
fn is_on_this_machine(dir: &File) -> bool {
    /// `EXT4_SUPER_MAGIC`, `XFS_SUPER_MAGIC`, `BTRFS_SUPER_MAGIC`, `TMPFS_MAGIC`,
    /// `OVERLAYFS_SUPER_MAGIC` and `F2FS_SUPER_MAGIC` (linux/magic.h).
    const LOCAL: [u64; 6] = [
        0xef53,
        0x5846_5342,
        0x9123_683e,
        0x0102_1994,
        0x794c_7630,
        0xf2f5_2010,
    ];
    let found = rustix::fs::fstatfs(dir).ok();
    let kind = found.and_then(|found| u64::try_from(found.f_type).ok());
    kind.is_some_and(|kind| LOCAL.contains(&kind))
}

#[cfg(not(target_os = "linux"))]
fn is_on_this_machine(_dir: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(host: &str, boot: &str) -> Machine {
        Machine {
            host: host.to_owned(),
            boot: boot.to_owned(),
        }
    }

    #[test]
    fn only_the_lock_of_a_bridge_that_is_known_to_be_dead_is_stale() {
        let here = machine("new", "b1");
        let (same_boot, earlier) = (machine("old", "b1"), machine("old", "b0"));
        for (lock, last, local, stale) in [
            ("old-77", Some(&same_boot), false, true),
            ("old-77", Some(&earlier), true, true),
            // Perhaps another machine that lives, on a file system of several.
            ("old-77", Some(&earlier), false, false),
            // Another browser's, which no bridge started.
            ("desktop-77", Some(&same_boot), true, false),
            ("old-77", None, true, false),
            // Chromium's business.
            ("new-77", Some(&here), true, false),
            ("nonsense", Some(&same_boot), true, false),
        ] {
            assert_eq!(
                is_stale(lock, last, &here, local),
                stale,
                "{lock} {last:?} {local}"
            );
        }
    }

    fn locked_by_another_host(profile: &Path) {
        let boot = Machine::this().unwrap().boot;
        std::fs::write(profile.join(USED_BY), format!("old-host {boot}")).unwrap();
        for (name, target) in [
            (LOCK, "old-host-77"),
            ("SingletonCookie", "123"),
            ("SingletonSocket", "/gone/s"),
        ] {
            std::os::unix::fs::symlink(target, profile.join(name)).unwrap();
        }
    }

    fn is_locked(profile: &Path) -> bool {
        profile.join(LOCK).symlink_metadata().is_ok()
    }

    #[test]
    fn a_dead_containers_lock_goes_and_its_successor_is_named() {
        let profile = tempfile::tempdir().unwrap();
        locked_by_another_host(profile.path());
        let held = take_over(profile.path());
        assert!(held.is_some() && !is_locked(profile.path()));
        let left: Vec<_> = std::fs::read_dir(profile.path())
            .unwrap()
            .flatten()
            .collect();
        assert_eq!(left.len(), 1, "{left:?}");
        let used_by = std::fs::read_to_string(profile.path().join(USED_BY)).unwrap();
        assert_eq!(Machine::parse(&used_by), Machine::this());
    }

    #[test]
    fn while_another_bridge_holds_the_profile_nothing_in_it_is_touched() {
        let profile = tempfile::tempdir().unwrap();
        let other = take_over(profile.path()).unwrap();
        locked_by_another_host(profile.path());
        assert!(take_over(profile.path()).is_none());
        assert!(is_locked(profile.path()));
        drop(other);
        take_over(profile.path()).unwrap();
        assert!(!is_locked(profile.path()));
    }
}
