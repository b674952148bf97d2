//! `evaluate`: a client's own script, in the page's own world.

use std::borrow::Cow;

use cdp_bridge_protocol::TypedText;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::error::HandsError;
use super::page::HandsOn;
use super::world::{Held, parse};
use crate::cdp::Session;
use crate::cdp::client::shape;
use crate::cdp::page_methods::{Argument, CallOn, DescribeNode, EvaluateIn, ResolveNode};
use crate::cdp::results::{Evaluated, evaluated, exception};
use crate::locator::Locator;

/// The longest value that is sent, in characters of JSON.
pub const MAX_CHARS: u64 = 1024 * 1024;

/// Calls what a script came to, if that is a function, and writes what that comes to as JSON. Without
/// a function there is nothing to call, and `this` is what is written. It measures first: what is too
/// long never leaves the page.
const FINISH: &str = "async function(most, ...args) { \
    const value = await (typeof this === 'function' ? this(...args) : this); \
    if (typeof value === 'bigint') throw new TypeError('a BigInt has no form in JSON'); \
    const json = JSON.stringify(value) ?? 'null'; \
    return json.length > most ? {chars: json.length} : json; }";

#[derive(Serialize)]
struct Nothing {}

impl HandsOn {
    /// Runs a script; comes to its value.
    pub async fn evaluate(
        &self,
        expression: &TypedText,
        args: &[Value],
        locator: Option<&Locator>,
        deadline: Instant,
    ) -> Result<Value, HandsError> {
        let element = match locator {
            Some(locator) => Some(self.in_page(locator, deadline).await?),
            None => None,
        };
        let session = element
            .as_ref()
            .map_or_else(|| self.session().clone(), |(session, _)| session.clone());
        let left = deadline.saturating_duration_since(Instant::now());
        let evaluate = EvaluateIn {
            expression: Cow::Borrowed(expression.expose()),
            context_id: None,
            return_by_value: false,
            await_promise: true,
            user_gesture: true,
            timeout: u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1),
        };
        let result = session.call_raw(evaluate, left).await.map_err(left_page)?;
        let handle = match evaluated(&result) {
            Ok(Evaluated::Handle(id)) => Held::new(session.clone(), id),
            Ok(Evaluated::Threw) => return Err(threw(&result)),
            Ok(Evaluated::Undefined) => return Ok(Value::Null),
            Ok(Evaluated::Text(value) | Evaluated::Value(value)) => return capped(&value),
            // A number that JSON has no form for, such as NaN; a BigInt has none at all.
            Err(_) => return unserializable(&result),
        };
        let most =
            serde_json::value::to_raw_value(&MAX_CHARS).map_err(|e| shape::<CallOn<'_>>(&e))?;
        let raw: Vec<Box<RawValue>> = args
            .iter()
            .map(serde_json::value::to_raw_value)
            .collect::<Result<_, _>>()
            .map_err(|error| shape::<CallOn<'_>>(&error))?;
        let mut arguments = vec![Argument::Value(&most)];
        if let Some((_, element)) = &element {
            arguments.push(Argument::ObjectId(element.id()));
        }
        arguments.extend(raw.iter().map(|arg| Argument::Value(arg)));
        let call = CallOn {
            object_id: handle.id(),
            function_declaration: FINISH,
            arguments,
            return_by_value: true,
            await_promise: true,
            user_gesture: true,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let result = session.call_raw(call, left).await.map_err(left_page)?;
        match evaluated(&result)? {
            Evaluated::Text(quoted) => {
                let json: String = parse(&quoted)?;
                serde_json::from_str(&json).map_err(|error| shape::<CallOn<'_>>(&error).into())
            }
            Evaluated::Value(value) => {
                #[derive(Deserialize)]
                struct TooLarge {
                    chars: u64,
                }
                let TooLarge { chars } = parse(&value)?;
                Err(HandsError::TooLarge {
                    chars,
                    max: MAX_CHARS,
                })
            }
            Evaluated::Threw => Err(threw(&result)),
            Evaluated::Handle(_) | Evaluated::Undefined => {
                Err(shape::<CallOn<'_>>(&"neither text nor its length").into())
            }
        }
    }

    /// The element of a locator as the page's own scripts know it.
    async fn in_page(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<(Session, Held), HandsError> {
        #[derive(Deserialize)]
        struct Found {
            held: u64,
        }
        let (reached, result) = self.follow("find", locator, &Nothing {}, deadline).await?;
        let Found { held } = parse(&result)?;
        let handle = self.element(&reached, held, deadline).await?;
        let session = reached.world.session.clone();
        let left = deadline.saturating_duration_since(Instant::now());
        let describe = DescribeNode {
            object_id: handle.id(),
        };
        let node = session.call(describe, left).await?.node;
        let resolve = ResolveNode {
            backend_node_id: node.backend_node_id,
        };
        let object = session.call(resolve, left).await?.object;
        let id = object.object_id.ok_or(HandsError::PageLeft)?;
        Ok((session.clone(), Held::new(session, id.into())))
    }
}

/// A navigation under a script ends it; what it did until then is done.
fn left_page(error: crate::cdp::CallError) -> HandsError {
    if error.is_context_gone() {
        HandsError::PageLeft
    } else {
        error.into()
    }
}

fn threw(result: &bytes::Bytes) -> HandsError {
    HandsError::Threw {
        exception: exception(result),
    }
}

fn capped(value: &bytes::Bytes) -> Result<Value, HandsError> {
    let chars = value.len() as u64;
    if chars > MAX_CHARS {
        return Err(HandsError::TooLarge {
            chars,
            max: MAX_CHARS,
        });
    }
    parse(value)
}

fn unserializable(result: &bytes::Bytes) -> Result<Value, HandsError> {
    #[derive(Deserialize)]
    struct Outline {
        result: Number,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Number {
        r#type: String,
        unserializable_value: Option<String>,
    }
    let Outline { result } = parse(result)?;
    match (
        result.r#type.as_str(),
        result.unserializable_value.as_deref(),
    ) {
        ("number", Some("-0")) => Ok(Value::from(0)),
        ("number", Some(_)) => Ok(Value::Null),
        _ => Err(HandsError::Threw {
            exception: format!("a {} has no form in JSON", result.r#type),
        }),
    }
}
