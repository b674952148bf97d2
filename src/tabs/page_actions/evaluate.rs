//! `evaluate`: runs a client's script in the main world of the page.

use std::borrow::Cow;

use bytes::Bytes;
use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::payload::without_lone_surrogates;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::{ObjectHandle, parse};
use crate::cdp::client::shape;
use crate::cdp::page_methods::{CallOn, DescribeNode, EvaluateIn, RawArgument, ResolveNode};
use crate::cdp::results::{EvaluateResult, evaluated, exception};
use crate::cdp::{CallError, TargetSession};
use crate::locator::Locator;
use crate::timer::remaining;

/// The maximum length of the result, in characters of JSON.
pub(super) const MAX_CHARS: u64 = 1024 * 1024;

/// Calls the value of a script if it is a function, and serializes the result as JSON. The length is
/// checked in the page, so that an oversized value is not transferred.
const CALL_VALUE: &str = "async function(maxChars, ...args) { \
    const value = await (typeof this === 'function' ? this(...args) : this); ";

/// The common end of both functions.
const RETURN_JSON: &str = "if (typeof value === 'bigint') throw new TypeError('a BigInt cannot be serialized as JSON'); \
    const json = JSON.stringify(value) ?? 'null'; \
    return json.length > maxChars ? {chars: json.length} : json; }";

/// The function that runs a script with an element. The script is part of the source text: a content
/// security policy may forbid `eval`.
fn on_element(expression: &str) -> String {
    format!(
        "async function(maxChars, ...args) {{ const script = (\n{expression}\n); \
         const value = await (typeof script === 'function' ? script(this, ...args) : script); {RETURN_JSON}"
    )
}

#[derive(Serialize)]
struct NoArgs {}

impl PageDriver {
    /// Runs a script and returns its value.
    pub(super) async fn evaluate(
        &self,
        expression: &TypedText,
        args: &[Value],
        locator: Option<&Locator>,
        deadline: Instant,
    ) -> Result<Value, PageActionError> {
        if let Some(locator) = locator {
            let (session, element) = self.in_main_world(locator, deadline).await?;
            let function = on_element(expression.expose());
            return call_for_json(&session, &element, &function, args, deadline).await;
        }
        let session = self.session();
        let left = remaining(deadline);
        let evaluate = EvaluateIn {
            expression: Cow::Borrowed(expression.expose()),
            context_id: None,
            return_by_value: false,
            await_promise: true,
            user_gesture: true,
            timeout: u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1),
        };
        let result = session.call_raw(evaluate, left).await.map_err(page_left)?;
        match evaluated(&result) {
            Ok(EvaluateResult::Handle(id)) => {
                let object = ObjectHandle::new(session.clone(), id);
                let function = format!("{CALL_VALUE}{RETURN_JSON}");
                call_for_json(session, &object, &function, args, deadline).await
            }
            Ok(EvaluateResult::Threw) => Err(threw(&result)),
            Ok(EvaluateResult::Undefined) => Ok(Value::Null),
            Ok(EvaluateResult::Text(value) | EvaluateResult::Value(value)) => within_limit(&value),
            // A value without a JSON representation: NaN, an infinity, -0, or a BigInt.
            Err(_) => unserializable(&result),
        }
    }

    /// Resolves the element of a locator in the main world.
    async fn in_main_world(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<(TargetSession, ObjectHandle), PageActionError> {
        #[derive(Deserialize)]
        struct FindResult {
            held: u64,
        }
        let (world, result) = self
            .call_on_element("find", locator, &NoArgs {}, deadline)
            .await?;
        let FindResult { held } = parse(&result)?;
        let handle = self.element_handle(&world, held, deadline).await?;
        let session = world.session.clone();
        let left = remaining(deadline);
        let describe = DescribeNode {
            object_id: handle.id(),
        };
        let node = session.call(describe, left).await?.node;
        let resolve = ResolveNode {
            backend_node_id: node.backend_node_id,
        };
        let object = session.call(resolve, left).await?.object;
        let id = object.object_id.ok_or(PageActionError::PageLeft)?;
        Ok((session.clone(), ObjectHandle::new(session, id.into())))
    }
}

/// Calls one of the functions above on an object, and parses the JSON that it returns.
async fn call_for_json(
    session: &TargetSession,
    object: &ObjectHandle,
    function: &str,
    args: &[Value],
    deadline: Instant,
) -> Result<Value, PageActionError> {
    let max_chars = Value::from(MAX_CHARS);
    let arguments = std::iter::once(&max_chars)
        .chain(args)
        .map(|value| serde_json::value::to_raw_value(value).map(|value| RawArgument { value }))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| shape::<CallOn<'_>>(&error))?;
    let call = CallOn {
        object_id: object.id(),
        function_declaration: Cow::Borrowed(function),
        arguments: arguments.iter().collect(),
        return_by_value: true,
        await_promise: true,
        user_gesture: true,
    };
    let left = remaining(deadline);
    let result = match session.call_raw(call, left).await {
        Ok(result) => result,
        // Chromium reports a syntax error in the script as an invalid function declaration.
        Err(CallError::Protocol { message, .. })
            if message.contains("Given expression does not evaluate to a function") =>
        {
            let exception = "SyntaxError: the script is not an expression".to_owned();
            return Err(PageActionError::Threw { exception });
        }
        Err(error) => return Err(page_left(error)),
    };
    match evaluated(&result)? {
        EvaluateResult::Text(quoted) => {
            let json: String = parse(&quoted)?;
            parse(&without_surrogates(Bytes::from(json))?)
        }
        EvaluateResult::Value(value) => {
            #[derive(Deserialize)]
            struct TooLarge {
                chars: u64,
            }
            let TooLarge { chars } = parse(&value)?;
            Err(PageActionError::TooLarge {
                chars,
                max: MAX_CHARS,
            })
        }
        EvaluateResult::Threw => Err(threw(&result)),
        EvaluateResult::Handle(_) | EvaluateResult::Undefined => {
            Err(shape::<CallOn<'_>>(&"expected JSON text or its length").into())
        }
    }
}

/// A navigation ends the script; its effects until then remain.
fn page_left(error: CallError) -> PageActionError {
    if error.is_context_gone() {
        PageActionError::PageLeft
    } else {
        error.into()
    }
}

fn threw(result: &Bytes) -> PageActionError {
    PageActionError::Threw {
        exception: exception(result),
    }
}

fn within_limit(value: &Bytes) -> Result<Value, PageActionError> {
    let chars = value.len() as u64;
    if chars > MAX_CHARS {
        return Err(PageActionError::TooLarge {
            chars,
            max: MAX_CHARS,
        });
    }
    parse(&without_surrogates(value.clone())?)
}

/// Replaces lone surrogates, which JSON parsers reject.
fn without_surrogates(json: Bytes) -> Result<Bytes, PageActionError> {
    without_lone_surrogates(json).map_err(|error| shape::<EvaluateIn<'_>>(&error).into())
}

fn unserializable(result: &Bytes) -> Result<Value, PageActionError> {
    #[derive(Deserialize)]
    struct EvaluateReply {
        result: Number,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Number {
        r#type: String,
        unserializable_value: Option<String>,
    }
    let EvaluateReply { result } = parse(result)?;
    match (
        result.r#type.as_str(),
        result.unserializable_value.as_deref(),
    ) {
        ("number", Some("-0")) => Ok(Value::from(0)),
        ("number", Some(_)) => Ok(Value::Null),
        _ => Err(PageActionError::Threw {
            exception: format!("a {} cannot be serialized as JSON", result.r#type),
        }),
    }
}
