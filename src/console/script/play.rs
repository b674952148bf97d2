//! Executes the steps of a script.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use cdp_bridge_protocol::ErrorCode;
use cdp_bridge_protocol::payload::Joined;
use tokio::time::{Instant, timeout_at};

use serde_json::Value;

use super::condition::{self, Expectation};
use super::failure::{StepFailure, Stop};
use super::parse;
use super::recent_events::RecentEvents;
use super::step::{ExpectedAnswer, Script, ScriptStep, Sending, StepAction};
use crate::client::Received;
use crate::console::connection::ConsoleConnection;
use crate::console::error::ConsoleError;
use crate::console::outcome::ConsoleOutcome;
use crate::console::render::render;
use crate::console::request_tracker::AnswerKey;
use crate::console::save;
use crate::console::style::Style;
use crate::console::text::shown;

/// The time limit of a step, until `timeout` changes it.
const LIMIT: Duration = Duration::from_secs(30);

/// Runs a script and shows every step and event. The first failed step ends it; `save` writes into `folder`.
pub(in crate::console) async fn play<W: Write>(
    session: &mut ConsoleConnection<W>,
    script: &Script,
    folder: &Path,
) -> Result<ConsoleOutcome, ConsoleError> {
    let mut player = Player {
        session,
        folder,
        seen: RecentEvents::default(),
        limit: LIMIT,
        last_payload: None,
        last_event: None,
        variables: BTreeMap::new(),
    };
    let mut at = None;
    let mut result = player.welcome().await;
    for step in &script.steps {
        if result.is_err() {
            break;
        }
        at = Some(step);
        result = player.step(step).await;
    }
    if result.is_ok() {
        at = None;
        result = player.last_answers().await;
    }
    match result {
        Ok(()) => {
            let count = script.steps.len();
            let mark = session.style().good("✓");
            session.say(&format!("{mark} {}: all {count} steps passed", script.file))?;
            Ok(ConsoleOutcome::Passed)
        }
        Err(Stop::Console(error)) => Err(error),
        Err(Stop::Failed(failure)) => {
            let mark = session.style().bad("✗");
            let place = match at {
                Some(step) => format!(
                    "{}:{}: `{}`",
                    script.file,
                    step.line,
                    shown(&step.text, 300)
                ),
                None => script.file.clone(),
            };
            session.say(&format!("{mark} {place}: {failure}"))?;
            Ok(ConsoleOutcome::Failed)
        }
    }
}

struct Player<'a, W> {
    session: &'a mut ConsoleConnection<W>,
    folder: &'a Path,
    seen: RecentEvents,
    limit: Duration,
    last_payload: Option<Joined>,
    /// The last answer, or the event last expected.
    last_event: Option<Value>,
    variables: BTreeMap<String, String>,
}

