//! One run, from start to report.

use std::time::Duration;

use cdp_bridge::browser::options::BrowserBuild;
use fastrand::Rng;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::config::{COORDINATORS, Plan, setup};
use super::coordinator::{Coordinator, Order};
use super::faults::Chaos;
use super::pages;
use super::report::{Leaks, Report};
use super::tally::Tally;
use super::victims::browsers;
use super::watch::{self, Look, look};
use super::witness;
use crate::support::browsers::TestBrowser;
use crate::support::daemon::Daemon;
use crate::support::processes;
use crate::support::site::Site;

/// Time limit for coming to rest: a hanging browser is noticed after twenty seconds, and requests may
/// take twelve.
const REST: Duration = Duration::from_secs(90);
/// Time before the first measurement, in which each Coordinator opens tabs.
const WARM_UP: Duration = Duration::from_secs(3);
/// Measurements in a run.
const LOOKS: u32 = 600;
/// The shortest interval between two measurements.
const SHORTEST_LOOK: Duration = Duration::from_millis(250);
/// The most queued orders.
const ORDERS: usize = 4;

/// Runs on a new daemon.
pub(crate) async fn run(browser: &TestBrowser, plan: Plan) -> Report {
    let site = pages::start().await;
    let daemon = setup(browser).start().await;
    let mut team = Team::connect(&daemon, &site, plan.seed);
    let mut leaks = Leaks::default();
    team.work().await;
    sleep(WARM_UP).await;
    let mut wrong = Vec::new();
    wrong.extend(team.rest("before anything went wrong").await);
    let pid = daemon.pid();
    leaks.before = look(pid, Duration::ZERO);

    team.work().await;
    let (looks, end_of_looks) = in_background(|stop| watch::watch(pid, pause(plan), stop));
    let (pongs, end_of_pings) = in_background(|stop| witness::watch(daemon.url.clone(), stop));
    let chaos = Chaos {
        plan,
        temporary: daemon.dir().join("tmp"),
        address: daemon.address(),
        coordinators: team.orders.clone(),
    };
    let faults = chaos.run().await;
    let _ = (end_of_looks.send(()), end_of_pings.send(()));
    let looks: Vec<Look> = looks.await.expect("it does not panic");
    let pongs = match pongs.await.expect("nothing of what came was wrong") {
        Ok(pongs) => pongs,
        Err(after) => {
            wrong.push(format!("a ping was not answered within {after:?}"));
            witness::Pongs::default()
        }
    };

    wrong.extend(restored(&daemon, &site).await);
    wrong.extend(team.rest("when nothing went wrong any more").await);
    let health = daemon.get("/health").await.json();
    leaks.after = look(pid, Duration::ZERO);
    leaks.browsers = browsers(&daemon.dir().join("tmp")).len();
    leaks.directories = daemon.temporary_files().len();
    leaks.zombies = processes::zombies_of(pid).len();
    let tally = team.end().await;
    for number in &tally.untouched {
        if pages::was_acted_on(&site, *number) {
            wrong.push(format!(
                "action {number} was cancelled before any effect, and had one"
            ));
        }
    }
    wrong.extend(ends(daemon, &mut leaks).await);
    Report {
        plan,
        build: match browser.kind() {
            BrowserBuild::Shell => "headless-shell",
            BrowserBuild::Chrome => "chrome",
        },
        restarts: health["browser"]["restarts"].as_u64().unwrap_or_default(),
        tally,
        faults,
        looks,
        pongs,
        leaks,
        wrong,
    }
}

fn pause(plan: Plan) -> Duration {
    (plan.length / LOOKS).max(SHORTEST_LOOK)
}

/// Spawns a task that runs until its sender is used.
fn in_background<F, T>(
    work: impl FnOnce(oneshot::Receiver<()>) -> F,
) -> (JoinHandle<T>, oneshot::Sender<()>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (stop, stopped) = oneshot::channel();
    (tokio::spawn(work(stopped)), stop)
}

