//! The two builds of Chromium that all tests with a real browser run on.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use cdp_bridge::browser::Flavor;
use cdp_bridge::browser::find::{BrowserQuery, RealHost, find};
use cdp_bridge::browser::options::BrowserBuild;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many tests use a browser at a time: with more of them than processors, they exceed each other's time limits.
static PLACES: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, NonZero::get)));

/// A browser to test with. While it is held, it counts as in use.
pub(crate) struct TestBrowser {
    path: &'static Path,
    kind: BrowserBuild,
    _place: SemaphorePermit<'static>,
}

impl TestBrowser {
    pub(crate) async fn shell() -> Self {
        static PATH: OnceLock<PathBuf> = OnceLock::new();
        Self::new(
            PATH.get_or_init(|| locate(BrowserBuild::Shell)),
            BrowserBuild::Shell,
        )
        .await
    }

    pub(crate) async fn chrome() -> Self {
        static PATH: OnceLock<PathBuf> = OnceLock::new();
        Self::new(
            PATH.get_or_init(|| locate(BrowserBuild::Chrome)),
            BrowserBuild::Chrome,
        )
        .await
    }

    async fn new(path: &'static Path, kind: BrowserBuild) -> Self {
        let place = PLACES.acquire().await.unwrap();
        Self {
            path,
            kind,
            _place: place,
        }
    }

    pub(crate) fn path(&self) -> &'static Path {
        self.path
    }

    pub(crate) fn kind(&self) -> BrowserBuild {
        self.kind
    }
}

/// Where it is. A browser that is missing fails the test: skipped, it would hide what is untested.
fn locate(kind: BrowserBuild) -> PathBuf {
    let (variable, flavor, package) = match kind {
        BrowserBuild::Shell => ("TEST_SHELL_PATH", Flavor::Shell, "chromium-headless-shell"),
        BrowserBuild::Chrome => ("TEST_CHROME_PATH", Flavor::Chrome, "chromium"),
    };
    let path = std::env::var_os(variable).map(PathBuf::from);
    match find(&BrowserQuery { path, flavor }, &RealHost) {
        Ok(found) => found.path,
        Err(error) => panic!(
            "{error}\nThese tests need both builds of Chromium; on Debian: apt-get install {package}. \
             A browser elsewhere is named by {variable}."
        ),
    }
}

/// Makes two tests of each function, one for each build.
macro_rules! on_both_browsers {
    ($($name:ident),* $(,)?) => {
        mod shell {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::support::browsers::TestBrowser::shell().await).await;
                }
            )*
        }

        mod chrome {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::support::browsers::TestBrowser::chrome().await).await;
                }
            )*
        }
    };
}
pub(crate) use on_both_browsers;
