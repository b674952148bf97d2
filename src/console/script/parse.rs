//! From text to steps (pure).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use cdp_bridge_protocol::ErrorCode;

use super::condition::{self, ExpectationProblem};
use super::step::{Action, Mode, Script, Sending, Step};
use super::time::{self, NotATime};
use super::variables::{self, VariableProblem};
use crate::console::verbs::{self, VerbError};
use crate::console::words::{self, OpenQuote};

/// A line that is no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct ScriptError {
    /// The script.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Box<StepProblem>,
}

/// What is wrong with a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepProblem {
    /// It is no request.
    #[error(transparent)]
    Verb(#[from] VerbError),
    /// A word that is for a person at the prompt.
    #[error("`{0}` is for the prompt, not for a script")]
    PromptOnly(String),
    /// It is no expectation.
    #[error(transparent)]
    Expectation(#[from] ExpectationProblem),
    /// It is no time.
    #[error(transparent)]
    Time(#[from] NotATime),
    /// A variable is missing.
    #[error(transparent)]
    Variable(#[from] VariableProblem),
    /// A quote is open.
    #[error(transparent)]
    Quote(#[from] OpenQuote),
    /// `&` or `!` before something that is not sent.
    #[error("`{0}` stands before a request, and this is none")]
    NotARequest(char),
    /// `&` and `!` together.
    #[error(
        "`&` and `!` exclude each other: nobody would look at the answer. Use `&` and, later, `expect error code=CODE`"
    )]
    BothMarks,
    /// Not one of the protocol's codes.
    #[error("there is no error code `{0}`, expected one of {known}", known = codes())]
    UnknownCode(String),
    /// A file name that leads elsewhere.
    #[error("`{0}` is no file name; `save` wants one below the directory of `--save`")]
    FileName(String),
    /// Not as many words as the step has.
    #[error("usage: {0}")]
    Usage(&'static str),
}

fn codes() -> String {
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.join(", ")
}

/// Reads a script. `variable` gives the value of a `${NAME}`.
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
        steps.push(Step {
            line: number + 1,
            ..step
        });
    }
    Ok(Script {
        file: file.to_owned(),
        steps,
    })
}

/// The variables of the lines before.
#[derive(Debug, Default)]
struct Known {
    /// Those whose value is known already.
    set: BTreeMap<String, String>,
    /// Those that get theirs while the script plays.
    late: BTreeSet<String>,
}

impl Known {
    fn read(
        &mut self,
        line: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Step, StepProblem> {
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
            return Ok(Step {
                line: 0,
                text: line.to_owned(),
                action: Action::Late(line.to_owned(), known),
            });
        }
        let step = step(line, &value)?;
        match &step.action {
            Action::Let(name, value) => {
                self.late.remove(name);
                self.set.insert(name.clone(), value.clone());
            }
            Action::Keep(name, _) => self.is_late(name),
            _ => {}
        }
        Ok(step)
    }

    fn is_late(&mut self, name: &str) {
        self.set.remove(name);
        self.late.insert(name.to_owned());
    }
}

/// Reads one line, all of whose variables are known.
pub(super) fn step(
    line: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Step, StepProblem> {
    let action = if let Some(rest) = line.strip_prefix('&') {
        if rest.trim_start().starts_with('!') {
            return Err(StepProblem::BothMarks);
        }
        Action::Send(sending(rest.trim(), '&', variable)?, Mode::Background)
    } else if let Some(rest) = line.strip_prefix('!') {
        if rest.trim_start().starts_with('&') {
            return Err(StepProblem::BothMarks);
        }
        let (code, rest) = expected_code(rest.trim())?;
        Action::Send(sending(rest, '!', variable)?, Mode::Fails(code))
    } else if line.starts_with('{') {
        Action::Send(sending(line, ' ', variable)?, Mode::Succeeds)
    } else {
        plain(line, variable)?
    };
    Ok(Step {
        line: 0,
        text: variables::fill_in(line, variable)?,
        action,
    })
}

/// A step without a mark.
fn plain(line: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Action, StepProblem> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    Ok(match word {
        "expect" | "wait" => Action::Expect(condition::parse(&words_of(rest, variable)?)?),
        "sleep" => Action::Sleep(time::parse(&one(rest, variable, "sleep TIME")?)?),
        "timeout" => Action::Limit(time::parse(&one(rest, variable, "timeout TIME")?)?),
        "save" => Action::Save(file_name(&one(rest, variable, "save NAME")?)?),
        "print" => Action::Print(variables::fill_in(rest, variable)?),
        "let" => {
            let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            variables::check_name(name)?;
            let value = variables::fill_in(value.trim(), variable)?;
            Action::Let(name.to_owned(), value)
        }
        "keep" => match <[String; 2]>::try_from(words_of(rest, variable)?) {
            Ok([name, path]) => {
                variables::check_name(&name)?;
                Action::Keep(name, path)
            }
            Err(_) => return Err(StepProblem::Usage("keep NAME PATH")),
        },
        _ => Action::Send(sending(line, ' ', variable)?, Mode::Succeeds),
    })
}

/// What is sent; `mark` is what stood before it.
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

/// The code after `!`, if there is one: a word in capitals, which no verb is.
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

/// The words of a line. Variables are filled in afterwards, so that a value with blanks stays
/// one word.
fn words_of(
    line: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<String>, StepProblem> {
    let mut words = words::split(line)?;
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

    fn actions(text: &str) -> Vec<Action> {
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
            Action::Send(Sending::Request(_), Mode::Succeeds)
        ));
        assert!(matches!(
            &actions[1],
            Action::Send(Sending::Request(_), Mode::Background)
        ));
        let denied = Mode::Fails(Some(ErrorCode::NavDenied));
        assert!(matches!(&actions[2], Action::Send(Sending::Request(_), mode) if *mode == denied));
        assert!(matches!(
            &actions[3],
            Action::Send(Sending::Request(_), Mode::Fails(None))
        ));
        let raw = Sending::Raw("{\"type\":\"ping\"}".to_owned());
        assert_eq!(actions[4], Action::Send(raw, Mode::Succeeds));
        assert!(matches!(&actions[5], Action::Expect(_)));
        assert!(matches!(&actions[6], Action::Expect(_)));
        assert_eq!(actions[7], Action::Sleep(Duration::from_millis(200)));
        assert_eq!(actions[8], Action::Limit(Duration::from_secs(10)));
        assert_eq!(actions[9], Action::Save("shots/tour.png".into()));
        let text = "The site is http://site.test, # and this is no comment";
        assert_eq!(actions[10], Action::Print(text.to_owned()));
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
            ("jump t1", "`jump` is no verb"),
            ("navigate $", "missing field `url`; usage: navigate TAB URL"),
            ("expect navigate", "there is no event `navigate`"),
            ("sleep long", "`long` is no time"),
            ("sleep", "usage: sleep TIME"),
            ("create ${NO}", "the variable `NO` is not set"),
            ("create \"http://x", "a double quote is opened"),
            ("& sleep 1s", "`&` stands before a request"),
            ("!", "`!` stands before a request"),
            ("& ! ping", "exclude each other"),
            ("! &ping", "exclude each other"),
            (
                "! NAV_DENYED ping",
                "there is no error code `NAV_DENYED`, expected one of BAD_REQUEST",
            ),
            ("save ../x", "`../x` is no file name"),
            ("save /etc/x", "`/etc/x` is no file name"),
            ("quit", "`quit` is for the prompt"),
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
