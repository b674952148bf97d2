//! `clients/python`.

use std::path::{Path, PathBuf};

use super::program::{asked, client, skipped, succeeds};
use crate::support::browsers::TestBrowser;

/// The first Python for which a script succeeds: the client's own environment, the one of the path,
/// or the system's, which has the packages of the distribution.
pub(crate) async fn python(script: &str) -> Option<PathBuf> {
    let candidates = [
        client("python").join(".venv/bin/python"),
        "python3".into(),
        "/usr/bin/python3".into(),
    ];
    for candidate in candidates {
        if asked(&candidate, &["-c", script]).await.is_some() {
            return Some(candidate);
        }
    }
    None
}

const NEW_ENOUGH: &str = "import sys; assert sys.version_info >= (3, 11)";
pub(crate) const WITH_WEBSOCKETS: &str =
    "import sys, websockets; assert sys.version_info >= (3, 11)";

#[tokio::test]
async fn its_types_are_those_of_the_schemas() {
    match python(NEW_ENOUGH).await {
        Some(python) => {
            let arguments = ["scripts/generate.py", "--check"];
            succeeds(&python, &arguments, &client("python"), &[]).await;
        }
        None => skipped("types of clients/python", "there is no Python 3.11"),
    }
}

#[tokio::test]
async fn its_tests_pass_with_this_bridge() {
    let Some(python) = python(WITH_WEBSOCKETS).await else {
        let why = "there is no Python 3.11 with websockets; run scripts/install-client-packages";
        return skipped("clients/python", why);
    };
    let browser = TestBrowser::shell().await;
    let arguments = ["-m", "unittest", "discover", "-s", "tests", "-t", "."];
    let environment = [
        (
            "BRIDGE_UNDER_TEST",
            Path::new(env!("CARGO_BIN_EXE_cdp-bridge")),
        ),
        ("CHROME_PATH", browser.path()),
        ("PYTHONPATH", Path::new("src")),
        // Compiled files would stand beside the sources.
        ("PYTHONDONTWRITEBYTECODE", Path::new("1")),
    ];
    succeeds(&python, &arguments, &client("python"), &environment).await;
}
