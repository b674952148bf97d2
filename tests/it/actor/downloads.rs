//! Downloads: reported by the browser, and announced as events of tabs.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{Bridge, MS};

const BEHAVIOR: &str = "Browser.setDownloadBehavior";

/// A bridge that keeps downloads in this directory.
async fn with_downloads(dir: &tempfile::TempDir) -> Bridge {
    let bridge = Bridge::start().await;
    bridge.proxies.keep_downloads(true);
    bridge.connect_with(Some(dir.path().to_owned())).await;
    bridge
}

fn begins(frame: &str, guid: &str) -> Value {
    json!({"frameId": frame, "guid": guid, "url": "http://a.test/f", "suggestedFilename": "f.bin"})
}

fn so_far(guid: &str, received: u64, state: &str) -> Value {
    json!({"guid": guid, "totalBytes": 0, "receivedBytes": received, "state": state})
}

impl Bridge {
    fn begin(&self, frame: &str, guid: &str) {
        let params = begins(frame, guid);
        self.fake
            .send_as_browser("Browser.downloadWillBegin", &params);
    }

    fn go_on(&self, guid: &str, received: u64, state: &str) {
        let params = so_far(guid, received, state);
        self.fake
            .send_as_browser("Browser.downloadProgress", &params);
    }
}

#[tokio::test(start_paused = true)]
async fn contexts_get_the_setting_of_policy_and_again_when_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let bridge = with_downloads(&dir).await;
    bridge.tab("http://a.test/").await;
    bridge.client().create_logged_out("about:blank").tab().await;
    let told = |bridge: &Bridge| {
        let calls = bridge.fake.calls_of(BEHAVIOR).into_iter();
        let of_contexts = calls.filter(|call| call.text("browserContextId").is_some());
        let behaviors = of_contexts.map(|call| call.text("behavior").unwrap().to_owned());
        behaviors.collect::<Vec<_>>()
    };
    assert_eq!(told(&bridge), ["allowAndName", "allowAndName"]);
    let path = bridge.fake.calls_of(BEHAVIOR).pop().unwrap();
    assert_eq!(path.text("downloadPath"), dir.path().to_str());
    bridge.supervisor.policy_changed().await;
    bridge.settle().await;
    assert_eq!(told(&bridge).len(), 2, "the setting is the same");
    bridge.proxies.keep_downloads(false);
    bridge.supervisor.policy_changed().await;
    bridge.settle().await;
    assert_eq!(told(&bridge)[2..], ["deny", "deny"]);
}

#[tokio::test(start_paused = true)]
async fn a_browser_without_a_download_directory_denies_downloads() {
    let bridge = Bridge::start().await;
    bridge.proxies.keep_downloads(true);
    let (_, target) = bridge.tab("http://a.test/").await;
    let last = bridge.fake.calls_of(BEHAVIOR).pop().unwrap();
    assert_eq!(last.text("behavior"), Some("deny"));
    bridge.begin(&target, "g1");
    bridge.go_on("g1", 0, "canceled");
    bridge.hear("downloadFinished t1 d1 denied 0").await;
}

#[tokio::test(start_paused = true)]
async fn a_download_is_announced_and_served_and_removed_with_its_tab() {
    let dir = tempfile::tempdir().unwrap();
    let bridge = with_downloads(&dir).await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.begin(&target, "g1");
    bridge.hear("downloadStarted t1 d1 f.bin").await;
    let client = bridge.client();
    assert_eq!(client.download(tab, "d1").code().await, "NOT_FOUND");
    let path = dir.path().join("g1");
    std::fs::write(&path, "bytes").unwrap();
    bridge.go_on("g1", 5, "completed");
    bridge.hear("downloadFinished t1 d1 completed 5").await;
    assert_eq!(client.download(tab, "d1").line().await, "download");
    let (other, _) = bridge.tab("http://b.test/").await;
    assert_eq!(client.download(other, "d1").code().await, "NOT_FOUND");
    bridge.begin(&target, "g2");
    bridge.settle().await;
    client.close(tab).answer().await;
    bridge.fake.wait_for("Browser.cancelDownload", 1).await;
    while path.exists() {
        tokio::time::sleep(MS).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_download_of_an_inner_frame_belongs_to_the_tab_whichever_event_is_first() {
    let dir = tempfile::tempdir().unwrap();
    let bridge = with_downloads(&dir).await;
    let (_, target) = bridge.tab("http://a.test/").await;
    let name = "Page.downloadWillBegin";
    bridge.fake.send(&target, name, &begins("INNER", "g1"));
    bridge.settle().await;
    bridge.begin("INNER", "g1");
    bridge.hear("downloadStarted t1 d1 f.bin").await;
    bridge.begin("INNER", "g2");
    bridge.go_on("g2", 0, "canceled");
    bridge.settle().await;
    bridge.fake.send(&target, name, &begins("INNER", "g2"));
    bridge.hear("downloadFinished t1 d2 canceled 0").await;
}

#[tokio::test(start_paused = true)]
async fn a_download_of_no_tab_is_cancelled_unannounced() {
    let dir = tempfile::tempdir().unwrap();
    let bridge = with_downloads(&dir).await;
    bridge.tab("http://a.test/").await;
    bridge.begin("NOWHERE", "g1");
    bridge.fake.wait_for("Browser.cancelDownload", 1).await;
    bridge.begin("NOWHERE", "../../etc/passwd");
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(bridge.lines(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_download_of_a_popup_without_a_document_belongs_to_its_opener() {
    let dir = tempfile::tempdir().unwrap();
    let bridge = with_downloads(&dir).await;
    let (_, target) = bridge.tab("http://a.test/").await;
    bridge.fake.silence("http://b.test/file");
    let popup = bridge.fake.popup(&target, "http://b.test/file");
    // It may be reported before the popup is a tab.
    bridge.begin(&popup, "g1");
    bridge.hear("downloadStarted t1 d1 f.bin").await;
    bridge.begin(&popup, "g2");
    bridge.hear("downloadStarted t1 d2 f.bin").await;
    // Or the popup closes before that.
    bridge.fake.hold("Page.enable");
    let popup = bridge.fake.popup(&target, "http://b.test/file");
    bridge.settle().await;
    bridge.fake.close_target(&popup);
    bridge.begin(&popup, "g3");
    bridge.hear("downloadStarted t1 d3 f.bin").await;
}

#[tokio::test(start_paused = true)]
async fn downloads_in_progress_are_cancelled_when_the_browser_dies() {
    let dir = tempfile::tempdir().unwrap();
    let bridge = with_downloads(&dir).await;
    let (tab, target) = bridge.tab("http://a.test/").await;
    bridge.begin(&target, "g1");
    bridge.go_on("g1", 5, "completed");
    bridge.begin(&target, "g2");
    bridge.settle().await;
    bridge.outage().await;
    bridge.hear("downloadFinished t1 d2 canceled 0").await;
    bridge.connect_with(Some(dir.path().to_owned())).await;
    bridge.fake.wait_for("Page.enable", 2).await;
    bridge.settle().await;
    let code = bridge.client().download(tab, "d1").code().await;
    assert_eq!(code, "NOT_FOUND");
}
