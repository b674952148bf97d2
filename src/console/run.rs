//! The console from start to end.

use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};

use super::complete::KnownTabs;
use super::converse::converse;
use super::error::ConsoleError;
use super::options::Options;
use super::outcome::Outcome;
use super::paint::Paint;
use super::record::Recorder;
use super::save::Saver;
use super::script;
use super::session::Session;
use super::{interactive, lines};
use crate::client::{self, Address, Connection};

/// Runs `cdp-bridge console`: plays a script, or serves whoever is at standard input.
///
/// What it shows goes to standard output. A step, a line or a request that failed has been shown
/// there when [`Outcome::Failed`] is returned; an error has not been shown yet.
pub async fn run(options: Options) -> Result<Outcome, ConsoleError> {
    // A script with a mistake is refused before anything is asked of the bridge.
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

/// A person at a terminal.
async fn prompt(options: &Options) -> Result<Outcome, ConsoleError> {
    let address = Address::parse(&options.url)?;
    // The prompt appears only once there is somebody to talk to.
    let connection = connect(options, &address).await?;
    let (saver, recorder) = (saver(options).await?, recorder(options).await?);
    let tabs = KnownTabs::default();
    let paint = Paint::new(options.color);
    let terminal = interactive::start(tabs.clone(), paint)?;
    let mut session = Session::new(connection, terminal.output, paint, saver);
    session.record(recorder);
    session.show_pictures(options.pictures);
    session.say(&format!(
        "connected to {address}; `help` lists the verbs, Ctrl-D leaves"
    ))?;
    let outcome = converse(&mut session, terminal.lines, |session| {
        tabs.set(session.ledger().tabs().map(|tab| tab.to_string()).collect());
    })
    .await;
    let closed = session.close().await;
    let outcome = outcome.and_then(|outcome| closed.map(|()| outcome));
    if outcome.is_err() {
        // The error must not be written behind the prompt and what was typed there.
        let _ = io::stdout().write_all(b"\r\n");
    }
    // At a prompt an error that was shown is no failure of the console.
    outcome.map(|_| Outcome::Passed)
}

/// Plays a script into an output.
async fn play<W: Write>(
    options: &Options,
    script: &script::Script,
    output: W,
) -> Result<Outcome, ConsoleError> {
    let mut session = open(options, output).await?;
    let folder = options.save.clone().unwrap_or_else(|| PathBuf::from("."));
    let outcome = script::play(&mut session, script, &folder).await;
    session.close().await?;
    outcome
}

async fn open<W: Write>(options: &Options, output: W) -> Result<Session<W>, ConsoleError> {
    let address = Address::parse(&options.url)?;
    let connection = connect(options, &address).await?;
    let (saver, recorder) = (saver(options).await?, recorder(options).await?);
    let mut session = Session::new(connection, output, Paint::new(options.color), saver);
    session.record(recorder);
    session.show_pictures(options.pictures);
    Ok(session)
}

async fn connect(options: &Options, address: &Address) -> Result<Connection, ConsoleError> {
    let client = client::Options {
        token: options.token.clone(),
        binary: options.binary,
        authority: options.ca.clone(),
        ..client::Options::default()
    };
    Ok(Connection::open(address, &client).await?)
}

async fn saver(options: &Options) -> Result<Option<Saver>, ConsoleError> {
    match &options.save {
        Some(directory) => Ok(Some(Saver::new(directory).await?)),
        None => Ok(None),
    }
}

async fn recorder(options: &Options) -> Result<Option<Recorder>, ConsoleError> {
    match &options.record {
        Some(file) => Ok(Some(Recorder::new(file).await?)),
        None => Ok(None),
    }
}

/// Reads a script from a file, or from standard input where the file is `-`.
async fn read_script(file: &Path) -> Result<script::Script, ConsoleError> {
    let failed = |source| ConsoleError::ReadScript {
        path: file.to_owned(),
        source,
    };
    let (name, text) = if file == Path::new("-") {
        let mut text = String::new();
        // Nothing else runs yet, so the reading may block.
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
        let options = Options {
            url: bridge.address,
            save: Some(folder.path().join("out")),
            ..Options::default()
        };
        let text = include_str!("../../examples/tour/tour.cdp");
        let site = |name: &str| (name == "SITE").then(|| "http://site.test".to_owned());
        let script = script::parse("tour.cdp", text, &site).unwrap();
        let mut output = Vec::new();
        let outcome = play(&options, &script, &mut output).await.unwrap();
        let output = String::from_utf8(output).unwrap();
        assert_eq!(outcome, Outcome::Passed, "{output}");
        for file in ["dom-t1-0001.html", "shot-t1-0002.png", "tour.png"] {
            assert!(
                folder.path().join("out").join(file).exists(),
                "{file}: {output}"
            );
        }
    }

    #[tokio::test]
    async fn a_script_that_cannot_be_read_is_named() {
        let options = Options {
            script: Some("no/such.cdp".into()),
            ..Options::default()
        };
        let error = run(options).await.unwrap_err().to_string();
        assert!(error.contains("reading the script no/such.cdp"), "{error}");
    }

    #[tokio::test]
    async fn a_script_with_a_mistake_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bad.cdp");
        std::fs::write(&file, "ping\njump\n").unwrap();
        let options = Options {
            // Nobody is there: connecting would be another error.
            url: "127.0.0.1:1".to_owned(),
            script: Some(file),
            ..Options::default()
        };
        let error = run(options).await.unwrap_err().to_string();
        assert!(error.contains("bad.cdp:2: `jump` is no verb"), "{error}");
    }
}
