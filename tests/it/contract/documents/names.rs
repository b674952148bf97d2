//! What the documents name is there: commands, targets of `make`, keys, files, and the defaults in
//! their tables.

use cdp_bridge::cli::{
    AuditCommand, CliCommand, ConfigCommand, Invocation, KeysCommand, StoreCommand,
};
use cdp_bridge::config::{self, Sources};

use super::blocks;
use super::markdown::prose;
use crate::contract::schemas::repository;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap()
}

/// What stands between backticks outside of code blocks, with its place.
fn spans() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in blocks::documents() {
        // What was is not what is.
        if path == "CHANGELOG.md" {
            continue;
        }
        for (line, text) in prose(&read(&path)) {
            let spans = text.split('`').skip(1).step_by(2);
            found.extend(spans.map(|span| (format!("{path}:{line}"), span.to_owned())));
        }
    }
    found
}

/// The commands of this program in a text of shell, each from its name on.
fn own_commands(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in joined.lines() {
        let line = line.split(" #").next().unwrap_or_default();
        for part in line.split(['|', ';', '&', '>']) {
            let words: Vec<&str> = part.split_whitespace().collect();
            let is_own = |word: &&str| *word == "cdp-bridge" || word.ends_with("/cdp-bridge");
            // Before the command may stand a user or a directory of that name.
            let Some(at) = words.iter().rposition(is_own) else {
                continue;
            };
            // What ends a quote of a shell in a shell.
            let rest = words[at + 1..].iter();
            let words: Vec<&str> = rest.map(|word| word.trim_end_matches('\'')).collect();
            found.push(format!("cdp-bridge {}", words.join(" ")));
        }
    }
    found
}

/// Whether a command line is understood. Placeholders are taken as values, and `[…]` as given.
fn is_understood(line: &str) -> Result<Invocation, clap::Error> {
    let line = line.replace(['[', ']'], "");
    let line = line
        .replace("SHELL", "bash")
        .replace('"', "")
        .replace("…", "x");
    Invocation::parse(line.split_whitespace())
}

#[test]
fn every_command_of_this_program_is_understood() {
    let mut count = 0;
    let mut check = |place: &str, line: &str| {
        count += 1;
        if let Err(error) = is_understood(line) {
            let is_help = !error.use_stderr();
            assert!(is_help, "{place}: `{line}`: {error}");
        }
    };
    for (place, span) in spans() {
        // A choice of commands, such as `config print | check`, is none.
        if span.starts_with("cdp-bridge ")
            && !span.contains(" | ")
            && !span.contains("listening on")
        {
            for line in own_commands(&span) {
                check(&place, &line);
            }
        }
    }
    for block in blocks::all() {
        if block.language == "sh" && !block.text.contains("docker run") {
            for line in own_commands(&block.text) {
                check(&block.place(), &line);
            }
        }
    }
    assert!(count > 20, "commands are found at all: {count}");
}

#[test]
fn every_target_of_make_is_there() {
    let makefile = read("Makefile");
    let is_target = |name: &str| {
        makefile
            .lines()
            .any(|line| line.starts_with(&format!("{name}: ")))
    };
    let mut count = 0;
    let mut check = |place: &str, text: &str| {
        for rest in text.lines().filter_map(|line| line.strip_prefix("make ")) {
            let names = rest
                .split('#')
                .next()
                .unwrap_or_default()
                .split_whitespace();
            for name in names.filter(|name| !name.contains(['=', '.', '/', '\''])) {
                count += 1;
                assert!(is_target(name), "{place}: `make {name}`");
            }
        }
    };
    for (place, span) in spans() {
        check(&place, &span);
    }
    for block in blocks::all() {
        if block.language == "sh" {
            check(&block.place(), &block.text);
        }
    }
    assert!(count > 10, "targets are found at all: {count}");
}

/// The configuration with nothing set, as `config print` writes it.
fn defaults() -> toml::Table {
    let missing = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    let loaded = config::load_with(&Sources::default(), &missing).unwrap();
    config::print(&loaded).parse().unwrap()
}

/// Every key, with or without a default: `section.key`.
fn keys() -> Vec<String> {
    let example = config::example();
    let mut section = String::new();
    let mut keys = Vec::new();
    for line in example.lines() {
        let line = line.trim_start_matches("# ");
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name.trim_matches(['[', ']']).to_owned();
            keys.push(section.clone());
        } else if let Some((key, _)) = line.split_once(" = ")
            && key
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        {
            keys.push(format!("{section}.{key}"));
        }
    }
    keys
}

