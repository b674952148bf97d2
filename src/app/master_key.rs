//! The key of the state directory: the configured one, or a file that is made.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::sealing::MasterKey;
use crate::secret::Secret;

/// The file that is made.
const FILE: &str = "state.key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The configured key, which the configuration has checked.
    #[error("store.key is not 64 hexadecimal digits")]
    Configured,
    /// The file holds something else.
    #[error(
        "{} is not a key of 64 hexadecimal digits: put back the file that was there, or remove it together with the \
         store, which cannot be read without it",
        .0.display()
    )]
    Content(PathBuf),
    /// The file cannot be read or made.
    #[error("{} cannot be read or made: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The system has no random numbers.
    #[error("no key can be made: {0}")]
    NoRandomness(getrandom::Error),
}

/// The configured key, else the one in the directory, which is made where there is none.
pub(super) fn load(configured: Option<&Secret>, directory: &Path) -> Result<MasterKey, KeyError> {
    if let Some(key) = configured {
        return MasterKey::from_hex(key.expose()).ok_or(KeyError::Configured);
    }
    let path = directory.join(FILE);
    let failed = |source| KeyError::File {
        path: path.clone(),
        source,
    };
    if !path.exists() {
        let key = MasterKey::random().map_err(KeyError::NoRandomness)?;
        make(&path, &key).map_err(failed)?;
    }
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    if is_open_to_others(&path).map_err(failed)? {
        tracing::warn!(
            "{} can be read by other users, who can decrypt the store and sign tokens with it: chmod 600 it, and \
             replace it if they may have read it",
            path.display()
        );
    }
    MasterKey::from_hex(&text).ok_or_else(|| KeyError::Content(path.clone()))
}

/// Whether others than its owner may do anything with a file.
fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// Writes a key into a file under another name, and then names it: of two processes that start at the same time one
/// wins, and neither reads half a key.
fn make(path: &Path, key: &MasterKey) -> io::Result<()> {
    let directory = path.parent().unwrap_or(path);
    // For its owner alone.
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(key.to_hex().as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(error.error),
        _ => {}
    }
    // The name is on disk only with its directory.
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let first = load(None, dir.path()).unwrap();
        let again = load(None, dir.path()).unwrap();
        assert_eq!(first.to_hex(), again.to_hex());
        let file = dir.path().join(FILE);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(!is_open_to_others(&file).unwrap());
        std::fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        assert!(is_open_to_others(&file).unwrap());
        let configured = Secret::new("0f".repeat(32));
        let other = load(Some(&configured), dir.path()).unwrap();
        assert_eq!(*other.to_hex(), "0f".repeat(32));
    }

    #[test]
    fn a_file_that_is_no_key_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        std::fs::write(&file, "half a k").unwrap();
        let error = load(None, dir.path()).unwrap_err();
        assert!(error.to_string().contains("state.key"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "half a k");
    }

    #[test]
    fn processes_that_start_together_get_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let loading = (0..8).map(|_| scope.spawn(|| load(None, dir.path()).unwrap().to_hex()));
            let loading: Vec<_> = loading.collect();
            loading.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
