//! Keeps a second daemon from serving with the same database. Commands may use it at the same time.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::error::StoreError;
use super::postgres::ServeLock;

/// Held while a process serves, and given back when it ends, however that comes.
#[derive(Debug)]
pub(super) enum DaemonLock {
    File(#[expect(dead_code, reason = "it is held")] FileLock),
    Postgres(#[expect(dead_code, reason = "it is held")] ServeLock),
}

/// The lock of a database that is a file.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of this database file.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let path = beside(database);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(|error| failed(&path, &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                Err(StoreError::InUse(database.display().to_string()))
            }
            Err(error) => Err(failed(&path, &error.into())),
        }
    }
}

/// Not the database itself: SQLite's locks on that end when any descriptor of it is closed. The lock file is beside the file that
/// links lead to, so that one database has one lock under all of its names.
fn beside(database: &Path) -> PathBuf {
    let through_directory = || {
        let directory = database.parent()?.canonicalize().ok()?;
        Some(directory.join(database.file_name()?))
    };
    let real = database.canonicalize().ok().or_else(through_directory);
    let mut name = real.unwrap_or_else(|| database.to_owned()).into_os_string();
    name.push(".lock");
    name.into()
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{} cannot be locked: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_holds_the_lock_of_a_database() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("state.db");
        let first = FileLock::take(&database).unwrap();
        let error = FileLock::take(&database).unwrap_err();
        assert!(matches!(error, StoreError::InUse(_)), "{error}");
        assert!(error.to_string().contains("state.db"), "{error}");
        drop(first);
        FileLock::take(&database).unwrap();
    }

    #[test]
    fn one_database_has_one_lock_under_all_of_its_names() {
        let dir = tempfile::tempdir().unwrap();
        let (real, linked) = (dir.path().join("real"), dir.path().join("linked"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &linked).unwrap();
        let first = FileLock::take(&linked.join("state.db")).unwrap();
        std::fs::write(real.join("state.db"), "").unwrap();
        let link = dir.path().join("link.db");
        std::os::unix::fs::symlink(real.join("state.db"), &link).unwrap();
        for name in [real.join("state.db"), linked.join("state.db"), link] {
            let error = FileLock::take(&name).unwrap_err();
            assert!(matches!(error, StoreError::InUse(_)), "{error}");
        }
        drop(first);
    }
}
