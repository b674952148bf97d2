//! A temporary directory of the bridge's own, which says whose it is for as long as it is there.
//!
//! It is held in two ways. An advisory lock on the directory ends with the process that holds it,
//! whatever ends that, and is seen from every container on the machine; it also keeps the cleaners
//! of `/tmp` away (tmpfiles.d(5)). A file in it names the process, for file systems on which locks
//! mean nothing.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::owner::Owner;

/// How the names of all of them begin.
pub const PREFIX: &str = "cdp-bridge-";
/// The file that names the process.
pub const OWNER_FILE: &str = "owner";

/// A directory without a name in it is just being made, or was half removed; after so long it is
/// not the former any more.
const UNMARKED_AGE: Duration = Duration::from_mins(1);

/// A directory of ours. It is removed when this is dropped.
#[derive(Debug)]
pub struct OwnDir {
    path: PathBuf,
    /// Released by the kernel when this process ends, at the latest.
    _lock: File,
    removed: bool,
}

impl OwnDir {
    /// A fresh directory in `parent` that only this user can read. `kind` stands in its name.
    pub fn create_in(parent: &Path, kind: &str) -> io::Result<Self> {
        // Cookies of every tab end up here.
        let private = Permissions::from_mode(0o700);
        let dir = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{kind}-"))
            .permissions(private)
            .tempdir_in(parent)?;
        let lock = File::open(dir.path())?;
        if let Err(error) = lock.try_lock() {
            tracing::debug!(%error, "a temporary directory cannot be locked");
        }
        std::fs::write(dir.path().join(OWNER_FILE), Owner::this().to_string())?;
        Ok(Self {
            path: dir.keep(),
            _lock: lock,
            removed: false,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tries once to remove it. False means that something is left.
    pub fn remove(&mut self) -> bool {
        if !self.removed {
            let _ = std::fs::remove_dir_all(&self.path);
            // The error of the removal says less than whether the directory is still there.
            self.removed = self.path.symlink_metadata().is_err();
        }
        self.removed
    }
}

impl Drop for OwnDir {
    fn drop(&mut self) {
        self.remove();
    }
}

/// What became of a directory that looks like one of ours.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its bridge is dead, and it is gone.
    Removed,
    /// A bridge uses it, or it is not certain that none does.
    Kept,
}

/// Removes a directory that a bridge of this user left behind. One that may still be used is kept:
/// its lock is held, its process lives, or it is just being made.
pub fn remove_abandoned(path: &Path, now: SystemTime) -> io::Result<Fate> {
    let found = path.symlink_metadata()?;
    let ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
    if !ours {
        return Ok(Fate::Kept);
    }
    let lock = File::open(path)?;
    // Held until the end, so that of two bridges that start together one removes it.
    if lock.try_lock().is_err() {
        return Ok(Fate::Kept);
    }
    let used = match std::fs::read_to_string(path.join(OWNER_FILE)) {
        Ok(text) => text.parse::<Owner>().is_ok_and(Owner::lives),
        Err(_) => now
            .duration_since(found.modified()?)
            .is_ok_and(|age| age < UNMARKED_AGE),
    };
    if used {
        return Ok(Fate::Kept);
    }
    std::fs::remove_dir_all(path)?;
    Ok(Fate::Removed)
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
    fn a_fresh_directory_is_private_names_its_process_and_goes_when_dropped() {
        let parent = tempfile::tempdir().unwrap();
        let dir = OwnDir::create_in(parent.path(), "profile").unwrap();
        let owner = std::fs::read_to_string(dir.path().join(OWNER_FILE)).unwrap();
        assert_eq!(owner.parse(), Ok(Owner::this()));
        let mode = dir.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::create_dir_all(dir.path().join("Default/deep")).unwrap();
        let path = dir.path().to_path_buf();
        drop(dir);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_dead_process_left_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = planted(parent.path(), Some(DEAD));
        let fate = remove_abandoned(&path, SystemTime::now()).unwrap();
        assert_eq!(fate, Fate::Removed);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_living_process_holds_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        // Its lock alone keeps it, whatever the file says: pids mean nothing across containers.
        let dir = OwnDir::create_in(parent.path(), "profile").unwrap();
        std::fs::write(dir.path().join(OWNER_FILE), DEAD).unwrap();
        let fate = remove_abandoned(dir.path(), SystemTime::now()).unwrap();
        assert_eq!(fate, Fate::Kept);
        // And its name alone does, where locks mean nothing.
        let path = planted(parent.path(), Some(&Owner::this().to_string()));
        let fate = remove_abandoned(&path, SystemTime::now()).unwrap();
        assert_eq!(fate, Fate::Kept);
        assert!(path.exists());
    }

    #[test]
    fn what_has_no_name_is_removed_once_it_cannot_be_new() {
        let parent = tempfile::tempdir().unwrap();
        let path = planted(parent.path(), None);
        let now = SystemTime::now();
        assert_eq!(remove_abandoned(&path, now).unwrap(), Fate::Kept);
        let later = now + UNMARKED_AGE * 2;
        assert_eq!(remove_abandoned(&path, later).unwrap(), Fate::Removed);
    }

    #[test]
    fn a_link_or_a_file_of_such_a_name_is_kept_with_what_it_leads_to() {
        let parent = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join(OWNER_FILE), DEAD).unwrap();
        let link = parent.path().join(format!("{PREFIX}profile-link"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let file = parent.path().join(format!("{PREFIX}file"));
        std::fs::write(&file, DEAD).unwrap();
        for path in [&link, &file] {
            let fate = remove_abandoned(path, SystemTime::now()).unwrap();
            assert_eq!(fate, Fate::Kept, "{}", path.display());
        }
        assert!(elsewhere.path().join(OWNER_FILE).exists() && file.exists());
    }
}
