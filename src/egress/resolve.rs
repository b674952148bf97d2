//! Name resolution.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures::FutureExt as _;
use futures::future::BoxFuture;

pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a name, best first. The caller checks them against policy.
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        // Browsers resolve these themselves (RFC 6761), so that no resolver can redirect them.
        if name == "localhost" || name.ends_with(".localhost") {
            let loopback = [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ];
            return std::future::ready(Ok(loopback.to_vec())).boxed();
        }
        let name = name.to_owned();
        async move {
            let addresses = tokio::net::lookup_host((name, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        }
        .boxed()
    }
}
