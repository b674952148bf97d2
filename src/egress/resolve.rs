//! From a name to its addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures::FutureExt as _;
use futures::future::BoxFuture;

/// Somebody who knows the addresses of names.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a name, the best one first. They are checked by whoever asks.
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        // Browsers ask nobody about these (RFC 6761), so that no resolver can lead them elsewhere.
        if name == "localhost" || name.ends_with(".localhost") {
            let here = [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ];
            return std::future::ready(Ok(here.to_vec())).boxed();
        }
        let name = name.to_owned();
        async move {
            let addresses = tokio::net::lookup_host((name, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        }
        .boxed()
    }
}
