//! Parses a script (pure).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use cdp_bridge_protocol::ErrorCode;

use super::condition::{self, ExpectationProblem};
use super::step::{ExpectedAnswer, Script, ScriptStep, Sending, StepAction};
use super::time::{self, NotATime};
use super::variables::{self, VariableProblem};
use crate::console::tokenizer::{self, OpenQuote};
use crate::console::verbs::{self, VerbError};

/// A line that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct ScriptError {
    /// The script.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Why it cannot be parsed.
    pub problem: Box<StepProblem>,
}

/// Why a line cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepProblem {
    /// An invalid request.
    #[error(transparent)]
    Verb(#[from] VerbError),
    /// `help` or `quit`.
    #[error("`{0}` works only at the prompt, not in a script")]
    PromptOnly(String),
    /// Invalid words after `expect`.
    #[error(transparent)]
    Expectation(#[from] ExpectationProblem),
    /// An invalid time.
    #[error(transparent)]
    Time(#[from] NotATime),
    /// A variable that is not set, or an invalid reference to one.
    #[error(transparent)]
    Variable(#[from] VariableProblem),
    /// A quote is not closed.
    #[error(transparent)]
    Quote(#[from] OpenQuote),
    /// `&` or `!` before a step that is not a request.
    #[error("`{0}` must be followed by a request")]
    NotARequest(char),
    /// `&` and `!` together.
    #[error(
        "`&` and `!` exclude each other: a background request's answer is not checked. Use `&` and, later, `expect error code=CODE`"
    )]
    BothMarks,
    /// The word after `!` is not an error code of the protocol.
    #[error("unknown error code `{0}`, expected one of {known}", known = codes())]
    UnknownCode(String),
    /// An absolute file name, or one with `..`.
    #[error("invalid file name `{0}`; `save` takes one below the directory of `--save`")]
    FileName(String),
    /// The wrong number of words.
    #[error("usage: {0}")]
    Usage(&'static str),
}

fn codes() -> String {
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.join(", ")
}

/// Parses a script. `variable` returns the value of an environment variable.
pub(in crate::console) fn parse(
    file: &str,
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Script, ScriptError> {
    let mut steps = Vec::new();
    let mut known = Known::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let step = known.read(line, variable).map_err(|problem| ScriptError {
            file: file.to_owned(),
            line: number + 1,
            problem: Box::new(problem),
        })?;
        steps.push(ScriptStep {
            line: number + 1,
            ..step
        });
    }
    Ok(Script {
        file: file.to_owned(),
        steps,
    })
}

/// Variables set by previous lines.
#[derive(Debug, Default)]
struct Known {
    /// Values known while parsing (`let`).
    set: BTreeMap<String, String>,
    /// Names whose values are known only at run time (`keep`).
    late: BTreeSet<String>,
}

impl Known {
    fn read(
        &mut self,
        line: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<ScriptStep, StepProblem> {
        let value = |name: &str| self.set.get(name).cloned().or_else(|| variable(name));
        let names = variables::names(line)?;
        if names.iter().any(|name| self.late.contains(*name)) {
            let known = names
                .iter()
                .filter(|name| !self.late.contains(**name))
                .filter_map(|name| Some(((*name).to_owned(), value(name)?)));
            let known = known.collect();
            let mut words = line.split_whitespace();
            if let (Some("let" | "keep"), Some(name)) = (words.next(), words.next()) {
                self.is_late(name);
            }
            return Ok(ScriptStep {
                line: 0,
                text: line.to_owned(),
                action: StepAction::Late(line.to_owned(), known),
            });
        }
        let step = step(line, &value)?;
        match &step.action {
            StepAction::Let(name, value) => {
                self.late.remove(name);
                self.set.insert(name.clone(), value.clone());
            }
            StepAction::Keep(name, _) => self.is_late(name),
            _ => {}
        }
        Ok(step)
    }

    fn is_late(&mut self, name: &str) {
        self.set.remove(name);
        self.late.insert(name.to_owned());
    }
}

/// Parses a line whose variables all have values.
pub(super) fn step(
    line: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<ScriptStep, StepProblem> {
    let action = if let Some(rest) = line.strip_prefix('&') {
        if rest.trim_start().starts_with('!') {
            return Err(StepProblem::BothMarks);
        }
        StepAction::Send(
            sending(rest.trim(), '&', variable)?,
            ExpectedAnswer::Background,
        )
    } else if let Some(rest) = line.strip_prefix('!') {
        if rest.trim_start().starts_with('&') {
            return Err(StepProblem::BothMarks);
        }
        let (code, rest) = expected_code(rest.trim())?;
        StepAction::Send(sending(rest, '!', variable)?, ExpectedAnswer::Fails(code))
    } else if line.starts_with('{') {
        StepAction::Send(sending(line, ' ', variable)?, ExpectedAnswer::Succeeds)
    } else {
        plain(line, variable)?
    };
    Ok(ScriptStep {
        line: 0,
        text: variables::fill_in(line, variable)?,
        action,
    })
}

/// Parses a step without `&` or `!`.
fn plain(line: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<StepAction, StepProblem> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    Ok(match word {
        "expect" | "wait" => StepAction::Expect(condition::parse(&words_of(rest, variable)?)?),
        "sleep" => StepAction::Sleep(time::parse(&one(rest, variable, "sleep TIME")?)?),
        "timeout" => StepAction::Limit(time::parse(&one(rest, variable, "timeout TIME")?)?),
        "save" => StepAction::Save(file_name(&one(rest, variable, "save NAME")?)?),
        "print" => StepAction::Print(variables::fill_in(rest, variable)?),
        "let" => {
            let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            variables::check_name(name)?;
            let value = variables::fill_in(value.trim(), variable)?;
            StepAction::Let(name.to_owned(), value)
        }
        "keep" => match <[String; 2]>::try_from(words_of(rest, variable)?) {
            Ok([name, path]) => {
                variables::check_name(&name)?;
                StepAction::Keep(name, path)
            }
            Err(_) => return Err(StepProblem::Usage("keep NAME PATH")),
        },
        _ => StepAction::Send(sending(line, ' ', variable)?, ExpectedAnswer::Succeeds),
    })
}

/// Parses a request; `mark` is the `&` or `!` before it.
fn sending(
    line: &str,
    mark: char,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Sending, StepProblem> {
    if line.starts_with('{') {
        return Ok(Sending::Raw(variables::fill_in(line, variable)?));
    }
    let words = words_of(line, variable)?;
    match words.first().map(String::as_str) {
        None
        | Some("expect" | "wait" | "sleep" | "timeout" | "save" | "print" | "let" | "keep") => {
            Err(StepProblem::NotARequest(mark))
        }
        Some(word @ ("help" | "?" | "quit" | "exit")) => {
            Err(StepProblem::PromptOnly(word.to_owned()))
        }
        Some(_) => Ok(Sending::Request(verbs::parse_request(&words)?)),
    }
}

/// The error code after `!`, if there is one: a word in capitals, unlike any verb.
fn expected_code(rest: &str) -> Result<(Option<ErrorCode>, &str), StepProblem> {
    let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let capitals = !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if !capitals {
        return Ok((None, rest));
    }
    let code = ErrorCode::ALL
        .into_iter()
        .find(|code| code.as_str() == word)
        .ok_or_else(|| StepProblem::UnknownCode(word.to_owned()))?;
    Ok((Some(code), after.trim()))
}

/// Splits a line into words, then expands variables, so that a value with spaces stays one word.
fn words_of(
    line: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<String>, StepProblem> {
    let mut words = tokenizer::split(line)?;
    for word in &mut words {
        *word = variables::fill_in(word, variable)?;
    }
    Ok(words)
}

fn one(
    rest: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    usage: &'static str,
) -> Result<String, StepProblem> {
    match <[String; 1]>::try_from(words_of(rest, variable)?) {
        Ok([word]) => Ok(word),
        Err(_) => Err(StepProblem::Usage(usage)),
    }
}

fn file_name(name: &str) -> Result<PathBuf, StepProblem> {
    let path = Path::new(name);
    let below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !below {
        return Err(StepProblem::FileName(name.to_owned()));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn read(text: &str) -> Result<Script, ScriptError> {
        parse("tour.cdp", text, &|name| {
            (name == "SITE").then(|| "http://site.test".to_owned())
        })
    }

    fn actions(text: &str) -> Vec<StepAction> {
        let script = read(text).unwrap();
        script.steps.into_iter().map(|step| step.action).collect()
    }

    #[test]
    fn each_kind_of_step_is_read() {
        let text = "
            # a comment
            create ${SITE}/
            & shot $
            ! NAV_DENIED navigate $ http://evil.test/
            ! close t99
            {\"type\":\"ping\"}
            expect navigated id=$ status=200
            wait loadEventFired
            sleep 200ms
            timeout 10s
            save shots/tour.png
            print The site is ${SITE}, # and this is no comment
        ";
        let actions = actions(text);
        assert!(matches!(
            &actions[0],
            StepAction::Send(Sending::Request(_), ExpectedAnswer::Succeeds)
        ));
        assert!(matches!(
            &actions[1],
            StepAction::Send(Sending::Request(_), ExpectedAnswer::Background)
        ));
        let denied = ExpectedAnswer::Fails(Some(ErrorCode::NavDenied));
        assert!(
            matches!(&actions[2], StepAction::Send(Sending::Request(_), mode) if *mode == denied)
        );
        assert!(matches!(
            &actions[3],
            StepAction::Send(Sending::Request(_), ExpectedAnswer::Fails(None))
        ));
        let raw = Sending::Raw("{\"type\":\"ping\"}".to_owned());
        assert_eq!(actions[4], StepAction::Send(raw, ExpectedAnswer::Succeeds));
        assert!(matches!(&actions[5], StepAction::Expect(_)));
        assert!(matches!(&actions[6], StepAction::Expect(_)));
        assert_eq!(actions[7], StepAction::Sleep(Duration::from_millis(200)));
        assert_eq!(actions[8], StepAction::Limit(Duration::from_secs(10)));
        assert_eq!(actions[9], StepAction::Save("shots/tour.png".into()));
        let text = "The site is http://site.test, # and this is no comment";
        assert_eq!(actions[10], StepAction::Print(text.to_owned()));
    }

    #[test]
    fn a_step_keeps_its_line_and_its_text_with_the_variables_filled_in() {
        let script = read("# first\n\n  create ${SITE}/ \n").unwrap();
        assert_eq!(script.steps[0].line, 3);
        assert_eq!(script.steps[0].text, "create http://site.test/");
    }

    #[test]
    fn a_mistake_is_reported_with_file_and_line() {
        for (line, problem) in [
            ("jump t1", "unknown verb `jump`"),
            ("navigate $", "missing field `url`; usage: navigate TAB URL"),
            ("expect navigate", "unknown event `navigate`"),
            ("sleep long", "invalid time `long`"),
            ("sleep", "usage: sleep TIME"),
            ("create ${NO}", "the variable `NO` is not set"),
            ("create \"http://x", "a double quote is not closed"),
            ("& sleep 1s", "`&` must be followed by a request"),
            ("!", "`!` must be followed by a request"),
            ("& ! ping", "exclude each other"),
            ("! &ping", "exclude each other"),
            (
                "! NAV_DENYED ping",
                "unknown error code `NAV_DENYED`, expected one of BAD_REQUEST",
            ),
            ("save ../x", "invalid file name `../x`"),
            ("save /etc/x", "invalid file name `/etc/x`"),
            ("quit", "`quit` works only at the prompt"),
        ] {
            let error = read(&format!("ping\n\n{line}\nping")).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("tour.cdp:3: "), "{line}: {text}");
            assert!(text.contains(problem), "{line}: {text}");
        }
    }

    #[test]
    fn a_value_with_blanks_stays_one_word() {
        let script = parse("x", "navigate t1 ${URL}", &|_| {
            Some("http://a/b c".to_owned())
        });
        assert!(script.is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_fall_over(text in proptest::prelude::any::<String>()) {
            let _ = read(&text);
        }
    }
}
