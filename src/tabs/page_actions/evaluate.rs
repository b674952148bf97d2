//! `evaluate`: runs a client's script in the main world of the page.

use std::borrow::Cow;

use bytes::Bytes;
use cdp_bridge_protocol::TypedText;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use super::client_script::{
    NO_EVAL, expression, expression_function, in_block, is_function, parsed_only, scoped,
    statements_function,
};
use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::{ObjectHandle, parse};
use crate::cdp::client::shape;
use crate::cdp::page_methods::{CallOn, DescribeNode, EvaluateIn, FunctionArgument, ResolveNode};
use crate::cdp::results::{EvaluateResult, evaluated, exception};
use crate::cdp::{CallError, TargetSession};
use crate::locator::Locator;
use crate::timer::remaining;

/// The maximum length of the result, in characters of JSON.
pub(super) const MAX_CHARS: u64 = 1024 * 1024;

/// The maximum nesting of the result. Parsers of clients accept 127 levels in a message.
const MAX_DEPTH: u64 = 120;

/// Calls the value of a script if it is a function, and writes the result as JSON. Its length is
/// checked in the page, so that an oversized value is not transferred.
const CALL_VALUE: &str = concat!(
    "async function(element, args, maxChars, maxDepth) { 'use strict'; \
     const call = () => element === null ? this(...args) : this(element, ...args); \
     const value = await (typeof this === 'function' ? call() : this); return (\n",
    include_str!("script/to_json.js"),
    ")(value, maxChars, maxDepth); }",
);

#[derive(Serialize)]
struct NoArgs {}

/// What a script is run in, and with.
struct Script<'a> {
    session: TargetSession,
    source: &'a str,
    /// An element in the main world.
    element: Option<ObjectHandle>,
    args: &'a [Value],
    deadline: Instant,
}

impl PageDriver {
    /// Runs a script and returns its value.
    pub(super) async fn evaluate(
        &self,
        expression: &TypedText,
        args: &[Value],
        locator: Option<&Locator>,
        deadline: Instant,
    ) -> Result<Value, PageActionError> {
        let (session, element) = match locator {
            Some(locator) => {
                let (session, element) = self.in_main_world(locator, deadline).await?;
                (session, Some(element))
            }
            None => (self.session().clone(), None),
        };
        let source = expression.expose();
        let script = Script {
            session,
            source,
            element,
            args,
            deadline,
        };
        self.input_sent.set();
        script.run().await
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
            execution_context_id: None,
        };
        let object = session.call(resolve, left).await?.object;
        let id = object.object_id.ok_or(PageActionError::PageLeft)?;
        Ok((session.clone(), ObjectHandle::new(session, id.into())))
    }
}

