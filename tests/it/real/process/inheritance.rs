//! What Chromium and the cleanup helper have of the daemon: its environment, its descriptors, its session.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::daemon::{Daemon, Setup};
use crate::support::processes::{self, Process};
use crate::support::wait::until_some;

on_both_browsers!(
    no_process_has_a_secret_of_the_daemons_environment,
    no_process_has_a_descriptor_that_the_daemon_inherited_or_opened,
    no_process_leaves_a_core_dump,
    no_other_process_can_join_chromiums_process_group,
    a_new_profile_is_for_its_user_alone,
    no_thread_of_chromium_has_a_higher_priority_than_the_daemon,
);

const HELPER: &str = "cdp-bridge-cleanup";

/// A daemon with a tab, and its processes: those of Chromium, and the cleanup helper.
async fn with_a_tab(setup: Setup) -> (Daemon, Vec<Process>, Process) {
    let daemon = setup.start().await;
    let client = daemon.client().await;
    let tab = client.open("about:blank").await;
    client.html(&tab).await;
    let (helper, _) = until_some("the cleanup helper runs", async || {
        let mut named = daemon.browsers().into_iter();
        named.find(|process| process.arguments.iter().any(|it| it == HELPER))
    })
    .await;
    let leader = leader(&daemon).await;
    let of_chromium = processes::of_group(leader);
    assert!(of_chromium.iter().any(|it| it.kind() == Some("renderer")));
    assert!(of_chromium.iter().any(|it| it.kind() == Some("zygote")));
    (daemon, of_chromium, helper)
}

async fn leader(daemon: &Daemon) -> i32 {
    let health = daemon.get("/health").await.json();
    let pid = health["browser"]["pid"].as_i64().unwrap();
    i32::try_from(pid).unwrap()
}

fn environment(pid: i32) -> BTreeMap<String, String> {
    let text = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    let text = String::from_utf8_lossy(&text);
    let entries = text.split('\0').filter_map(|entry| entry.split_once('='));
    entries
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Whether a process has a text in its memory.
fn remembers(pid: i32, text: &str) -> bool {
    use std::os::unix::fs::FileExt as _;

    const CHUNK: usize = 1 << 20;
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let finder = memchr::memmem::Finder::new(text);
    let mut buffer = vec![0; CHUNK];
    let written_to = maps.lines().filter(|line| line.contains(" rw-p "));
    let ranges = written_to.map(|line| {
        let (range, _) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        number(start)..number(end)
    });
    for range in ranges {
        for at in range.clone().step_by(CHUNK) {
            let length = usize::try_from(range.end - at).unwrap().min(CHUNK);
            // Pages may be unmapped meanwhile.
            let read = memory.read_at(&mut buffer[..length], at).unwrap_or(0);
            if finder.find(&buffer[..read]).is_some() {
                return true;
            }
        }
    }
    false
}

/// What each descriptor of a process is open on.
fn descriptors(pid: i32) -> BTreeMap<i32, PathBuf> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let entries = entries.filter_map(|entry| {
        let entry = entry.unwrap();
        // One that was closed meanwhile has no target.
        let target = std::fs::read_link(entry.path()).ok()?;
        Some((entry.file_name().to_str()?.parse().ok()?, target))
    });
    entries.collect()
}

async fn no_process_has_a_secret_of_the_daemons_environment(browser: TestBrowser) {
    const SECRET: &str = "planted-1f2e3d4c";
    const ADDED: &str = "added-5b6a7988";
    let setup = Setup::serving(&browser)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("SSLKEYLOGFILE", SECRET)
        .env("HTTPS_PROXY", SECRET)
        .env("NOTIFY_NOTHING", SECRET)
        .env("TZ", "Asia/Tokyo")
        .env("DISPLAY", ":99")
        .args(["--log-level", "trace,cdp_bridge=trace"])
        .file(
            "a.toml",
            &format!("[browser]\nenv = {{ ADDED = \"{ADDED}\" }}\n"),
        )
        .args(["--config", "a.toml"]);
    let (daemon, of_chromium, helper) = with_a_tab(setup).await;
    assert!(environment(daemon.pid()).contains_key("AWS_SECRET_ACCESS_KEY"));
    let mut has = environment(leader(&daemon).await);
    assert_eq!(has.remove("ADDED").as_deref(), Some(ADDED), "{has:?}");
    assert_eq!(has.remove("TZ").as_deref(), Some("Asia/Tokyo"));
    for name in ["PATH", "HOME", "TMPDIR"] {
        assert!(has.remove(name).is_some(), "{name} in {has:?}");
    }
    assert!(has.is_empty(), "{has:?}");
    // The children write their titles over their environment, so that only their memory tells.
    for process in &of_chromium {
        assert!(!remembers(process.pid, SECRET), "{process:?}");
    }
    let renderers = of_chromium
        .iter()
        .filter(|it| it.kind() == Some("renderer"));
    for renderer in renderers {
        assert!(remembers(renderer.pid, ADDED), "{renderer:?}");
    }
    let has = environment(helper.pid);
    assert_eq!(has.keys().collect::<Vec<_>>(), ["PATH"], "{has:?}");
    let mut daemon = daemon;
    daemon.end().await;
    let log = daemon.log();
    assert!(!log.contains(ADDED) && !log.contains(SECRET), "{log}");
}

