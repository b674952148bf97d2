//! The command line. Environment variables are read by the configuration, not here.
//!
//! | module | holds |
//! | --- | --- |
//! | `keys` | the flags of `keys` and `audit` |
//! | `help` | headings and examples of the help texts |
//! | `man` | the same as man pages |

mod help;
mod keys;
mod man;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use keys::{
    AuditCommand, AuditListArgs, AuditVerifyArgs, ChainEnd, KeyLimit, KeysAddArgs, KeysCommand,
    KeysListArgs, KeysRevokeArgs,
};
pub use man::{ManError, ManPage, man_pages, write_man_pages};

use crate::config::{CONSOLE_URL, FlagValue, value_of};
use crate::telemetry::LogFormat;

/// Where the console connects by default.
const DEFAULT_URL: &str = "ws://127.0.0.1:9333/ws";

#[derive(Debug, Parser)]
#[command(name = "cdp-bridge", version, about, max_term_width = 100)]
#[command(after_help = help::PROGRAM)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Option<CliCommand>,
    #[command(flatten)]
    serve: ServeArgs,
}

/// What was asked for on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The flags of every command.
    pub global: GlobalArgs,
    /// The command; `serve` where none was named.
    pub command: CliCommand,
}

/// Flags of every command.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct GlobalArgs {
    /// Configuration file, instead of cdp-bridge.toml in the working directory
    #[arg(long, global = true, value_name = "FILE", help_heading = help::CONFIGURATION)]
    pub config: Option<PathBuf>,
    /// error, warn, info, debug, trace, off, or a filter such as `info,cdp_bridge=debug`
    #[arg(long, global = true, value_name = "LEVEL", value_parser = NonEmptyStringValueParser::new(), help_heading = help::LOG)]
    pub log_level: Option<String>,
    /// Form of the log on stderr
    #[arg(long, global = true, value_name = "FORMAT", help_heading = help::LOG)]
    pub log_format: Option<LogFormat>,
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum CliCommand {
    /// Run the bridge (also without a command)
    #[command(after_help = help::SERVE)]
    Serve(ServeArgs),
    /// Talk to a bridge interactively, or run a script of requests
    #[command(after_help = help::CONSOLE)]
    Console(ConsoleArgs),
    /// Check whether serve would work on this machine, and say how to fix what would not
    #[command(after_help = help::DOCTOR)]
    Doctor(ServeArgs),
    /// Show, check or explain the configuration
    #[command(subcommand, after_help = help::CONFIG)]
    Config(ConfigCommand),
    /// Add, list or revoke API keys, also beside a running bridge
    #[command(subcommand, after_help = help::KEYS)]
    Keys(KeysCommand),
    /// List or verify the audit: who did what, and what came of it
    #[command(subcommand, after_help = help::AUDIT)]
    Audit(AuditCommand),
    /// Check the store, bring its schema up to date, or give back space of it
    #[command(subcommand, after_help = help::STORE)]
    Store(StoreCommand),
    /// Exit with 0 if a bridge is healthy
    #[command(after_help = help::HEALTH)]
    Health(HealthArgs),
    /// Write the JSON Schemas
    #[command(after_help = help::SCHEMA)]
    Schema(SchemaArgs),
    /// Print shell completions
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual, or write its pages into a directory
    #[command(after_help = help::MAN)]
    Man(ManArgs),
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ConfigCommand {
    /// Print every value in force with its origin
    #[command(after_help = help::CONFIG_PRINT)]
    Print(ServeArgs),
    /// Exit with 0 if the configuration is valid
    #[command(after_help = help::CONFIG_CHECK)]
    Check(CheckArgs),
    /// Print every key with its default and description
    #[command(after_help = help::CONFIG_EXAMPLE)]
    Example,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum StoreCommand {
    /// Exit with 0 if the store is whole and its schema is this program's; changes nothing
    #[command(after_help = help::STORE_CHECK)]
    Check,
    /// Bring the schema up to date, as serve does when it starts
    #[command(after_help = help::STORE_MIGRATE)]
    Migrate,
    /// Give the space of deleted rows back to the file system
    #[command(after_help = help::STORE_VACUUM)]
    Vacuum,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct CheckArgs {
    /// The file to check, instead of the one that `serve` would read
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The flags that `serve` would be started with.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// Flags of `serve`, and of `doctor`, which examines what `serve` would do with them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct ServeArgs {
    /// Address to listen on: `IP:PORT` or `unix:/path`
    #[arg(long, value_name = "ADDRESS", value_parser = NonEmptyStringValueParser::new(), help_heading = help::COORDINATORS)]
    pub listen: Option<String>,
    /// The browser's executable
    #[arg(long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new(), help_heading = help::BROWSER)]
    pub chrome_path: Option<String>,
    /// DevTools port instead of a pipe; 0 picks a free one
    #[arg(long, value_name = "PORT", help_heading = help::BROWSER)]
    pub cdp_port: Option<u16>,
    /// Connect to a running Chromium at this http or ws URL
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new(), help_heading = help::BROWSER)]
    pub connect: Option<String>,
    /// Host that may be navigated to; can be repeated
    #[arg(long, value_name = "HOST", value_parser = NonEmptyStringValueParser::new(), help_heading = help::COORDINATORS)]
    pub allow: Vec<String>,
    /// Create tabs in logged-out mode where a request does not say
    #[arg(long, help_heading = help::COORDINATORS)]
    pub logged_out: bool,
    /// Set any key of the configuration, such as tabs.max=8
    #[arg(long, value_name = "SECTION.KEY=VALUE", value_parser = parse_assignment, help_heading = help::CONFIGURATION)]
    pub set: Vec<Assignment>,
}

/// A key and its value, from `--set`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub key: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected SECTION.KEY=VALUE, such as tabs.max=8")]
struct NotAnAssignment;

fn parse_assignment(text: &str) -> Result<Assignment, NotAnAssignment> {
    let (key, value) = text.split_once('=').ok_or(NotAnAssignment)?;
    let key = key.trim();
    if key.is_empty() {
        return Err(NotAnAssignment);
    }
    Ok(Assignment {
        key: key.to_owned(),
        value: value.to_owned(),
    })
}

/// How the console shows pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PicturesArg {
    /// What the terminal supports, if that is known
    #[default]
    Auto,
    /// The kitty graphics protocol, for PNG
    Kitty,
    /// The protocol of iTerm2
    Iterm,
    /// No pictures
    Off,
}

