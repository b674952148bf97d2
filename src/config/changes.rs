//! Differences between two configurations.

use serde_json::Value;

use super::catalogue::catalogue;
use super::types::Config;

/// The keys whose values differ, in the order of the structs. Secrets compare as equal, because they are
/// serialised as `[redacted]`.
pub fn changed_keys(before: &Config, after: &Config) -> Vec<&'static str> {
    let written = |config: &Config| serde_json::to_value(config).unwrap_or_default();
    let (before, after) = (written(before), written(after));
    catalogue()
        .keys()
        .map(|key| key.path.as_str())
        .filter(|path| value_at(&before, path) != value_at(&after, path))
        .collect()
}

fn value_at<'a>(config: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(config, |value, name| &value[name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_differ_are_named_and_no_others() {
        let before = Config::default();
        assert!(changed_keys(&before, &before.clone()).is_empty());
        let mut after = before.clone();
        after.tabs.max = 3;
        after.browser.restart.max_restarts = 1;
        after.policy.allowlist = vec!["a.test".to_owned()];
        assert_eq!(
            changed_keys(&before, &after),
            [
                "browser.restart.max_restarts",
                "policy.allowlist",
                "tabs.max"
            ]
        );
    }
}
