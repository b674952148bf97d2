//! Switches of `browser.args` that take away a protection. They are allowed, with a warning.

use super::flags::{feature_name, is_switch};

const UNCONFINED: &str = "a hostile page is confined less, or not at all";
const OTHER_SITES: &str = "a page can read what other sites show to their visitors";
const COMMAND: &str = "Chromium's processes are started through another program";
const FORGED: &str = "a server can pass for another";
const FILES: &str = "a page can read files of this machine";
const WRITTEN: &str = "cookies or keys of connections are written to a file";

const DANGEROUS: [(&str, &str); 31] = [
    ("--no-sandbox", UNCONFINED),
    ("--disable-setuid-sandbox", UNCONFINED),
    ("--disable-namespace-sandbox", UNCONFINED),
    ("--disable-seccomp-filter-sandbox", UNCONFINED),
    ("--disable-gpu-sandbox", UNCONFINED),
    ("--no-zygote-sandbox", UNCONFINED),
    ("--allow-sandbox-debugging", UNCONFINED),
    ("--single-process", UNCONFINED),
    ("--disable-web-security", OTHER_SITES),
    ("--disable-site-isolation-trials", OTHER_SITES),
    ("--disable-site-isolation-for-policy", OTHER_SITES),
    ("--process-per-tab", OTHER_SITES),
    ("--allow-running-insecure-content", FORGED),
    ("--allow-insecure-localhost", FORGED),
    ("--ignore-certificate-errors", FORGED),
    ("--ignore-certificate-errors-spki-list", FORGED),
    ("--unsafely-treat-insecure-origin-as-secure", FORGED),
    ("--allow-file-access", FILES),
    ("--allow-file-access-from-files", FILES),
    ("--log-net-log", WRITTEN),
    ("--ssl-key-log-file", WRITTEN),
    ("--enable-crash-reporter", WRITTEN),
    ("--renderer-cmd-prefix", COMMAND),
    ("--utility-cmd-prefix", COMMAND),
    ("--gpu-launcher", COMMAND),
    ("--browser-subprocess-path", COMMAND),
    (
        "--disable-popup-blocking",
        "a page can open tabs without limit",
    ),
    (
        "--load-extension",
        "an extension sees the pages of all clients",
    ),
    (
        "--remote-allow-origins",
        "pages can control Chromium if they reach its DevTools port",
    ),
    (
        "--use-fake-ui-for-media-stream",
        "a page can capture the screen, a camera or a microphone",
    ),
    (
        "--auto-select-desktop-capture-source",
        "a page can capture the screen",
    ),
];

const DISABLE_FEATURES: &str = "--disable-features";
/// Features that are not to be disabled.
const PROTECTING: [(&str, &str); 4] = [
    ("IsolateOrigins", OTHER_SITES),
    ("SitePerProcess", OTHER_SITES),
    ("site-per-process", OTHER_SITES),
    (
        "NetworkServiceInProcess2",
        "tabs cannot load anything after a crash of the network process",
    ),
];

/// A warning for each of these arguments that takes away a protection.
pub(crate) fn warnings(args: &[String]) -> Vec<String> {
    args.iter()
        .flat_map(|argument| warnings_of(argument))
        .collect()
}

fn warnings_of(argument: &str) -> Vec<String> {
    let value = argument.split_once('=').map_or("", |(_, value)| value);
    if is_switch(argument, DISABLE_FEATURES) {
        let disabled: Vec<&str> = value.split(',').map(|it| feature_name(it.trim())).collect();
        let lost = PROTECTING
            .iter()
            .filter(|(name, _)| disabled.contains(name));
        return lost
            .map(|(name, cost)| format!("browser.args: without the feature {name} {cost}"))
            .collect();
    }
    let dangerous = DANGEROUS
        .iter()
        .filter(|(name, _)| is_switch(argument, name));
    dangerous
        .map(|(name, cost)| format!("browser.args: with {name} {cost}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(argument: &str) -> Vec<String> {
        warnings(&[argument.to_owned()])
    }

    #[test]
    fn a_switch_that_takes_away_a_protection_is_warned_of_however_it_is_spelt() {
        for argument in ["--no-sandbox", "-no-sandbox", " --no-sandbox=1"] {
            assert_eq!(
                of(argument),
                ["browser.args: with --no-sandbox a hostile page is confined less, or not at all"]
            );
        }
        assert!(of("--lang=de").is_empty());
        assert!(of("--no-sandboxes").is_empty());
    }

    #[test]
    fn so_is_a_feature_without_which_sites_share_processes() {
        let warned = of("--disable-features=Translate,IsolateOrigins<Trial,site-per-process");
        assert_eq!(warned.len(), 2, "{warned:?}");
        assert!(of("--disable-features=Translate").is_empty());
    }
}