/// Flags of `console`.
#[derive(Clone, PartialEq, Eq, Default, Args)]
pub struct ConsoleArgs {
    /// Address of the bridge; default: `CDP_BRIDGE_URL`, else `ws://127.0.0.1:9333/ws`
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// Run a file of requests, waits and expectations, then exit with 0 or 1
    #[arg(long, value_name = "FILE", help_heading = help::FILES)]
    pub script: Option<PathBuf>,
    /// Write screenshots and snapshots into a directory
    #[arg(long, value_name = "DIR", help_heading = help::FILES)]
    pub save: Option<PathBuf>,
    /// Record the requests into a new file, as a script that can be run again; it contains the text
    /// typed into pages
    #[arg(long, value_name = "FILE", help_heading = help::FILES)]
    pub record: Option<PathBuf>,
    /// Show screenshots in the terminal
    #[arg(long, value_name = "HOW", default_value = "auto", help_heading = help::TERMINAL)]
    pub pictures: PicturesArg,
    /// Token for the bridge; other users can see it in the process list
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file", help_heading = help::CONNECTION)]
    pub token: Option<String>,
    /// File that holds the token
    #[arg(long, value_name = "FILE", help_heading = help::CONNECTION)]
    pub token_file: Option<PathBuf>,
    /// Certificate (PEM) of the CA to trust for wss and https, instead of the system's CAs
    #[arg(long, value_name = "FILE", help_heading = help::CONNECTION)]
    pub ca: Option<PathBuf>,
    /// Receive payloads in binary frames
    #[arg(long, help_heading = help::CONNECTION)]
    pub binary: bool,
}

impl std::fmt::Debug for ConsoleArgs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ConsoleArgs")
            .field("url", &self.url)
            .field("script", &self.script)
            .field("save", &self.save)
            .field("record", &self.record)
            .field("pictures", &self.pictures)
            .field("token", &self.token.as_ref().map(|_| "[redacted]"))
            .field("token_file", &self.token_file)
            .field("ca", &self.ca)
            .field("binary", &self.binary)
            .finish()
    }
}

