//! A field that can be set, reset, or left as it is.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The annotation of such a field in the schemas: `null` does not mean that the field is absent.
const NULL_RESETS: &str = "x-nullResets";

/// What a request does with one setting: absent on the wire it stays as it is, `null` resets it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is what it would be without any request.
    Reset,
    /// It becomes this value.
    To(T),
}

impl<T> Setting<T> {
    /// Whether it stays as it is.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The new value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::To(value) => Some(value),
            Self::Keep | Self::Reset => None,
        }
    }

    /// Changes what is set now.
    pub fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Reset => *to = None,
            Self::To(value) => *to = Some(value),
        }
    }
}

impl<T> From<T> for Setting<T> {
    fn from(value: T) -> Self {
        Self::To(value)
    }
}

/// A field that stays as it is has to be skipped: JSON has no other form for it.
impl<T: Serialize> Serialize for Setting<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Setting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(deserializer)?;
        Ok(value.map_or(Self::Reset, Self::To))
    }
}

impl<T: JsonSchema> JsonSchema for Setting<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Setting_of_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Option::<T>::json_schema(generator);
        schema.insert(NULL_RESETS.to_owned(), true.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Fields {
        #[serde(default, skip_serializing_if = "Setting::is_keep")]
        size: Setting<u8>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        for (json, size) in [
            ("{}", Setting::Keep),
            (r#"{"size":null}"#, Setting::Reset),
            (r#"{"size":7}"#, Setting::To(7)),
        ] {
            let fields = Fields { size };
            assert_eq!(serde_json::from_str::<Fields>(json).unwrap(), fields);
            assert_eq!(serde_json::to_string(&fields).unwrap(), json);
        }
    }

    #[test]
    fn a_setting_is_kept_reset_or_replaced() {
        let mut now = Some(1);
        Setting::Keep.apply(&mut now);
        assert_eq!(now, Some(1));
        Setting::To(2).apply(&mut now);
        assert_eq!(now, Some(2));
        Setting::Reset.apply(&mut now);
        assert_eq!(now, None);
    }
}
