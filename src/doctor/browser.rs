//! The browser: which one, confined or not, and whether it answers.

use std::time::Duration;

use tokio::time::Instant;

use super::finding::{Cause, Finding, Verdict};
use crate::browser::Sandbox;
use crate::browser::connect::{Connected, Source};
use crate::browser::find::{self, Found, Tried, WhyNot};
use crate::browser::options::{Kind, LaunchOptions};
use crate::browser::sandbox::{self, Facts, Reason, SandboxDecision};
use crate::cdp::methods::{CloseBrowser, GetVersion};

/// How long Chromium may take for one answer, and to end when it is asked to.
const LIMIT: Duration = Duration::from_secs(5);

/// Which browser is used, and why this one. `configured` is where `browser.path` was set, if it was.
pub(super) fn chosen(found: &Found, configured: &str) -> Finding {
    let kind = match found.kind {
        Kind::Shell => "headless shell",
        Kind::Chrome => "full browser",
    };
    let by = match found.source {
        find::Source::Configured => configured.to_owned(),
        source => source.to_string(),
    };
    let said = format!("{} ({kind}; by {by})", found.path.display());
    // Places where nothing is are no news; a variable that names nothing is a mistake.
    let is_named = |tried: &&Tried| matches!(tried.source, find::Source::Variable(_));
    let mistakes = found.passed_over.iter().filter(is_named);
    let mistakes: Vec<String> = mistakes.map(ToString::to_string).collect();
    if !mistakes.is_empty() {
        let advice = "correct the variable, or remove it from the environment";
        let said = format!("{said}\npassed over: {}", mistakes.join("; "));
        return Finding::warning("browser", said, advice);
    }
    let others = found.passed_over.iter();
    let others = others.filter(|tried| tried.why != WhyNot::Missing);
    let others: Vec<String> = others
        .map(|tried| format!("\npassed over: {tried}"))
        .collect();
    Finding::fine("browser", format!("{said}{}", others.concat()))
}

/// Whether pages are confined.
pub(super) async fn confinement(options: &LaunchOptions) -> Finding {
    let facts = sandbox::facts(&options.executable).await;
    judged(options.config.sandbox, facts)
}

fn judged(wish: Sandbox, facts: Facts) -> Finding {
    const SUBJECT: &str = "sandbox";
    let user = "run the bridge as a user of its own: docs/hardening.md and deploy/ say how";
    let fails = |said: &str, advice: &str| {
        let verdict = Verdict::Failed(Cause::Browser);
        Finding::new(SUBJECT, verdict, said.to_owned(), Some(advice.to_owned()))
    };
    match sandbox::decide(wish, facts) {
        SandboxDecision::On if facts.root => fails(
            "browser.sandbox is `on`, and Chromium refuses its sandbox to root",
            user,
        ),
        SandboxDecision::On if facts.namespaces_refused && !facts.setuid_helper => fails(
            "browser.sandbox is `on`, and the kernel refuses user namespaces to this user",
            "allow them (in a container: a seccomp profile such as deploy/docker/seccomp.json)",
        ),
        SandboxDecision::On => Finding::fine(SUBJECT, "on"),
        SandboxDecision::Off(Reason::Configured) => Finding::warning(
            SUBJECT,
            "off: browser.sandbox is `off`",
            "set it to `on`: a hostile page is confined by nothing else",
        ),
        SandboxDecision::Off(Reason::Root) => {
            Finding::warning(SUBJECT, "off: Chromium refuses it to root", user)
        }
        SandboxDecision::Off(reason @ Reason::NoUserNamespaces) => Finding::warning(
            SUBJECT,
            format!("off: {reason}"),
            "in a container, a seccomp profile such as deploy/docker/seccomp.json allows them",
        ),
    }
}

/// Starts the browser, or reaches the one that runs, asks it once more, and ends what was started.
pub(super) async fn trial(source: &Source) -> Vec<Finding> {
    const SUBJECT: &str = "start";
    let begun = Instant::now();
    let Connected {
        browser,
        inbox: _inbox,
        version,
        process,
        concerns,
    } = match source.connect().await {
        Ok(connected) => connected,
        Err(error) => return vec![Finding::failed(SUBJECT, Cause::Browser, &error)],
    };
    let mut findings = vec![Finding::fine(
        SUBJECT,
        format!("{} answers after {}", version.product, millis(begun)),
    )];
    findings.extend(concerns.iter().map(|concern| {
        Finding::warning(
            "concern",
            concern.to_string(),
            "see config.example.toml at that key",
        )
    }));
    let asked = Instant::now();
    findings.push(match browser.call(GetVersion {}, LIMIT).await {
        Ok(_) => Finding::fine("round trip", millis(asked)),
        Err(error) => Finding::failed("round trip", Cause::Browser, &error),
    });
    if let Some(process) = process {
        // Where it does not listen to this, it is ended all the same.
        let _ = browser.call(CloseBrowser {}, LIMIT).await;
        process.end(LIMIT).await;
    }
    findings
}

fn millis(since: Instant) -> String {
    format!("{:.1} ms", since.elapsed().as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Facts = Facts {
        root: true,
        namespaces_refused: false,
        setuid_helper: false,
    };

    fn found(passed_over: Vec<Tried>) -> Found {
        Found {
            path: "/usr/bin/chrome".into(),
            kind: Kind::Shell,
            source: find::Source::SearchPath,
            passed_over,
        }
    }

    #[test]
    fn root_without_a_sandbox_is_told_to_use_another_user() {
        let finding = judged(Sandbox::Auto, ROOT);
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(finding.advice.unwrap().contains("a user of its own"));
        let wanted = judged(Sandbox::On, ROOT);
        assert_eq!(wanted.verdict, Verdict::Failed(Cause::Browser), "{wanted}");
    }

    #[test]
    fn a_kernel_that_refuses_namespaces_is_a_warning_unless_the_sandbox_must_be_on() {
        let refused = Facts {
            root: false,
            namespaces_refused: true,
            setuid_helper: false,
        };
        assert_eq!(judged(Sandbox::Auto, refused).verdict, Verdict::Warning);
        let wanted = judged(Sandbox::On, refused);
        assert_eq!(wanted.verdict, Verdict::Failed(Cause::Browser));
        assert!(wanted.advice.unwrap().contains("seccomp.json"));
        assert_eq!(
            judged(Sandbox::Auto, Facts::default()).verdict,
            Verdict::Fine
        );
    }

    #[test]
    fn a_variable_that_names_nothing_is_a_mistake_and_an_empty_place_is_not() {
        let tried = |source, why| Tried {
            source,
            path: "/nowhere".into(),
            why,
        };
        let empty = tried(find::Source::UsualPlace, WhyNot::Missing);
        assert_eq!(
            chosen(&found(vec![empty.clone()]), "").verdict,
            Verdict::Fine
        );
        let variable = tried(find::Source::Variable("CHROME_BIN"), WhyNot::Missing);
        let finding = chosen(&found(vec![variable, empty]), "");
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(
            finding.said.contains("CHROME_BIN: /nowhere not found"),
            "{finding}"
        );
        let useless = tried(find::Source::SearchPath, WhyNot::NotExecutable);
        let finding = chosen(&found(vec![useless]), "");
        assert!(finding.said.contains("not executable"), "{finding}");
    }
}
