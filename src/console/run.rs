//! `cdp-bridge console`.

use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};

use super::complete::KnownTabs;
use super::connection::ConsoleConnection;
use super::error::ConsoleError;
use super::options::ConsoleOptions;
use super::outcome::ConsoleOutcome;
use super::record::Recorder;
use super::repl::converse;
use super::save::Saver;
use super::script;
use super::style::Style;
use super::{interactive, lines};
use crate::client::{self, Address, Connection};

/// Runs a script, or the prompt, or the lines of a pipe.
///
/// Output goes to standard output, including the reason for [`ConsoleOutcome::Failed`]; an `Err` has not been printed yet.
pub async fn run(options: ConsoleOptions) -> Result<ConsoleOutcome, ConsoleError> {
    // A script is parsed as a whole before anything is sent.
    if let Some(file) = &options.script {
        let script = read_script(file).await?;
        return play(&options, &script, io::stdout()).await;
    }
    if io::stdin().is_terminal() {
        return prompt(&options).await;
    }
    let lines = lines::read(io::BufReader::new(io::stdin()));
    let mut session = open(&options, io::stdout()).await?;
    let outcome = converse(&mut session, lines, |_| {}).await;
    session.close().await?;
    outcome
}

/// Runs the prompt.
async fn prompt(options: &ConsoleOptions) -> Result<ConsoleOutcome, ConsoleError> {
    let address = Address::parse(&options.url)?;
    // The prompt appears only once the connection is open.
    let connection = connect(options, &address).await?;
    let (saver, recorder) = (saver(options).await?, recorder(options).await?);
    let tabs = KnownTabs::default();
    let style = Style::new(options.color);
    let terminal = interactive::start(tabs.clone(), style)?;
    let mut session = ConsoleConnection::new(connection, terminal.output, style, saver);
    session.record(recorder);
    session.show_pictures(options.pictures);
    session.say(&format!(
        "connected to {address}; `help` lists the verbs, Ctrl-D leaves"
    ))?;
    let outcome = converse(&mut session, terminal.lines, |session| {
        tabs.set(
            session
                .tracker()
                .tabs()
                .map(|tab| tab.to_string())
                .collect(),
        );
    })
    .await;
    let closed = session.close().await;
    let outcome = outcome.and_then(|outcome| closed.map(|()| outcome));
    if outcome.is_err() {
        // The error must not be appended to the prompt line.
        let _ = io::stdout().write_all(b"\r\n");
    }
    // Failed requests at a prompt do not fail the command.
    outcome.map(|_| ConsoleOutcome::Passed)
}

/// Runs a script and writes to `output`.
async fn play<W: Write>(
    options: &ConsoleOptions,
    script: &script::Script,
    output: W,
) -> Result<ConsoleOutcome, ConsoleError> {
    let mut session = open(options, output).await?;
    let folder = options.save.clone().unwrap_or_else(|| PathBuf::from("."));
    let outcome = script::play(&mut session, script, &folder).await;
    session.close().await?;
    outcome
}

async fn open<W: Write>(
    options: &ConsoleOptions,
    output: W,
) -> Result<ConsoleConnection<W>, ConsoleError> {
    let address = Address::parse(&options.url)?;
    let connection = connect(options, &address).await?;
    let (saver, recorder) = (saver(options).await?, recorder(options).await?);
    let mut session = ConsoleConnection::new(connection, output, Style::new(options.color), saver);
    session.record(recorder);
    session.show_pictures(options.pictures);
    Ok(session)
}

async fn connect(options: &ConsoleOptions, address: &Address) -> Result<Connection, ConsoleError> {
    let client = client::Options {
        token: options.token.clone(),
        binary: options.binary,
        authority: options.ca.clone(),
        ..client::Options::default()
    };
    Ok(Connection::open(address, &client).await?)
}

async fn saver(options: &ConsoleOptions) -> Result<Option<Saver>, ConsoleError> {
    match &options.save {
        Some(directory) => Ok(Some(Saver::new(directory).await?)),
        None => Ok(None),
    }
}

async fn recorder(options: &ConsoleOptions) -> Result<Option<Recorder>, ConsoleError> {
    match &options.record {
        Some(file) => Ok(Some(Recorder::new(file).await?)),
        None => Ok(None),
    }
}

/// Reads a script from a file, or from standard input if the file is `-`.
async fn read_script(file: &Path) -> Result<script::Script, ConsoleError> {
    let failed = |source| ConsoleError::ReadScript {
        path: file.to_owned(),
        source,
    };
    let (name, text) = if file == Path::new("-") {
        let mut text = String::new();
        // No other task runs yet, so blocking is harmless.
        io::stdin().read_to_string(&mut text).map_err(failed)?;
        ("stdin".to_owned(), text)
    } else {
        let text = tokio::fs::read_to_string(file).await.map_err(failed)?;
        (file.display().to_string(), text)
    };
    Ok(script::parse(&name, &text, &|name| {
        std::env::var(name).ok()
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{self, FakeBridge};

    #[tokio::test]
    async fn the_tour_passes_and_its_payloads_are_saved() {
        let folder = tempfile::tempdir().unwrap();
        let bridge = FakeBridge::answering(testing::browser()).await;
        let options = ConsoleOptions {
            url: bridge.address,
            save: Some(folder.path().join("out")),
            ..ConsoleOptions::default()
        };
        let text = include_str!("../../examples/tour/tour.cdp");
        let site = |name: &str| (name == "SITE").then(|| "http://site.test".to_owned());
        let script = script::parse("tour.cdp", text, &site).unwrap();
        let mut output = Vec::new();
        let outcome = play(&options, &script, &mut output).await.unwrap();
        let output = String::from_utf8(output).unwrap();
        assert_eq!(outcome, ConsoleOutcome::Passed, "{output}");
        for file in ["dom-t1-0001.html", "shot-t1-0002.png", "tour.png"] {
            assert!(
                folder.path().join("out").join(file).exists(),
                "{file}: {output}"
            );
        }
    }

    #[tokio::test]
    async fn a_script_that_cannot_be_read_is_named() {
        let options = ConsoleOptions {
            script: Some("no/such.cdp".into()),
            ..ConsoleOptions::default()
        };
        let error = run(options).await.unwrap_err().to_string();
        assert!(error.contains("reading the script no/such.cdp"), "{error}");
    }

    #[tokio::test]
    async fn a_script_with_a_mistake_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bad.cdp");
        std::fs::write(&file, "ping\njump\n").unwrap();
        let options = ConsoleOptions {
            // No bridge listens there, so connecting would be another error.
            url: "127.0.0.1:1".to_owned(),
            script: Some(file),
            ..ConsoleOptions::default()
        };
        let error = run(options).await.unwrap_err().to_string();
        assert!(error.contains("bad.cdp:2: unknown verb `jump`"), "{error}");
    }
}
