//! The directory for what outlives the process.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The name below the directories that all programs of a user share.
const NAME: &str = "cdp-bridge";

/// The configured directory, else the one that the environment gives: `STATE_DIRECTORY` of systemd, which may list
/// several, `XDG_STATE_HOME`, or the home directory.
pub(super) fn find(
    configured: Option<&Path>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(configured) = configured {
        return Some(configured.to_owned());
    }
    if let Some(listed) = set("STATE_DIRECTORY") {
        return listed.split(':').next().map(PathBuf::from);
    }
    let state = set("XDG_STATE_HOME").map(PathBuf::from);
    // The specification of XDG says that relative ones are ignored.
    let state = state.filter(|path| path.is_absolute());
    let state = state.or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/state")));
    state.map(|state| state.join(NAME))
}

/// Makes the directory where it is not there, for its owner alone.
pub(super) fn make(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(configured: Option<&str>, variables: &[(&str, &str)]) -> Option<PathBuf> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        find(configured.map(Path::new), &variable)
    }

    #[test]
    fn the_configured_directory_wins_over_those_of_the_environment() {
        let all = [
            ("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"),
            ("XDG_STATE_HOME", "/x"),
            ("HOME", "/home/u"),
        ];
        for (configured, variables, expected) in [
            (Some("/c"), &all[..], Some("/c")),
            (None, &all[..], Some("/var/lib/a")),
            (None, &all[1..], Some("/x/cdp-bridge")),
            (None, &all[2..], Some("/home/u/.local/state/cdp-bridge")),
            (
                None,
                &[("XDG_STATE_HOME", "relative"), ("HOME", "/h")],
                Some("/h/.local/state/cdp-bridge"),
            ),
            (None, &[], None),
        ] {
            assert_eq!(found(configured, variables), expected.map(PathBuf::from));
        }
    }
}
