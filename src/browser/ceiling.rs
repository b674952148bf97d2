//! A ceiling over the memory of one browser: a control group of its own (cgroups v2, kernel
//! documentation `admin-guide/cgroup-v2`).
//!
//! At the ceiling the kernel kills the largest process in the group, which is the renderer that grew;
//! the browser and its other tabs live on. It takes a group of the bridge's own that the bridge may
//! divide, as `Delegate=yes` gives one in systemd.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::owner::Owner;

/// Where cgroups v2 stand.
const ROOT: &str = "/sys/fs/cgroup";
/// How the names of browsers' groups begin.
const PREFIX: &str = "cdp-bridge-browser-";
/// The group that the bridge moves itself to: a group that is divided may hold no process itself.
const BRIDGE: &str = "cdp-bridge";
/// The file of a group that holds its processes.
const PROCESSES: &str = "cgroup.procs";

/// There is no ceiling over a browser's memory, though one is configured.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoCeiling {
    /// No cgroups v2, or not with the memory controller.
    #[error(
        "this system has no cgroups v2 with the memory controller here; limit the memory of the \
         service or container instead"
    )]
    Unsupported,
    /// The bridge may not divide its group.
    #[error(
        "{} cannot be written: {source}; let the bridge divide its cgroup (in systemd: Delegate=yes)",
        .path.display()
    )]
    Refused {
        /// What was to be written.
        path: PathBuf,
        /// What the system said. Shared, because an I/O error cannot be copied.
        source: Arc<io::Error>,
    },
}

/// A group with a ceiling, for one browser. It is removed when this is dropped, if the browser is
/// gone.
#[derive(Debug)]
pub struct Ceiling {
    group: PathBuf,
}

impl Ceiling {
    /// Makes a group that may hold this many bytes.
    pub fn of(bytes: u64) -> Result<Self, NoCeiling> {
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::under(&group_in(Path::new(ROOT), &own)?, bytes)
    }

    fn under(parent: &Path, bytes: u64) -> Result<Self, NoCeiling> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        divide(parent)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let owner = Owner::this().to_string().replace(' ', "-");
        let group = parent.join(format!("{PREFIX}{owner}-{number}"));
        std::fs::create_dir(&group).map_err(|source| refused(&group, source))?;
        let ceiling = Self { group };
        ceiling.set("memory.max", &bytes.to_string())?;
        // What is swapped out is not below the ceiling, but beside it. Kernels without swap have no
        // such file.
        let _ = ceiling.set("memory.swap.max", "0");
        Ok(ceiling)
    }

    /// What a process that is to be in the group writes `0` to.
    pub fn entrance(&self) -> Result<File, NoCeiling> {
        let path = self.group.join(PROCESSES);
        let opened = OpenOptions::new().write(true).open(&path);
        opened.map_err(|source| refused(&path, source))
    }

    /// The group's directory.
    pub fn group(&self) -> &Path {
        &self.group
    }

    fn set(&self, file: &str, value: &str) -> Result<(), NoCeiling> {
        write(&self.group.join(file), value)
    }
}

impl Drop for Ceiling {
    fn drop(&mut self) {
        // While a process is in it the kernel refuses. Then it stays for the custodian, or the next
        // bridge.
        let _ = std::fs::remove_dir(&self.group);
    }
}

/// Removes the groups of bridges that are dead, and returns them.
pub(super) fn sweep() -> Vec<PathBuf> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    group_in(Path::new(ROOT), &own).map_or_else(|_| Vec::new(), |parent| sweep_in(&parent))
}

fn sweep_in(parent: &Path) -> Vec<PathBuf> {
    // The last time it ran, the bridge may have moved into its own part already.
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let abandoned = entries.flatten().map(|entry| entry.path()).filter(|group| {
        owner_of(group).is_some_and(|owner| !owner.lives()) && std::fs::remove_dir(group).is_ok()
    });
    abandoned.collect()
}

fn owner_of(group: &Path) -> Option<Owner> {
    let rest = group.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    let (owner, _number) = rest.rsplit_once('-')?;
    owner.replace('-', " ").parse().ok()
}

/// The directory of the group that this process was started in. `own` is `/proc/self/cgroup`, whose
/// line of v2 begins with `0::`.
fn group_in(root: &Path, own: &str) -> Result<PathBuf, NoCeiling> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"));
    let mut group = root.join(path.ok_or(NoCeiling::Unsupported)?);
    if group.file_name().is_some_and(|name| name == BRIDGE) {
        // An earlier browser's start moved this process there.
        group.pop();
    }
    let controllers = std::fs::read_to_string(group.join("cgroup.controllers"));
    let has_memory = controllers.is_ok_and(|all| all.split_whitespace().any(|it| it == "memory"));
    has_memory.then_some(group).ok_or(NoCeiling::Unsupported)
}

/// Has the parts of a group limited in their memory, which needs it to hold no process itself.
fn divide(group: &Path) -> Result<(), NoCeiling> {
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

fn write(path: &Path, value: &str) -> Result<(), NoCeiling> {
    std::fs::write(path, value).map_err(|source| refused(path, source))
}

fn refused(path: &Path, source: io::Error) -> NoCeiling {
    NoCeiling::Refused {
        path: path.to_path_buf(),
        source: Arc::new(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that looks like a group of this process.
    fn group(controllers: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let group = root.path().join("service");
        std::fs::create_dir(&group).unwrap();
        std::fs::write(group.join("cgroup.controllers"), controllers).unwrap();
        root
    }

    #[test]
    fn a_browsers_group_has_the_ceiling_and_an_entrance() {
        let root = group("cpu memory pids\n");
        let own = group_in(root.path(), "1:cpu:/x\n0::/service\n").unwrap();
        assert_eq!(own, root.path().join("service"));
        let ceiling = Ceiling::under(&own, 1 << 30).unwrap();
        let read = |file: &str| std::fs::read_to_string(ceiling.group().join(file)).unwrap();
        assert_eq!(read("memory.max"), (1 << 30).to_string());
        assert_eq!(read("memory.swap.max"), "0");
        std::fs::write(ceiling.group().join(PROCESSES), "").unwrap();
        ceiling.entrance().unwrap();
        // Where it was divided before, this process stands in its own part.
        let again = group_in(root.path(), "0::/service/cdp-bridge\n").unwrap();
        assert_eq!(again, own);
    }

    #[test]
    fn without_the_controller_or_the_right_to_divide_it_is_said() {
        let root = group("cpu pids\n");
        for own in [
            "0::/service\n",
            "4:memory:/service\n",
            "0::/elsewhere\n",
            "",
        ] {
            let error = group_in(root.path(), own).unwrap_err();
            assert!(matches!(error, NoCeiling::Unsupported), "{own:?}: {error}");
        }
        let gone = root.path().join("gone");
        let error = Ceiling::under(&gone, 1).unwrap_err();
        assert!(error.to_string().contains("Delegate=yes"), "{error}");
    }

    #[test]
    fn groups_of_the_dead_are_removed_and_those_of_the_living_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let this = Owner::this().to_string().replace(' ', "-");
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
