//! Several commands in one request: an agent's step in one round trip.

use axum::http::StatusCode;
use cdp_bridge_protocol::{ErrorCode, ErrorDetails, Request};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::sleep;

use super::command::{Command, elsewhere};
use super::request::{Entered, RestRequest};
use super::route::{RestResult, Route};
use super::{answer, command_result, pages};
use crate::operations::{Arrival, Caller};
use crate::server::problem::{Effect, Problem};

/// The most commands of a request.
const MOST: usize = 32;

/// What the results of a request may have together, in bytes.
const MAX_BYTES: usize = command_result::MAX_PAYLOAD;

/// What follows after a command that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum OnError {
    /// The others are not begun.
    #[default]
    Stop,
    /// The next one.
    Continue,
}

/// Commands that are carried out one after another.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommandList {
    /// The commands, in their order.
    #[schemars(length(min = 1, max = 32))]
    commands: Vec<Command>,
    /// What follows after one that failed.
    #[serde(default)]
    on_error: OnError,
}

/// What came of one command.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes an answer that is written as text")]
enum CommandOutcome {
    /// The fields of the event that answers it.
    Result(Map<String, Value>),
    /// Why it failed.
    Error(Box<crate::server::problem::ProblemDocument<'static>>),
}

/// What came of the commands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CommandListAnswer {
    /// One for each command that was begun, in their order.
    results: Vec<CommandOutcome>,
    /// How many of them succeeded.
    completed: u32,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/pages/{pageId}/commands", "runCommands", run)
            .summary("commands", "Do several things in a page, one after another")
            .json::<CommandList>()
            .answers::<CommandListAnswer>(200, "What came of each"),
    ]
}

async fn run(mut request: RestRequest) -> RestResult {
    let list: CommandList = request.json()?;
    if list.commands.is_empty() || list.commands.len() > MOST {
        let detail = format!(
            "commands: {} of them, expected 1 to {MOST}",
            list.commands.len()
        );
        return Err(Problem::bad_field("commands", detail));
    }
    let entered = request.entered()?.clone();
    let page = pages::named(&request)?;
    // All are checked before the first begins.
    let mut asked = Vec::with_capacity(list.commands.len());
    for (index, command) in list.commands.into_iter().enumerate() {
        let of_list = |problem: Problem| problem.within(&format!("commands[{index}]"));
        asked.push(command.into_request(&page, &request).map_err(of_list)?);
    }
    let mut results = Results::default();
    let mut arrival = Some(entered.arrival.clone());
    for one in asked {
        let arrival = match arrival.take() {
            Some(arrival) => arrival,
            None => paced(&entered.caller).await,
        };
        let outcome = carry_out(&request, &entered, arrival, one, &page, &results).await;
        let has_failed = outcome.is_err();
        results.push(outcome, &request);
        if has_failed && list.on_error == OnError::Stop {
            break;
        }
    }
    Ok(answer::json_bytes(StatusCode::OK, results.text()))
}

/// Counts a command after the first against the client's rate, and waits where that is used up: a list is not refused in
/// its middle.
pub(super) async fn paced(caller: &Caller) -> Arrival {
    loop {
        let arrival = caller.message_arrived();
        match arrival.rate_exceeded() {
            None => return arrival,
            Some(exceeded) => sleep(exceeded.retry_after).await,
        }
    }
}

async fn carry_out(
    request: &RestRequest,
    entered: &Entered,
    arrival: Arrival,
    asked: Request,
    page: &str,
    before: &Results,
) -> Result<String, Problem> {
    let operations = request.state.operations();
    let answer = command_result::run(operations, &entered.caller, arrival, asked).await?;
    let json = command_result::json(answer, &elsewhere(page))?;
    if before.json.len() + json.len() <= MAX_BYTES {
        return Ok(json);
    }
    let detail = format!(
        "the command was carried out, but with its result the answer would have more than {MAX_BYTES} bytes"
    );
    let details = ErrorDetails {
        bytes: Some(json.len() as u64),
        max_bytes: Some(MAX_BYTES as u64),
        ..ErrorDetails::default()
    };
    Err(Problem::protocol(ErrorCode::TooLarge, detail)
        .with_details(details)
        .with_effect(Effect::Possible))
}

/// The answer as far as it is written.
#[derive(Debug, Default)]
struct Results {
    json: String,
    completed: u32,
}

impl Results {
    fn push(&mut self, outcome: Result<String, Problem>, request: &RestRequest) {
        if !self.json.is_empty() {
            self.json.push(',');
        }
        match outcome {
            Ok(result) => {
                self.completed += 1;
                self.json.push_str(r#"{"result":"#);
                self.json.push_str(&result);
            }
            Err(problem) => {
                let document = problem.document(&request.path, request.id.as_str());
                self.json.push_str(r#"{"error":"#);
                // Strings, numbers and booleans always serialize.
                let document = serde_json::to_string(&document);
                self.json.push_str(&document.unwrap_or_default());
            }
        }
        self.json.push('}');
    }

    fn text(&self) -> String {
        let (results, completed) = (&self.json, self.completed);
        format!(r#"{{"results":[{results}],"completed":{completed}}}"#)
    }
}
