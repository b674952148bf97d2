//! The part of the machine that the search for a browser looks at.
//!
//! It is a trait so that tests search an invented machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The family of operating system whose usual places are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux and other Unix systems.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Missing,
    /// A directory.
    Directory,
    /// A file that this user may not execute.
    NotExecutable,
    /// A file that this user may execute.
    Executable,
}

/// Environment and file system, as far as the search needs them.
pub trait Surroundings {
    /// The operating system's family.
    fn platform(&self) -> Platform;
    /// The value of an environment variable.
    fn var(&self, name: &str) -> Option<OsString>;
    /// Every program of this name in the directories of the `PATH`, first directory first.
    fn programs(&self, command: &str) -> Vec<PathBuf>;
    /// What stands at `path`.
    fn see(&self, path: &Path) -> Seen;
    /// The names in a directory; none if it cannot be read.
    fn names_in(&self, dir: &Path) -> Vec<String>;
    /// The content of a small text file.
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

    /// The user's home directory.
    fn home(&self) -> Option<PathBuf> {
        match self.platform() {
            Platform::Windows => self.non_empty("USERPROFILE"),
            Platform::Linux | Platform::Mac => self.non_empty("HOME"),
        }
    }
}

/// The machine this process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

/// A cache's metadata is a few kilobytes; whatever is larger is something else.
const TEXT_LIMIT: u64 = 1024 * 1024;

impl Surroundings for ThisMachine {
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
        // An empty or relative entry means the working directory, which is no place to run
        // programs from by accident.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::env::split_paths(&path).filter(|dir| dir.is_absolute());
        let Ok(path) = std::env::join_paths(dirs) else {
            return Vec::new();
        };
        which::which_in_all(command, Some(path), "/")
            .map(Iterator::collect)
            .unwrap_or_default()
    }

    fn see(&self, path: &Path) -> Seen {
        match std::fs::metadata(path) {
            Err(_) => Seen::Missing,
            Ok(metadata) if metadata.is_dir() => Seen::Directory,
            Ok(_) if rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() => {
                Seen::Executable
            }
            Ok(_) => Seen::NotExecutable,
        }
    }

    fn names_in(&self, dir: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(dir) else {
            return Vec::new();
        };
        entries
            .flatten()
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
pub(crate) mod invented {
    //! A machine that exists only in a test.

    use super::{OsString, Path, PathBuf, Platform, Seen, Surroundings};
    use std::collections::BTreeMap;

    /// What an invented file is.
    #[derive(Debug, Clone)]
    enum File {
        Program,
        Script,
        Text(String),
        Link(PathBuf),
    }

    /// An environment and a file system made of two maps.
    #[derive(Debug)]
    pub(crate) struct Invented {
        platform: Platform,
        vars: BTreeMap<String, String>,
        files: BTreeMap<PathBuf, File>,
    }

    impl Invented {
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

    impl Surroundings for Invented {
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

        fn see(&self, path: &Path) -> Seen {
            match self.get(path) {
                Some(File::Program | File::Script) => Seen::Executable,
                Some(_) => Seen::NotExecutable,
                None if self.files.keys().any(|file| file.starts_with(path)) => Seen::Directory,
                None => Seen::Missing,
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
