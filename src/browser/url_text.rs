//! Deserialises an optional URL, with an error that shows an example.

use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

/// A text is not a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a URL ({0}); expected one such as \"http://127.0.0.1:9222\"")]
struct NotAUrl(url::ParseError);

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Url>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| {
        text.parse()
            .map_err(|error| D::Error::custom(NotAUrl(error)))
    })
    .transpose()
}