#[test]
fn every_key_of_the_configuration_is_there() {
    let keys = keys();
    let sections: Vec<&str> = keys
        .iter()
        .filter_map(|key| Some(key.split_once('.')?.0))
        .collect();
    let mut count = 0;
    for (place, span) in spans() {
        let name = span.split([' ', '=']).next().unwrap_or_default();
        let Some((section, rest)) = name.split_once('.') else {
            continue;
        };
        let is_key = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
        // `tabs.length` is a path in an event.
        if rest == "length"
            || !sections.contains(&section)
            || !rest.chars().all(is_key)
            || rest == "toml"
        {
            continue;
        }
        count += 1;
        let known = keys
            .iter()
            .any(|key| key == name || key.starts_with(&format!("{name}.")));
        assert!(known, "{place}: `{span}`: there is no key `{name}`");
    }
    assert!(count > 30, "keys are found at all: {count}");
}

#[test]
fn the_defaults_in_the_readme_are_those_of_the_code() {
    let readme = read("README.md");
    let (_, rest) = readme
        .split_once("| key | default | |\n")
        .expect("the table is there");
    let rows = rest
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with("| "));
    let defaults = defaults();
    let code = |cell: &str| -> Vec<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let mut count = 0;
    for row in rows {
        let mut cells = row.split(" | ");
        let (names, values) = (cells.next().unwrap(), cells.next().unwrap());
        let (names, values) = (code(names), code(values));
        for (place, name) in names.iter().enumerate() {
            let (section, key) = name.split_once('.').unwrap();
            let default = defaults[section].get(key).map(ToString::to_string);
            assert_eq!(values.get(place).cloned(), default, "{name} in {row}");
            count += 1;
        }
    }
    assert!(count >= 8, "rows are found at all: {count}");
}

#[test]
fn every_file_of_the_repository_that_is_named_is_there() {
    const FOLDERS: [&str; 12] = [
        "src", "tests", "docs", "examples", "clients", "deploy", "benches", "scripts", "schemas",
        "protocol", "fuzz", ".ci",
    ];
    let mut count = 0;
    for (place, span) in spans() {
        let path = span.split([' ', ':']).next().unwrap_or_default();
        let first = path.split('/').next().unwrap_or_default();
        if !path.contains('/') || !FOLDERS.contains(&first) || path.contains(['*', '$', '<', '…'])
        {
            continue;
        }
        count += 1;
        let (document, _) = place.split_once(':').unwrap();
        let beside = repository(document).with_file_name(path);
        assert!(
            repository(path).exists() || beside.exists(),
            "{place}: `{path}` is not there"
        );
    }
    assert!(count > 20, "files are found at all: {count}");
}

/// The first cells of the rows of the table below a line.
fn first_cells(document: &str, head: &str) -> Vec<String> {
    let text = read(document);
    let (_, rest) = text
        .split_once(head)
        .unwrap_or_else(|| panic!("{head} in {document}"));
    let rows = rest
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with("| "));
    rows.map(|row| row[2..].split(" | ").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_table_of_commands_has_each_and_the_table_of_exit_codes_too() {
    let commands = first_cells("docs/operations.md", "| command | does |");
    let mut found = Vec::new();
    for command in &commands {
        let command = command.trim_matches('`');
        found.push(match is_understood(command).unwrap().command {
            CliCommand::Serve(_) => "serve",
            CliCommand::Console(_) => "console",
            CliCommand::Doctor(_) => "doctor",
            CliCommand::Config(ConfigCommand::Print(_)) => "config print",
            CliCommand::Config(ConfigCommand::Check(_)) => "config check",
            CliCommand::Config(ConfigCommand::Example) => "config example",
            CliCommand::Keys(KeysCommand::Add(_)) => "keys add",
            CliCommand::Keys(KeysCommand::List(_)) => "keys list",
            CliCommand::Keys(KeysCommand::Revoke(_)) => "keys revoke",
            CliCommand::Audit(AuditCommand::List(_)) => "audit list",
            CliCommand::Audit(AuditCommand::Verify(_)) => "audit verify",
            CliCommand::Store(StoreCommand::Check) => "store check",
            CliCommand::Store(StoreCommand::Migrate) => "store migrate",
            CliCommand::Store(StoreCommand::Vacuum) => "store vacuum",
            CliCommand::Health(_) => "health",
            CliCommand::Schema(_) => "schema",
            CliCommand::Completions(_) => "completions",
            CliCommand::Man(_) => "man",
        });
    }
    let all = [
        "serve",
        "console",
        "doctor",
        "config print",
        "config check",
        "config example",
        "keys add",
        "keys list",
        "keys revoke",
        "audit list",
        "audit verify",
        "store check",
        "store migrate",
        "store vacuum",
        "health",
        "schema",
        "completions",
        "man",
    ];
    assert_eq!(found, all);
    let codes = first_cells("docs/operations.md", "| exit code | means |");
    assert_eq!(codes, ["0", "1", "2", "3", "130"]);
}

#[test]
fn commands_are_found_in_shell() {
    let text =
        "WS_PORT=1 ./target/release/cdp-bridge serve # x\na | cdp-bridge \\\n  console\nls\n";
    assert_eq!(
        own_commands(text),
        ["cdp-bridge serve", "cdp-bridge console"]
    );
}
