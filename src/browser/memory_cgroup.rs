//! Limits the memory of one browser with a control group (cgroups v2, kernel documentation
//! `admin-guide/cgroup-v2`).
//!
//! At the limit the kernel kills the largest process in the group, which is the renderer that grew;
//! the browser and its other tabs keep running. The bridge must be allowed to create child groups of
//! its own group, as `Delegate=yes` allows in systemd.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::process_identity::ProcessIdentity;

const ROOT: &str = "/sys/fs/cgroup";
const PREFIX: &str = "cdp-bridge-browser-";
/// The child group that the bridge moves itself to: a group with controlled children may hold no
/// process itself.
const BRIDGE: &str = "cdp-bridge";
const PROCESSES: &str = "cgroup.procs";

/// The configured memory limit could not be applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CgroupError {
    #[error(
        "this system has no cgroups v2 with the memory controller here; limit the memory of the \
         service or container instead"
    )]
    Unsupported,
    #[error(
        "{} cannot be written: {source}; allow the bridge to create child cgroups (in systemd: Delegate=yes)",
        .path.display()
    )]
    Refused {
        path: PathBuf,
        /// Shared, because an I/O error cannot be cloned.
        source: Arc<io::Error>,
    },
}

/// The control group of one browser. It is removed when this is dropped, if no process is left in it.
#[derive(Debug)]
pub(super) struct MemoryCgroup {
    group: PathBuf,
}

impl MemoryCgroup {
    /// Creates a group with this limit in bytes.
    pub(super) fn create(bytes: u64) -> Result<Self, CgroupError> {
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::under(&group_in(Path::new(ROOT), &own)?, bytes)
    }

    fn under(parent: &Path, bytes: u64) -> Result<Self, CgroupError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        enable_memory_controller(parent)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let owner = ProcessIdentity::this().to_string().replace(' ', "-");
        let group = parent.join(format!("{PREFIX}{owner}-{number}"));
        std::fs::create_dir(&group).map_err(|source| refused(&group, source))?;
        let cgroup = Self { group };
        cgroup.set("memory.max", &bytes.to_string())?;
        // `memory.max` does not count swap. Kernels without swap have no such file.
        let _ = cgroup.set("memory.swap.max", "0");
        Ok(cgroup)
    }

    /// `cgroup.procs`: a process joins the group by writing `0` to it.
    pub(super) fn procs_file(&self) -> Result<File, CgroupError> {
        let path = self.group.join(PROCESSES);
        let opened = OpenOptions::new().write(true).open(&path);
        opened.map_err(|source| refused(&path, source))
    }

    pub(super) fn group(&self) -> &Path {
        &self.group
    }

    fn set(&self, file: &str, value: &str) -> Result<(), CgroupError> {
        write(&self.group.join(file), value)
    }
}

impl Drop for MemoryCgroup {
    fn drop(&mut self) {
        // The kernel refuses while a process is in it. Then the cleanup helper or the next bridge
        // removes it.
        let _ = std::fs::remove_dir(&self.group);
    }
}

/// Removes the groups of dead bridges, and returns them.
pub(super) fn sweep() -> Vec<PathBuf> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    group_in(Path::new(ROOT), &own).map_or_else(|_| Vec::new(), |parent| sweep_in(&parent))
}

fn sweep_in(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let abandoned = entries.map(|entry| entry.path()).filter(|group| {
        owner_of(group).is_some_and(|owner| !owner.is_running())
            && std::fs::remove_dir(group).is_ok()
    });
    abandoned.collect()
}

fn owner_of(group: &Path) -> Option<ProcessIdentity> {
    let rest = group.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    let (owner, _number) = rest.rsplit_once('-')?;
    ProcessIdentity::parse(&owner.replace('-', " "))
}