impl Script<'_> {
    async fn run(&self) -> Result<Value, PageActionError> {
        let result = match &self.element {
            Some(element) => self.run_with(element).await?,
            None => self.run_in_page().await?,
        };
        match evaluated(&result)? {
            EvaluateResult::Handle(id) => {
                let value = ObjectHandle::new(self.session.clone(), id);
                self.call_for_json(&value).await
            }
            EvaluateResult::Threw => Err(threw(&result)),
            EvaluateResult::Undefined => Ok(Value::Null),
            EvaluateResult::Unserializable(text) => unserializable(&text),
            EvaluateResult::Text(value) | EvaluateResult::Value(value) => within_limit(&value),
        }
    }

    async fn run_in_page(&self) -> Result<Bytes, PageActionError> {
        if is_function(self.source) {
            let function = expression(self.source);
            if self.parses(&function).await? {
                return self.evaluate(function).await;
            }
        }
        let result = self.evaluate(scoped(self.source)).await?;
        if evaluated(&result)? == EvaluateResult::Threw && exception(&result) == NO_EVAL {
            return self.evaluate(in_block(self.source)).await;
        }
        Ok(result)
    }

    async fn run_with(&self, element: &ObjectHandle) -> Result<Bytes, PageActionError> {
        let expression = expression(self.source);
        let function = expression_function(&expression);
        if let Some(result) = self.call(element, &function, Vec::new(), false).await? {
            let is_syntax_error = evaluated(&result)? == EvaluateResult::Threw
                && exception(&result).starts_with("SyntaxError");
            // The script may have thrown it when it ran.
            if !is_syntax_error || self.parses(&expression).await? {
                return Ok(result);
            }
        }
        let statements = statements_function(self.source);
        let result = self.call(element, &statements, Vec::new(), false).await?;
        result.ok_or_else(|| shape::<CallOn<'_>>(&"a function does not compile").into())
    }

    async fn parses(&self, expression: &str) -> Result<bool, PageActionError> {
        let result = self.evaluate(parsed_only(expression)).await?;
        Ok(evaluated(&result)? != EvaluateResult::Threw)
    }

    async fn evaluate(&self, expression: String) -> Result<Bytes, PageActionError> {
        let left = remaining(self.deadline);
        let evaluate = EvaluateIn {
            expression: Cow::Owned(expression),
            context_id: None,
            return_by_value: false,
            await_promise: true,
            user_gesture: true,
            timeout: u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1),
        };
        self.session
            .call_raw(evaluate, left)
            .await
            .map_err(page_left)
    }

    /// Calls a function on an object. `None` if the function does not compile.
    async fn call(
        &self,
        object: &ObjectHandle,
        function: &str,
        arguments: Vec<FunctionArgument<'_>>,
        return_by_value: bool,
    ) -> Result<Option<Bytes>, PageActionError> {
        let call = CallOn {
            object_id: object.id(),
            function_declaration: Cow::Borrowed(function),
            arguments,
            return_by_value,
            await_promise: true,
            user_gesture: true,
        };
        let left = remaining(self.deadline);
        match self.session.call_raw(call, left).await {
            Ok(result) => Ok(Some(result)),
            // So Chromium reports a syntax error.
            Err(CallError::Protocol { message, .. })
                if message.contains("Given expression does not evaluate to a function") =>
            {
                Ok(None)
            }
            Err(error) => Err(page_left(error)),
        }
    }

    /// Calls the value of the script if it is a function, and parses the JSON of the result.
    async fn call_for_json(&self, value: &ObjectHandle) -> Result<Value, PageActionError> {
        #[derive(Deserialize)]
        struct NotWritten {
            #[serde(default)]
            chars: Option<u64>,
            #[serde(default)]
            problem: String,
        }
        let element = match &self.element {
            Some(element) => FunctionArgument::object(element.id()),
            None => FunctionArgument::value(&Value::Null)?,
        };
        let arguments = vec![
            element,
            FunctionArgument::value(self.args)?,
            FunctionArgument::value(&MAX_CHARS)?,
            FunctionArgument::value(&MAX_DEPTH)?,
        ];
        let unexpected = || shape::<CallOn<'_>>(&"expected JSON text, or why there is none");
        let result = self.call(value, CALL_VALUE, arguments, true).await?;
        let result = result.ok_or_else(unexpected)?;
        match evaluated(&result)? {
            EvaluateResult::Text(quoted) => {
                let json: String = parse(&quoted)?;
                parse(&Bytes::from(json))
            }
            EvaluateResult::Value(value) => {
                let NotWritten { chars, problem } = parse(&value)?;
                Err(match chars {
                    Some(chars) => too_large(chars),
                    None => not_json(&problem),
                })
            }
            EvaluateResult::Threw => Err(threw(&result)),
            EvaluateResult::Handle(_)
            | EvaluateResult::Undefined
            | EvaluateResult::Unserializable(_) => Err(unexpected().into()),
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
        return Err(too_large(chars));
    }
    parse(value)
}

fn too_large(chars: u64) -> PageActionError {
    PageActionError::TooLarge {
        chars,
        max: MAX_CHARS,
    }
}

fn not_json(problem: &str) -> PageActionError {
    let problem = match problem {
        "circular" => "it is circular".to_owned(),
        "depth" => format!("it is nested more than {MAX_DEPTH} levels deep"),
        other => format!("it contains a {other}"),
    };
    PageActionError::NotJson { problem }
}

/// What `JSON.stringify` makes of a number that JSON cannot represent, or of a `BigInt`.
fn unserializable(text: &str) -> Result<Value, PageActionError> {
    match text {
        "-0" => Ok(Value::from(0)),
        bigint if bigint.ends_with('n') => Err(not_json("bigint")),
        _ => Ok(Value::Null),
    }
}
