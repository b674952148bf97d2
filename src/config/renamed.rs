//! Keys that have another name now. The old name is still read in this release, with a warning.

use std::time::Duration;

use super::catalogue::ConfigKey;
use super::setting::Setting;
use crate::units::duration;

/// The old key, the one that replaces it, and what the old one was by default.
const RENAMED: &[(&str, &str, &str)] = &[
    ("timeouts.create_tab", "timeouts.create", "15s"),
    ("timeouts.close_tab", "timeouts.close", "5s"),
    ("timeouts.travel", "timeouts.navigate", "30s"),
    ("timeouts.set_logged_out_mode", "timeouts.rebuild", "35s"),
    ("timeouts.get_dom_snapshot", "timeouts.capture", "10s"),
    ("timeouts.get_screenshot", "timeouts.capture", "10s"),
    ("timeouts.get_ax_snapshot", "timeouts.capture", "10s"),
    ("timeouts.get_content", "timeouts.capture", "10s"),
    ("timeouts.get_download", "timeouts.capture", "10s"),
    ("timeouts.query", "timeouts.look", "10s"),
    ("timeouts.evaluate", "timeouts.look", "10s"),
    ("timeouts.wait_for", "timeouts.wait", "30s"),
    ("timeouts.activate_tab", "timeouts.other", "5s"),
    ("timeouts.start_screencast", "timeouts.other", "5s"),
    ("timeouts.stop_screencast", "timeouts.other", "5s"),
    ("timeouts.subscribe", "timeouts.other", "5s"),
];

/// The key to use instead, if this is an old name.
pub(crate) fn successor(key: &str) -> Option<&'static str> {
    let row = RENAMED.iter().find(|(old, ..)| *old == key);
    row.map(|(_, new, _)| *new)
}

/// Every old name with its environment variable.
pub(crate) fn variables() -> impl Iterator<Item = (&'static str, String)> {
    RENAMED
        .iter()
        .map(|(old, ..)| (*old, ConfigKey::variable_of(old)))
}

/// Gives the settings of one layer their present keys, and returns a warning for each old one. A present key
/// wins over old ones. Of several old ones the longest limit holds, those with their old default aside: a file
/// may list every key and change one.
pub(crate) fn rename(layer: &mut Vec<Setting>) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut kept: Vec<(Setting, bool)> = Vec::new();
    let (old, present): (Vec<_>, Vec<_>) = std::mem::take(layer)
        .into_iter()
        .partition(|setting| successor(&setting.key).is_some());
    for mut setting in old {
        let Some(new) = successor(&setting.key) else {
            continue;
        };
        warnings.push(format!(
            "{}: {} is called {new} now, and is the time limit of a class of requests; the old name will not be \
             read by the next release",
            setting.origin, setting.key
        ));
        let is_default = has_default(&setting);
        new.clone_into(&mut setting.key);
        if present.iter().any(|other| other.key == new) {
            continue;
        }
        match kept.iter_mut().find(|(other, _)| other.key == new) {
            Some((other, other_is_default)) => {
                let replaces = *other_is_default || limit(&setting) > limit(other);
                if replaces && !is_default {
                    (*other, *other_is_default) = (setting, false);
                }
            }
            None => kept.push((setting, is_default)),
        }
    }
    *layer = present;
    layer.extend(kept.into_iter().map(|(setting, _)| setting));
    warnings
}

fn has_default(setting: &Setting) -> bool {
    let row = RENAMED.iter().find(|(old, ..)| *old == setting.key);
    row.is_some_and(|(.., default)| duration::parse(default).ok() == limit(setting))
}

/// The limit; `None` if it is invalid, which is reported when the key is read.
fn limit(setting: &Setting) -> Option<Duration> {
    duration::parse(setting.value.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue::catalogue;
    use crate::config::origin::Origin;

    #[test]
    fn old_names_are_no_keys_and_their_successors_are() {
        for (old, new, _) in RENAMED {
            assert!(catalogue().key(old).is_none(), "{old}");
            assert!(catalogue().key(new).is_some(), "{new}");
        }
    }

    fn layer(settings: &[(&str, &str)]) -> Vec<(String, String)> {
        let value = |text: &str| toml::Value::String(text.to_owned());
        let settings = settings.iter();
        let mut layer: Vec<_> = settings
            .map(|(key, text)| Setting::new(*key, value(text), Origin::Default))
            .collect();
        let old = layer
            .iter()
            .filter(|it| successor(&it.key).is_some())
            .count();
        assert_eq!(rename(&mut layer).len(), old, "a warning for each old name");
        let shown = |it: Setting| (it.key, it.value.as_str().unwrap().to_owned());
        layer.into_iter().map(shown).collect()
    }

    fn shown(key: &str, text: &str) -> Vec<(String, String)> {
        vec![(key.to_owned(), text.to_owned())]
    }

    #[test]
    fn of_a_file_with_every_old_name_the_one_that_was_changed_holds() {
        for changed in ["timeouts.get_screenshot", "timeouts.get_dom_snapshot"] {
            for text in ["30s", "2s"] {
                let rows = RENAMED
                    .iter()
                    .filter(|(_, new, _)| *new == "timeouts.capture");
                let all: Vec<_> = rows
                    .map(|(old, _, default)| (*old, if *old == changed { text } else { *default }))
                    .collect();
                assert_eq!(layer(&all), shown("timeouts.capture", text), "{changed}");
            }
        }
    }

    #[test]
    fn the_present_name_wins_and_of_two_old_ones_the_longer_limit() {
        let both = [("timeouts.travel", "10s"), ("timeouts.navigate", "60s")];
        assert_eq!(layer(&both), shown("timeouts.navigate", "60s"));
        let old = [("timeouts.query", "20s"), ("timeouts.evaluate", "40000ms")];
        assert_eq!(layer(&old), shown("timeouts.look", "40000ms"));
    }
}
