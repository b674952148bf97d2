//! Whether Chromium still has room on the disk. Without it pages load, but their storage fails
//! (faults section 1, "Host").

use std::path::Path;

/// Below this much free space something is about to fail: a profile that is just used has some 20 MB.
const LITTLE_BYTES: u64 = 100 * 1024 * 1024;
/// Below this many free inodes, on file systems that count them.
const FEW_FILES: u64 = 1000;

/// A file system that is nearly full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Little {
    /// What is free, in bytes.
    pub bytes: u64,
    /// How many files can still be made; none where that is not limited.
    pub files: Option<u64>,
}

/// Looks at the file system of a directory. None: there is room enough, or nothing is known.
pub fn little_at(dir: &Path) -> Option<Little> {
    let found = rustix::fs::statvfs(dir).ok()?;
    little(Little {
        bytes: found.f_bavail.saturating_mul(found.f_frsize),
        files: (found.f_files > 0).then_some(found.f_favail),
    })
}

fn little(free: Little) -> Option<Little> {
    let few = free.files.is_some_and(|files| files < FEW_FILES);
    (free.bytes < LITTLE_BYTES || few).then_some(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_space_and_few_files_are_each_too_little() {
        for (bytes, files, enough) in [
            (LITTLE_BYTES, Some(FEW_FILES), true),
            (LITTLE_BYTES, None, true),
            (LITTLE_BYTES - 1, None, false),
            (u64::MAX, Some(FEW_FILES - 1), false),
        ] {
            let free = Little { bytes, files };
            assert_eq!(little(free).is_none(), enough, "{free:?}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_says_nothing() {
        assert_eq!(little_at(Path::new("/nowhere")), None);
    }
}
