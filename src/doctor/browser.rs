//! Checks of the browser: which one, its sandbox, and whether it answers.

use std::time::Duration;

use tokio::time::Instant;

use super::finding::{Cause, Finding, Severity};
use crate::browser::Sandbox;
use crate::browser::connect::{BrowserSource, ConnectedBrowser};
use crate::browser::find::{self, FoundBrowser, RejectReason, Rejected};
use crate::browser::options::{BrowserBuild, LaunchOptions};
use crate::browser::sandbox::{self, SandboxDecision, SandboxFacts, SandboxOffReason};
use crate::cdp::methods::{CloseBrowser, GetVersion};

/// Time limit for one answer of Chromium, and for its exit.
const LIMIT: Duration = Duration::from_secs(5);

/// Which browser is used, and why this one. `configured` is where `browser.path` was set, if it was.
pub(super) fn chosen(found: &FoundBrowser, configured: &str) -> Finding {
    let kind = match found.kind {
        BrowserBuild::Shell => "headless shell",
        BrowserBuild::Chrome => "full browser",
    };
    let by = match found.source {
        find::FoundIn::Configured => configured.to_owned(),
        source => source.to_string(),
    };
    let message = format!("{} ({kind}; by {by})", found.path.display());
    // Places where nothing is are no news; a variable that names nothing is a mistake.
    let is_named = |tried: &&Rejected| matches!(tried.source, find::FoundIn::Variable(_));
    let mistakes = found.passed_over.iter().filter(is_named);
    let mistakes: Vec<String> = mistakes.map(ToString::to_string).collect();
    if !mistakes.is_empty() {
        let advice = "correct the variable, or remove it from the environment";
        let message = format!("{message}\nnot used: {}", mistakes.join("; "));
        return Finding::warning("browser", message, advice);
    }
    let others = found.passed_over.iter();
    let others = others.filter(|tried| tried.why != RejectReason::Missing);
    let others: Vec<String> = others
        .map(|tried| format!("\npassed over: {tried}"))
        .collect();
    Finding::fine("browser", format!("{message}{}", others.concat()))
}

/// Whether Chromium uses its sandbox.
pub(super) async fn sandbox_finding(options: &LaunchOptions) -> Finding {
    let facts = sandbox::facts(&options.executable).await;
    judge_sandbox(options.config.sandbox, facts)
}

fn judge_sandbox(wish: Sandbox, facts: SandboxFacts) -> Finding {
    const SUBJECT: &str = "sandbox";
    let user = "run the bridge as a dedicated user: see docs/hardening.md and deploy/";
    let fails = |message: &str, advice: &str| {
        let severity = Severity::Failed(Cause::Browser);
        Finding::new(
            SUBJECT,
            severity,
            message.to_owned(),
            Some(advice.to_owned()),
        )
    };
    match sandbox::decide(wish, facts) {
        SandboxDecision::On if facts.root => fails(
            "browser.sandbox is `on`, but Chromium does not support its sandbox as root",
            user,
        ),
        SandboxDecision::On if facts.namespaces_refused && !facts.setuid_helper => fails(
            "browser.sandbox is `on`, but the kernel refuses user namespaces to this user",
            "allow them (in a container: a seccomp profile such as deploy/docker/seccomp.json)",
        ),
        SandboxDecision::On => Finding::fine(SUBJECT, "on"),
        SandboxDecision::Off(SandboxOffReason::Configured) => Finding::warning(
            SUBJECT,
            "off: browser.sandbox is `off`",
            "set it to `on`: nothing else confines a hostile page",
        ),
        SandboxDecision::Off(SandboxOffReason::Root) => {
            Finding::warning(SUBJECT, "off: Chromium does not support it as root", user)
        }
        SandboxDecision::Off(reason @ SandboxOffReason::NoUserNamespaces) => Finding::warning(
            SUBJECT,
            format!("off: {reason}"),
            "in a container, a seccomp profile such as deploy/docker/seccomp.json allows them",
        ),
    }
}

