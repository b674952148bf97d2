//! The `cdp-bridge` command.
fn main() {}