struct Team {
    orders: Vec<mpsc::Sender<Order>>,
    tasks: Vec<JoinHandle<Tally>>,
}

impl Team {
    fn connect(daemon: &Daemon, site: &Site, seed: u64) -> Self {
        let mut seeds = Rng::with_seed(seed);
        let members = COORDINATORS.iter().enumerate().map(|(number, (_, token))| {
            let (url, site) = (daemon.url.clone(), site.url(""));
            // Every other one uses binary mode.
            let binary = number % 2 == 1;
            let coordinator = Coordinator::new(url, token, binary, site, seeds.fork());
            let (orders, queue) = mpsc::channel(ORDERS);
            (orders, tokio::spawn(coordinator.run(queue)))
        });
        let (orders, tasks) = members.unzip();
        Self { orders, tasks }
    }

    async fn work(&mut self) {
        for orders in &self.orders {
            // A Coordinator that has ended is detected when its task is joined.
            let _ = orders.send(Order::Work).await;
        }
    }

    /// Has all Coordinators finish and close their tabs. Returns a violation if that takes too long.
    async fn rest(&mut self, when: &str) -> Option<String> {
        let resting = async {
            let mut waiting = Vec::new();
            for orders in &self.orders {
                let (done, rested) = oneshot::channel();
                let _ = orders.send(Order::Rest(done)).await;
                waiting.push(rested);
            }
            for rested in waiting {
                let _ = rested.await;
            }
        };
        let rested = timeout(REST, resting).await;
        rested
            .err()
            .map(|_| format!("{when}, tabs could not be closed within {REST:?}"))
    }

    async fn end(self) -> Tally {
        drop(self.orders);
        let mut all = Tally::default();
        for task in self.tasks {
            all.add(task.await.expect("a Coordinator does not panic"));
        }
        all
    }
}

/// Waits until a new client is served normally; returns a violation if it never is.
async fn restored(daemon: &Daemon, site: &Site) -> Option<String> {
    let start = Instant::now();
    let mut last = String::new();
    while start.elapsed() < REST {
        match served(daemon, site).await {
            Ok(()) => return None,
            Err(found) => last = found.to_string(),
        }
        sleep(Duration::from_millis(500)).await;
    }
    Some(format!("service was not restored within {REST:?}: {last}"))
}

/// One conversation. The error is the unexpected answer.
async fn served(daemon: &Daemon, site: &Site) -> Result<(), Value> {
    let client = witness::connect(&daemon.url).await;
    let ask = async |request: Value, kind: &str| {
        let answer = client.ask(request).await;
        if answer.is(kind) {
            Ok(answer)
        } else {
            Err(answer.head)
        }
    };
    let url = site.url("/small");
    let tab = ask(json!({"type": "createTab", "url": url}), "tabCreated").await?;
    let tab = tab.id();
    for (request, kind) in [
        (
            json!({"type": "navigate", "tabId": tab, "url": url}),
            "navigated",
        ),
        (
            json!({"type": "getDomSnapshot", "tabId": tab}),
            "domSnapshot",
        ),
        (json!({"type": "getScreenshot", "tabId": tab}), "screenshot"),
        (json!({"type": "closeTab", "tabId": tab}), "tabClosed"),
    ] {
        ask(request, kind).await?;
    }
    Ok(())
}

/// Stops the daemon and checks for leftovers.
async fn ends(mut daemon: Daemon, leaks: &mut Leaks) -> Option<String> {
    daemon.signal(Signal::TERM);
    let status = daemon.ended().await;
    leaks.left_processes = daemon.browsers().len();
    leaks.left_directories = daemon.temporary_files().len();
    let log = daemon.log();
    let panicked = log.lines().find(|line| line.contains("panicked"));
    match (status.code(), panicked) {
        (_, Some(line)) => Some(format!("the daemon panicked: {line}")),
        (Some(0), None) => None,
        (_, None) => Some(format!("the daemon ended with {status}")),
    }
}
