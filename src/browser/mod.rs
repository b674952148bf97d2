//! Finds, starts, supervises and ends Chromium.

pub mod cleanup_helper;
pub mod connect;
pub mod disk_space;
pub mod endpoint;
pub mod find;
pub mod flags;
pub mod launch;
pub mod memory_cgroup;
pub mod options;
pub mod owned_dir;
pub mod prepare;
pub mod process_group;
pub mod process_identity;
pub mod profile;
pub mod sandbox;
mod singleton_lock;
pub mod spawn;
pub mod stderr;
pub mod supervisor;
pub mod sweep;
pub mod warning;
