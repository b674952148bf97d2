//! Warnings about a running browser, for `/health` and the log.

use std::path::PathBuf;

use super::disk_space::FreeSpace;
use super::memory_cgroup::CgroupError;

#[derive(Debug, Clone, thiserror::Error)]
pub enum BrowserWarning {
    #[error("{}: {}", .dir.display(), in_words(*.free))]
    DiskNearlyFull { dir: PathBuf, free: FreeSpace },
    #[error("browser.memory_max is not in force: {0}")]
    NoMemoryLimit(CgroupError),
}

fn in_words(free: FreeSpace) -> String {
    let mib = free.bytes >> 20;
    let files = free
        .files
        .map(|files| format!(" and room for {files} files"));
    format!(
        "only {mib} MiB{} left on the disk; pages may lose what they store",
        files.unwrap_or_default()
    )
}
