//! The directory Chromium keeps its state in.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the names of our own profiles begin.
pub const PREFIX: &str = "cdp-bridge-profile-";
/// The file that says which daemon a profile belongs to.
pub const OWNER_FILE: &str = "owner";

/// The longest path of a unix socket on every platform, without its final zero.
const SOCKET_PATH: usize = 103;
/// What Chromium adds to the directory of its temporary files for a socket of its own, such as
/// `/org.chromium.Chromium.AbCdEf/SingletonSocket`.
const LONGEST_SOCKET_NAME: usize = 48;

/// Processes that are just dying may still create files, so the removal is repeated this often.
const ATTEMPTS: u32 = 40;
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(25);

/// A profile directory, ours or the operator's.
#[derive(Debug)]
pub struct Profile {
    path: PathBuf,
    /// Ours, and not removed yet.
    ours: bool,
}

impl Profile {
    /// A fresh directory in `parent` that only this user can read, marked as ours.
    pub fn fresh_in(parent: &Path) -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        // Cookies of every tab end up here.
        let private = std::fs::Permissions::from_mode(0o700);
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(private)
            .tempdir_in(parent)?;
        let path = dir.keep();
        let profile = Self { path, ours: true };
        std::fs::write(profile.path.join(OWNER_FILE), owner())?;
        Ok(profile)
    }

    /// A directory of the operator's, which is created where it is missing and never removed.
    pub fn configured(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        // Chromium takes a relative path as relative to its own directory.
        Ok(Self {
            path: std::path::absolute(path)?,
            ours: false,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where Chromium's temporary files belong, if they are to go with the profile: one that is
    /// killed leaves them behind. None where its sockets there would have names too long to be
    /// used, or where the profile stays.
    pub fn temporary_files(&self) -> Option<&Path> {
        let room = self.path.as_os_str().len() + LONGEST_SOCKET_NAME <= SOCKET_PATH;
        self.to_remove().filter(|_| room)
    }

    /// Where it is, if it is ours to remove.
    pub fn to_remove(&self) -> Option<&Path> {
        self.ours.then_some(&self.path)
    }

    /// Removes it if it is ours. False means that something is left.
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
        if self.ours {
            let _ = std::fs::remove_dir_all(&self.path);
            // The error of the removal says less than whether the directory is still there.
            self.ours = self.path.symlink_metadata().is_ok();
        }
        !self.ours
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        self.remove_now();
    }
}

/// The pid and start time of this process. A pid alone may be another process's later.
fn owner() -> String {
    let pid = std::process::id();
    let start = std::fs::read_to_string("/proc/self/stat").ok();
    let start = start.as_deref().and_then(start_time).unwrap_or("0");
    format!("{pid} {start}\n")
}

/// The start time in a line of `/proc/<pid>/stat`: field 22. Field 2 is the program's name in
/// parentheses and may hold anything, so fields are counted after the last parenthesis.
fn start_time(stat: &str) -> Option<&str> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_field_22_whatever_the_program_is_called() {
        let stat = "1 (a ) b) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22000 23";
        assert_eq!(start_time(stat), Some("22000"));
        assert_eq!(start_time("nonsense"), None);
    }

    #[tokio::test]
    async fn a_fresh_profile_names_its_owner_and_is_removed() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let mut profile = Profile::fresh_in(parent.path()).unwrap();
        let owner = std::fs::read_to_string(profile.path().join(OWNER_FILE)).unwrap();
        let (pid, start) = owner.trim().split_once(' ').unwrap();
        assert_eq!(pid, std::process::id().to_string());
        assert!(start.parse::<u64>().is_ok());
        let mode = profile.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::create_dir_all(profile.path().join("Default/deep")).unwrap();
        assert!(profile.remove().await);
        assert!(!profile.path().exists());
    }

    #[tokio::test]
    async fn a_configured_profile_is_created_and_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("mine/deep");
        let mut profile = Profile::configured(&path).unwrap();
        assert_eq!(profile.to_remove(), None);
        assert!(profile.remove().await);
        drop(profile);
        assert!(path.is_dir());
    }

    #[test]
    fn temporary_files_go_with_the_profile_where_sockets_fit_and_the_profile_goes() {
        let parent = tempfile::tempdir().unwrap();
        let ours = Profile::fresh_in(parent.path()).unwrap();
        assert_eq!(ours.temporary_files(), Some(ours.path()));
        let theirs = Profile::configured(parent.path()).unwrap();
        assert_eq!(theirs.temporary_files(), None);
        let deep = parent.path().join("x".repeat(60));
        std::fs::create_dir(&deep).unwrap();
        assert_eq!(Profile::fresh_in(&deep).unwrap().temporary_files(), None);
    }

    #[test]
    fn a_dropped_profile_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = Profile::fresh_in(parent.path())
            .unwrap()
            .path()
            .to_path_buf();
        assert!(!path.exists());
    }
}
