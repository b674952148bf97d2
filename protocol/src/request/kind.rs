//! What follows from the rows of requests in the [table](crate::table).

/// The class of a request's time limit. The configuration has one limit for each class (`timeouts`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeoutClass {
    /// Opening a tab.
    Create,
    /// Closing a tab.
    Close,
    /// Loading a page: a URL, an entry of the history, or the same page again.
    Navigate,
    /// Moving a tab to another browser context, which loads its page again.
    Rebuild,
    /// Reading a page or a file as a payload.
    Capture,
    /// Asking a page for a value.
    Look,
    /// Acting on an element or with a device.
    Act,
    /// Waiting for a condition.
    Wait,
    /// What Chromium or the bridge answers at once.
    Other,
}

impl TimeoutClass {
    /// Every class.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::Close,
        Self::Navigate,
        Self::Rebuild,
        Self::Capture,
        Self::Look,
        Self::Act,
        Self::Wait,
        Self::Other,
    ];
}

macro_rules! requests {
    ($(
        $kind:ident = $name:literal
            => $answer:ident { limit: $limit:ident, changes: $changes:ident, tab: $tab:ident };
    )*) => {
        /// Which request, without its fields: for time limits, metrics and logs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RequestKind {
            $(#[doc = concat!("`", $name, "`.")] $kind,)*
        }

        impl RequestKind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The message's `type`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// The kind whose `type` this is.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$kind),)*
                    _ => None,
                }
            }

            /// The `type` of the event that answers such a request when it succeeds; a failure is answered by `error`.
            /// The request's schema has it as `x-answeredBy`, from which clients in other languages are generated.
            pub fn answered_by(self) -> &'static str {
                match self {
                    $(Self::$kind => <$crate::event::$answer as $crate::request::EventBody>::NAME,)*
                }
            }

            /// Which of the configured time limits holds for a request without a `timeoutMs`.
            pub fn timeout_class(self) -> $crate::request::TimeoutClass {
                match self {
                    $(Self::$kind => $crate::request::TimeoutClass::$limit,)*
                }
            }

            /// Whether such a request changes a tab or a page, as opposed to reading it or to what is bound to its
            /// connection (screencast, subscriptions).
            pub fn changes_something(self) -> bool {
                match self {
                    $(Self::$kind => $crate::request::yes_or_no!($changes),)*
                }
            }

            /// Whether such a request names a tab.
            pub fn names_tab(self) -> bool {
                match self {
                    $(Self::$kind => $crate::request::yes_or_no!($tab),)*
                }
            }

            /// Whether an `idempotencyKey` may stand on such a request: executing a change twice is not the same as
            /// once.
            pub fn takes_idempotency_key(self) -> bool {
                self.changes_something()
            }

            /// Parses the body of such a request from the fields that are left without the envelope's.
            pub(crate) fn parse(
                self,
                fields: serde_json::Map<String, serde_json::Value>,
            ) -> Result<RequestBody, $crate::request::FieldError> {
                match self {
                    $(Self::$kind => $crate::request::parse_body(fields).map(RequestBody::$kind),)*
                }
            }
        }

        /// The fields of one request, by its kind.
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        pub enum RequestBody {
            $(#[doc = concat!("`", $name, "`.")] $kind($crate::request::$kind),)*
        }

        impl RequestBody {
            /// The kind, without the fields.
            pub fn kind(&self) -> RequestKind {
                match self {
                    $(Self::$kind(_) => RequestKind::$kind,)*
                }
            }

            /// The tab that the request names, unless it is about none.
            pub fn tab(&self) -> Option<&$crate::ids::TabRef> {
                match self {
                    $(Self::$kind(_body) => $crate::request::tab_of!($tab, _body),)*
                }
            }
        }

        $(
            impl From<$crate::request::$kind> for RequestBody {
                fn from(body: $crate::request::$kind) -> Self {
                    Self::$kind(body)
                }
            }

            impl $crate::request::Ask for $crate::request::$kind {
                type Answer = <$crate::event::$answer as $crate::request::EventBody>::Answer;

                fn answer(incoming: $crate::payload::Incoming) -> Option<Self::Answer> {
                    <$crate::event::$answer as $crate::request::EventBody>::answer(incoming)
                }
            }
        )*

        /// Name and schema of each request's own fields.
        pub(crate) fn request_schemas(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<(RequestKind, schemars::Schema)> {
            vec![$((
                RequestKind::$kind,
                <$crate::request::$kind as schemars::JsonSchema>::json_schema(generator),
            ),)*]
        }
    };
}

/// Cells of the table.
macro_rules! yes_or_no {
    (yes) => {
        true
    };
    (no) => {
        false
    };
}

macro_rules! tab_of {
    (yes, $body:ident) => {
        Some(&$body.tab_id)
    };
    (no, $body:ident) => {
        None
    };
}

pub(crate) use {requests, tab_of, yes_or_no};
