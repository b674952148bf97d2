//! Command-line options of the benchmark.

use std::time::Duration;

pub(crate) struct Options {
    /// How long each load is measured.
    pub(crate) length: Duration,
    pub(crate) chrome: bool,
    only: Option<String>,
}

impl Options {
    /// The options of this process, without those that cargo adds.
    pub(crate) fn of_process() -> Self {
        let mut options = Self {
            length: Duration::from_mins(1),
            chrome: false,
            only: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.unwrap_or_else(|| panic!("{name} needs a value"))
            };
            match name.as_str() {
                "--seconds" => {
                    let seconds = value().parse().expect("--seconds is a number");
                    options.length = Duration::from_secs(seconds);
                }
                "--build" => {
                    options.chrome = match value().as_str() {
                        "shell" => false,
                        "chrome" => true,
                        other => panic!("--build shell or --build chrome, not {other}"),
                    }
                }
                "--only" => options.only = Some(value()),
                "--bench" => {}
                other => panic!("unknown option {other}"),
            }
        }
        options
    }

    pub(crate) fn build(&self) -> &'static str {
        if self.chrome { "chrome" } else { "shell" }
    }

    /// Whether to measure a load.
    pub(crate) fn wants(&self, load: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|words| words.split(',').any(|word| load.contains(word)))
    }
}
