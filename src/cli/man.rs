//! Man pages, from the definition of the command line.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::Cli;

/// A page of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManPage {
    /// The name of its file, such as `cdp-bridge-serve.1`.
    pub name: String,
    /// The page in roff.
    pub text: Vec<u8>,
}

/// A man page could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the man page {} could not be written: {source}. Name another directory with `cdp-bridge man DIR`", file.display())]
pub struct ManError {
    file: PathBuf,
    source: std::io::Error,
}

/// Every page: the program's first, then one for each command.
pub fn man_pages() -> Vec<ManPage> {
    let mut program = Cli::command().disable_help_subcommand(true);
    // Gives each command its full name and the flags that all commands have.
    program.build();
    let mut pages = Vec::new();
    add(&program, &mut pages);
    pages
}

fn add(command: &Command, pages: &mut Vec<ManPage>) {
    let man = Man::new(command.clone()).manual("cdp-bridge");
    let mut text = Vec::new();
    // Writing into memory cannot fail.
    let _ = man.render(&mut text);
    pages.push(ManPage {
        name: man.get_filename(),
        text,
    });
    for command in command.get_subcommands() {
        add(command, pages);
    }
}

/// Writes every page into `dir`, which is made if it is missing, and says which files those are.
pub fn write_man_pages(dir: &Path) -> Result<Vec<PathBuf>, ManError> {
    let failed = |file: &Path, source| ManError {
        file: file.to_owned(),
        source,
    };
    std::fs::create_dir_all(dir).map_err(|source| failed(dir, source))?;
    let mut written = Vec::new();
    for page in man_pages() {
        let file = dir.join(page.name);
        std::fs::write(&file, page.text).map_err(|source| failed(&file, source))?;
        written.push(file);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of a page as a reader sees it: without roff's fonts and escapes.
    fn plain(page: &ManPage) -> String {
        let text = String::from_utf8(page.text.clone()).unwrap();
        ["\\fB", "\\fI", "\\fR"]
            .iter()
            .fold(text, |text, font| text.replace(font, ""))
            .replace("\\-", "-")
            .replace("\\*(Aq", "'")
    }

    #[test]
    fn every_command_and_every_flag_stands_in_the_manual() {
        let pages = man_pages();
        let mut program = Cli::command().disable_help_subcommand(true);
        program.build();
        let mut commands = vec![(program.get_name().to_owned(), &program)];
        let mut seen = 0;
        while let Some((name, command)) = commands.pop() {
            let file = format!("{name}.1");
            let page = pages.iter().find(|page| page.name == file);
            let text = plain(page.unwrap_or_else(|| panic!("{file} is there")));
            for argument in command.get_arguments() {
                let wanted = match argument.get_long() {
                    Some(long) => format!("--{long}"),
                    None => argument.get_id().to_string().to_uppercase(),
                };
                assert!(text.contains(&wanted), "{wanted} in {file}:\n{text}");
            }
            for line in command.get_after_help().unwrap().to_string().lines() {
                assert!(text.contains(line.trim()), "{line} in {file}:\n{text}");
            }
            for inner in command.get_subcommands() {
                let inner_name = format!("{name}-{}", inner.get_name());
                assert!(text.contains(&inner_name), "{inner_name} in {file}");
                commands.push((inner_name, inner));
            }
            seen += 1;
        }
        assert_eq!(seen, pages.len(), "every page belongs to a command");
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = write_man_pages(&file.join("man1")).unwrap_err().to_string();
        assert!(
            error.contains("man1") && error.contains("cdp-bridge man DIR"),
            "{error}"
        );
    }
}
