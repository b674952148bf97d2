//! Environment and file system as the search for a browser sees them; a trait, so that tests can use a
//! fake.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Also other Unix systems.
    Linux,
    Mac,
    Windows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    Missing,
    Directory,
    /// A file without permission for this user to execute it.
    NotExecutable,
    Executable,
}

pub trait HostSystem {
    fn platform(&self) -> Platform;
    fn var(&self, name: &str) -> Option<OsString>;
    /// Every program of this name in the directories of the `PATH`, first directory first.
    fn programs(&self, command: &str) -> Vec<PathBuf>;
    fn see(&self, path: &Path) -> PathKind;
    /// The names in a directory; empty if it cannot be read.
    fn names_in(&self, dir: &Path) -> Vec<String>;
    /// The content of a text file of at most 1 MiB.
    fn text(&self, path: &Path) -> Option<String>;
    /// Whether the file begins with `#!`.
    fn is_script(&self, path: &Path) -> bool;
    /// The path with its symbolic links followed.
    fn real_path(&self, path: &Path) -> PathBuf;

    /// The value of an environment variable that is set and not empty.
    fn non_empty(&self, name: &str) -> Option<PathBuf> {
        self.var(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    }

    fn home(&self) -> Option<PathBuf> {
        match self.platform() {
            Platform::Windows => self.non_empty("USERPROFILE"),
            Platform::Linux | Platform::Mac => self.non_empty("HOME"),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct RealHost;

/// A cache's metadata has a few kilobytes.
const TEXT_LIMIT: u64 = 1024 * 1024;

impl HostSystem for RealHost {
    fn platform(&self) -> Platform {
        if cfg!(target_os = "macos") {
            Platform::Mac
        } else if cfg!(windows) {
            Platform::Windows
        } else {
            Platform::Linux
        }
    }

    fn var(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn programs(&self, command: &str) -> Vec<PathBuf> {
        // Empty and relative entries mean the working directory, from which no program should be run
        // by accident.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::env::split_paths(&path).filter(|dir| dir.is_absolute());
        let Ok(path) = std::env::join_paths(dirs) else {
            return Vec::new();
        };
        which::which_in_all(command, Some(path), "/")
            .map(Iterator::collect)
            .unwrap_or_default()
    }

    fn see(&self, path: &Path) -> PathKind {
        match std::fs::metadata(path) {
            Err(_) => PathKind::Missing,
            Ok(metadata) if metadata.is_dir() => PathKind::Directory,
            Ok(_) if rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() => {
                PathKind::Executable
            }
            Ok(_) => PathKind::NotExecutable,
        }
    }

    fn names_in(&self, dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect()
    }

    fn text(&self, path: &Path) -> Option<String> {
        let length = std::fs::metadata(path).ok()?.len();
        (length <= TEXT_LIMIT).then(|| std::fs::read_to_string(path).ok())?
    }

    fn is_script(&self, path: &Path) -> bool {
        use std::io::Read as _;
        let mut start = [0; 2];
        std::fs::File::open(path)
            .and_then(|mut file| file.read_exact(&mut start))
            .is_ok()
            && &start == b"#!"
    }

    fn real_path(&self, path: &Path) -> PathBuf {
        std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
    }
}

#[cfg(test)]
pub(crate) mod fake {
    //! An in-memory host for tests.

    use super::{HostSystem, OsString, Path, PathBuf, PathKind, Platform};
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum File {
        Program,
        Script,
        Text(String),
        Link(PathBuf),
    }

    #[derive(Debug)]
    pub(crate) struct FakeHost {
        platform: Platform,
        vars: BTreeMap<String, String>,
        files: BTreeMap<PathBuf, File>,
    }

    impl FakeHost {
        pub(crate) fn new(platform: Platform) -> Self {
            Self {
                platform,
                vars: BTreeMap::new(),
                files: BTreeMap::new(),
            }
        }

        pub(crate) fn linux() -> Self {
            Self::new(Platform::Linux)
                .with_var("HOME", "/home/u")
                .with_var("PATH", "/usr/bin:/bin")
        }

        pub(crate) fn with_var(mut self, name: &str, value: &str) -> Self {
            self.vars.insert(name.to_owned(), value.to_owned());
            self
        }

        pub(crate) fn program(self, path: &str) -> Self {
            self.file(path, File::Program)
        }

        pub(crate) fn script(self, path: &str) -> Self {
            self.file(path, File::Script)
        }

        pub(crate) fn plain(self, path: &str, text: &str) -> Self {
            self.file(path, File::Text(text.to_owned()))
        }

        pub(crate) fn link(self, path: &str, to: &str) -> Self {
            self.file(path, File::Link(to.into()))
        }

        fn file(mut self, path: &str, file: File) -> Self {
            self.files.insert(path.into(), file);
            self
        }

        fn get(&self, path: &Path) -> Option<&File> {
            match self.files.get(path)? {
                File::Link(to) => self.get(to),
                file => Some(file),
            }
        }
    }

    impl HostSystem for FakeHost {
        fn platform(&self) -> Platform {
            self.platform
        }

        fn var(&self, name: &str) -> Option<OsString> {
            self.vars.get(name).map(OsString::from)
        }

        fn programs(&self, command: &str) -> Vec<PathBuf> {
            let path = self.var("PATH").unwrap_or_default();
            let file = match self.platform {
                Platform::Windows => format!("{command}.exe"),
                Platform::Linux | Platform::Mac => command.to_owned(),
            };
            std::env::split_paths(&path)
                .filter(|dir| dir.is_absolute())
                .map(|dir| dir.join(&file))
                .collect()
        }

        fn see(&self, path: &Path) -> PathKind {
            match self.get(path) {
                Some(File::Program | File::Script) => PathKind::Executable,
                Some(_) => PathKind::NotExecutable,
                None if self.files.keys().any(|file| file.starts_with(path)) => PathKind::Directory,
                None => PathKind::Missing,
            }
        }

        fn names_in(&self, dir: &Path) -> Vec<String> {
            let mut names: Vec<String> = self
                .files
                .keys()
                .filter_map(|file| file.strip_prefix(dir).ok()?.components().next())
                .map(|first| first.as_os_str().to_string_lossy().into_owned())
                .collect();
            names.dedup();
            names
        }

        fn text(&self, path: &Path) -> Option<String> {
            match self.get(path) {
                Some(File::Text(text)) => Some(text.clone()),
                _ => None,
            }
        }

        fn is_script(&self, path: &Path) -> bool {
            matches!(self.get(path), Some(File::Script))
        }

        fn real_path(&self, path: &Path) -> PathBuf {
            match self.files.get(path) {
                Some(File::Link(to)) => self.real_path(to),
                _ => path.to_path_buf(),
            }
        }
    }
}
