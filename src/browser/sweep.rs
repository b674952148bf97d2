//! Removes what bridges left behind that were killed together with whatever should have tidied up
//! after them.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::ceiling;
use super::own_dir::{Fate, PREFIX, remove_abandoned};
use super::profile;

/// Looks through every place where a bridge makes directories. It blocks, and is called once, while
/// the bridge starts.
pub fn sweep() {
    let removed: Vec<PathBuf> = profile::places()
        .iter()
        .flat_map(|place| sweep_in(place))
        .chain(ceiling::sweep())
        .collect();
    for path in removed {
        tracing::info!(path = %path.display(), "removed what a killed bridge had left");
    }
}

/// The directories that were removed from this one.
fn sweep_in(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(place) else {
        return Vec::new();
    };
    let candidates = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path());
    let abandoned = candidates.filter(|path| {
        let outcome = remove_abandoned(path, SystemTime::now());
        if let Err(error) = &outcome {
            let path = path.display();
            tracing::warn!(%path, %error, "what a killed bridge left cannot be removed");
        }
        matches!(outcome, Ok(Fate::Removed))
    });
    abandoned.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::own_dir::{OWNER_FILE, OwnDir};

    #[test]
    fn only_what_the_dead_left_goes() {
        let place = tempfile::tempdir().unwrap();
        let dead = place.path().join(format!("{PREFIX}profile-dead"));
        let other = place.path().join("somebody-elses");
        for path in [&dead, &other] {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join(OWNER_FILE), "2147483647 1").unwrap();
        }
        let living = OwnDir::create_in(place.path(), "profile").unwrap();
        assert_eq!(sweep_in(place.path()), [dead]);
        assert!(other.exists() && living.path().exists());
        assert_eq!(sweep_in(Path::new("/nowhere")), [] as [PathBuf; 0]);
    }
}
