//! The ids of sessions: `UUIDv8` of the time, a node and random bits.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use crate::tabs::{ClientSessionId, Scope};

/// The id of a session. From the top: 48 bits of milliseconds since 1970, the version, 12 bits of the node (0), the
/// variant, 62 random bits; so that ids sort by the time of creation.
///
/// The implicit session of a client has the id 0, which is written `default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(u128);

/// How the id of an implicit session is written.
const DEFAULT: &str = "default";

/// The characters of a group are digits in base 16.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// The text is not the id of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the id of a session, such as 0198f2a4-7c00-8000-8000-0123456789ab, or \"default\""
)]
pub struct NotASessionId;

impl SessionId {
    /// The implicit session of a client.
    pub const DEFAULT: Self = Self(0);

    /// An id of this time, with the lower 62 of these random bits.
    pub fn new(epoch_ms: u64, random: u64) -> Self {
        const VERSION: u128 = 8 << 76;
        const VARIANT: u128 = 0b10 << 62;
        let time = u128::from(epoch_ms & 0xffff_ffff_ffff) << 80;
        Self(time | VERSION | VARIANT | u128::from(random >> 2))
    }

    /// The session of a scope.
    pub fn of(scope: &Scope) -> Self {
        Self(scope.session.number())
    }

    /// Whether it is the implicit session.
    pub fn is_default(self) -> bool {
        self == Self::DEFAULT
    }
}

impl From<SessionId> for ClientSessionId {
    fn from(id: SessionId) -> Self {
        Self::new(id.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_default() {
            return f.write_str(DEFAULT);
        }
        let digits = format!("{:032x}", self.0);
        let mut rest = digits.as_str();
        for (index, length) in GROUPS.into_iter().enumerate() {
            let (group, after) = rest.split_at(length);
            let dash = if index == 0 { "" } else { "-" };
            write!(f, "{dash}{group}")?;
            rest = after;
        }
        Ok(())
    }
}

impl FromStr for SessionId {
    type Err = NotASessionId;

    /// Reads what is written, and nothing else: lower case, and of this version and variant.
    fn from_str(text: &str) -> Result<Self, NotASessionId> {
        if text == DEFAULT {
            return Ok(Self::DEFAULT);
        }
        let digits: String = text.chars().filter(|char| *char != '-').collect();
        let id = u128::from_str_radix(&digits, 16).map_err(|_| NotASessionId)?;
        let is_ours = (id >> 76) & 0xf == 8 && (id >> 62) & 0b11 == 0b10;
        Some(Self(id))
            .filter(|id| is_ours && id.to_string() == text)
            .ok_or(NotASessionId)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_is_a_uuid_of_version_8_that_begins_with_the_time() {
        let id = SessionId::new(0x0198_f2a4_7c00, u64::MAX);
        assert_eq!(id.to_string(), "0198f2a4-7c00-8000-bfff-ffffffffffff");
        let none = SessionId::new(0, 0);
        assert_eq!(none.to_string(), "00000000-0000-8000-8000-000000000000");
        assert_eq!(SessionId::DEFAULT.to_string(), "default");
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "0",
            "Default",
            "00000000-0000-0000-0000-000000000000",
            "0198F2A4-7c00-8000-bfff-ffffffffffff",
            "0198f2a47c008000bfffffffffffffff",
            "0198f2a4-7c00-8000-bfff-fffffffffffff",
            "0198f2a4-7c00-4000-bfff-ffffffffffff",
            "+198f2a4-7c00-8000-bfff-ffffffffffff",
            "ä",
        ] {
            assert_eq!(text.parse::<SessionId>(), Err(NotASessionId), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_is_read_as_it_is_written_and_sorts_by_time(
            early in 0_u64..1 << 47, later in 1_u64..1 << 40, random: [u64; 2]
        ) {
            let ids = [SessionId::new(early, random[0]), SessionId::new(early + later, random[1])];
            prop_assert!(ids[0] < ids[1]);
            prop_assert!(ids[0].to_string() < ids[1].to_string());
            for id in ids {
                prop_assert_eq!(id.to_string().parse(), Ok(id));
                prop_assert!(!id.is_default());
            }
        }
    }
}
