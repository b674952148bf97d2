//! Every way in which a page on an allowed host can reach a forbidden one (faults section 2): each
//! is seen to arrive where nothing forbids it, and none arrives where the allowlist does.

mod allowed;
mod evil;
mod names;
mod net_log;
mod suite;