impl<W: Write> Player<'_, W> {
    /// Waits for `welcome`.
    async fn welcome(&mut self) -> Result<(), Stop> {
        let deadline = Instant::now() + self.limit;
        match self.next(deadline).await? {
            Some(_) => Ok(()),
            None => Err(StepFailure::NoAnswer { limit: self.limit }.into()),
        }
    }

    async fn step(&mut self, step: &ScriptStep) -> Result<(), Stop> {
        let StepAction::Late(line, known) = &step.action else {
            return self.act(step).await;
        };
        let variable = |name: &str| self.variables.get(name).or(known.get(name)).cloned();
        let now = parse::step(line, &variable)
            .map_err(|problem| StepFailure::ScriptStep(problem.into()))?;
        self.act(&now).await
    }

    /// Executes a step without unexpanded variables.
    async fn act(&mut self, step: &ScriptStep) -> Result<(), Stop> {
        match &step.action {
            StepAction::Send(sending, mode) => self.send(sending, *mode, &step.text).await,
            StepAction::Expect(expectation) => self.expect(expectation, &step.text).await,
            StepAction::Sleep(time) => {
                self.echo(&step.text)?;
                let deadline = Instant::now() + *time;
                while self.next(deadline).await?.is_some() {}
                Ok(())
            }
            StepAction::Limit(limit) => {
                self.echo(&step.text)?;
                self.limit = *limit;
                Ok(())
            }
            StepAction::Save(name) => {
                self.echo(&step.text)?;
                let path = self.folder.join(name);
                let Some(joined) = &self.last_payload else {
                    return Err(StepFailure::NothingToSave(path).into());
                };
                save::save_as(&path, joined).await?;
                self.session.say(&format!("  saved {}", path.display()))?;
                Ok(())
            }
            StepAction::Print(text) => Ok(self.session.say(&shown(text, usize::MAX))?),
            StepAction::Let(name, value) => {
                self.variables.insert(name.clone(), value.clone());
                Ok(self.echo(&step.text)?)
            }
            StepAction::Keep(name, path) => self.keep(name, path, &step.text),
            // `step` has parsed it before it calls this.
            StepAction::Late(..) => Ok(()),
        }
    }

    fn keep(&mut self, name: &str, path: &str, text: &str) -> Result<(), Stop> {
        let Some(event) = &self.last_event else {
            return Err(StepFailure::NothingToKeep(path.to_owned()).into());
        };
        let Some(value) = condition::text_at(event, path) else {
            return Err(StepFailure::NothingAtPath {
                path: path.to_owned(),
                event: shown(&event.to_string(), 300),
            }
            .into());
        };
        let kept = format!("{text} ({})", shown(&value, 80));
        self.variables.insert(name.to_owned(), value);
        Ok(self.echo(&kept)?)
    }

    /// Shows a step that is not a request.
    fn echo(&mut self, text: &str) -> Result<(), ConsoleError> {
        let line = format!("· {}", shown(text, usize::MAX));
        let line = self.session.style().dim(&line);
        self.session.say(&line)
    }

    async fn send(
        &mut self,
        sending: &Sending,
        mode: ExpectedAnswer,
        text: &str,
    ) -> Result<(), Stop> {
        self.session
            .say(&format!("→ {}", shown(text, usize::MAX)))?;
        self.seen.request(mode == ExpectedAnswer::Background);
        let key = match sending {
            Sending::Request(draft) => {
                let id = self
                    .session
                    .request(draft)
                    .await
                    .map_err(StepFailure::Draft)?;
                AnswerKey::Id(id)
            }
            Sending::Raw(text) => self.session.raw(text.clone()).await,
        };
        if mode == ExpectedAnswer::Background {
            return Ok(());
        }
        let deadline = Instant::now() + self.limit;
        while let Some(received) = self.next(deadline).await? {
            if key.is_answered_by(&received) {
                self.last_event = Some(received.to_value());
                return Ok(judge(&received, mode)?);
            }
        }
        Err(StepFailure::NoAnswer { limit: self.limit }.into())
    }

    async fn expect(&mut self, expectation: &Expectation, text: &str) -> Result<(), Stop> {
        self.echo(text)?;
        let last_tab = self.session.tracker().last_tab();
        let expectation = expectation.resolve(last_tab).map_err(StepFailure::from)?;
        let deadline = Instant::now() + self.limit;
        loop {
            if let Some(event) = self.seen.find(&expectation) {
                self.last_event = Some(event.clone());
                return Ok(());
            }
            if self.next(deadline).await?.is_none() {
                return Err(StepFailure::NoEvent {
                    came: self.seen.instead(&expectation),
                    expected: expectation,
                    limit: self.limit,
                }
                .into());
            }
        }
    }

    /// Waits for the answers to background requests, so that an unanswered one fails the script.
    async fn last_answers(&mut self) -> Result<(), Stop> {
        let deadline = Instant::now() + self.limit;
        while self.session.tracker().waiting() > 0 {
            if self.next(deadline).await?.is_none() {
                return Err(StepFailure::Unanswered {
                    count: self.session.tracker().waiting(),
                    limit: self.limit,
                }
                .into());
            }
        }
        Ok(())
    }

    /// Receives the next message, shows and remembers it; `None` at the deadline.
    async fn next(&mut self, deadline: Instant) -> Result<Option<Received>, Stop> {
        let Ok(received) = timeout_at(deadline, self.session.next()).await else {
            return Ok(None);
        };
        match &received {
            Received::Closed(closing) => return Err(StepFailure::Closed(closing.clone()).into()),
            Received::Unreadable(problem) => {
                return Err(StepFailure::Unreadable(problem.clone()).into());
            }
            Received::Payload(joined) => self.last_payload = Some(joined.clone()),
            Received::Message(_) | Received::Other(_) => {}
        }
        self.session.note(&received).await?;
        self.seen.event(received.to_value());
        Ok(Some(received))
    }
}

