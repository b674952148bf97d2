//! Policy: which URLs and addresses are allowed, and which parts of a URL may be logged. Pure: no
//! sockets, no CDP.
//!
//! | module | contents |
//! | --- | --- |
//! | `host` | normalises hosts for comparison |
//! | `pattern`, `pattern_error` | entries of the allowlist, and mistakes in them |
//! | `address` | classifies addresses that are not on the public internet |
//! | `private` | whether such addresses may be reached |
//! | `navigation` | the policy for URLs that tabs open |
//! | `origin` | origins of web pages |
//! | `egress` | the policy for connections that pages make |
//! | `denied` | why a request was denied, and which key would allow it |
//! | `upstream_proxy`, `upstream_rules` | upstream proxies of sessions, and which of them clients may name |
//! | `connect_failure`, `proxy_failure` | why a connection was not made |
//! | `settings` | the section `policy` of the configuration |
//! | `redact` | URLs for logs and error details |

mod address;
mod connect_failure;
mod denied;
mod egress;
mod host;
mod navigation;
mod origin;
mod pattern;
mod pattern_error;
mod private;
mod proxy_failure;
mod redact;
mod settings;
mod upstream_proxy;
mod upstream_rules;

pub use address::{Special, special};
pub use connect_failure::ConnectFailure;
pub use denied::Denied;
pub use egress::{Destination, EgressPolicy, EgressVerdict};
pub(crate) use host::normalise;
pub use host::{Host, HostFault};
pub use navigation::NavigationPolicy;
pub use origin::{bare_origin, origin_of};
pub use pattern::HostPattern;
pub use pattern_error::PatternError;
pub use private::PrivateNetworks;
pub use proxy_failure::{ProxyFailure, ProxyFault};
pub use redact::{redact_url, without_credentials};
pub use settings::{
    AuthPolicy, ClientPolicyConfig, DialogPolicy, DownloadPolicy, EvaluatePolicy, PolicyConfig,
    PolicyMode, PopupPolicy,
};
pub use upstream_proxy::{ProxyCredentials, ProxyScheme, UpstreamProxy, UpstreamProxyError};
pub use upstream_rules::{UpstreamDenied, UpstreamRules};
