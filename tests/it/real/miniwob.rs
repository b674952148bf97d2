//! Tasks of `MiniWoB++`, as `tests/judges/miniwob` plays them.

use std::path::Path;

use crate::clients::program::{skipped, succeeds};
use crate::clients::typescript;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(the_tasks_of_the_short_set_are_won);

async fn the_tasks_of_the_short_set_are_won(browser: TestBrowser) {
    let node = match typescript::ready().await {
        Ok(node) => node,
        Err(why) => return skipped("tests/judges/miniwob", &why),
    };
    let bridge = env!("CARGO_BIN_EXE_cdp-bridge");
    // `scripts/install-miniwob` has put the pages there.
    let target = Path::new(bridge).ancestors().nth(2).unwrap();
    let browser_path = browser.path().to_str().unwrap();
    let arguments = [
        "tests/judges/miniwob/run.mjs",
        bridge,
        browser_path,
        "1",
        "short",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    succeeds(node, &arguments, folder, &[("CARGO_TARGET_DIR", target)]).await;
}