/// Checks an answer.
fn judge(received: &Received, mode: ExpectedAnswer) -> Result<(), StepFailure> {
    let failed = received.name() == "error";
    let answer = || {
        let line = render(received, None, Style::new(false));
        line.trim_start_matches("← ").to_owned()
    };
    let fits = |code: Option<ErrorCode>| {
        code.is_none_or(|code| received.to_value()["code"] == code.as_str())
    };
    match mode {
        ExpectedAnswer::Succeeds if failed => Err(StepFailure::Refused { answer: answer() }),
        ExpectedAnswer::Fails(code) if !failed || !fits(code) => Err(StepFailure::NotRefused {
            expected: code.map_or_else(
                || "an error".to_owned(),
                |code| format!("the error {}", code.as_str()),
            ),
            answer: answer(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Address;
    use crate::client::Connection;
    use crate::client::testing::{self, FakeBridge, Reply};
    use crate::console::script::parse;
    use serde_json::{Value, json};

    async fn played(
        answer: impl FnMut(Value) -> Vec<Reply> + Send + 'static,
        text: &str,
        folder: &Path,
    ) -> (ConsoleOutcome, String) {
        let bridge = FakeBridge::answering(answer).await;
        let script = parse("test.cdp", text, &|_| None).unwrap();
        let address = Address::parse(&bridge.address).unwrap();
        let connection = Connection::open(&address, &crate::client::Options::default())
            .await
            .unwrap();
        let mut output = Vec::new();
        let mut session = ConsoleConnection::new(connection, &mut output, Style::new(false), None);
        let outcome = play(&mut session, &script, folder).await.unwrap();
        session.close().await.unwrap();
        (outcome, String::from_utf8(output).unwrap())
    }

    async fn browsed(text: &str) -> (ConsoleOutcome, String) {
        played(testing::browser(), text, Path::new(".")).await
    }

    #[tokio::test]
    async fn a_script_passes_and_its_transcript_shows_every_step_and_event() {
        let folder = tempfile::tempdir().unwrap();
        let text = "
            create http://site.test/
            expect navigated id=$ status=200
            expect loadEventFired id=$
            snapshot $
            expect domSnapshot snapshot~=One bytes>=10
            shot $ full png
            save deep/tour.png
            ! NAV_DENIED navigate $ file:///etc/passwd
            tabs
            expect tabs tabs.length=1 tabs.0.title=Tour
            print done
            close $
            expect tabClosed id=$ reason=requested
        ";
        let (outcome, output) = played(testing::browser(), text, folder.path()).await;
        assert_eq!(outcome, ConsoleOutcome::Passed, "{output}");
        for line in [
            "← welcome cdp-bridge/0.1.0, HeadlessChrome/149, protocol 1, 0 tabs\n",
            "→ create http://site.test/\n← tabCreated t1 http://site.test/ (c1",
            "· expect navigated id=$ status=200\n",
            "← domSnapshot t1 html 56 bytes in 1 part (c2",
            "\n    <html><body><h1>One socket, real tabs</h1></body></html>\n",
            "← error NAV_DENIED t1: file: is not let through {scheme: \"file\"} (c4",
            "\ndone\n",
            "← tabClosed t1 requested (c6",
            "✓ test.cdp: all 13 steps passed\n",
        ] {
            assert!(output.contains(line), "{line}: {output}");
        }
        let saved = std::fs::read(folder.path().join("deep/tour.png")).unwrap();
        assert_eq!(saved, b"picture");
    }

    #[tokio::test]
    async fn an_error_fails_the_step_with_its_place_and_what_came() {
        let (outcome, output) = browsed("create\nnavigate $ file:///x\nping").await;
        assert_eq!(outcome, ConsoleOutcome::Failed);
        let expected = "✗ test.cdp:2: `navigate $ file:///x`: expected success, and the answer was error NAV_DENIED t1: file: is not let through";
        assert!(output.contains(expected), "{output}");
        assert!(!output.contains("→ ping"), "nothing follows: {output}");
    }

    #[tokio::test]
    async fn success_or_another_error_fails_a_step_that_expects_an_error() {
        let (outcome, output) = browsed("! ping").await;
        assert_eq!(outcome, ConsoleOutcome::Failed);
        assert!(
            output.contains("expected an error, and the answer was pong 5 (c1)"),
            "{output}"
        );
        let (outcome, output) = browsed("! UNKNOWN_TAB navigate t1 file:///x").await;
        assert_eq!(outcome, ConsoleOutcome::Failed);
        assert!(
            output.contains("expected the error UNKNOWN_TAB, and the answer was error NAV_DENIED"),
            "{output}"
        );
    }

    #[tokio::test]
    async fn an_event_that_does_not_come_fails_with_what_came_instead() {
        let (outcome, output) = browsed(
            "create http://a/\nexpect navigated\ntimeout 60ms\nexpect navigated status=404",
        )
        .await;
        assert_eq!(outcome, ConsoleOutcome::Failed);
        assert!(
            output.contains("✗ test.cdp:4: `expect navigated status=404`: expected an event `navigated` with status=404 within 60 ms, and received {"),
            "{output}"
        );
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_fails_within_the_limit() {
        let (outcome, output) = played(|_| Vec::new(), "timeout 20ms\nping", Path::new(".")).await;
        assert_eq!(outcome, ConsoleOutcome::Failed);
        assert!(
            output.contains("test.cdp:2: `ping`: no answer within 20 ms"),
            "{output}"
        );
    }

    #[tokio::test]
    async fn a_request_in_the_background_that_is_never_answered_fails_the_script() {
        let (outcome, output) =
            played(|_| Vec::new(), "timeout 20ms\n& ping", Path::new(".")).await;
        assert_eq!(outcome, ConsoleOutcome::Failed);
        assert!(
            output.contains("1 requests were not answered within 20 ms"),
            "{output}"
        );
    }

    #[tokio::test]
    async fn answers_of_the_background_may_be_expected_after_a_later_request() {
        let (outcome, output) =
            browsed("create\n& shot $\n& ping\ntabs\nexpect screenshot\nexpect pong").await;
        assert_eq!(outcome, ConsoleOutcome::Passed, "{output}");
    }

    #[tokio::test]
    async fn raw_json_is_awaited_with_and_without_an_id() {
        let script = "{\"type\":\"ping\",\"requestId\":7}\n{\"type\":\"ping\"}\n! BAD_REQUEST {\"type\":\"jump\"}";
        let (outcome, output) = browsed(script).await;
        assert_eq!(outcome, ConsoleOutcome::Passed, "{output}");
        assert!(output.contains("← pong 5 (7"), "{output}");
    }

    #[tokio::test]
    async fn a_snapshot_that_answers_several_requests_answers_the_earlier_ones_too() {
        let mut asked = Vec::new();
        let answer = move |request: Value| {
            asked.push(request["requestId"].clone());
            if asked.len() < 2 {
                return Vec::new();
            }
            vec![Reply::to(
                &request,
                "domSnapshot",
                json!({"id": "t1", "url": "", "format": "html", "seq": 0, "total": 1, "snapshot": "",
                       "coalesced": [asked[0]]}),
            )]
        };
        let (outcome, output) = played(answer, "& html t1\nhtml t1", Path::new(".")).await;
        assert_eq!(outcome, ConsoleOutcome::Passed, "{output}");
    }

    #[tokio::test]
    async fn variables_are_kept_from_answers_and_events() {
        let text = "
            let SITE http://site.test
            create ${SITE}/
            keep TAB id
            & create ${SITE}/other
            expect tabCreated url~=other
            keep OTHER id
            let BOTH ${TAB} and ${OTHER}
            print ${BOTH}, ${NONE:-nothing}
            navigate tabId=${OTHER} about:blank
            expect navigated id=${OTHER} url=about:blank
            {\"type\":\"closeTab\",\"tabId\":\"${TAB}\"}
            expect tabClosed id=${TAB}
        ";
        let (outcome, output) = browsed(text).await;
        assert_eq!(outcome, ConsoleOutcome::Passed, "{output}");
        for line in [
            "· keep OTHER id (t2)\n",
            "\nt1 and t2, nothing\n",
            "→ navigate tabId=t2",
        ] {
            assert!(output.contains(line), "{line}: {output}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_cannot_be_kept_and_a_late_line_is_named_as_any_other() {
        for (text, expected) in [
            ("keep A id", "`keep A id`: there is no answer"),
            (
                "ping\nkeep A id",
                ":2: `keep A id`: there is nothing at `id` of {",
            ),
            (
                "ping\nkeep A ts\nclose ${A} ${A}",
                ":3: `close ${A} ${A}`: unexpected word `5`",
            ),
        ] {
            let (outcome, output) = browsed(text).await;
            assert_eq!(outcome, ConsoleOutcome::Failed, "{output}");
            assert!(output.contains(expected), "{expected}: {output}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_ends_fails_the_step_and_says_how() {
        let (outcome, output) = played(|_| vec![Reply::Close(4008)], "ping", Path::new(".")).await;
        assert_eq!(outcome, ConsoleOutcome::Failed);
        assert!(
            output.contains("`ping`: the connection was closed: 4008, this client read too slowly"),
            "{output}"
        );
    }

    #[tokio::test]
    async fn saving_and_the_last_tab_need_something_before_them() {
        let (_, output) = browsed("save x.png").await;
        assert!(
            output.contains("no snapshot or screenshot has been received yet"),
            "{output}"
        );
        let (_, output) = browsed("close $").await;
        assert!(
            output.contains("`close $`: `$` is the tab created last"),
            "{output}"
        );
        let (_, output) = browsed("expect tabClosed id=$").await;
        assert!(output.contains("`$` is the tab created last"), "{output}");
    }
}
