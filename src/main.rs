//! The `cdp-bridge` command: reads the command line and the configuration, and hands over.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cdp_bridge::app::key_commands::KeyCommandError;
use cdp_bridge::app::{
    self, Daemon, Kept, SettingsError, StartError, audit_commands, key_commands, store_commands,
};
use cdp_bridge::cli::{
    self, AuditCommand, CheckArgs, CliCommand, ConfigCommand, ConsoleArgs, HealthArgs, Invocation,
    KeysCommand, PicturesArg, StoreCommand,
};
use cdp_bridge::config::{self, Config, Loaded, Origins, Sources};
use cdp_bridge::server::{BindError, Listen};
use cdp_bridge::store::StoreHandle;
use cdp_bridge::systemd::Systemd;
use cdp_bridge::{
    console, core_dumps, doctor, exposition, memory_trim, open_files, runtime, schema, telemetry,
};
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
        Err(error) => failed(FAILURE)(error).report(),
    }
}

/// Why the command fails, and its exit code.
struct Failure {
    error: Box<dyn std::error::Error>,
    code: u8,
}

impl Failure {
    fn report(self) -> ExitCode {
        let _ = writeln!(std::io::stderr(), "cdp-bridge: {}", self.error);
        self.code.into()
    }
}

/// Gives an error its exit code.
fn failed<E: std::error::Error + 'static>(code: u8) -> impl Fn(E) -> Failure {
    move |error| Failure {
        error: error.into(),
        code,
    }
}

async fn run(invocation: Invocation) -> ExitCode {
    let outcome = match &invocation.command {
        CliCommand::Serve(_) => serve(&invocation).await,
        CliCommand::Console(arguments) => run_console(arguments).await,
        CliCommand::Config(command) => configuration(&invocation, command),
        CliCommand::Doctor(_) => run_doctor(&invocation).await,
        CliCommand::Keys(command) => keys(&invocation, command).await,
        CliCommand::Audit(command) => audit(&invocation, command).await,
        CliCommand::Store(command) => store(&invocation, *command).await,
        CliCommand::Health(arguments) => health(&invocation, arguments).await,
        CliCommand::Schema(arguments) => write_schemas(arguments.dir.clone()),
        CliCommand::Completions(arguments) => Ok(print(&cli::completions(arguments.shell))),
        CliCommand::Man(arguments) => manual(arguments.dir.as_deref()),
    };
    outcome.map_or_else(Failure::report, ExitCode::from)
}

/// Writes to stdout, and returns the code of success; a closed stdout is not an error.
fn print(text: &[u8]) -> u8 {
    let _ = std::io::stdout().write_all(text);
    0
}

/// Prints the files that were written.
fn print_paths(paths: &[PathBuf]) -> u8 {
    for path in paths {
        print(format!("{}\n", path.display()).as_bytes());
    }
    0
}

