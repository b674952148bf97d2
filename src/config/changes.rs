//! Differences between two configurations.

use serde_json::Value;

use super::catalogue::catalogue;
use super::types::Config;

/// The keys whose values differ, in the order of the structs. Tokens compare as equal, because they are
/// serialised as `[redacted]`; a reload applies them.
pub fn changed_keys(before: &Config, after: &Config) -> Vec<&'static str> {
    let written = |config: &Config| serde_json::to_value(config).unwrap_or_default();
    let (written_before, written_after) = (written(before), written(after));
    catalogue()
        .keys()
        .map(|key| key.path.as_str())
        .filter(|path| {
            value_at(&written_before, path) != value_at(&written_after, path)
                || *path == "browser.env" && before.browser.env != after.browser.env
        })
        .collect()
}

fn value_at<'a>(config: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(config, |value, name| &value[name])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn keys_that_differ_are_named_and_no_others() {
        let env = |value: &str| [("A".to_owned(), Secret::new(value))].into();
        let mut before = Config::default();
        before.browser.env = env("1");
        assert!(changed_keys(&before, &before.clone()).is_empty());
        let mut after = before.clone();
        after.browser.env = env("2");
        after.tabs.max = 3;
        after.browser.restart.max_restarts = 1;
        after.policy.allowlist = vec!["a.test".to_owned()];
        assert_eq!(
            changed_keys(&before, &after),
            [
                "browser.env",
                "browser.restart.max_restarts",
                "policy.allowlist",
                "tabs.max"
            ]
        );
    }
}
