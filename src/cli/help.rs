//! Headings of the help texts, and the examples and notes after the flags.

pub(super) const CONFIGURATION: &str = "Configuration";
pub(super) const LOG: &str = "Log";
pub(super) const BROWSER: &str = "Browser";
pub(super) const COORDINATORS: &str = "Coordinators and pages";
pub(super) const CONNECTION: &str = "Connection";
pub(super) const FILES: &str = "Scripts and files";
pub(super) const TERMINAL: &str = "Terminal";
pub(super) const KEY: &str = "Key";
pub(super) const OUTPUT: &str = "Output";
pub(super) const CHAIN: &str = "Chain";

pub(super) const PROGRAM: &str = "\
Without a command, `serve` is run. Every key of the configuration can be set with --set or in the \
environment (CDP_BRIDGE_SECTION_KEY).

Examples:
  cdp-bridge                                       serve on 127.0.0.1:9333
  cdp-bridge console                               talk to it, in another terminal
  cdp-bridge doctor                                check whether serve would work here
  cdp-bridge serve --allow example.com             no other host may be navigated to

Exit codes:
  0    success
  1    failure
  2    invalid command line or configuration
  3    no usable browser
  130  interrupted before it served, or by a second signal";

pub(super) const SERVE: &str = "\
Examples:
  cdp-bridge serve --allow example.com --allow example.org
  cdp-bridge serve --listen unix:/run/cdp-bridge.sock
  cdp-bridge serve --connect http://127.0.0.1:9222
  cdp-bridge serve --set policy.private_networks=127.0.0.1/32 --set tabs.max=8

Prints `cdp-bridge listening on URL` to stdout when it accepts connections. SIGTERM and SIGINT stop it \
gracefully, SIGHUP reloads clients, policies and certificates.";

pub(super) const CONSOLE: &str = "\
Examples:
  cdp-bridge console
  cdp-bridge console wss://bridge.example:9333 --token-file token --save pictures
  cdp-bridge console --script examples/tour/tour.cdp
  cdp-bridge console --record session.cdp
  echo 'create https://example.com/' | cdp-bridge console

At the prompt `help` lists the verbs and `help VERB` explains one; Tab completes verbs, tabs and \
fields. A script or piped input exits with 1 if anything fails, but for what runs in the background (`&`).";

pub(super) const DOCTOR: &str = "\
Examples:
  cdp-bridge doctor
  cdp-bridge doctor --chrome-path /usr/lib/chromium/chromium

Takes the flags of serve, and starts its own browser. Exit codes: 0 serve would work, 1 a problem of \
the machine, 2 the configuration is invalid, 3 no usable browser.";

pub(super) const CONFIG: &str = "\
Examples:
  cdp-bridge config print
  cdp-bridge config check cdp-bridge.toml
  cdp-bridge config example";

pub(super) const CONFIG_PRINT: &str = "\
Examples:
  cdp-bridge config print
  WS_PORT=9400 cdp-bridge config print --set tabs.max=8

Tokens are not shown.";

pub(super) const CONFIG_CHECK: &str = "\
Examples:
  cdp-bridge config check
  cdp-bridge config check /etc/cdp-bridge/cdp-bridge.toml
  cdp-bridge config check --set tabs.max=8

Takes the flags of serve.";

pub(super) const CONFIG_EXAMPLE: &str = "\
Examples:
  cdp-bridge config example > cdp-bridge.toml";

pub(super) const HEALTH: &str = "\
Examples:
  cdp-bridge health
  cdp-bridge health https://bridge.example:9333 --ca authority.pem

Exit codes: 0 the bridge answered 200, 1 any other answer, or none.";

pub(super) const STORE: &str = "\
Examples:
  cdp-bridge store check
  CDP_BRIDGE_STORE_DIRECTORY=/var/lib/cdp-bridge cdp-bridge store vacuum

Works on the store that the configuration names, also while a bridge serves with it.";

pub(super) const STORE_CHECK: &str = "\
Examples:
  cdp-bridge store check

Prints its place, its schema and how many rows it has. Exit codes: 0 it can be used, 1 it is damaged, not there, of a \
newer version, or lacks a migration.";

pub(super) const STORE_MIGRATE: &str = "\
Examples:
  cdp-bridge store migrate

A store whose schema is newer than this program is refused.";

pub(super) const STORE_VACUUM: &str = "\
Examples:
  cdp-bridge store vacuum

SQLite writes the file once more, which needs as much free space as it has, and keeps a bridge that serves with it \
from writing meanwhile.";

pub(super) const SCHEMA: &str = "\
Examples:
  cdp-bridge schema schemas";

pub(super) const COMPLETIONS: &str = "\
Examples:
  cdp-bridge completions bash > /etc/bash_completion.d/cdp-bridge
  cdp-bridge completions zsh > ~/.zfunc/_cdp-bridge
  cdp-bridge completions fish > ~/.config/fish/completions/cdp-bridge.fish";

pub(super) const MAN: &str = "\
Examples:
  cdp-bridge man | man -l -
  cdp-bridge man /usr/local/share/man/man1";

pub(super) const KEYS: &str = "\
Examples:
  cdp-bridge keys add --client scraper > key
  cdp-bridge keys list
  cdp-bridge keys revoke 7c41m0xr

Keys are in the store (store.url): the commands need the configuration and the state directory of the bridge, and its user. \
A running bridge follows within a second.";

pub(super) const KEYS_ADD: &str = "\
Examples:
  cdp-bridge keys add --client scraper
  cdp-bridge keys add --client wall --scopes watch --expires 30d
  cdp-bridge keys add --client tests --limit tabs=10 --limit sessions=2

The key goes to stdout, and nothing else does; it is not kept and cannot be shown again. Limits are tabs, max_inflight, \
rate_per_second, max_connections and sessions, and count for all keys of the client. As soon as there is a key, every \
client needs a credential.";

pub(super) const KEYS_LIST: &str = "\
Examples:
  cdp-bridge keys list
  cdp-bridge keys list --json";

pub(super) const KEYS_REVOKE: &str = "\
Examples:
  cdp-bridge keys revoke 7c41m0xr

Connections that were opened with the key are closed, and tokens of sessions that were made with it are void. Sessions \
and tabs end too where it was the last credential of its client.";

pub(super) const AUDIT: &str = "\
Examples:
  cdp-bridge audit list --since 1d
  cdp-bridge audit verify";

pub(super) const AUDIT_LIST: &str = "\
Examples:
  cdp-bridge audit list
  cdp-bridge audit list --since 12h --json";

pub(super) const AUDIT_VERIFY: &str = "\
Examples:
  cdp-bridge audit verify
  cdp-bridge audit verify --end 1204:3f1c…

Every row carries a hash over itself and the row before. What no chain shows is that its last rows were cut off: note the \
end that is printed, in another place, and give it to a later run with --end. Exit codes: 0 whole, 1 broken or not to be read.";
