//! What the tests share: a site, a bridge, a Coordinator, and the browsers to run against.

pub(crate) mod bridge;
pub(crate) mod browsers;
pub(crate) mod client;
pub(crate) mod cut_coordinator;
pub(crate) mod daemon;
pub(crate) mod http;
pub(crate) mod metric_names;
pub(crate) mod pages;
pub(crate) mod plain;
pub(crate) mod processes;
pub(crate) mod raw;
pub(crate) mod received;
pub(crate) mod relay;
pub(crate) mod rest_client;
pub(crate) mod seeds;
pub(crate) mod shared;
pub(crate) mod site;
pub(crate) mod upstream_proxy;
pub(crate) mod wait;