async fn serve(invocation: &Invocation) -> Result<u8, Failure> {
    let Loaded {
        config,
        origins,
        warnings,
        ..
    } = load(invocation)?;
    telemetry::init(&config.log.level, config.log.format).map_err(failed(USAGE))?;
    warn_of_configuration(&warnings);
    if let Err(error) = core_dumps::forbid() {
        tracing::warn!(%error, "core dumps could not be forbidden; they would contain tokens");
    }
    if let Err(error) = open_files::raise_limit() {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    let exposition = exposition::install().map_err(failed(FAILURE))?;
    tokio::spawn(exposition.clone().upkeep());
    tokio::spawn(memory_trim::keep_trimmed());
    let systemd = Systemd::of_process().unwrap_or_else(|error| {
        tracing::warn!("{error}");
        Systemd::default()
    });
    let mut signals = Signals::listen().map_err(failed(FAILURE))?;
    let bridge = tokio::select! {
        bridge = Daemon::start(&config, Some(exposition)) => bridge,
        () = signals.stop() => return Ok(INTERRUPTED),
    };
    let bridge = bridge.map_err(|error| match error {
        StartError::Settings(error) => invalid_value(&origins, error),
        StartError::Bind(BindError::Tls(_)) => failed(USAGE)(error),
        StartError::NoBrowser(_) | StartError::Browser(_) => failed(NO_BROWSER)(error),
        StartError::Bind(_) | StartError::Proxy(_) | StartError::Store(_) => failed(FAILURE)(error),
    })?;
    announce(&bridge, config.server.tls.is_some());
    systemd.ready();
    tokio::spawn(systemd.clone().keep_alive());
    while signals.next().await == SignalAction::Reload {
        reload(invocation, &bridge).await;
    }
    systemd.stopping();
    tracing::info!("stopping; a second signal exits at once");
    tokio::select! {
        () = bridge.stop() => Ok(0),
        () = signals.stop() => Ok(INTERRUPTED),
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

fn invalid_value(origins: &Origins, error: SettingsError) -> Failure {
    let origin = origins.get(error.key()).to_string();
    failed(USAGE)(InvalidValue { origin, error })
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
        Err(Failure { error, .. }) => {
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

async fn run_console(arguments: &ConsoleArgs) -> Result<u8, Failure> {
    let environment = Sources::of_process(None, Vec::new()).env;
    let token = console_token(arguments).map_err(failed(USAGE))?;
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
    let outcome = console::run(options).await.map_err(failed(FAILURE))?;
    Ok(outcome.code())
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
        if arguments.token.is_some() {
            let warning = "every user of this machine can read the token in --token: use --token-file \
                or CDP_BRIDGE_AUTH_TOKEN";
            warn_on_stderr(&[warning.to_owned()]);
        }
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

fn warn_on_stderr(warnings: &[String]) {
    for warning in warnings {
        let _ = writeln!(std::io::stderr(), "cdp-bridge: warning: {warning}");
    }
}

fn configuration(invocation: &Invocation, command: &ConfigCommand) -> Result<u8, Failure> {
    let loaded = match command {
        ConfigCommand::Example => return Ok(print(config::example().as_bytes())),
        ConfigCommand::Check(CheckArgs {
            file: Some(file), ..
        }) => {
            let sources = Sources::of_process(Some(file.clone()), invocation.flag_values());
            config::load(&sources).map_err(failed(USAGE))?
        }
        ConfigCommand::Check(_) | ConfigCommand::Print(_) => load(invocation)?,
    };
    app::check(&loaded.config).map_err(|error| invalid_value(&loaded.origins, error))?;
    warn_on_stderr(&loaded.warnings);
    let text = match (command, &loaded.file) {
        (ConfigCommand::Print(_), _) => config::print(&loaded),
        (_, Some(file)) => format!("{} is valid\n", file.display()),
        (_, None) => "no configuration file; the environment is valid\n".to_owned(),
    };
    Ok(print(text.as_bytes()))
}

async fn run_doctor(invocation: &Invocation) -> Result<u8, Failure> {
    let loaded = load(invocation)?;
    warn_on_stderr(&loaded.warnings);
    let say = |line: &dyn std::fmt::Display| {
        // A closed stdout is not an error here.
        let _ = writeln!(std::io::stdout(), "{line}");
    };
    let report = doctor::examine(&loaded, |finding| say(finding)).await;
    say(&format_args!("\n{report}"));
    Ok(match report.failed() {
        None => 0,
        Some(doctor::Cause::Browser) => NO_BROWSER,
        Some(doctor::Cause::Machine) => FAILURE,
    })
}

/// The key went nowhere.
#[derive(Debug, thiserror::Error)]
#[error("the key cannot be printed, and was revoked: {0}")]
struct KeyNotPrinted(std::io::Error);

async fn keys(invocation: &Invocation, command: &KeysCommand) -> Result<u8, Failure> {
    let loaded = load(invocation)?;
    let store = store_of_command(&loaded.config).await?;
    let refused = |error: KeyCommandError| {
        let code = if error.is_usage() { USAGE } else { FAILURE };
        failed(code)(error)
    };
    let text = match command {
        KeysCommand::Add(asked) => {
            let added = key_commands::add(&store, &loaded.config, asked).await;
            let added = added.map_err(refused)?;
            for note in &added.notes {
                let _ = writeln!(std::io::stderr(), "cdp-bridge: {note}");
            }
            let text = if asked.json {
                format!("{:#}\n", added.json())
            } else {
                format!("{}\n", added.new.text)
            };
            let mut stdout = std::io::stdout();
            let written = stdout.write_all(text.as_bytes());
            if let Err(error) = written.and_then(|()| stdout.flush()) {
                // A key that nothing has read would stay valid for ever.
                let revoked = key_commands::revoke(&store, &added.new.id).await;
                revoked.map_err(refused)?;
                return Err(failed(FAILURE)(KeyNotPrinted(error)));
            }
            String::new()
        }
        KeysCommand::List(asked) => {
            let listed = key_commands::list(&store, asked.json).await;
            listed.map_err(refused)?
        }
        KeysCommand::Revoke(asked) => {
            let revoked = key_commands::revoke(&store, &asked.id).await;
            format!("{}\n", revoked.map_err(refused)?)
        }
    };
    Ok(print(text.as_bytes()))
}

async fn audit(invocation: &Invocation, command: &AuditCommand) -> Result<u8, Failure> {
    let loaded = load(invocation)?;
    let store = store_of_command(&loaded.config).await?;
    match command {
        AuditCommand::List(asked) => {
            let print = |line: &str| {
                print(line.as_bytes());
            };
            let listed = audit_commands::list_audit(&store, *asked, print).await;
            listed.map(|()| 0).map_err(failed(FAILURE))
        }
        AuditCommand::Verify(asked) => {
            let verified = audit_commands::verify_audit(&store, asked.end.as_ref()).await;
            let verified = verified.map_err(failed(FAILURE))?;
            print(verified.text.as_bytes());
            Ok(if verified.is_whole { 0 } else { FAILURE })
        }
    }
}

async fn store(invocation: &Invocation, command: StoreCommand) -> Result<u8, Failure> {
    let config = load(invocation)?.config;
    let done = match command {
        StoreCommand::Check => store_commands::check(&config).await,
        StoreCommand::Migrate => store_commands::migrate(&config).await,
        StoreCommand::Vacuum => store_commands::vacuum(&config).await,
    };
    let done = done.map_err(failed(FAILURE))?;
    print(done.text.as_bytes());
    Ok(if done.is_fine { 0 } else { FAILURE })
}

async fn health(invocation: &Invocation, arguments: &HealthArgs) -> Result<u8, Failure> {
    let url = match &arguments.url {
        Some(url) => url.clone(),
        None => local_url(&load(invocation)?.config),
    };
    let ca = arguments.ca.as_deref();
    let outcome = console::health(&url, ca, &mut std::io::stdout()).await;
    Ok(outcome.map_err(failed(FAILURE))?.code())
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

fn write_schemas(dir: Option<PathBuf>) -> Result<u8, Failure> {
    let dir = dir.unwrap_or_else(|| PathBuf::from("schemas"));
    let written = schema::write(&dir).map_err(failed(FAILURE))?;
    Ok(print_paths(&written))
}

fn manual(dir: Option<&Path>) -> Result<u8, Failure> {
    let Some(dir) = dir else {
        let pages = cli::man_pages();
        return Ok(pages.first().map_or(0, |page| print(&page.text)));
    };
    let written = cli::write_man_pages(dir).map_err(failed(FAILURE))?;
    Ok(print_paths(&written))
}

fn load(invocation: &Invocation) -> Result<Loaded, Failure> {
    let (config, flags) = (invocation.global.config.clone(), invocation.flag_values());
    config::load(&Sources::of_process(config, flags)).map_err(failed(USAGE))
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

/// The store, also beside a running daemon.
async fn store_of_command(config: &Config) -> Result<StoreHandle, Failure> {
    let kept = Kept::for_command(config).await.map_err(failed(FAILURE))?;
    Ok(kept.store)
}
