//! `evaluate`: a client's own script, in the page's own world.

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

/// The longest value that is sent, in characters of JSON.
pub const MAX_CHARS: u64 = 1024 * 1024;

/// Calls what a script came to, if that is a function, and writes what that comes to as JSON. It
/// measures first: what is too long never leaves the page.
const FINISH: &str = "async function(max_chars, ...args) { \
    const value = await (typeof this === 'function' ? this(...args) : this); ";

/// The end of both functions.
const AS_JSON: &str = "if (typeof value === 'bigint') throw new TypeError('a bigint has no form in JSON'); \
    const json = JSON.stringify(value) ?? 'null'; \
    return json.length > most ? {chars: json.length} : json; }";

/// The function that runs a script on an element, in the page that it is in. The script stands in it as
/// it is: a page may forbid that scripts are made out of text.
fn on_element(expression: &str) -> String {
    format!(
        "async function(max_chars, ...args) {{ const script = (\n{expression}\n); \
         const value = await (typeof script === 'function' ? script(this, ...args) : script); {AS_JSON}"
    )
}

#[derive(Serialize)]
struct Nothing {}

impl PageDriver {
    /// Runs a script; comes to its value.
    pub async fn evaluate(
        &self,
        expression: &TypedText,
        args: &[Value],
        locator: Option<&Locator>,
        deadline: Instant,
    ) -> Result<Value, PageActionError> {
        if let Some(locator) = locator {
            let (session, element) = self.in_page(locator, deadline).await?;
            let function = on_element(expression.expose());
            return finish(&session, &element, &function, args, deadline).await;
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
        let result = session.call_raw(evaluate, left).await.map_err(left_page)?;
        match evaluated(&result) {
            Ok(EvaluateResult::Handle(id)) => {
                let object = ObjectHandle::new(session.clone(), id);
                let function = format!("{FINISH}{AS_JSON}");
                finish(session, &object, &function, args, deadline).await
            }
            Ok(EvaluateResult::Threw) => Err(threw(&result)),
            Ok(EvaluateResult::Undefined) => Ok(Value::Null),
            Ok(EvaluateResult::Text(value) | EvaluateResult::Value(value)) => capped(&value),
            // A number that JSON has no form for, such as NaN; a BigInt has none at all.
            Err(_) => unserializable(&result),
        }
    }

    /// The element of a locator as the page's own scripts know it.
    async fn in_page(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<(TargetSession, ObjectHandle), PageActionError> {
        #[derive(Deserialize)]
        struct Found {
            held: u64,
        }
        let (reached, result) = self
            .call_on_element("find", locator, &Nothing {}, deadline)
            .await?;
        let Found { held } = parse(&result)?;
        let handle = self.element(&reached, held, deadline).await?;
        let session = reached.world.session.clone();
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

/// Calls one of the functions on an object, and reads the JSON that it comes to.
async fn finish(
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
        // A script that is none is refused as the declaration of a function.
        Err(CallError::Protocol { message, .. })
            if message.contains("Given expression does not evaluate to a function") =>
        {
            let exception = "SyntaxError: the script is no expression".to_owned();
            return Err(PageActionError::Threw { exception });
        }
        Err(error) => return Err(left_page(error)),
    };
    match evaluated(&result)? {
        EvaluateResult::Text(quoted) => {
            let json: String = parse(&quoted)?;
            parse(&readable(Bytes::from(json))?)
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
            Err(shape::<CallOn<'_>>(&"neither text nor its length").into())
        }
    }
}

/// A navigation under a script ends it; what it did until then is done.
fn left_page(error: CallError) -> PageActionError {
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

fn capped(value: &Bytes) -> Result<Value, PageActionError> {
    let chars = value.len() as u64;
    if chars > MAX_CHARS {
        return Err(PageActionError::TooLarge {
            chars,
            max: MAX_CHARS,
        });
    }
    parse(&readable(value.clone())?)
}

/// JSON whose strings hold no lone surrogates, which no reader takes.
fn readable(json: Bytes) -> Result<Bytes, PageActionError> {
    without_lone_surrogates(json).map_err(|error| shape::<EvaluateIn<'_>>(&error).into())
}

fn unserializable(result: &Bytes) -> Result<Value, PageActionError> {
    #[derive(Deserialize)]
    struct AxSnapshotResult {
        result: Number,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Number {
        r#type: String,
        unserializable_value: Option<String>,
    }
    let AxSnapshotResult { result } = parse(result)?;
    match (
        result.r#type.as_str(),
        result.unserializable_value.as_deref(),
    ) {
        ("number", Some("-0")) => Ok(Value::from(0)),
        ("number", Some(_)) => Ok(Value::Null),
        _ => Err(PageActionError::Threw {
            exception: format!("a {} has no form in JSON", result.r#type),
        }),
    }
}
