//! Removes directories and control groups of dead bridges whose cleanup helpers were killed as well.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::memory_cgroup;
use super::owned_dir::{PREFIX, RemovalOutcome, remove_abandoned};
use super::profile;

/// Searches every directory in which a bridge makes its own. It blocks, and is called once, at the
/// start of the bridge.
pub fn sweep() {
    let removed: Vec<PathBuf> = profile::parent_dirs()
        .iter()
        .flat_map(|dir| sweep_in(dir))
        .chain(memory_cgroup::sweep())
        .collect();
    for path in removed {
        tracing::info!(path = %path.display(), "removed a stale directory or control group of a dead bridge");
    }
}

/// Returns the directories that were removed.
fn sweep_in(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let candidates = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path());
    let abandoned = candidates.filter(|path| {
        let outcome = remove_abandoned(path, SystemTime::now());
        if let Err(error) = &outcome {
            let path = path.display();
            tracing::warn!(%path, %error, "a stale directory of a dead bridge could not be removed");
        }
        matches!(outcome, Ok(RemovalOutcome::Removed))
    });
    abandoned.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::owned_dir::{OWNER_FILE, OwnedDir};

    #[test]
    fn only_directories_of_dead_processes_are_removed() {
        let place = tempfile::tempdir().unwrap();
        let dead = place.path().join(format!("{PREFIX}profile-dead"));
        let other = place.path().join("unrelated");
        for path in [&dead, &other] {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join(OWNER_FILE), "2147483647 1").unwrap();
        }
        let living = OwnedDir::create_in(place.path(), "profile").unwrap();
        assert_eq!(sweep_in(place.path()), [dead]);
        assert!(other.exists() && living.path().exists());
        assert_eq!(sweep_in(Path::new("/nowhere")), [] as [PathBuf; 0]);
    }
}
