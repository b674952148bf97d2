//! Whether pages may reach private addresses: a word or a list of networks.

use std::fmt;
use std::net::IpAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const EXPECTED: &str = "\"deny\", \"allow\" or a list of CIDRs such as [\"127.0.0.1/32\"]";

/// Whether pages may reach loopback, private, link-local and metadata addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PrivateNetworks {
    /// None of them.
    #[default]
    Deny,
    /// All of them.
    Allow,
    /// Those inside these networks, each `ADDRESS/BITS` or a single address.
    Only(Vec<String>),
}

/// Whether a text is an address, or a network as `ADDRESS/BITS`.
pub(crate) fn is_network(text: &str) -> bool {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most))
}

impl Serialize for PrivateNetworks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Deny => serializer.serialize_str("deny"),
            Self::Allow => serializer.serialize_str("allow"),
            Self::Only(networks) => networks.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for PrivateNetworks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PrivateNetworksVisitor)
    }
}

struct PrivateNetworksVisitor;

impl<'de> Visitor<'de> for PrivateNetworksVisitor {
    type Value = PrivateNetworks;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "deny" => Ok(PrivateNetworks::Deny),
            "allow" => Ok(PrivateNetworks::Allow),
            _ => Err(E::custom(format_args!("is not known; expected {EXPECTED}"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut networks = Vec::new();
        while let Some(entry) = entries.next_element::<String>()? {
            if !is_network(&entry) {
                return Err(A::Error::custom(format_args!(
                    "holds {entry:?}, which is not a network; expected {EXPECTED}"
                )));
            }
            networks.push(entry);
        }
        Ok(PrivateNetworks::Only(networks))
    }
}

impl JsonSchema for PrivateNetworks {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PrivateNetworks".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "type": "string", "enum": ["deny", "allow"] },
                { "type": "array", "items": { "type": "string" } },
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_lists_are_read() {
        let read = |json: &str| serde_json::from_str::<PrivateNetworks>(json);
        assert_eq!(read("\"deny\"").unwrap(), PrivateNetworks::Deny);
        assert_eq!(read("\"allow\"").unwrap(), PrivateNetworks::Allow);
        let only = PrivateNetworks::Only(vec!["10.0.0.0/8".into(), "::1".into()]);
        assert_eq!(read("[\"10.0.0.0/8\", \"::1\"]").unwrap(), only);
        assert!(
            read("\"maybe\"")
                .unwrap_err()
                .to_string()
                .contains("is not known; expected")
        );
        assert!(
            read("[\"10.0.0.0/33\"]")
                .unwrap_err()
                .to_string()
                .contains("10.0.0.0/33")
        );
        assert!(read("7").is_err());
    }

    #[test]
    fn networks_need_an_address_and_a_sane_prefix() {
        assert!(is_network("127.0.0.1/32"));
        assert!(is_network("fd00::/8"));
        for text in [
            "",
            "example.com",
            "1.2.3.4/",
            "1.2.3.4/-1",
            "1.2.3/8",
            "::/129",
        ] {
            assert!(!is_network(text), "{text}");
        }
    }
}
