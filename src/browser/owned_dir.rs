//! A temporary directory that is marked with its process, so that a later bridge can tell whether it
//! is stale.
//!
//! There are two marks. An advisory lock on the directory is released when the process ends, however
//! it ends, and is visible from every container on the host; it also keeps systemd-tmpfiles away
//! (tmpfiles.d(5)). A file in it names the process, for file systems without working locks.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::process_identity::ProcessIdentity;

pub(super) const PREFIX: &str = "cdp-bridge-";
/// The file with the process identity.
pub(super) const OWNER_FILE: &str = "owner";

/// A directory without its owner file is being created or was partly removed; after this time it is
/// not being created any more.
const UNMARKED_AGE: Duration = Duration::from_mins(1);

/// A directory of this process, which is removed when this is dropped.
#[derive(Debug)]
pub(super) struct OwnedDir {
    path: PathBuf,
    /// Released by the kernel when this process ends, at the latest.
    _lock: File,
    removed: bool,
}

impl OwnedDir {
    /// A new directory in `parent` that only this user can read. `kind` becomes part of its name.
    pub(super) fn create_in(parent: &Path, kind: &str) -> io::Result<Self> {
        // It will hold the cookies of every tab.
        let private = Permissions::from_mode(0o700);
        let dir = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{kind}-"))
            .permissions(private)
            .tempdir_in(parent)?;
        let lock = File::open(dir.path())?;
        if let Err(error) = lock.try_lock() {
            tracing::debug!(%error, "a temporary directory could not be locked");
        }
        std::fs::write(
            dir.path().join(OWNER_FILE),
            ProcessIdentity::this().to_string(),
        )?;
        Ok(Self {
            path: dir.keep(),
            _lock: lock,
            removed: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Tries once to remove it. False means that something is left.
    pub(super) fn remove(&mut self) -> bool {
        if !self.removed {
            let _ = std::fs::remove_dir_all(&self.path);
            // Whether the directory still exists says more than the error of the removal.
            self.removed = self.path.symlink_metadata().is_err();
        }
        self.removed
    }
}

impl Drop for OwnedDir {
    fn drop(&mut self) {
        self.remove();
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum RemovalOutcome {
    /// Its bridge is dead, and it was removed.
    Removed,
    /// It is in use, or may be.
    Kept,
}

/// Removes the stale directory of a dead bridge of this user. It is kept if its lock is held, its
/// process runs, or it is being created.
pub(super) fn remove_abandoned(path: &Path, now: SystemTime) -> io::Result<RemovalOutcome> {
    let found = path.symlink_metadata()?;
    let ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
    if !ours {
        return Ok(RemovalOutcome::Kept);
    }
    let lock = File::open(path)?;
    // Held to the end, so that only one of two bridges that start at once removes it.
    if lock.try_lock().is_err() {
        return Ok(RemovalOutcome::Kept);
    }
    let used = match std::fs::read_to_string(path.join(OWNER_FILE)) {
        Ok(text) => ProcessIdentity::parse(&text).is_some_and(ProcessIdentity::is_running),
        Err(_) => now
            .duration_since(found.modified()?)
            .is_ok_and(|age| age < UNMARKED_AGE),
    };
    if used {
        return Ok(RemovalOutcome::Kept);
    }
    std::fs::remove_dir_all(path)?;
    Ok(RemovalOutcome::Removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pid that is larger than any (proc(5), `pid_max`).
    const DEAD: &str = "2147483647 1";

    fn planted(parent: &Path, owner: Option<&str>) -> PathBuf {
        let path = parent.join(format!("{PREFIX}profile-planted"));
        std::fs::create_dir_all(path.join("Default/deep")).unwrap();
        if let Some(owner) = owner {
            std::fs::write(path.join(OWNER_FILE), owner).unwrap();
        }
        path
    }

    #[test]
    fn a_new_directory_is_private_names_its_process_and_is_removed_when_dropped() {
        let parent = tempfile::tempdir().unwrap();
        let dir = OwnedDir::create_in(parent.path(), "profile").unwrap();
        let owner = std::fs::read_to_string(dir.path().join(OWNER_FILE)).unwrap();
        assert_eq!(
            ProcessIdentity::parse(&owner),
            Some(ProcessIdentity::this())
        );
        let mode = dir.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::create_dir_all(dir.path().join("Default/deep")).unwrap();
        let path = dir.path().to_path_buf();
        drop(dir);
        assert!(!path.exists());
    }

    #[test]
    fn the_directory_of_a_dead_process_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = planted(parent.path(), Some(DEAD));
        let outcome = remove_abandoned(&path, SystemTime::now()).unwrap();
        assert_eq!(outcome, RemovalOutcome::Removed);
        assert!(!path.exists());
    }

    #[test]
    fn the_directory_of_a_running_process_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        // The lock alone keeps it, whatever the file says: pids mean nothing across containers.
        let dir = OwnedDir::create_in(parent.path(), "profile").unwrap();
        std::fs::write(dir.path().join(OWNER_FILE), DEAD).unwrap();
        let outcome = remove_abandoned(dir.path(), SystemTime::now()).unwrap();
        assert_eq!(outcome, RemovalOutcome::Kept);
        // The file alone keeps it, where locks do not work.
        let path = planted(parent.path(), Some(&ProcessIdentity::this().to_string()));
        let outcome = remove_abandoned(&path, SystemTime::now()).unwrap();
        assert_eq!(outcome, RemovalOutcome::Kept);
        assert!(path.exists());
    }

    #[test]
    fn a_directory_without_its_owner_file_is_removed_once_it_cannot_be_new() {
        let parent = tempfile::tempdir().unwrap();
        let path = planted(parent.path(), None);
        let now = SystemTime::now();
        assert_eq!(remove_abandoned(&path, now).unwrap(), RemovalOutcome::Kept);
        let later = now + UNMARKED_AGE * 2;
        assert_eq!(
            remove_abandoned(&path, later).unwrap(),
            RemovalOutcome::Removed
        );
    }

    #[test]
    fn a_link_or_a_file_of_such_a_name_is_kept_with_its_target() {
        let parent = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join(OWNER_FILE), DEAD).unwrap();
        let link = parent.path().join(format!("{PREFIX}profile-link"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let file = parent.path().join(format!("{PREFIX}file"));
        std::fs::write(&file, DEAD).unwrap();
        for path in [&link, &file] {
            let outcome = remove_abandoned(path, SystemTime::now()).unwrap();
            assert_eq!(outcome, RemovalOutcome::Kept, "{}", path.display());
        }
        assert!(elsewhere.path().join(OWNER_FILE).exists() && file.exists());
    }
}
