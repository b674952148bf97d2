//! Removes Chromium's own lock on a profile if the browser died without releasing it.
//!
//! `SingletonLock` is a link to `HOST-PID`. Chromium removes a stale lock of its own host by itself. It
//! never removes one of another host, and exits with 21: so does every container that is restarted on
//! a volume, because its host name is new each time.
//!
//! The last bridge that used a profile is named in a file in it, and holds a lock on the directory
//! while it runs. If the directory is unlocked, and Chromium's lock names the host of that last
//! bridge, the profile is unused: Chromium dies with its bridge.

use std::fs::File;
use std::io;
use std::path::Path;

const USED_BY: &str = "cdp-bridge-used-by";

const LOCK: &str = "SingletonLock";
const COMPANIONS: [&str; 2] = ["SingletonCookie", "SingletonSocket"];

/// A host name and a boot of the kernel, which containers on one machine share.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HostBoot {
    host: String,
    /// Linux generates a new one at each boot (random(4)).
    boot: String,
}

impl HostBoot {
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

/// Locks a profile until the returned file is dropped, and removes Chromium's lock if its owner is
/// known to be dead. `None` if the directory cannot be locked: then nothing is removed, and Chromium
/// decides.
pub(super) fn take_over(profile: &Path) -> Option<File> {
    let held = File::open(profile).ok()?;
    if let Err(error) = held.try_lock() {
        tracing::debug!(%error, "the profile could not be locked; another bridge may be using it");
        return None;
    }
    let here = HostBoot::this()?;
    let last = std::fs::read_to_string(profile.join(USED_BY)).ok();
    let last = last.as_deref().and_then(HostBoot::parse);
    let lock = std::fs::read_link(profile.join(LOCK)).ok();
    if let Some(lock) = lock.as_deref().and_then(Path::to_str)
        && is_stale(lock, last.as_ref(), &here, is_on_this_machine(&held))
    {
        match remove(profile) {
            Ok(()) => tracing::info!(
                lock,
                "removed the stale lock of a dead browser from its profile"
            ),
            Err(error) => {
                tracing::warn!(lock, %error, "the stale lock of a dead browser could not be removed");
            }
        }
    }
    if let Err(error) = std::fs::write(
        profile.join(USED_BY),
        format!("{} {}", here.host, here.boot),
    ) {
        tracing::debug!(%error, "the profile could not be marked as used by this bridge");
    }
    Some(held)
}

/// Whether the owner of Chromium's lock is dead, if no bridge on this machine uses the profile.
/// `local`: no other machine can use it either.
fn is_stale(lock: &str, last: Option<&HostBoot>, here: &HostBoot, local: bool) -> bool {
    let (Some((host, _)), Some(last)) = (lock.rsplit_once('-'), last) else {
        return false;
    };
    // Chromium itself checks a process of its own host.
    let ours = host != here.host && host == last.host;
    // No process survives a reboot; and a browser on this boot died with its bridge.
    ours && (last.boot == here.boot || local)
}

fn remove(profile: &Path) -> io::Result<()> {
    for name in COMPANIONS {
        match std::fs::remove_file(profile.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::remove_file(profile.join(LOCK))
}

/// Whether this is known to be a file system that only one machine can mount at a time.
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

    fn machine(host: &str, boot: &str) -> HostBoot {
        HostBoot {
            host: host.to_owned(),
            boot: boot.to_owned(),
        }
    }

    #[test]
    fn only_the_lock_of_a_bridge_known_to_be_dead_is_stale() {
        let here = machine("new", "b1");
        let (same_boot, earlier) = (machine("old", "b1"), machine("old", "b0"));
        for (lock, last, local, stale) in [
            ("old-77", Some(&same_boot), false, true),
            ("old-77", Some(&earlier), true, true),
            // It may be another running machine, on a shared file system.
            ("old-77", Some(&earlier), false, false),
            // Another browser's, which was not started by a bridge.
            ("desktop-77", Some(&same_boot), true, false),
            ("old-77", None, true, false),
            // Chromium checks this one.
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
        let boot = HostBoot::this().unwrap().boot;
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
    fn a_dead_containers_lock_is_removed_and_the_new_user_recorded() {
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
        assert_eq!(HostBoot::parse(&used_by), HostBoot::this());
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
