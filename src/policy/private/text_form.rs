//! `policy.private_networks` as it is written: a word or a list of networks.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::PrivateNetworks;

const EXPECTED: &str = "\"deny\", \"allow\" or a list of CIDRs such as [\"127.0.0.1/32\"]";

/// A network as `ADDRESS/BITS`, or a single address.
fn network(text: &str) -> Option<IpNet> {
    let range = text.parse::<IpNet>();
    range
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .ok()
}

impl Serialize for PrivateNetworks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Deny => serializer.serialize_str("deny"),
            Self::Allow => serializer.serialize_str("allow"),
            Self::Only(networks) => {
                serializer.collect_seq(networks.iter().map(ToString::to_string))
            }
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
            networks.push(network(&entry).ok_or_else(|| {
                A::Error::custom(format_args!(
                    "holds {entry:?}, which is not a network; expected {EXPECTED}"
                ))
            })?);
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
        let networks = ["10.0.0.0/8", "::1/128"].map(|text| text.parse().unwrap());
        let only = PrivateNetworks::Only(networks.to_vec());
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
        assert!(network("127.0.0.1/32").is_some());
        assert!(network("fd00::/8").is_some());
        for text in [
            "",
            "example.com",
            "1.2.3.4/",
            "1.2.3.4/-1",
            "1.2.3/8",
            "::/129",
        ] {
            assert_eq!(network(text), None, "{text}");
        }
    }
}
