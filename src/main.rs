//! The `cdp-bridge` command: reads the command line and the configuration, and hands over.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cdp_bridge::app::{self, Daemon, SettingsError, StartError};
use cdp_bridge::cli::{
    self, CheckArgs, CliCommand, ConfigCommand, ConsoleArgs, HealthArgs, Invocation, PicturesArg,
};
use cdp_bridge::config::{self, Config, Loaded, Sources};
use cdp_bridge::server::{BindError, Listen};
use cdp_bridge::systemd::Systemd;
use cdp_bridge::{console, doctor, exposition, runtime, schema, telemetry};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit codes (operations: Commands).
const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const NO_BROWSER: u8 = 3;
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let invocation = Invocation::of_process();
    match runtime::start() {
        Ok(runtime) => runtime.block_on(run(invocation)),
        Err(error) => ExitCode::from(fail(&error, FAILURE)),
    }
}

async fn run(invocation: Invocation) -> ExitCode {
    let code = match &invocation.command {
        CliCommand::Serve(_) => serve(&invocation).await,
        CliCommand::Console(arguments) => run_console(arguments).await,
        CliCommand::Config(command) => configuration(&invocation, command),
        CliCommand::Doctor(_) => run_doctor(&invocation).await,
        CliCommand::Health(arguments) => health(&invocation, arguments).await,
        CliCommand::Schema(arguments) => write_schemas(arguments.dir.clone()),
        CliCommand::Completions(arguments) => {
            // A closed stdout is not an error here.
            let _ = std::io::stdout().write_all(&cli::completions(arguments.shell));
            0
        }
        CliCommand::Man(arguments) => manual(arguments.dir.as_deref()),
    };
    ExitCode::from(code)
}

async fn serve(invocation: &Invocation) -> u8 {
    let Loaded {
        config,
        origins,
        warnings,
        ..
    } = match load(invocation) {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error, USAGE),
    };
    if let Err(error) = telemetry::init(&config.log.level, config.log.format) {
        return fail(&error, USAGE);
    }
    warn_of_configuration(&warnings);
    let exposition = match exposition::install() {
        Ok(exposition) => exposition,
        Err(error) => return fail(&error, FAILURE),
    };
    tokio::spawn(exposition.clone().upkeep());
    let systemd = Systemd::of_process().unwrap_or_else(|error| {
        tracing::warn!("{error}");
        Systemd::default()
    });
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return fail(&error, FAILURE),
    };
    let bridge = tokio::select! {
        bridge = Daemon::start(&config, Some(exposition)) => bridge,
        () = signals.stop() => return INTERRUPTED,
    };
    let bridge = match bridge {
        Ok(bridge) => bridge,
        Err(StartError::Settings(error)) => {
            let origin = origins.get(error.key()).to_string();
            return fail(&InvalidValue { origin, error }, USAGE);
        }
        Err(error) => {
            let code = match error {
                StartError::Settings(_) | StartError::Bind(BindError::Tls(_)) => USAGE,
                StartError::NoBrowser(_) | StartError::Browser(_) => NO_BROWSER,
                StartError::Bind(_) | StartError::Proxy(_) => FAILURE,
            };
            return fail(&error, code);
        }
    };
    announce(&bridge, config.server.tls.is_some());
    systemd.ready();
    tokio::spawn(systemd.clone().keep_alive());
    while signals.next().await == SignalAction::Reload {
        reload(invocation, &bridge).await;
    }
    systemd.stopping();
    tracing::info!("stopping; a second signal exits at once");
    tokio::select! {
        () = bridge.stop() => 0,
        () = signals.stop() => INTERRUPTED,
    }
}

fn warn_of_configuration(warnings: &[String]) {
    for warning in warnings {
        tracing::warn!("configuration: {warning}");
    }
}

/// An invalid value of the configuration, with its origin.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {error}")]
struct InvalidValue {
    origin: String,
    #[source]
    error: SettingsError,
}

/// Loads the configuration again and applies what can change at run time. An error goes to the log, and
/// then nothing changes.
async fn reload(invocation: &Invocation, bridge: &Daemon) {
    let Loaded {
        config,
        origins,
        warnings,
        ..
    } = match load(invocation) {
        Ok(loaded) => loaded,
        Err(error) => {
            tracing::error!(%error, "the new configuration was rejected; the old one stays in force");
            return;
        }
    };
    warn_of_configuration(&warnings);
    match bridge.reload(&config).await {
        Ok(keys) => {
            let clients = config.auth.clients.len();
            tracing::info!(clients, "reloaded clients, policies and certificate");
            if !keys.is_empty() {
                let keys = keys.join(", ");
                tracing::warn!(%keys, "these keys changed too; they need a restart");
            }
        }
        Err(error) => {
            let origin = origins.get(error.key());
            tracing::error!(
                %origin, %error, "the new configuration was rejected; the old one stays in force"
            );
        }
    }
}

/// One line on stdout, for scripts that wait for it.
fn announce(bridge: &Daemon, tls: bool) {
    let address = bridge.address();
    let url = match address {
        Listen::Tcp(address) if tls => format!("wss://{address}/ws"),
        Listen::Tcp(address) => format!("ws://{address}/ws"),
        Listen::Unix(_) => address.to_string(),
    };
    let mut stdout = std::io::stdout().lock();
    // A closed stdout is not an error here.
    let _ = writeln!(stdout, "cdp-bridge listening on {url}").and_then(|()| stdout.flush());
}

