//! What is not well with a browser that serves.

use std::path::PathBuf;

use super::ceiling::NoCeiling;
use super::space::Little;

/// Something that an operator should see to.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Concern {
    /// A disk is nearly full.
    #[error("{}: {}", .dir.display(), in_words(*.free))]
    LittleSpace {
        /// A directory of Chromium's on it.
        dir: PathBuf,
        /// What is left.
        free: Little,
    },
    /// `browser.memory_max` is not in force.
    #[error("browser.memory_max is not in force: {0}")]
    NoCeiling(NoCeiling),
}

fn in_words(free: Little) -> String {
    let mib = free.bytes >> 20;
    let files = free
        .files
        .map(|files| format!(" and room for {files} files"));
    format!(
        "only {mib} MiB{} left on the disk; pages may lose what they store",
        files.unwrap_or_default()
    )
}
