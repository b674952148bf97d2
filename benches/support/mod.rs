//! What the benchmarks share.

pub(crate) mod coordinator;
pub(crate) mod daemon;
pub(crate) mod samples;

use std::path::PathBuf;

/// `target/bench`, where results are written.
pub(crate) fn output_dir() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let dir = target.join("bench");
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
