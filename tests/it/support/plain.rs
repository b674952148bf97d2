//! Chromium without the bridge and without its switches.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use cdp_bridge::browser::options::BrowserBuild;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::browsers::TestBrowser;
use super::raw::Raw;
use super::wait::{LONGEST, until};

/// A running Chromium.
pub(crate) struct Plain {
    child: Child,
    raw: Raw,
    profile: TempDir,
}

impl Plain {
    /// Starts it with these additional switches.
    pub(crate) async fn start(browser: &TestBrowser, switches: &[String]) -> Self {
        let profile = tempfile::Builder::new().prefix("cdpb-").tempdir().unwrap();
        let mut command = Command::new(browser.path());
        command
            .args([
                "--no-first-run",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args([
                "--disable-background-networking",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(switches)
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        if browser.kind() == BrowserBuild::Chrome {
            command.arg("--headless=new");
        }
        if rustix::process::geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        let child = command.spawn().unwrap();
        let listens = listens(profile.path());
        until("Chromium listens", async || is_whole(&listens)).await;
        Self {
            child,
            raw: Raw::of_profile(profile.path()).await,
            profile,
        }
    }

    /// The address of its DevTools.
    pub(crate) fn url(&self) -> String {
        let port = std::fs::read_to_string(listens(self.profile.path())).unwrap();
        format!("http://127.0.0.1:{}", port.lines().next().unwrap())
    }

    /// The connection to it.
    pub(crate) fn raw(&mut self) -> &mut Raw {
        &mut self.raw
    }

    /// Creates a context.
    pub(crate) async fn context(&mut self) -> String {
        let made = self
            .raw
            .call(None, "Target.createBrowserContext", json!({}))
            .await;
        made["browserContextId"].as_str().unwrap().to_owned()
    }

    /// Opens a page.
    pub(crate) async fn open(&mut self, url: &str, context: Option<&str>) {
        let mut params = json!({"url": url, "newWindow": true});
        if let Some(context) = context {
            params["browserContextId"] = json!(context);
        }
        self.raw.call(None, "Target.createTarget", params).await;
    }

    /// Closes it, so that all of its files are written.
    pub(crate) async fn stop(mut self) {
        self.raw.send(None, "Browser.close", json!({})).await;
        timeout(LONGEST, self.child.wait())
            .await
            .expect("it ends")
            .unwrap();
    }
}

fn listens(profile: &Path) -> PathBuf {
    profile.join("DevToolsActivePort")
}

/// The file is created before it is written.
fn is_whole(file: &Path) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.trim().contains('\n'))
}