async fn run_console(arguments: &ConsoleArgs) -> u8 {
    let environment = Sources::of_process(None, Vec::new()).env;
    let token = match console_token(arguments) {
        Ok(token) => token,
        Err(error) => return fail(&error, USAGE),
    };
    let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let shown = match arguments.pictures {
        PicturesArg::Auto if std::io::stdout().is_terminal() => {
            console::Pictures::of_terminal(&|name| std::env::var(name).ok())
        }
        PicturesArg::Auto | PicturesArg::Off => None,
        PicturesArg::Kitty => Some(console::Pictures::Kitty),
        PicturesArg::Iterm => Some(console::Pictures::ITerm),
    };
    let options = console::ConsoleOptions {
        url: arguments.url_or_default(&environment),
        token: token.or_else(|| environment.get("CDP_BRIDGE_AUTH_TOKEN").cloned()),
        script: arguments.script.clone(),
        save: arguments.save.clone(),
        record: arguments.record.clone(),
        pictures: shown,
        ca: arguments.ca.clone(),
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

fn configuration(invocation: &Invocation, command: &ConfigCommand) -> u8 {
    let print = |text: &str| {
        // A closed stdout is not an error here.
        let _ = std::io::stdout().write_all(text.as_bytes());
    };
    let loaded = match command {
        ConfigCommand::Example => {
            print(&config::example());
            return 0;
        }
        ConfigCommand::Check(CheckArgs { file: Some(file) }) => {
            config::load(&Sources::of_process(Some(file.clone()), Vec::new()))
        }
        ConfigCommand::Check(_) | ConfigCommand::Print(_) => load(invocation),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error, USAGE),
    };
    if let Err(error) = app::check(&loaded.config) {
        let origin = loaded.origins.get(error.key()).to_string();
        return fail(&InvalidValue { origin, error }, USAGE);
    }
    for warning in &loaded.warnings {
        let _ = writeln!(std::io::stderr(), "cdp-bridge: warning: {warning}");
    }
    if let ConfigCommand::Print(_) = command {
        print(&config::print(&loaded));
    } else {
        match &loaded.file {
            Some(file) => print(&format!("{} is valid\n", file.display())),
            None => print("no configuration file; the environment is valid\n"),
        }
    }
    0
}

async fn run_doctor(invocation: &Invocation) -> u8 {
    let loaded = match load(invocation) {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error, USAGE),
    };
    let say = |line: &dyn std::fmt::Display| {
        // A closed stdout is not an error here.
        let _ = writeln!(std::io::stdout(), "{line}");
    };
    let report = doctor::examine(&loaded, |finding| say(finding)).await;
    say(&format_args!("\n{report}"));
    match report.failed() {
        None => 0,
        Some(doctor::Cause::Browser) => NO_BROWSER,
        Some(doctor::Cause::Machine) => FAILURE,
    }
}

async fn health(invocation: &Invocation, arguments: &HealthArgs) -> u8 {
    let url = match &arguments.url {
        Some(url) => Some(url.clone()),
        None => match load(invocation) {
            Ok(loaded) => Some(local_url(&loaded.config)),
            Err(error) => return fail(&error, USAGE),
        },
    };
    match console::health(url, arguments.ca.as_deref(), &mut std::io::stdout()).await {
        Ok(outcome) => outcome.code(),
        Err(error) => fail(&error, FAILURE),
    }
}

/// Where a bridge with this configuration is reached from its own machine.
fn local_url(config: &Config) -> String {
    let scheme = if config.server.tls.is_some() {
        "https"
    } else {
        "http"
    };
    match &config.server.listen {
        Listen::Tcp(address) if address.ip().is_unspecified() => {
            format!("{scheme}://127.0.0.1:{}", address.port())
        }
        Listen::Tcp(address) => format!("{scheme}://{address}"),
        unix @ Listen::Unix(_) => unix.to_string(),
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

fn manual(dir: Option<&Path>) -> u8 {
    let mut stdout = std::io::stdout().lock();
    let Some(dir) = dir else {
        for page in cli::man_pages().iter().take(1) {
            // A closed stdout is not an error here.
            let _ = stdout.write_all(&page.text);
        }
        return 0;
    };
    match cli::write_man_pages(dir) {
        Ok(written) => {
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

/// Says on stderr why the command fails.
fn fail(error: &dyn std::error::Error, code: u8) -> u8 {
    let _ = writeln!(std::io::stderr(), "cdp-bridge: {error}");
    code
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignalAction {
    Stop,
    Reload,
}

/// The signals that the daemon listens to.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    had_terminal: bool,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            had_terminal: has_terminal(),
        })
    }

    async fn next(&mut self) -> SignalAction {
        tokio::select! {
            _ = self.terminate.recv() => SignalAction::Stop,
            _ = self.interrupt.recv() => SignalAction::Stop,
            // A terminal sends SIGHUP when it is closed. A daemon started in it then stops, because it
            // can no longer be stopped from there.
            _ = self.hangup.recv() => if self.had_terminal && !has_terminal() {
                SignalAction::Stop
            } else {
                SignalAction::Reload
            },
        }
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn has_terminal() -> bool {
    std::io::stdin().is_terminal() || std::io::stderr().is_terminal()
}
