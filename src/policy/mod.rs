//! What may be opened, and what may be written down about it. Pure: a URL or an address in,
//! a decision with its reason out; no sockets, no CDP.
//!
//! | module | holds |
//! | --- | --- |
//! | [`host`] | the one form of a host that is compared, and the characters it may hold |
//! | [`pattern`] | entries of the allowlist |
//! | [`pattern_error`] | why an entry is none, and what to write instead |
//! | [`address`] | which addresses are not of the public internet, and what they are |
//! | [`private`] | whether such an address is let in all the same |
//! | [`navigation`] | the decision about a whole URL |
//! | [`egress`] | the decision about a connection that a page wants |
//! | [`denied`] | why something was refused, and which key would allow it |
//! | [`settings`] | section `policy` of the configuration, and what one client may set of it |
//! | [`redact`] | URLs as they may stand in logs and error details |

pub mod address;
pub mod denied;
pub mod egress;
pub mod host;
pub mod navigation;
pub mod pattern;
pub mod pattern_error;
pub mod private;
pub mod redact;
pub mod settings;

pub use address::{Special, special};
pub use denied::Denied;
pub use egress::{EgressPolicy, Verdict};
pub use host::{Host, HostFault};
pub use navigation::NavigationPolicy;
pub use pattern::HostPattern;
pub use pattern_error::PatternError;
pub use private::PrivateNetworks;
pub use redact::{redact_url, without_credentials};
pub use settings::{
    ClientPolicyConfig, DialogPolicy, DownloadPolicy, EvaluatePolicy, PolicyConfig, PolicyMode,
    PopupPolicy,
};
