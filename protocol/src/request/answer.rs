//! The types of answers, for clients in Rust. The [table](crate::table) implements both traits.

use super::RequestBody;
use crate::payload::Incoming;

/// A request, with the type of its answer.
pub trait Ask: Into<RequestBody> {
    /// What a success is answered with: the event, or its payload with the fields around it ([`TypedPayload`]).
    type Answer;

    /// The answer, if that is what came in; `None` if it answers another kind of request.
    fn answer(incoming: Incoming) -> Option<Self::Answer>;
}

/// The body of an event.
pub trait EventBody {
    /// The event's `type`.
    const NAME: &'static str;
    /// The form in which a client gets it: the body, or the whole payload if it has one.
    type Answer;

    /// The event, if that is what came in.
    fn answer(incoming: Incoming) -> Option<Self::Answer>;
}

/// A whole payload, with the fields of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedPayload<H> {
    /// The fields, as they stood on the last part.
    pub head: H,
    /// UTF-8 text, or the decoded picture or file.
    pub bytes: Vec<u8>,
}