async fn no_process_has_a_descriptor_that_the_daemon_inherited_or_opened(browser: TestBrowser) {
    let setup = Setup::serving(&browser);
    let path = setup.dir().join("inherited");
    let planted = File::create(&path).unwrap();
    rustix::io::fcntl_setfd(&planted, rustix::io::FdFlags::empty()).unwrap();
    let (daemon, of_chromium, helper) = with_a_tab(setup).await;
    drop(planted);
    let of_daemon: BTreeSet<PathBuf> = descriptors(daemon.pid()).into_values().collect();
    assert!(of_daemon.contains(&path), "{of_daemon:?}");
    let is_unique = |target: &&PathBuf| {
        let text = target.to_string_lossy();
        text.starts_with("socket:") || text.starts_with("pipe:") || target.starts_with(daemon.dir())
    };
    let shared = |pid: i32| {
        let targets: BTreeSet<PathBuf> = descriptors(pid).into_values().collect();
        let shared = targets.intersection(&of_daemon).filter(is_unique);
        shared.cloned().collect::<Vec<_>>()
    };
    let leader = leader(&daemon).await;
    // Commands, answers, and stderr.
    let pipes = shared(leader);
    let are_pipes = pipes
        .iter()
        .all(|it| it.to_string_lossy().starts_with("pipe:"));
    assert!(pipes.len() == 3 && are_pipes, "{pipes:?}");
    for process in &of_chromium {
        let more: Vec<_> = shared(process.pid);
        assert!(
            more.iter().all(|it| pipes.contains(it)),
            "{more:?} of {process:?}"
        );
    }
    let has = descriptors(helper.pid);
    let [(0, pipe), (1, out), (2, error)] = &has
        .iter()
        .map(|(number, target)| (*number, target.as_path()))
        .collect::<Vec<_>>()[..]
    else {
        panic!("{has:?}");
    };
    assert!(pipe.to_string_lossy().starts_with("pipe:"), "{has:?}");
    assert_eq!([*out, *error], [Path::new("/dev/null"); 2]);
    daemon.stop().await;
}

async fn no_process_leaves_a_core_dump(browser: TestBrowser) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    // Processes inherit it from the test. A user other than root cannot raise it further.
    let allowed = getrlimit(Resource::Core).maximum;
    let allowed = if rustix::process::geteuid().is_root() {
        None
    } else {
        allowed
    };
    let limit = Rlimit {
        current: allowed,
        maximum: allowed,
    };
    setrlimit(Resource::Core, limit).unwrap();
    let (daemon, of_chromium, helper) = with_a_tab(Setup::serving(&browser)).await;
    let others = of_chromium.iter().map(|process| process.pid);
    for pid in others.chain([helper.pid, daemon.pid()]) {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let soft = core.unwrap().split_whitespace().nth(4);
        assert_eq!(soft, Some("0"), "{pid}: {core:?}");
    }
    daemon.stop().await;
}

async fn no_other_process_can_join_chromiums_process_group(browser: TestBrowser) {
    use std::os::unix::process::CommandExt as _;

    let (daemon, _, helper) = with_a_tab(Setup::serving(&browser)).await;
    for leader in [leader(&daemon).await, helper.pid] {
        let mut command = std::process::Command::new("true");
        let error = command
            .process_group(leader)
            .spawn()
            .map(|mut child| child.wait());
        let code = error.unwrap_err().raw_os_error();
        assert_eq!(
            code,
            Some(rustix::io::Errno::PERM.raw_os_error()),
            "{leader}"
        );
    }
    daemon.stop().await;
}

async fn a_new_profile_is_for_its_user_alone(browser: TestBrowser) {
    use std::os::unix::fs::PermissionsExt as _;

    let setup = Setup::serving(&browser);
    let profile = setup.dir().join("kept/profile");
    let setting = format!("browser.user_data_dir={}", profile.display());
    let daemon = setup.args(["--set", &setting]).start().await;
    for dir in [profile.as_path(), profile.parent().unwrap()] {
        let mode = dir.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", dir.display());
    }
    daemon.stop().await;
}

/// The nice value of a thread.
fn nice(stat: &Path) -> i32 {
    let stat = std::fs::read_to_string(stat).unwrap();
    // Behind the name, which may contain blanks, the 17th field.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().nth(16).unwrap().parse().unwrap()
}

async fn no_thread_of_chromium_has_a_higher_priority_than_the_daemon(browser: TestBrowser) {
    let (daemon, of_chromium, helper) = with_a_tab(Setup::serving(&browser)).await;
    let of_threads = |pid: i32| -> BTreeSet<i32> {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        threads
            .flatten()
            .map(|thread| nice(&thread.path().join("stat")))
            .collect()
    };
    let normal = of_threads(daemon.pid());
    assert_eq!(normal.len(), 1, "all threads of the daemon: {normal:?}");
    let pids = of_chromium.iter().map(|it| it.pid).chain([helper.pid]);
    for pid in pids {
        // Chromium lowers the priority of renderers in the background.
        let lowest = of_threads(pid).into_iter().next();
        assert!(lowest >= normal.first().copied(), "{pid}: {lowest:?}");
    }
    daemon.stop().await;
}
