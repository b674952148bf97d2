//! `clients/typescript`.

use std::path::Path;

use super::program::{asked, client, skipped, succeeds};
use crate::support::browsers::TestBrowser;

/// The oldest Node that the client is for.
const OLDEST_NODE: u32 = 20;

/// Whether there is a Node that will do.
async fn node() -> Result<&'static Path, String> {
    let node = Path::new("node");
    let version = asked(node, &["--version"])
        .await
        .ok_or("there is no node")?;
    let major = version.trim_start_matches('v').split('.').next();
    match major.and_then(|major| major.parse::<u32>().ok()) {
        Some(major) if major >= OLDEST_NODE => Ok(node),
        _ => Err(format!("node is {version}, older than {OLDEST_NODE}")),
    }
}

#[tokio::test]
async fn its_types_are_those_of_the_schemas() {
    match node().await {
        Ok(node) => {
            let arguments = ["scripts/generate.mjs", "--check"];
            succeeds(node, &arguments, &client("typescript"), &[]).await;
        }
        Err(why) => skipped("types of clients/typescript", &why),
    }
}

/// A Node with the client's packages beside it, or why there is none.
pub(crate) async fn ready() -> Result<&'static Path, String> {
    let node = node().await?;
    if client("typescript")
        .join("node_modules/typescript")
        .is_dir()
    {
        Ok(node)
    } else {
        Err("its packages are not installed; run scripts/install-client-packages".to_owned())
    }
}

#[tokio::test]
async fn its_tests_pass_with_this_bridge() {
    let folder = client("typescript");
    let node = match ready().await {
        Ok(node) => node,
        Err(why) => return skipped("clients/typescript", &why),
    };
    let browser = TestBrowser::shell().await;
    let compile = ["node_modules/typescript/bin/tsc", "-p", "."];
    succeeds(node, &compile, &folder, &[]).await;
    let test = ["--test", "--test-timeout=240000", "dist/test/"];
    let environment = [
        (
            "BRIDGE_UNDER_TEST",
            Path::new(env!("CARGO_BIN_EXE_cdp-bridge")),
        ),
        ("CHROME_PATH", browser.path()),
    ];
    succeeds(node, &test, &folder, &environment).await;
}
