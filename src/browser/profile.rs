//! The directories of one browser: its profile, and one for its temporary files.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::owned_dir::OwnedDir;
use super::singleton_lock;

/// The longest path of a unix socket on every platform, without its final zero.
const SOCKET_PATH: usize = 103;
/// What Chromium adds to the directory of its temporary files for a socket of its own, such as
/// `/org.chromium.Chromium.AbCdEf/SingletonSocket`.
const LONGEST_SOCKET_NAME: usize = 48;
/// For temporary files, where the path of the usual directory is too long for sockets.
const SHORT_DIR: &str = "/tmp";

/// Dying processes may still create files, so the removal is repeated.
const ATTEMPTS: u32 = 40;
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(25);

/// The directories of one browser. Those that the bridge created are removed when this is dropped.
#[derive(Debug)]
pub(super) struct Profile {
    path: PathBuf,
    /// The profile, if the bridge created it.
    own: Option<OwnedDir>,
    /// For the sockets and files that a killed Chromium leaves behind. `None` where they are in the
    /// bridge's own profile, or where no directory can be found for them.
    temporary: Option<OwnedDir>,
    /// Held on the operator's profile, so that another bridge can tell whether this one lives.
    _held: Option<File>,
}

/// The directories in which the bridge creates its own.
pub(super) fn parent_dirs() -> Vec<PathBuf> {
    let mut dirs = vec![std::env::temp_dir()];
    if dirs[0] != Path::new(SHORT_DIR) {
        dirs.push(SHORT_DIR.into());
    }
    dirs
}

impl Profile {
    /// A new profile, which is removed at the end.
    pub(super) fn fresh() -> io::Result<Self> {
        Self::fresh_in(&parent_dirs())
    }

    fn fresh_in(parents: &[PathBuf]) -> io::Result<Self> {
        let parent = parents.first().ok_or(io::ErrorKind::NotFound)?;
        let own = OwnedDir::create_in(parent, "profile")?;
        let temporary = if has_room_for_sockets(own.path()) {
            None
        } else {
            temporary_in(parents)
        };
        Ok(Self {
            path: own.path().to_path_buf(),
            own: Some(own),
            temporary,
            _held: None,
        })
    }

    /// The operator's directory, which is created if it is missing and never removed. Stale locks in it
    /// are removed.
    pub(super) fn configured(path: &Path) -> io::Result<Self> {
        // It will hold the cookies of every tab.
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        // Chromium resolves a relative path against its own directory.
        let path = std::path::absolute(path)?;
        let held = singleton_lock::take_over(&path);
        Ok(Self {
            path,
            own: None,
            temporary: temporary_in(&parent_dirs()),
            _held: held,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory for Chromium's temporary files; `None` leaves the choice to Chromium.
    pub(super) fn temporary_files(&self) -> Option<&Path> {
        let dir = self.temporary.as_ref().or(self.own.as_ref())?;
        Some(dir.path()).filter(|path| has_room_for_sockets(path))
    }

    /// The directories that the bridge created.
    pub(super) fn to_remove(&self) -> impl Iterator<Item = &Path> {
        self.own.iter().chain(&self.temporary).map(OwnedDir::path)
    }

    /// Removes the directories that the bridge created. False means that something is left.
    pub(super) async fn remove(&mut self) -> bool {
        for _ in 0..ATTEMPTS {
            if self.remove_now() {
                return true;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }

    /// One attempt, without waiting.
    pub(super) fn remove_now(&mut self) -> bool {
        let dirs = self.own.iter_mut().chain(&mut self.temporary);
        // Counting tries all of them, also after a failure.
        let left = dirs.map(OwnedDir::remove).filter(|removed| !removed);
        left.count() == 0
    }
}

/// A directory for temporary files in the first of these where one can be created and whose path is
/// short enough for sockets.
fn temporary_in(places: &[PathBuf]) -> Option<OwnedDir> {
    let mut dirs = places
        .iter()
        .filter_map(|place| OwnedDir::create_in(place, "tmp").ok());
    dirs.find(|dir| has_room_for_sockets(dir.path()))
}

fn has_room_for_sockets(dir: &Path) -> bool {
    dir.as_os_str().len() + LONGEST_SOCKET_NAME <= SOCKET_PATH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fresh_profile_holds_its_temporary_files_and_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let mut profile = Profile::fresh_in(&[parent.path().into()]).unwrap();
        assert_eq!(profile.temporary_files(), Some(profile.path()));
        assert!(profile.to_remove().eq([profile.path()]));
        std::fs::create_dir_all(profile.path().join("Default/deep")).unwrap();
        assert!(profile.remove().await);
        assert!(!profile.path().exists());
    }

    #[tokio::test]
    async fn a_configured_profile_stays_and_its_temporary_files_go() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("mine/deep");
        let mut profile = Profile::configured(&path).unwrap();
        let temporary = profile.temporary_files().unwrap().to_path_buf();
        assert!(temporary.is_dir() && !temporary.starts_with(&path));
        assert!(profile.to_remove().eq([temporary.as_path()]));
        assert!(profile.remove().await);
        drop(profile);
        assert!(path.is_dir() && !temporary.exists());
    }

    #[test]
    fn where_sockets_do_not_fit_temporary_files_go_elsewhere() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("x".repeat(60));
        std::fs::create_dir(&deep).unwrap();
        let places = [deep.clone(), parent.path().to_path_buf()];
        let profile = Profile::fresh_in(&places).unwrap();
        assert!(profile.path().starts_with(&deep));
        let temporary = profile.temporary_files().unwrap().to_path_buf();
        assert_eq!(temporary.parent(), Some(parent.path()));
        drop(profile);
        assert!(!temporary.exists());
        assert_eq!(std::fs::read_dir(&deep).unwrap().count(), 0);
        let nowhere = Profile::fresh_in(&[deep]).unwrap();
        assert_eq!(nowhere.temporary_files(), None);
    }

    #[test]
    fn a_dropped_profile_is_removed() {
        let path = Profile::fresh().unwrap().path().to_path_buf();
        assert!(!path.exists());
    }
}
