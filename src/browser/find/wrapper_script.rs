//! Finds the browser that a package's wrapper script starts.
//!
//! Debian's `/usr/bin/chromium` and similar ones are shell scripts that add flags, API keys and
//! extensions. The bridge starts the binary itself, so that it controls all flags and gets the
//! browser's pid.

use std::path::{Path, PathBuf};

use super::host_system::{HostSystem, PathKind};

/// Where packages put the binary that their script of the same name in `/usr/bin` starts.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/usr/lib64/chromium-browser",
];

/// Names of the binary beside the script in vendors' directories below `/opt`.
const BESIDE: [&str; 3] = ["chrome", "msedge", "brave"];

/// The browser that `path` starts, or `path` itself if it is not a package's wrapper script.
pub(super) fn unwrap(path: PathBuf, host: &impl HostSystem) -> PathBuf {
    if !host.is_script(&path) {
        return path;
    }
    let real = host.real_path(&path);
    let behind = behind(&path, &real);
    behind
        .into_iter()
        .find(|binary| host.see(binary) == PathKind::Executable && !host.is_script(binary))
        .unwrap_or(path)
}

/// Where the binary is if the script at `real` came with a package. An operator's own script, elsewhere,
/// is run as it is.
fn behind(path: &Path, real: &Path) -> Vec<PathBuf> {
    let Some(dir) = real.parent() else {
        return Vec::new();
    };
    if dir.starts_with("/opt") {
        return BESIDE.iter().map(|name| dir.join(name)).collect();
    }
    if dir != Path::new("/usr/bin") && dir != Path::new("/bin") {
        return Vec::new();
    }
    let names = [path.file_name(), real.file_name()];
    let names = names.into_iter().flatten();
    names
        .flat_map(|name| {
            LIBRARIES
                .iter()
                .map(move |library| Path::new(library).join(name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::host_system::fake::FakeHost;
    use super::*;

    fn unwrapped(path: &str, machine: &FakeHost) -> String {
        unwrap(path.into(), machine).to_str().unwrap().to_owned()
    }

    #[test]
    fn debians_wrappers_lead_to_the_binaries_behind_them() {
        let machine = FakeHost::linux()
            .script("/usr/bin/chromium")
            .script("/usr/bin/chromium-headless-shell")
            .program("/usr/lib/chromium/chromium")
            .program("/usr/lib/chromium/chromium-headless-shell");
        assert_eq!(
            unwrapped("/usr/bin/chromium", &machine),
            "/usr/lib/chromium/chromium"
        );
        assert_eq!(
            unwrapped("/usr/bin/chromium-headless-shell", &machine),
            "/usr/lib/chromium/chromium-headless-shell"
        );
    }

    #[test]
    fn googles_wrapper_leads_to_the_binary_beside_it() {
        let machine = FakeHost::linux()
            .link("/usr/bin/google-chrome", "/opt/google/chrome/google-chrome")
            .script("/opt/google/chrome/google-chrome")
            .program("/opt/google/chrome/chrome");
        assert_eq!(
            unwrapped("/usr/bin/google-chrome", &machine),
            "/opt/google/chrome/chrome"
        );
    }

    #[test]
    fn a_script_of_the_operators_own_is_left_alone() {
        let machine = FakeHost::linux()
            .script("/home/u/bin/chromium")
            .program("/usr/lib/chromium/chromium");
        assert_eq!(
            unwrapped("/home/u/bin/chromium", &machine),
            "/home/u/bin/chromium"
        );
    }

    #[test]
    fn a_wrapper_without_its_binary_is_left_alone() {
        let machine = FakeHost::linux().script("/usr/bin/chromium");
        assert_eq!(
            unwrapped("/usr/bin/chromium", &machine),
            "/usr/bin/chromium"
        );
    }
}
