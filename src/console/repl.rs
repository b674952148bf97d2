//! The read-eval-print loop: lines in, events out, at a prompt and in a pipe.

use std::io::Write;
use std::time::Duration;

use tokio::sync::mpsc;

use super::connection::ConsoleConnection;
use super::error::ConsoleError;
use super::explain::explain;
use super::outcome::ConsoleOutcome;
use super::verbs::{self, ConsoleCommand};
use crate::client::Received;

/// How long to wait for answers after the end of the input: the longest `timeoutMs`, with a margin.
const LAST_ANSWERS: Duration = Duration::from_secs(130);

/// Sends each line and shows each event, until the input ends and every request is answered. Fails if a line could not be
/// parsed or a request was answered by an error, so that a pipe's exit code can be relied on. `seen` is called after each
/// event.
pub(super) async fn converse<W: Write>(
    session: &mut ConsoleConnection<W>,
    mut lines: mpsc::Receiver<String>,
    mut seen: impl FnMut(&ConsoleConnection<W>),
) -> Result<ConsoleOutcome, ConsoleError> {
    let mut outcome = ConsoleOutcome::Passed;
    let mut held: Option<ConsoleCommand> = None;
    let mut ended = false;
    let deadline = tokio::time::sleep(Duration::MAX);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            biased;
            received = session.next() => {
                let refused = received.name() == "error" && received.request_id().is_some();
                if refused || matches!(received, Received::Unreadable(_)) {
                    outcome = ConsoleOutcome::Failed;
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
                    Ok(Some(ConsoleCommand::Quit)) => return Ok(outcome),
                    Ok(Some(command)) => held = Some(command),
                    Err(error) => {
                        outcome = ConsoleOutcome::Failed;
                        complain(session, &error)?;
                    }
                },
            },
            () = &mut deadline => {
                let count = session.tracker().waiting();
                session.say(&format!("{count} requests were not answered"))?;
                return Ok(ConsoleOutcome::Failed);
            }
        }
        // A line with `$` waits until the pending `createTab` is answered with its id.
        if let Some(command) = held.take_if(|command| !must_wait(command, session))
            && !carry_out(session, command).await?
        {
            outcome = ConsoleOutcome::Failed;
        }
        if ended && held.is_none() && session.tracker().waiting() == 0 {
            return Ok(outcome);
        }
    }
}

fn must_wait<W: Write>(command: &ConsoleCommand, session: &ConsoleConnection<W>) -> bool {
    match command {
        ConsoleCommand::Request(draft) => draft.needs_last_tab() && session.tracker().is_creating(),
        _ => false,
    }
}

/// Executes a line; `false` if nothing could be sent.
async fn carry_out<W: Write>(
    session: &mut ConsoleConnection<W>,
    command: ConsoleCommand,
) -> Result<bool, ConsoleError> {
    match command {
        ConsoleCommand::Request(draft) => {
            if let Err(error) = session.request(&draft).await {
                complain(session, &error)?;
                return Ok(false);
            }
        }
        ConsoleCommand::Raw(text) => {
            session.raw(text).await;
        }
        ConsoleCommand::Help(None) => session.say(verbs::help().trim_end())?,
        ConsoleCommand::Help(Some(verb)) => session.say(explain(verb).trim_end())?,
        ConsoleCommand::Quit => {}
    }
    Ok(true)
}

fn complain<W: Write>(
    session: &mut ConsoleConnection<W>,
    error: &dyn std::error::Error,
) -> Result<(), ConsoleError> {
    let mark = session.style().bad("✗");
    session.say(&format!("{mark} {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Address;
    use crate::client::Connection;
    use crate::client::testing::{self, FakeBridge, Reply};
    use crate::console::style::Style;

    async fn piped(
        bridge: FakeBridge,
        input: &'static str,
    ) -> (Result<ConsoleOutcome, ConsoleError>, String) {
        let address = Address::parse(&bridge.address).unwrap();
        let connection = Connection::open(&address, &crate::client::Options::default())
            .await
            .unwrap();
        let mut output = Vec::new();
        let mut session = ConsoleConnection::new(connection, &mut output, Style::new(false), None);
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
        assert_eq!(outcome.unwrap(), ConsoleOutcome::Passed, "{output}");
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
        assert_eq!(outcome.unwrap(), ConsoleOutcome::Failed);
        assert!(output.contains("✗ unknown verb `jump`"), "{output}");
        assert!(output.contains("✗ `$` is the tab created last"), "{output}");
        assert!(output.contains("← pong"), "{output}");
    }

    #[tokio::test]
    async fn an_error_as_an_answer_fails_the_pipe() {
        let bridge = FakeBridge::answering(testing::browser()).await;
        let (outcome, output) = piped(bridge, "navigate t1 file:///etc/passwd\n").await;
        assert_eq!(outcome.unwrap(), ConsoleOutcome::Failed);
        assert!(
            output.contains("← error NAV_DENIED t1: file: is not let through"),
            "{output}"
        );
    }

    #[tokio::test]
    async fn quit_leaves_without_waiting() {
        let bridge = FakeBridge::answering(|_| Vec::new()).await;
        let (outcome, _) = piped(bridge, "ping\nquit\nping\n").await;
        assert_eq!(outcome.unwrap(), ConsoleOutcome::Passed);
    }

    #[tokio::test]
    async fn a_bridge_that_goes_away_is_an_error_that_says_why() {
        let bridge = FakeBridge::answering(|_| vec![Reply::Close(1001)]).await;
        let (outcome, _) = piped(bridge, "ping\n").await;
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains("the bridge is stopping"), "{error}");
    }
}
