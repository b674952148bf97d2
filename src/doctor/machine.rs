//! Checks of shared memory and disk.

use std::path::Path;

use super::finding::{Cause, Finding, Severity};
use crate::browser::disk_space;
use crate::browser::launch::SMALL_SHARED_MEMORY;

/// Where Chromium shares pixels between its processes, on Linux.
const SHARED_MEMORY: &str = "/dev/shm";
/// Less than this is filled by the pixels of one tab.
const LITTLE_SHARED_MEMORY: u64 = 64 * 1024 * 1024;

/// A file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    total: u64,
    free: u64,
}

fn size_of(dir: &Path) -> Option<Size> {
    let found = rustix::fs::statvfs(dir).ok()?;
    Some(Size {
        total: found.f_blocks.saturating_mul(found.f_frsize),
        free: found.f_bavail.saturating_mul(found.f_frsize),
    })
}

/// `/dev/shm`, where there is one.
pub(super) fn shared_memory(temporary: &Path) -> Option<Finding> {
    let size = size_of(Path::new(SHARED_MEMORY)).filter(|_| cfg!(target_os = "linux"));
    size.map(|size| judge_shared_memory(size, temporary))
}

fn judge_shared_memory(size: Size, temporary: &Path) -> Finding {
    const SUBJECT: &str = "shared memory";
    let message = format!(
        "{SHARED_MEMORY} has {}, of which {} are free",
        in_words(size.total),
        in_words(size.free)
    );
    if size.total < SMALL_SHARED_MEMORY {
        let message = format!(
            "{message}; Chromium uses {} instead, which is slower on a disk",
            temporary.display()
        );
        let advice = "give it 1 GiB: `docker run --shm-size=1g`, a memory-backed emptyDir in Kubernetes, \
                      or `mount -o remount,size=1G /dev/shm`";
        return Finding::warning(SUBJECT, message, advice);
    }
    if size.free < LITTLE_SHARED_MEMORY {
        let message = format!("{message}; pages crash when it is full");
        let advice = "see what fills it with `ls -l /dev/shm`, and remove what no process uses";
        return Finding::new(
            SUBJECT,
            Severity::Failed(Cause::Machine),
            message,
            Some(advice.to_owned()),
        );
    }
    Finding::fine(SUBJECT, message)
}

/// The free space at a directory that Chromium writes to.
pub(super) fn disk(dir: &Path) -> Finding {
    const SUBJECT: &str = "disk";
    let free = size_of(dir).map(|size| in_words(size.free));
    let free = free.unwrap_or_else(|| "an unknown part".to_owned());
    let message = format!("{free} free on the disk of {}", dir.display());
    if disk_space::nearly_full(dir).is_some() {
        let advice = "make room there, or set TMPDIR or browser.user_data_dir to a directory on another disk";
        return Finding::warning(SUBJECT, message, advice);
    }
    Finding::fine(SUBJECT, message)
}

fn in_words(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    let mib = bytes / MIB;
    if mib >= 10 * 1024 {
        format!("{} GiB", mib / 1024)
    } else {
        format!("{mib} MiB")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn severity(total: u64, free: u64) -> Finding {
        let (total, free) = (total * MIB, free * MIB);
        judge_shared_memory(Size { total, free }, Path::new("/tmp"))
    }

    #[test]
    fn shared_memory_that_is_full_fails_and_says_how_to_find_what_fills_it() {
        let full = severity(2048, 3);
        assert_eq!(full.severity, Severity::Failed(Cause::Machine));
        assert!(
            full.message.contains("2048 MiB, of which 3 MiB are free"),
            "{full}"
        );
        assert!(full.advice.unwrap().contains("ls -l /dev/shm"));
    }

    #[test]
    fn shared_memory_that_is_small_is_not_used_and_only_a_warning_even_if_it_is_full() {
        for free in [64, 0] {
            let small = severity(64, free);
            assert_eq!(small.severity, Severity::Warning, "{small}");
            assert!(small.message.contains("uses /tmp instead"), "{small}");
            assert!(small.advice.unwrap().contains("--shm-size=1g"));
        }
    }

    #[test]
    fn enough_is_fine() {
        assert_eq!(severity(1024, 1024).severity, Severity::Fine);
        assert_eq!(disk(Path::new("/")).subject, "disk");
        assert_eq!(
            [in_words(3 * MIB), in_words(24 * 1024 * MIB)],
            ["3 MiB", "24 GiB"]
        );
    }
}
