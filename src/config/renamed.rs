//! Keys that have another name now. The old name is still read in this release, with a warning.

use super::catalogue::ConfigKey;
use super::error::ConfigError;
use super::setting::{Setting, bad_value};

/// The old key and the one that replaces it.
const RENAMED: &[(&str, &str)] = &[
    ("timeouts.create_tab", "timeouts.create"),
    ("timeouts.close_tab", "timeouts.close"),
    ("timeouts.travel", "timeouts.navigate"),
    ("timeouts.set_logged_out_mode", "timeouts.rebuild"),
    ("timeouts.get_dom_snapshot", "timeouts.capture"),
    ("timeouts.get_screenshot", "timeouts.capture"),
    ("timeouts.get_ax_snapshot", "timeouts.capture"),
    ("timeouts.get_content", "timeouts.capture"),
    ("timeouts.get_download", "timeouts.capture"),
    ("timeouts.query", "timeouts.look"),
    ("timeouts.evaluate", "timeouts.look"),
    ("timeouts.wait_for", "timeouts.wait"),
    ("timeouts.activate_tab", "timeouts.other"),
    ("timeouts.start_screencast", "timeouts.other"),
    ("timeouts.stop_screencast", "timeouts.other"),
    ("timeouts.subscribe", "timeouts.other"),
];

/// The key to use instead, if this is an old name.
pub(crate) fn successor(key: &str) -> Option<&'static str> {
    let row = RENAMED.iter().find(|(old, _)| *old == key);
    row.map(|(_, new)| *new)
}

/// Every old name with its environment variable.
pub(crate) fn variables() -> impl Iterator<Item = (&'static str, String)> {
    RENAMED
        .iter()
        .map(|(old, _)| (*old, ConfigKey::variable_of(old)))
}

/// Gives the settings of one layer their present keys, and returns a warning for each old one. Two settings of one layer
/// that come to the same key with different values are an error, since neither can be preferred.
pub(crate) fn rename(layer: &mut [Setting]) -> Result<Vec<String>, ConfigError> {
    let mut warnings = Vec::new();
    for setting in layer.iter() {
        let Some(new) = successor(&setting.key) else {
            continue;
        };
        let rival = layer.iter().find(|other| {
            let same = other.key == new || successor(&other.key) == Some(new);
            same && other.value != setting.value
        });
        if let Some(rival) = rival {
            let problem = format!(
                "is called {new} now, which {} ({}) sets to another value; set only {new}",
                rival.key, rival.origin
            );
            return Err(bad_value(&setting.origin, &setting.key, problem));
        }
        warnings.push(format!(
            "{}: {} is called {new} now; the old name will not be read by the next release",
            setting.origin, setting.key
        ));
    }
    for setting in layer {
        if let Some(new) = successor(&setting.key) {
            new.clone_into(&mut setting.key);
        }
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue::catalogue;

    #[test]
    fn old_names_are_no_keys_and_their_successors_are() {
        for (old, new) in RENAMED {
            assert!(catalogue().key(old).is_none(), "{old}");
            assert!(catalogue().key(new).is_some(), "{new}");
        }
    }
}
