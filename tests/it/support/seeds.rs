//! Runs of random steps, each with a seed that repeats it.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs each seed in a new runtime with a paused clock. `SEED` runs a single one, `SEEDS` sets their number.
pub(crate) fn each_seed<F: Future<Output = ()>>(usual: u64, run: impl Fn(u64) -> F) {
    let number = |name: &str| {
        let value = std::env::var(name).ok()?;
        Some(value.parse::<u64>().expect("SEED and SEEDS are numbers"))
    };
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(usual),
    };
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run(seed))));
        assert!(ended.is_ok(), "the run with SEED={seed} failed");
    }
}