impl ConsoleArgs {
    /// Where to connect: the argument, else `CDP_BRIDGE_URL`, else the default address.
    pub fn url_or_default(&self, environment: &BTreeMap<String, String>) -> String {
        let from_environment = || value_of(environment, CONSOLE_URL);
        self.url
            .as_deref()
            .or_else(from_environment)
            .unwrap_or(DEFAULT_URL)
            .to_owned()
    }
}

/// Flags of `health`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct HealthArgs {
    /// Address of the bridge; default: the address in the configuration
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// Certificate (PEM) of the CA to trust for https, instead of the system's CAs
    #[arg(long, value_name = "FILE", help_heading = help::CONNECTION)]
    pub ca: Option<PathBuf>,
}

/// Flags of `schema`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct SchemaArgs {
    /// Directory to write into
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Flags of `completions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Flags of `man`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct ManArgs {
    /// Directory for all pages; without it the first page is printed
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// The completion script of a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cdp-bridge", &mut text);
    text
}

impl Invocation {
    /// Parses the command line of this process. Prints help, version or a usage error and exits
    /// (with 2 for an error) where clap says so.
    pub fn of_process() -> Self {
        Self::parse(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Parses a command line, whose first word is the program's name.
    pub fn parse<I, T>(words: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let cli = Cli::try_parse_from(words)?;
        let is_bare = cli.serve == ServeArgs::default();
        let command = match cli.command {
            None => CliCommand::Serve(cli.serve),
            Some(command) if is_bare => command,
            Some(_) => {
                return Err(Cli::command().error(
                    ErrorKind::ArgumentConflict,
                    "flags of serve must follow the command: `cdp-bridge serve FLAGS`",
                ));
            }
        };
        Ok(Self {
            global: cli.global,
            command,
        })
    }

    /// What the flags set in the configuration. A `--set` wins over the other flags.
    pub fn flag_values(&self) -> Vec<FlagValue> {
        let mut values = Vec::new();
        let mut add = |flag: &str, key: &str, value: Option<String>| {
            if let Some(value) = value {
                values.push(FlagValue {
                    key: key.to_owned(),
                    value,
                    flag: flag.to_owned(),
                });
            }
        };
        let global = &self.global;
        add("--log-level", "log.level", global.log_level.clone());
        let format = global
            .log_format
            .and_then(|format| format.to_possible_value());
        let format = format.map(|format| format.get_name().to_owned());
        add("--log-format", "log.format", format);
        if let CliCommand::Serve(serve)
        | CliCommand::Doctor(serve)
        | CliCommand::Config(
            ConfigCommand::Print(serve) | ConfigCommand::Check(CheckArgs { serve, .. }),
        ) = &self.command
        {
            add("--listen", "server.listen", serve.listen.clone());
            add("--chrome-path", "browser.path", serve.chrome_path.clone());
            add(
                "--cdp-port",
                "browser.cdp_port",
                serve.cdp_port.map(|port| port.to_string()),
            );
            add("--connect", "browser.connect", serve.connect.clone());
            let allow = (!serve.allow.is_empty()).then(|| serve.allow.join(","));
            add("--allow", "policy.allowlist", allow);
            let logged_out = serve.logged_out.then(|| "true".to_owned());
            add("--logged-out", "policy.logged_out_default", logged_out);
            for assignment in &serve.set {
                add("--set", &assignment.key, Some(assignment.value.clone()));
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load_with};

    fn parse(line: &str) -> Result<Invocation, clap::Error> {
        Invocation::parse(line.split_whitespace())
    }

    #[test]
    fn clap_finds_no_fault_with_the_definition() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_bare_binary_serves_and_takes_its_flags() {
        let bare = parse("cdp-bridge --listen 127.0.0.1:1 --config a.toml").unwrap();
        let named = parse("cdp-bridge serve --listen 127.0.0.1:1 --config a.toml").unwrap();
        assert_eq!(bare, named);
        assert_eq!(
            parse("cdp-bridge --config a.toml serve --listen 127.0.0.1:1").unwrap(),
            named
        );
        assert_eq!(
            parse("cdp-bridge").unwrap().command,
            CliCommand::Serve(ServeArgs::default())
        );
    }

    #[test]
    fn flags_of_serve_do_not_silently_go_to_another_command() {
        let error = parse("cdp-bridge --logged-out console").unwrap_err();
        assert_eq!(
            (error.kind(), error.exit_code()),
            (ErrorKind::ArgumentConflict, 2)
        );
    }

    #[test]
    fn flags_become_settings_of_the_configuration() {
        let invocation = parse(
            "cdp-bridge serve --log-level debug --log-format json --listen [::1]:0 --cdp-port 0 \
             --chrome-path /c --allow a.test --allow b.test --logged-out --set tabs.max=8 \
             --set policy.private_networks=allow",
        )
        .unwrap();
        let sources = Sources {
            flags: invocation.flag_values(),
            ..Sources::default()
        };
        let missing = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let config = load_with(&sources, &missing).unwrap().config;
        assert_eq!(config.log.level, "debug");
        assert_eq!(config.log.format, LogFormat::Json);
        assert_eq!(config.server.listen.to_string(), "[::1]:0");
        assert_eq!(
            config.browser.transport,
            crate::browser::TransportKind::Port
        );
        assert_eq!(config.policy.allowlist, ["a.test", "b.test"]);
        assert!(config.policy.logged_out_default);
        assert_eq!(config.tabs.max, 8);
    }

    #[test]
    fn every_shell_has_completions_that_name_the_commands() {
        for shell in Shell::value_variants() {
            let text = String::from_utf8(completions(*shell)).unwrap();
            assert!(
                text.contains("doctor") && text.contains("console"),
                "{shell}"
            );
        }
    }

    #[test]
    fn every_example_in_the_help_texts_is_a_command_line_that_is_understood() {
        let mut count = 0;
        for text in [
            help::PROGRAM,
            help::SERVE,
            help::CONSOLE,
            help::DOCTOR,
            help::CONFIG,
            help::CONFIG_PRINT,
            help::CONFIG_CHECK,
            help::CONFIG_EXAMPLE,
            help::HEALTH,
            help::SCHEMA,
            help::COMPLETIONS,
            help::MAN,
        ] {
            let examples = text.lines().filter_map(|line| line.strip_prefix("  "));
            for example in examples.filter(|line| line.contains("cdp-bridge")) {
                let (_, from) = example.split_at(example.find("cdp-bridge ").unwrap_or(0));
                let line = from.split([';', '|', '>']).next().unwrap_or_default();
                // What the example does stands to its right.
                let line = line.split("   ").next().unwrap_or_default();
                assert!(
                    parse(line).is_ok(),
                    "{example}: {}",
                    parse(line).unwrap_err()
                );
                count += 1;
            }
        }
        assert!(count > 20, "examples are found at all: {count}");
    }

    #[test]
    fn every_flag_stands_below_a_heading_that_says_what_it_is_about() {
        let mut program = Cli::command();
        program.build();
        let mut commands = vec![&program];
        while let Some(command) = commands.pop() {
            for flag in command.get_arguments().filter(|it| it.get_long().is_some()) {
                let own = matches!(flag.get_id().as_str(), "help" | "version");
                let (name, command) = (flag.get_id(), command.get_name());
                assert_eq!(
                    flag.get_help_heading().is_none(),
                    own,
                    "{name} of {command}"
                );
            }
            commands.extend(command.get_subcommands());
        }
    }

    #[test]
    fn usage_errors_exit_with_2() {
        for line in [
            "cdp-bridge --nonsense",
            "cdp-bridge serve --set tabs.max",
            "cdp-bridge serve --cdp-port 70000",
            "cdp-bridge --log-format xml",
            "cdp-bridge console --token a --token-file b",
            "cdp-bridge nonsense",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_version_names_the_program() {
        let text = parse("cdp-bridge -V").unwrap_err().to_string();
        assert_eq!(text, format!("cdp-bridge {}\n", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn the_console_goes_to_its_argument_else_the_environment_else_the_default() {
        let url = |line: &str, value: &str| {
            let CliCommand::Console(args) = parse(line).unwrap().command else {
                panic!("{line}")
            };
            args.url_or_default(&BTreeMap::from([(
                "CDP_BRIDGE_URL".to_owned(),
                value.to_owned(),
            )]))
        };
        assert_eq!(url("cdp-bridge console ws://a", "ws://b"), "ws://a");
        assert_eq!(url("cdp-bridge console", "ws://b"), "ws://b");
        assert_eq!(url("cdp-bridge console", ""), "ws://127.0.0.1:9333/ws");
    }

    #[test]
    fn a_token_on_the_command_line_is_not_printed() {
        let invocation = parse("cdp-bridge console --token s3cret").unwrap();
        assert!(!format!("{invocation:?}").contains("s3cret"));
    }
}
