//! The directories of one browser: the profile it keeps its state in, and one for temporary files.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::own_dir::OwnDir;
use super::singleton;

/// The longest path of a unix socket on every platform, without its final zero.
const SOCKET_PATH: usize = 103;
/// What Chromium adds to the directory of its temporary files for a socket of its own, such as
/// `/org.chromium.Chromium.AbCdEf/SingletonSocket`.
const LONGEST_SOCKET_NAME: usize = 48;
/// Where temporary files go whose own place has too long a name for sockets.
const SHORT_PLACE: &str = "/tmp";

/// Processes that are just dying may still create files, so the removal is repeated this often.
const ATTEMPTS: u32 = 40;
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(25);

/// The directories of one browser. What is ours of them is removed when this is dropped.
#[derive(Debug)]
pub struct Profile {
    path: PathBuf,
    /// None where the operator's profile stays.
    own: Option<OwnDir>,
    /// A Chromium that is killed leaves sockets and files behind, which must go with it. None where
    /// they go with a profile of ours, or where no place can be found for them.
    temporary: Option<OwnDir>,
    /// Held on the operator's profile, so that another bridge can tell whether this one lives.
    _held: Option<File>,
}

/// The places where such directories are made.
pub fn places() -> Vec<PathBuf> {
    let mut places = vec![std::env::temp_dir()];
    if places[0] != Path::new(SHORT_PLACE) {
        places.push(SHORT_PLACE.into());
    }
    places
}

impl Profile {
    /// A fresh profile, which is removed at the end.
    pub fn fresh() -> io::Result<Self> {
        Self::fresh_in(&places())
    }

    fn fresh_in(places: &[PathBuf]) -> io::Result<Self> {
        let place = places.first().ok_or(io::ErrorKind::NotFound)?;
        let own = OwnDir::create_in(place, "profile")?;
        let temporary = if has_room_for_sockets(own.path()) {
            None
        } else {
            temporary_in(places)
        };
        Ok(Self {
            path: own.path().to_path_buf(),
            own: Some(own),
            temporary,
            _held: None,
        })
    }

    /// A directory of the operator's, which is created where it is missing and never removed. Locks
    /// that a dead browser left in it are.
    pub fn configured(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        // Chromium takes a relative path as relative to its own directory.
        let path = std::path::absolute(path)?;
        let held = singleton::take_over(&path);
        Ok(Self {
            path,
            own: None,
            temporary: temporary_in(&places()),
            _held: held,
        })
    }

    /// Where the profile is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where Chromium's temporary files belong; none leaves that to Chromium.
    pub fn temporary_files(&self) -> Option<&Path> {
        let dir = self.temporary.as_ref().or(self.own.as_ref())?;
        Some(dir.path()).filter(|path| has_room_for_sockets(path))
    }

    /// The directories that are ours to remove.
    pub fn to_remove(&self) -> impl Iterator<Item = &Path> {
        self.own.iter().chain(&self.temporary).map(OwnDir::path)
    }

    /// Removes what is ours. False means that something is left.
    pub async fn remove(&mut self) -> bool {
        for _ in 0..ATTEMPTS {
            if self.remove_now() {
                return true;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }

    /// One attempt, without waiting.
    pub fn remove_now(&mut self) -> bool {
        let dirs = self.own.iter_mut().chain(&mut self.temporary);
        // Each is tried, also when one before it stays.
        let left = dirs.map(OwnDir::remove).filter(|removed| !removed);
        left.count() == 0
    }
}

/// A directory for temporary files in the first place that takes one and where sockets fit.
fn temporary_in(places: &[PathBuf]) -> Option<OwnDir> {
    let mut dirs = places
        .iter()
        .filter_map(|place| OwnDir::create_in(place, "tmp").ok());
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
