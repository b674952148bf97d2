//! Free disk space for Chromium. Without it pages load, but their storage fails (docs/faults.md).

use std::path::Path;

/// A profile that was just used has some 20 MB.
const MIN_FREE_BYTES: u64 = 100 * 1024 * 1024;
/// Free inodes, on file systems that limit them.
const MIN_FREE_FILES: u64 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeSpace {
    pub bytes: u64,
    /// Free inodes; `None` where the file system does not limit them.
    pub files: Option<u64>,
}

/// The free space on a directory's file system if it is nearly full; `None` also if it is unknown.
pub fn nearly_full(dir: &Path) -> Option<FreeSpace> {
    let found = rustix::fs::statvfs(dir).ok()?;
    if_nearly_full(FreeSpace {
        bytes: found.f_bavail.saturating_mul(found.f_frsize),
        files: (found.f_files > 0).then_some(found.f_favail),
    })
}

fn if_nearly_full(free: FreeSpace) -> Option<FreeSpace> {
    let few = free.files.is_some_and(|files| files < MIN_FREE_FILES);
    (free.bytes < MIN_FREE_BYTES || few).then_some(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_bytes_and_few_inodes_are_each_nearly_full() {
        for (bytes, files, enough) in [
            (MIN_FREE_BYTES, Some(MIN_FREE_FILES), true),
            (MIN_FREE_BYTES, None, true),
            (MIN_FREE_BYTES - 1, None, false),
            (u64::MAX, Some(MIN_FREE_FILES - 1), false),
        ] {
            let free = FreeSpace { bytes, files };
            assert_eq!(if_nearly_full(free).is_none(), enough, "{free:?}");
        }
    }

    #[test]
    fn a_missing_directory_is_unknown() {
        assert_eq!(nearly_full(Path::new("/nowhere")), None);
    }
}
