//! The scripts that clients have run in every document of a tab. No I/O.

use std::sync::Arc;

use cdp_bridge_protocol::TypedText;
use serde::{Deserialize, Serialize};

use super::error::SetupError;

/// The most scripts of a tab: each is sent to Chromium for every frame in a process of its own.
const MAX_SCRIPTS: usize = 32;
/// The most bytes of a tab's scripts together.
const MAX_BYTES: usize = 1 << 20;

/// A script, which has a number of its own in its tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InitScript {
    pub(super) number: u64,
    #[serde(with = "shared_text")]
    pub(super) source: Arc<TypedText>,
}

/// The scripts of a tab, in the order in which they run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitScripts {
    scripts: Vec<InitScript>,
    /// The number of the one that was added last, which may be gone.
    last: u64,
}

/// Text that several share, as it is.
mod shared_text {
    use std::sync::Arc;

    use cdp_bridge_protocol::TypedText;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(
        text: &Arc<TypedText>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        TypedText::serialize(text, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<TypedText>, D::Error> {
        TypedText::deserialize(deserializer).map(Arc::new)
    }
}

impl InitScripts {
    /// The scripts with one more, and its id.
    pub(in crate::tabs) fn with(&self, source: TypedText) -> Result<(Self, String), SetupError> {
        if self.scripts.len() >= MAX_SCRIPTS {
            let limit = MAX_SCRIPTS as u64;
            return Err(SetupError::TooManyScripts { limit });
        }
        let lengths = self.scripts.iter().map(|it| it.source.expose().len());
        let bytes = lengths.sum::<usize>() + source.expose().len();
        if bytes > MAX_BYTES {
            let (bytes, max) = (bytes as u64, MAX_BYTES as u64);
            return Err(SetupError::ScriptsTooLong { bytes, max });
        }
        let mut next = self.clone();
        next.last += 1;
        let number = next.last;
        next.scripts.push(InitScript {
            number,
            source: source.into(),
        });
        Ok((next, id_of(number)))
    }

    /// The scripts without this one.
    pub(in crate::tabs) fn without(&self, id: &str) -> Result<Self, SetupError> {
        let mut next = self.clone();
        next.scripts.retain(|script| id_of(script.number) != id);
        if next.scripts.len() == self.scripts.len() {
            return Err(SetupError::UnknownScript);
        }
        Ok(next)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &InitScript> {
        self.scripts.iter()
    }

    /// Whether there was never one.
    pub(in crate::tabs) fn was_never_set(&self) -> bool {
        self.last == 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.scripts.is_empty()
    }

    pub(super) fn has(&self, number: u64) -> bool {
        self.scripts.iter().any(|script| script.number == number)
    }
}

fn id_of(number: u64) -> String {
    format!("s{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(scripts: &InitScripts, source: &str) -> (InitScripts, String) {
        scripts.with(source.into()).unwrap()
    }

    #[test]
    fn an_id_is_not_used_again() {
        let (scripts, first) = added(&InitScripts::default(), "1");
        let scripts = scripts.without(&first).unwrap();
        let (scripts, second) = added(&scripts, "2");
        assert_ne!(first, second);
        let again = scripts.without(&first).unwrap_err();
        assert!(matches!(again, SetupError::UnknownScript));
    }

    #[test]
    fn scripts_are_bounded_in_number_and_in_bytes() {
        let mut scripts = InitScripts::default();
        for _ in 0..MAX_SCRIPTS {
            (scripts, _) = added(&scripts, "");
        }
        let error = scripts.with("".into()).unwrap_err();
        assert!(matches!(error, SetupError::TooManyScripts { limit: 32 }));
        let half = "x".repeat(MAX_BYTES / 2);
        let (scripts, _) = added(&InitScripts::default(), &half);
        let (scripts, _) = added(&scripts, &half);
        let error = scripts.with("x".into()).unwrap_err();
        assert!(matches!(error, SetupError::ScriptsTooLong { .. }));
    }

    #[test]
    fn nothing_of_a_script_is_shown() {
        let (scripts, _) = added(&InitScripts::default(), "const key = 's3cret'");
        assert!(!format!("{scripts:?}").contains("s3cret"));
    }
}