/// The directory of the group that this process was started in. `own` is the text of
/// `/proc/self/cgroup`, whose v2 line begins with `0::`.
fn group_in(root: &Path, own: &str) -> Result<PathBuf, CgroupError> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"));
    let mut group = root.join(path.ok_or(CgroupError::Unsupported)?);
    if group.file_name().is_some_and(|name| name == BRIDGE) {
        // The start of an earlier browser moved this process there.
        group.pop();
    }
    let controllers = std::fs::read_to_string(group.join("cgroup.controllers"));
    let has_memory = controllers.is_ok_and(|all| all.split_whitespace().any(|it| it == "memory"));
    has_memory.then_some(group).ok_or(CgroupError::Unsupported)
}

/// Enables the memory controller for the children of a group, which may then hold no process itself.
fn enable_memory_controller(group: &Path) -> Result<(), CgroupError> {
    let control = group.join("cgroup.subtree_control");
    let enabled = std::fs::read_to_string(&control).unwrap_or_default();
    if enabled.split_whitespace().any(|it| it == "memory") {
        return Ok(());
    }
    if write(&control, "+memory").is_ok() {
        return Ok(());
    }
    let own = group.join(BRIDGE);
    match std::fs::create_dir(&own) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            return Err(refused(&own, source));
        }
        _ => {}
    }
    write(&own.join(PROCESSES), "0")?;
    write(&control, "+memory")
}

fn write(path: &Path, value: &str) -> Result<(), CgroupError> {
    std::fs::write(path, value).map_err(|source| refused(path, source))
}

fn refused(path: &Path, source: io::Error) -> CgroupError {
    CgroupError::Refused {
        path: path.to_path_buf(),
        source: Arc::new(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory like the control group of this process.
    fn group(controllers: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let group = root.path().join("service");
        std::fs::create_dir(&group).unwrap();
        std::fs::write(group.join("cgroup.controllers"), controllers).unwrap();
        root
    }

    #[test]
    fn a_browsers_group_has_the_limit_and_can_be_joined() {
        let root = group("cpu memory pids\n");
        let own = group_in(root.path(), "1:cpu:/x\n0::/service\n").unwrap();
        assert_eq!(own, root.path().join("service"));
        let cgroup = MemoryCgroup::under(&own, 1 << 30).unwrap();
        let read = |file: &str| std::fs::read_to_string(cgroup.group().join(file)).unwrap();
        assert_eq!(read("memory.max"), (1 << 30).to_string());
        assert_eq!(read("memory.swap.max"), "0");
        std::fs::write(cgroup.group().join(PROCESSES), "").unwrap();
        cgroup.procs_file().unwrap();
        // After the first browser, this process is in the child group.
        let again = group_in(root.path(), "0::/service/cdp-bridge\n").unwrap();
        assert_eq!(again, own);
    }

    #[test]
    fn a_missing_controller_and_a_missing_permission_are_different_errors() {
        let root = group("cpu pids\n");
        for own in [
            "0::/service\n",
            "4:memory:/service\n",
            "0::/elsewhere\n",
            "",
        ] {
            let error = group_in(root.path(), own).unwrap_err();
            assert!(
                matches!(error, CgroupError::Unsupported),
                "{own:?}: {error}"
            );
        }
        let gone = root.path().join("gone");
        let error = MemoryCgroup::under(&gone, 1).unwrap_err();
        assert!(error.to_string().contains("Delegate=yes"), "{error}");
    }

    #[test]
    fn groups_of_dead_bridges_are_removed_and_those_of_running_ones_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let this = ProcessIdentity::this().to_string().replace(' ', "-");
        let names = [
            "2147483647-1-1".to_owned(),
            format!("{this}-1"),
            "x".to_owned(),
        ];
        let [dead, living, strange] =
            names.map(|name| parent.path().join(format!("{PREFIX}{name}")));
        for path in [&dead, &living, &strange] {
            std::fs::create_dir(path).unwrap();
        }
        assert_eq!(sweep_in(parent.path()), [dead]);
        assert!(living.exists() && strange.exists());
    }
}
