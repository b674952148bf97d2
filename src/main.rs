//! The `cdp-bridge` command: reads the command line and the configuration, and hands over.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use cdp_bridge::app::{Bridge, StartError};
use cdp_bridge::cli::{Command, ConsoleArgs, Invocation};
use cdp_bridge::config::{self, Config, Loaded, Sources};
use cdp_bridge::{console, exposition, schema, telemetry};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit codes (operations: Commands).
const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const NO_BROWSER: u8 = 3;
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let invocation = Invocation::of_process();
    let code = match &invocation.command {
        Command::Serve(_) => serve(&invocation).await,
        Command::Console(arguments) => talk(arguments).await,
        Command::Health(arguments) => health(&invocation, arguments.url.clone()).await,
        Command::Schema(arguments) => write_schemas(arguments.dir.clone()),
    };
    ExitCode::from(code)
}

async fn serve(invocation: &Invocation) -> u8 {
    let config = match load(invocation) {
        Ok(loaded) => loaded.config,
        Err(error) => return fail(&error, USAGE),
    };
    if let Err(error) = telemetry::init(&config.log.level, log_format(&config)) {
        return fail(&error, USAGE);
    }
    let exposition = match exposition::install() {
        Ok(exposition) => exposition,
        Err(error) => return fail(&error, FAILURE),
    };
    tokio::spawn(exposition.clone().upkeep());
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return fail(&error, FAILURE),
    };
    let bridge = tokio::select! {
        bridge = Bridge::start(&config, Some(exposition)) => bridge,
        () = signals.next() => return INTERRUPTED,
    };
    let bridge = match bridge {
        Ok(bridge) => bridge,
        Err(error) => {
            let code = match error {
                StartError::Settings(_) => USAGE,
                StartError::NoBrowser(_) | StartError::Browser(_) => NO_BROWSER,
                StartError::Bind(_) | StartError::Proxy(_) => FAILURE,
            };
            return fail(&error, code);
        }
    };
    announce(&bridge);
    signals.next().await;
    tracing::info!("stopping; a second signal ends it at once");
    tokio::select! {
        () = bridge.stop() => 0,
        () = signals.next() => INTERRUPTED,
    }
}

/// One line on stdout, for scripts that wait for it.
fn announce(bridge: &Bridge) {
    let address = bridge.address();
    let url = match address {
        cdp_bridge::server::Listen::Tcp(address) => format!("ws://{address}/ws"),
        cdp_bridge::server::Listen::Unix(_) => address.to_string(),
    };
    let mut stdout = std::io::stdout().lock();
    // Whoever closed stdout does not want to know.
    let _ = writeln!(stdout, "cdp-bridge listening on {url}").and_then(|()| stdout.flush());
}

async fn talk(arguments: &ConsoleArgs) -> u8 {
    let environment = Sources::of_process(None, Vec::new()).env;
    let token = match console_token(arguments) {
        Ok(token) => token,
        Err(error) => return fail(&error, USAGE),
    };
    let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let options = console::Options {
        url: arguments.url_or_default(&environment),
        token: token.or_else(|| environment.get("CDP_BRIDGE_AUTH_TOKEN").cloned()),
        script: arguments.script.clone(),
        save: arguments.save.clone(),
        binary: arguments.binary,
        color,
    };
    match console::run(options).await {
        Ok(outcome) => outcome.code(),
        Err(error) => fail(&error, FAILURE),
    }
}

/// The token of the console cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("--token-file: cannot read {}: {source}", path.display())]
struct TokenFileError {
    path: PathBuf,
    source: std::io::Error,
}

fn console_token(arguments: &ConsoleArgs) -> Result<Option<String>, TokenFileError> {
    let Some(path) = &arguments.token_file else {
        return Ok(arguments.token.clone());
    };
    match std::fs::read_to_string(path) {
        Ok(token) => Ok(Some(token.trim().to_owned())),
        Err(source) => Err(TokenFileError {
            path: path.clone(),
            source,
        }),
    }
}

async fn health(invocation: &Invocation, url: Option<String>) -> u8 {
    let url = match url {
        Some(url) => Some(url),
        None => match load(invocation) {
            Ok(loaded) => Some(local_url(&loaded.config)),
            Err(error) => return fail(&error, USAGE),
        },
    };
    match console::health(url, &mut std::io::stdout()).await {
        Ok(outcome) => outcome.code(),
        Err(error) => fail(&error, FAILURE),
    }
}

/// Where a bridge with this configuration is reached from its own machine.
fn local_url(config: &Config) -> String {
    match &config.server.listen {
        config::Listen::Tcp(address) if address.ip().is_unspecified() => {
            format!("http://127.0.0.1:{}", address.port())
        }
        config::Listen::Tcp(address) => format!("http://{address}"),
        unix @ config::Listen::Unix(_) => unix.to_string(),
    }
}

fn write_schemas(dir: Option<PathBuf>) -> u8 {
    let dir = dir.unwrap_or_else(|| PathBuf::from("schemas"));
    match schema::write(&dir) {
        Ok(written) => {
            let mut stdout = std::io::stdout().lock();
            for path in written {
                let _ = writeln!(stdout, "{}", path.display());
            }
            0
        }
        Err(error) => fail(&error, FAILURE),
    }
}

fn load(invocation: &Invocation) -> Result<Loaded, config::ConfigError> {
    config::load(&Sources::of_process(
        invocation.global.config.clone(),
        invocation.flag_values(),
    ))
}

fn log_format(config: &Config) -> telemetry::Format {
    match config.log.format {
        config::LogFormat::Auto => telemetry::Format::Auto,
        config::LogFormat::Text => telemetry::Format::Text,
        config::LogFormat::Json => telemetry::Format::Json,
    }
}

/// Says on stderr why the command fails.
fn fail(error: &dyn std::error::Error, code: u8) -> u8 {
    let _ = writeln!(std::io::stderr(), "cdp-bridge: {error}");
    code
}

/// The signals that stop the daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
