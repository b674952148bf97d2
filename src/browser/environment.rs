//! Which environment variables Chromium and the daemon's other child processes get. They are listed, since
//! a service's environment holds secrets of any name, and every renderer keeps the environment in its memory.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use crate::secret::Secret;

/// What Chromium takes from the daemon's environment. Names that end with `*` are beginnings.
const INHERITED: [&str; 20] = [
    // Wrapper scripts and the libraries of a browser outside of the usual directories.
    "PATH",
    "LD_LIBRARY_PATH",
    // Certificates that the user trusts, and caches of fonts.
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_DATA_DIRS",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "FONTCONFIG_SYSROOT",
    "USER",
    "LOGNAME",
    "TMPDIR",
    // What pages are shown as language and time.
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TZDIR",
    // The setuid sandbox of a build that was not installed.
    "CHROME_DEVEL_SANDBOX",
];

/// What a browser with windows needs besides.
const OF_DESKTOP: [&str; 9] = [
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "DESKTOP_SESSION",
    "DBUS_SESSION_BUS_ADDRESS",
    "GTK_IM_MODULE",
];

/// Variables that `browser.env` may not set, with the reason.
const RESERVED: [(&str, &str); 8] = [
    ("HTTP_PROXY", PROXIED),
    ("HTTPS_PROXY", PROXIED),
    ("FTP_PROXY", PROXIED),
    ("ALL_PROXY", PROXIED),
    ("NO_PROXY", PROXIED),
    ("AUTO_PROXY", PROXIED),
    ("SOCKS_SERVER", PROXIED),
    ("TMPDIR", "the bridge sets it for each browser"),
];
const PROXIED: &str = "all traffic of Chromium goes through the bridge";

/// A variable that Chromium cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadVariable {
    #[error("`{0}` is not a name of a variable; expected letters, digits and `_`")]
    Name(String),
    #[error("the value of `{0}` contains a NUL character; expected a text without it")]
    Value(String),
    #[error("`{name}` cannot be set: {reason}; remove it")]
    Reserved { name: String, reason: &'static str },
}

/// Checks `browser.env`.
pub(crate) fn check(variables: &BTreeMap<String, Secret>) -> Result<(), BadVariable> {
    for (name, value) in variables {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_legal) {
            return Err(BadVariable::Name(name.clone()));
        }
        if value.expose().contains('\0') {
            return Err(BadVariable::Value(name.clone()));
        }
        let reserved = RESERVED
            .iter()
            .find(|(reserved, _)| reserved.eq_ignore_ascii_case(name));
        if let Some((_, reason)) = reserved {
            let name = name.clone();
            return Err(BadVariable::Reserved { name, reason });
        }
    }
    Ok(())
}

/// Chromium's environment: what is listed of the daemon's, and what the operator adds.
pub(super) fn of_browser(
    daemon: impl IntoIterator<Item = (OsString, OsString)>,
    added: &BTreeMap<String, Secret>,
    headless: bool,
) -> BTreeMap<OsString, OsString> {
    let desktop: &[&str] = if headless { &[] } else { &OF_DESKTOP };
    let is_listed = |name: &OsStr| {
        let mut listed = INHERITED.iter().chain(desktop);
        listed.any(|listed| matches(listed, name))
    };
    let inherited = daemon.into_iter().filter(|(name, _)| is_listed(name));
    let added = added
        .iter()
        .map(|(name, value)| (name.into(), value.expose().into()));
    inherited.chain(added).collect()
}

fn matches(listed: &str, name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    match listed.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning.as_bytes()),
        None => name == listed.as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(names: &[&str]) -> Vec<(OsString, OsString)> {
        names.iter().map(|name| (name.into(), "x".into())).collect()
    }

    fn names(daemon: &[&str], headless: bool) -> Vec<String> {
        let got = of_browser(variables(daemon), &BTreeMap::new(), headless);
        let names = got.into_keys().map(|name| name.into_string().unwrap());
        names.collect()
    }

    fn added(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
            .collect()
    }

    #[test]
    fn only_what_is_listed_is_inherited() {
        let kept = ["HOME", "LANG", "LC_ALL", "PATH", "TZ"];
        let withheld = [
            "AWS_SECRET_ACCESS_KEY",
            "CDP_BRIDGE_AUTH_TOKEN",
            "CHROMIUM_FLAGS",
            "GOOGLE_API_KEY",
            "LD_PRELOAD",
            "NOTIFY_SOCKET",
            "PATHS",
            "SSLKEYLOGFILE",
            "https_proxy",
        ];
        assert_eq!(names(&[&kept[..], &withheld].concat(), true), kept);
    }

    #[test]
    fn the_desktop_is_for_a_browser_with_windows() {
        let of_desktop = ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY"];
        assert!(names(&of_desktop, true).is_empty());
        assert_eq!(names(&of_desktop, false), of_desktop);
    }

    #[test]
    fn what_the_operator_adds_wins() {
        let added = added(&[("TZ", "Asia/Tokyo"), ("MALLOC_ARENA_MAX", "2")]);
        let got = of_browser(variables(&["TZ"]), &added, true);
        assert_eq!(got[OsStr::new("TZ")], "Asia/Tokyo");
        assert_eq!(got[OsStr::new("MALLOC_ARENA_MAX")], "2");
    }

    #[test]
    fn a_variable_that_cannot_be_set_is_refused_without_its_value() {
        for (name, value) in [("", "s3cret"), ("A=B", "s3cret"), ("A", "s3cret\0")] {
            let error = check(&added(&[(name, value)])).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        for name in ["https_proxy", "ALL_PROXY", "TMPDIR"] {
            let refused = check(&added(&[(name, "x")])).unwrap_err();
            assert!(matches!(refused, BadVariable::Reserved { .. }), "{name}");
        }
        assert_eq!(
            check(&added(&[("LD_PRELOAD", "/lib/x.so"), ("_", "")])),
            Ok(())
        );
    }
}
