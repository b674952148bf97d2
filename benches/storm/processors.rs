//! How busy the machine is, with all of its processes.

/// A reading of `/proc/stat`, in ticks of all processors.
pub(crate) struct Processors {
    idle: u64,
    all: u64,
}

impl Processors {
    pub(crate) fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/stat").unwrap();
        let first = stat.lines().next().unwrap();
        let ticks = first.split_whitespace().skip(1);
        // Those of guests are part of the first eight.
        let ticks: Vec<u64> = ticks.take(8).map(|it| it.parse().unwrap()).collect();
        Self {
            idle: ticks[3] + ticks[4],
            all: ticks.iter().sum(),
        }
    }

    /// The idle part in percent.
    pub(crate) fn idle_since(&self) -> f64 {
        let now = Self::now();
        100.0 * (now.idle - self.idle) as f64 / (now.all - self.all).max(1) as f64
    }
}
