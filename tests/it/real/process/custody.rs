//! Leftovers of a killed bridge or browser, and their removal at the next start.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::daemon::{Daemon, Setup};
use crate::support::processes;
use crate::support::wait::{until, until_some};

on_both_browsers!(
    a_bridge_that_is_killed_again_and_again_leaves_nothing,
    the_next_start_sweeps_what_the_dead_left_and_leaves_alone_what_is_used,
    a_browser_that_is_killed_takes_its_temporary_files_with_it,
    a_dead_hosts_lock_on_a_profile_is_removed_and_an_unknown_hosts_is_not,
    memory_has_a_ceiling_or_health_says_why_not,
);

/// `KILLS=100` repeats it more often.
const KILLS: usize = 5;
/// Of a process with a pid that is larger than any.
const DEAD: &str = "2147483647 1";

async fn a_bridge_that_is_killed_again_and_again_leaves_nothing(browser: TestBrowser) {
    let kept = tempfile::Builder::new().prefix("cdpb-").tempdir().unwrap();
    let profile = format!("browser.user_data_dir={}", kept.path().display());
    let kills = std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut longest = Duration::ZERO;
    for number in 0..kills {
        let setup = Setup::serving(&browser);
        // Every other time the profile is the operator's: it stays, and only temporary files are removed.
        let setup = if number % 2 == 1 {
            setup.args(["--set", &profile])
        } else {
            setup
        };
        let mut daemon = setup.start().await;
        let client = daemon.client().await;
        client.open("about:blank").await;
        let browser = pid_of_browser(&daemon).await;
        daemon.signal(Signal::KILL);
        daemon.killed().await;
        let took = until("nothing is left", async || {
            processes::of_group(browser).is_empty() && daemon.temporary_files().is_empty()
        })
        .await;
        longest = longest.max(took);
    }
    println!("{kills} kills; nothing was left {longest:?} after each");
    assert!(kept.path().join("Default").exists(), "the profile stays");
}

fn plant(place: &Path, name: &str) -> PathBuf {
    let path = place.join(name);
    std::fs::create_dir_all(path.join("Default/Cache")).unwrap();
    std::fs::write(path.join("owner"), DEAD).unwrap();
    path
}

async fn the_next_start_sweeps_what_the_dead_left_and_leaves_alone_what_is_used(
    browser: TestBrowser,
) {
    let living = Setup::serving(&browser).start().await;
    let shared = living.dir().join("tmp");
    let client = living.client().await;
    let tab = client.open("about:blank").await;
    let used = living.temporary_files();
    let planted = [
        plant(&shared, "cdp-bridge-profile-x1y2z3"),
        plant(&shared, "cdp-bridge-tmp-x1y2z3"),
    ];
    let foreign = plant(&shared, "somebody-elses");
    let next = Setup::serving(&browser)
        .env("TMPDIR", shared.to_str().unwrap())
        .start()
        .await;
    until("the dead one's directories are swept", async || {
        planted.iter().all(|path| !path.exists())
    })
    .await;
    assert!(foreign.exists());
    assert!(used.iter().all(|path| path.exists()), "{used:?}");
    client.html(&tab).await;
    next.stop().await;
    assert!(used.iter().all(|path| path.exists()), "{used:?}");
    living.stop().await;
}

async fn a_browser_that_is_killed_takes_its_temporary_files_with_it(browser: TestBrowser) {
    let kept = tempfile::Builder::new().prefix("cdpb-").tempdir().unwrap();
    let profile = format!("browser.user_data_dir={}", kept.path().display());
    for setting in [profile.as_str(), "browser.headless=true"] {
        let mut daemon = Setup::serving(&browser)
            .args(["--set", setting])
            .start()
            .await;
        let client = daemon.client().await;
        let before = daemon.temporary_files();
        assert_eq!(before.len(), 1, "{before:?}");
        let pid = pid_of_browser(&daemon).await;
        processes::signal(pid, Signal::KILL);
        client.event("browserUp").await;
        let after = daemon.temporary_files();
        assert_eq!(after.len(), 1, "{after:?}");
        assert_ne!(before, after, "each browser has a directory of its own");
        daemon.end().await;
        let left = daemon.temporary_files();
        assert!(left.is_empty(), "{left:?}");
    }
}

async fn a_dead_hosts_lock_on_a_profile_is_removed_and_an_unknown_hosts_is_not(
    browser: TestBrowser,
) {
    use cdp_bridge::browser::options::BrowserBuild;

    let kept = tempfile::Builder::new().prefix("cdpb-").tempdir().unwrap();
    let profile = format!("browser.user_data_dir={}", kept.path().display());
    let setup = || Setup::serving(&browser).args(["--set", &profile]);
    let mut daemon = setup().start().await;
    let pid = pid_of_browser(&daemon).await;
    daemon.signal(Signal::KILL);
    daemon.killed().await;
    until("it is gone", async || processes::of_group(pid).is_empty()).await;
    let lock = kept.path().join("SingletonLock");
    let lock_as = |host: &str| {
        let _ = std::fs::remove_file(&lock);
        std::os::unix::fs::symlink(format!("{host}-77"), &lock).unwrap();
    };
    let used_by = kept.path().join("cdp-bridge-used-by");
    let said = std::fs::read_to_string(&used_by).unwrap();
    let (_, boot) = said.split_once(' ').unwrap();
    // As it looks in a container that is started again on the volume of a killed one.
    std::fs::write(&used_by, format!("dead-host {boot}")).unwrap();
    lock_as("dead-host");
    let daemon = setup().start().await;
    daemon.logged(&["the stale lock of a dead browser"]).await;
    daemon.stop().await;
    // headless-shell neither takes nor checks this lock.
    if browser.kind() == BrowserBuild::Chrome {
        lock_as("unknown-host");
        let ended = setup().run().await;
        ended.expect(3, &["SingletonLock", "browser.user_data_dir"]);
        assert!(lock.symlink_metadata().is_ok());
    }
}

async fn memory_has_a_ceiling_or_health_says_why_not(browser: TestBrowser) {
    let daemon = Setup::serving(&browser)
        .args(["--set", "browser.memory_max=2GiB"])
        .start()
        .await;
    let client = daemon.client().await;
    let tab = client.open("about:blank").await;
    client.html(&tab).await;
    let health = daemon.get("/health").await.json();
    let pid = pid_of_browser(&daemon).await;
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    if groups.contains("/cdp-bridge-browser-") {
        assert_eq!(health["status"], json!("ok"), "{health}");
    } else {
        assert_eq!(health["status"], json!("degraded"), "{health}");
        let reason = health["reasons"][0].as_str().unwrap();
        assert!(reason.contains("browser.memory_max"), "{health}");
        daemon.logged(&["browser.memory_max is not in force"]).await;
    }
    daemon.stop().await;
}

async fn pid_of_browser(daemon: &Daemon) -> i32 {
    let (pid, _) = until_some("Chromium runs", async || {
        let health = daemon.get("/health").await.json();
        health["browser"]["pid"].as_i64()
    })
    .await;
    i32::try_from(pid).unwrap()
}
