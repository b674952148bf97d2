//! Lines in, events out: the console at a prompt and in a pipe.

use std::io::Write;
use std::time::Duration;

use tokio::sync::mpsc;

use super::error::ConsoleError;
use super::explain::explain;
use super::outcome::Outcome;
use super::session::Session;
use super::verbs::{self, Command};
use crate::client::Received;

/// How long answers are waited for once the input has ended: what a request may be given at most,
/// and some.
const LAST_ANSWERS: Duration = Duration::from_secs(130);

/// Sends lines as they come and shows events as they come, until the lines end and every request
/// is answered. Fails if a line could not be read or a request was answered by an error, so that
/// a pipe can be relied on; `seen` is shown what is known after each event.
pub(super) async fn converse<W: Write>(
    session: &mut Session<W>,
    mut lines: mpsc::Receiver<String>,
    mut seen: impl FnMut(&Session<W>),
) -> Result<Outcome, ConsoleError> {
    let mut outcome = Outcome::Passed;
    let mut held: Option<Command> = None;
    let mut ended = false;
    let deadline = tokio::time::sleep(Duration::MAX);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            biased;
            received = session.next() => {
                let refused = received.name() == "error" && received.request_id().is_some();
                if refused || matches!(received, Received::Unreadable(_)) {
                    outcome = Outcome::Failed;
                }
                if let Received::Closed(closing) = received {
                    return Err(ConsoleError::Lost(closing));
                }
                session.note(&received).await?;
                seen(session);
            }
            line = lines.recv(), if !ended && held.is_none() => match line {
                None => {
                    ended = true;
                    deadline.as_mut().reset(tokio::time::Instant::now() + LAST_ANSWERS);
                }
                Some(line) => match verbs::parse_line(&line) {
                    Ok(None) => {}
                    Ok(Some(Command::Quit)) => return Ok(outcome),
                    Ok(Some(command)) => held = Some(command),
                    Err(error) => {
                        outcome = Outcome::Failed;
                        complain(session, &error)?;
                    }
                },
            },
            () = &mut deadline => {
                let count = session.ledger().waiting();
                session.say(&format!("{count} requests were never answered"))?;
                return Ok(Outcome::Failed);
            }
        }
        // A line with `$` is held until the tab that is being created has its id.
        if let Some(command) = held.take_if(|command| !must_wait(command, session))
            && !carry_out(session, command).await?
        {
            outcome = Outcome::Failed;
        }
        if ended && held.is_none() && session.ledger().waiting() == 0 {
            return Ok(outcome);
        }
    }
}

fn must_wait<W: Write>(command: &Command, session: &Session<W>) -> bool {
    match command {
        Command::Request(draft) => draft.needs_last_tab() && session.ledger().is_creating(),
        _ => false,
    }
}

/// Does what a line asks for; false if it could not be sent.
async fn carry_out<W: Write>(
    session: &mut Session<W>,
    command: Command,
) -> Result<bool, ConsoleError> {
    match command {
        Command::Request(draft) => {
            if let Err(error) = session.request(&draft).await {
                complain(session, &error)?;
                return Ok(false);
            }
        }
        Command::Raw(text) => {
            session.raw(text).await;
        }
        Command::Help(None) => session.say(verbs::help().trim_end())?,
        Command::Help(Some(verb)) => session.say(explain(verb).trim_end())?,
        Command::Quit => {}
    }
    Ok(true)
}

fn complain<W: Write>(
    session: &mut Session<W>,
    error: &dyn std::error::Error,
) -> Result<(), ConsoleError> {
    let mark = session.paint().bad("✗");
    session.say(&format!("{mark} {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Address;
    use crate::client::Connection;
    use crate::client::testing::{self, FakeBridge, Reply};
    use crate::console::paint::Paint;

    async fn piped(
        bridge: FakeBridge,
        input: &'static str,
    ) -> (Result<Outcome, ConsoleError>, String) {
        let address = Address::parse(&bridge.address).unwrap();
        let connection = Connection::open(&address, &crate::client::Options::default())
            .await
            .unwrap();
        let mut output = Vec::new();
        let mut session = Session::new(connection, &mut output, Paint::new(false), None);
        let lines = super::super::lines::read(input.as_bytes());
        let outcome = converse(&mut session, lines, |_| {}).await;
        session.close().await.unwrap();
        (outcome, String::from_utf8(output).unwrap())
    }

    #[tokio::test]
    async fn a_pipe_ends_when_every_request_is_answered() {
        let bridge = FakeBridge::answering(testing::browser()).await;
        let input =
            "create http://site.test/\n\nnavigate $ about:blank\nshot $\n{\"type\":\"ping\"}\n";
        let (outcome, output) = piped(bridge, input).await;
        assert_eq!(outcome.unwrap(), Outcome::Passed, "{output}");
        for event in [
            "← welcome",
            "← tabCreated t1",
            "← navigated t1 about:blank 200 (c2",
            "← screenshot t1 image/jpeg 800×600 7 bytes in 3 parts (c3",
            "← pong",
        ] {
            assert!(output.contains(event), "{event}: {output}");
        }
    }

    #[tokio::test]
    async fn a_line_that_is_nothing_fails_the_pipe_and_not_the_lines_after_it() {
        let bridge = FakeBridge::answering(testing::browser()).await;
        let (outcome, output) = piped(bridge, "jump\nclose $\nping\n").await;
        assert_eq!(outcome.unwrap(), Outcome::Failed);
        assert!(output.contains("✗ `jump` is no verb"), "{output}");
        assert!(output.contains("✗ `$` is the tab created last"), "{output}");
        assert!(output.contains("← pong"), "{output}");
    }

    #[tokio::test]
    async fn an_error_as_an_answer_fails_the_pipe() {
        let bridge = FakeBridge::answering(testing::browser()).await;
        let (outcome, output) = piped(bridge, "navigate t1 file:///etc/passwd\n").await;
        assert_eq!(outcome.unwrap(), Outcome::Failed);
        assert!(
            output.contains("← error NAV_DENIED t1: file: is not let through"),
            "{output}"
        );
    }

    #[tokio::test]
    async fn quit_leaves_without_waiting() {
        let bridge = FakeBridge::answering(|_| Vec::new()).await;
        let (outcome, _) = piped(bridge, "ping\nquit\nping\n").await;
        assert_eq!(outcome.unwrap(), Outcome::Passed);
    }

    #[tokio::test]
    async fn a_bridge_that_goes_away_is_an_error_that_says_why() {
        let bridge = FakeBridge::answering(|_| vec![Reply::Close(1001)]).await;
        let (outcome, _) = piped(bridge, "ping\n").await;
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains("the bridge is stopping"), "{error}");
    }
}
