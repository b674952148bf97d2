//! Every way in which a page on an allowed host can reach a forbidden one (faults section 2): each
//! arrives without a policy, and none arrives where the allowlist forbids it.

mod allowed;
mod evil;
mod names;
mod net_log;
mod suite;
