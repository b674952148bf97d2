//! Runs all checks of what `serve` needs.

use std::path::PathBuf;

use super::browser;
use super::finding::{Cause, Finding, Report};
use super::machine;
use crate::app::{browser_source, room_settings};
use crate::browser::connect::BrowserSource;
use crate::config::{Config, Loaded};
use crate::server::Server;

/// Checks what `serve` would use with this configuration, and hands each finding to `tell` at once. It
/// uses a temporary profile, so that a running bridge is not disturbed and nothing is left behind.
pub async fn examine(loaded: &Loaded, mut tell: impl FnMut(&Finding)) -> Report {
    let config = &loaded.config;
    let mut report = Report::default();
    let mut add = |finding: Finding| {
        report.add(&finding);
        tell(&finding);
    };
    add(Finding::fine("configuration", origin(loaded)));
    let temporary = std::env::temp_dir();
    machine::shared_memory(&temporary)
        .into_iter()
        .for_each(&mut add);
    add(machine::disk(&profiles(config)));
    add(address(config).await);
    match source(loaded) {
        Ok((source, findings)) => {
            findings.into_iter().for_each(&mut add);
            if let BrowserSource::Launch(options) = &source {
                add(browser::sandbox_finding(options).await);
            }
            browser::trial(&source).await.into_iter().for_each(add);
        }
        Err(failed) => add(failed),
    }
    report
}

fn origin(loaded: &Loaded) -> String {
    match &loaded.file {
        Some(file) => format!("{}, with flags and environment", file.display()),
        None => "no file; defaults, flags and environment".to_owned(),
    }
}

/// The directory of Chromium's profile.
fn profiles(config: &Config) -> PathBuf {
    let configured = config.browser.user_data_dir.clone();
    configured
        .filter(|dir| dir.exists())
        .unwrap_or_else(std::env::temp_dir)
}

/// Whether the bridge could listen.
async fn address(config: &Config) -> Finding {
    const SUBJECT: &str = "address";
    let settings = match room_settings::server(config, None) {
        Ok(settings) => settings,
        Err(error) => return Finding::failed(SUBJECT, Cause::Machine, &error),
    };
    let wanted = settings.config.listen.clone();
    match Server::would_listen(&settings).await {
        Ok(()) => Finding::fine(SUBJECT, format!("{wanted} is free")),
        Err(error) => Finding::failed(SUBJECT, Cause::Machine, &error),
    }
}

/// The browser that would be used.
fn source(loaded: &Loaded) -> Result<(BrowserSource, Vec<Finding>), Finding> {
    let config = &loaded.config;
    if let Some(running) = browser_source::running_browser(config) {
        return Ok((running, Vec::new()));
    }
    let found = browser_source::found_browser(config)
        .map_err(|error| Finding::failed("browser", Cause::Browser, &error))?;
    let configured = loaded.origins.get("browser.path").to_string();
    let finding = browser::chosen(&found, &configured);
    let mut options = browser_source::launch_options(config, found, None);
    options.config.user_data_dir = None;
    Ok((BrowserSource::Launch(Box::new(options)), vec![finding]))
}
