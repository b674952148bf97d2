//! Command-line options of the benchmark.

use cdp_bridge::browser::options::BrowserBuild;

pub(crate) struct Options {
    pub(crate) kind: BrowserBuild,
    quick: bool,
    only: Option<String>,
}

impl Options {
    /// The options of this process, without those that cargo adds.
    pub(crate) fn of_process() -> Self {
        let mut options = Self {
            kind: BrowserBuild::Shell,
            quick: false,
            only: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--browser" => {
                    options.kind = match arguments.next().as_deref() {
                        Some("shell") => BrowserBuild::Shell,
                        Some("chrome") => BrowserBuild::Chrome,
                        other => panic!("--browser shell or --browser chrome, not {other:?}"),
                    }
                }
                "--quick" => options.quick = true,
                "--only" => options.only = arguments.next(),
                "--bench" => {}
                other => panic!("unknown option {other}"),
            }
        }
        options
    }

    /// Whether to measure a group of rows.
    pub(crate) fn wants(&self, group: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|words| words.split(',').any(|word| group.contains(word)))
    }

    /// The number of samples, given that of a full run.
    pub(crate) fn samples(&self, full: usize) -> usize {
        if self.quick { (full / 4).max(3) } else { full }
    }
}