/// Starts the browser, or reaches the one that runs, asks it once more, and ends what was started.
pub(super) async fn trial(source: &BrowserSource) -> Vec<Finding> {
    const SUBJECT: &str = "start";
    let begun = Instant::now();
    let ConnectedBrowser {
        browser,
        inbox: _inbox,
        version,
        process,
        warnings,
    } = match source.connect().await {
        Ok(connected) => connected,
        Err(error) => return vec![Finding::failed(SUBJECT, Cause::Browser, &error)],
    };
    let mut findings = vec![Finding::fine(
        SUBJECT,
        format!("{} answers after {}", version.product, millis(begun)),
    )];
    findings.extend(warnings.iter().map(|warning| {
        Finding::warning(
            "limits",
            warning.to_string(),
            "see config.example.toml at that key",
        )
    }));
    let asked = Instant::now();
    findings.push(match browser.call(GetVersion {}, LIMIT).await {
        Ok(_) => Finding::fine("round trip", millis(asked)),
        Err(error) => Finding::failed("round trip", Cause::Browser, &error),
    });
    if let Some(process) = process {
        // If the call fails, `end` kills the process anyway.
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

    const ROOT: SandboxFacts = SandboxFacts {
        root: true,
        namespaces_refused: false,
        setuid_helper: false,
    };

    fn found(passed_over: Vec<Rejected>) -> FoundBrowser {
        FoundBrowser {
            path: "/usr/bin/chrome".into(),
            kind: BrowserBuild::Shell,
            source: find::FoundIn::SearchPath,
            passed_over,
        }
    }

    #[test]
    fn root_without_a_sandbox_is_advised_to_use_another_user() {
        let finding = judge_sandbox(Sandbox::Auto, ROOT);
        assert_eq!(finding.severity, Severity::Warning);
        assert!(finding.advice.unwrap().contains("a dedicated user"));
        let wanted = judge_sandbox(Sandbox::On, ROOT);
        assert_eq!(
            wanted.severity,
            Severity::Failed(Cause::Browser),
            "{wanted}"
        );
    }

    #[test]
    fn a_kernel_that_refuses_namespaces_is_a_warning_unless_the_sandbox_must_be_on() {
        let refused = SandboxFacts {
            root: false,
            namespaces_refused: true,
            setuid_helper: false,
        };
        assert_eq!(
            judge_sandbox(Sandbox::Auto, refused).severity,
            Severity::Warning
        );
        let wanted = judge_sandbox(Sandbox::On, refused);
        assert_eq!(wanted.severity, Severity::Failed(Cause::Browser));
        assert!(wanted.advice.unwrap().contains("seccomp.json"));
        assert_eq!(
            judge_sandbox(Sandbox::Auto, SandboxFacts::default()).severity,
            Severity::Fine
        );
    }

    #[test]
    fn a_variable_that_names_nothing_is_a_mistake_and_an_empty_place_is_not() {
        let tried = |source, why| Rejected {
            source,
            path: "/nowhere".into(),
            why,
        };
        let empty = tried(find::FoundIn::UsualPlace, RejectReason::Missing);
        assert_eq!(
            chosen(&found(vec![empty.clone()]), "").severity,
            Severity::Fine
        );
        let variable = tried(find::FoundIn::Variable("CHROME_BIN"), RejectReason::Missing);
        let finding = chosen(&found(vec![variable, empty]), "");
        assert_eq!(finding.severity, Severity::Warning);
        assert!(
            finding.message.contains("CHROME_BIN: /nowhere not found"),
            "{finding}"
        );
        let useless = tried(find::FoundIn::SearchPath, RejectReason::NotExecutable);
        let finding = chosen(&found(vec![useless]), "");
        assert!(finding.message.contains("not executable"), "{finding}");
    }
}
