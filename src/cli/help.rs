//! The texts around the lists of flags: headings, and what stands after them.

/// Heading of the flags that say where the configuration comes from.
pub(super) const CONFIGURATION: &str = "Configuration";
/// Heading of the flags of the log.
pub(super) const LOG: &str = "Log";
/// Heading of the flags of the browser.
pub(super) const BROWSER: &str = "Browser";
/// Heading of the flags about who may do what.
pub(super) const COORDINATORS: &str = "Coordinators and pages";
/// Heading of the flags that say how to reach a bridge.
pub(super) const CONNECTION: &str = "Connection";
/// Heading of the console's flags that read and write files.
pub(super) const FILES: &str = "Scripts and files";
/// Heading of the console's flags about the terminal.
pub(super) const TERMINAL: &str = "Terminal";

/// After the help of the program.
pub(super) const PROGRAM: &str = "\
Without a command the bridge serves. Every key of the configuration can be set with --set or in the \
environment (CDP_BRIDGE_SECTION_KEY).

Examples:
  cdp-bridge                                       serve on 127.0.0.1:9333
  cdp-bridge console                               talk to it, in another terminal
  cdp-bridge doctor                                what serve would find here
  cdp-bridge serve --allow example.com             no other host may be navigated to

Exit codes:
  0    it ended as it was asked to
  1    it failed
  2    the command line or the configuration is wrong
  3    there is no usable browser
  130  it was interrupted before it served, or by a second signal";

/// After the help of `serve`.
pub(super) const SERVE: &str = "\
Examples:
  cdp-bridge serve --allow example.com --allow example.org
  cdp-bridge serve --listen unix:/run/cdp-bridge.sock
  cdp-bridge serve --connect http://127.0.0.1:9222
  cdp-bridge serve --set policy.private_networks=127.0.0.1/32 --set tabs.max=8

It says `cdp-bridge listening on URL` on stdout when it serves. SIGTERM and SIGINT stop it in good \
order, SIGHUP reads clients, policies and certificates again.";

/// After the help of `console`.
pub(super) const CONSOLE: &str = "\
Examples:
  cdp-bridge console
  cdp-bridge console wss://bridge.example:9333 --token-file token --save pictures
  cdp-bridge console --script examples/tour/tour.cdp
  cdp-bridge console --record session.cdp
  echo 'create https://example.com/' | cdp-bridge console

At the prompt `help` lists the verbs and `help VERB` explains one; Tab completes verbs, tabs and \
fields. A script or a pipe in which anything fails ends with 1.";

/// After the help of `doctor`.
pub(super) const DOCTOR: &str = "\
Examples:
  cdp-bridge doctor
  cdp-bridge doctor --chrome-path /usr/lib/chromium/chromium

It takes the flags of serve, and starts a browser of its own. Exit codes: 0 serve would serve, 1 \
something of the machine is in its way, 2 the configuration is wrong, 3 no usable browser.";

/// After the help of `config`.
pub(super) const CONFIG: &str = "\
Examples:
  cdp-bridge config print
  cdp-bridge config check cdp-bridge.toml
  cdp-bridge config example";

/// After the help of `config print`.
pub(super) const CONFIG_PRINT: &str = "\
Examples:
  cdp-bridge config print
  WS_PORT=9400 cdp-bridge config print --set tabs.max=8

Tokens are not shown.";

/// After the help of `config check`.
pub(super) const CONFIG_CHECK: &str = "\
Examples:
  cdp-bridge config check
  cdp-bridge config check /etc/cdp-bridge/cdp-bridge.toml";

/// After the help of `config example`.
pub(super) const CONFIG_EXAMPLE: &str = "\
Examples:
  cdp-bridge config example > cdp-bridge.toml";

/// After the help of `health`.
pub(super) const HEALTH: &str = "\
Examples:
  cdp-bridge health
  cdp-bridge health https://bridge.example:9333 --ca authority.pem

Exit codes: 0 the answer was 200, 1 it was not, or there was none.";

/// After the help of `schema`.
pub(super) const SCHEMA: &str = "\
Examples:
  cdp-bridge schema schemas";

/// After the help of `completions`.
pub(super) const COMPLETIONS: &str = "\
Examples:
  cdp-bridge completions bash > /etc/bash_completion.d/cdp-bridge
  cdp-bridge completions zsh > ~/.zfunc/_cdp-bridge
  cdp-bridge completions fish > ~/.config/fish/completions/cdp-bridge.fish";

/// After the help of `man`.
pub(super) const MAN: &str = "\
Examples:
  cdp-bridge man | man -l -
  cdp-bridge man /usr/local/share/man/man1";
