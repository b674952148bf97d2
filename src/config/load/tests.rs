use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::browser::TransportKind;
use crate::config::FlagValue;
use crate::server::Listen;

/// A set of sources that is built up in a test, and its files.
#[derive(Default)]
struct Given {
    sources: Sources,
    files: BTreeMap<PathBuf, String>,
}

impl Given {
    fn file(mut self, path: &str, text: &str) -> Self {
        self.files
            .insert(PathBuf::from("/w").join(path), text.to_owned());
        self
    }

    fn toml(self, text: &str) -> Self {
        self.file("cdp-bridge.toml", text)
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn flag(mut self, flag: &str, key: &str, value: &str) -> Self {
        self.sources.flags.push(FlagValue {
            key: key.to_owned(),
            value: value.to_owned(),
            flag: flag.to_owned(),
        });
        self
    }

    fn named(mut self, path: &str) -> Self {
        self.sources.config_path = Some(path.into());
        self
    }

    fn load(mut self) -> Result<Loaded, ConfigError> {
        self.sources.working_dir = "/w".into();
        let files = self.files;
        load_with(&self.sources, &|path| {
            files
                .get(path)
                .cloned()
                .ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }

    fn config(self) -> Config {
        self.load().unwrap().config
    }

    fn message(self) -> String {
        self.load().unwrap_err().to_string()
    }
}

fn given() -> Given {
    Given::default()
}

fn listen(text: &str) -> Listen {
    text.parse().unwrap()
}

#[test]
fn nothing_given_is_the_defaults() {
    let loaded = given().load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.file, None);
    assert_eq!(loaded.origins.get("tabs.max"), &Origin::Default);
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let loaded = given()
        .toml("[tabs]\nmax = 1\nidle_timeout = \"1min\"\non_disconnect = \"close\"\n")
        .env("CDP_BRIDGE_TABS_MAX", "2")
        .env("CDP_BRIDGE_TABS_IDLE_TIMEOUT", "2min")
        .flag("--set", "tabs.max", "3")
        .load()
        .unwrap();
    assert_eq!(loaded.config.tabs.max, 3);
    assert_eq!(loaded.config.tabs.idle_timeout, Duration::from_mins(2));
    assert_eq!(loaded.origins.get("tabs.max").to_string(), "--set");
    let origin = loaded.origins.get("tabs.idle_timeout").to_string();
    assert_eq!(origin, "environment variable CDP_BRIDGE_TABS_IDLE_TIMEOUT");
    assert_eq!(
        loaded.origins.get("tabs.on_disconnect").to_string(),
        "cdp-bridge.toml:4"
    );
    assert_eq!(loaded.file, Some("/w/cdp-bridge.toml".into()));
}

#[test]
fn the_bare_names_are_kept() {
    let config = given()
        .env("CHROME_PATH", "/opt/chrome")
        .env("CDP_PORT", "9222")
        .env("WS_PORT", "8080")
        .env("ALLOWLIST_DOMAINS", "a.test, b.test")
        .env("LOGGED_OUT_DEFAULT", "true")
        .config();
    assert_eq!(config.browser.path, Some("/opt/chrome".into()));
    assert_eq!(
        (config.browser.cdp_port, config.browser.transport),
        (9222, TransportKind::Port)
    );
    assert_eq!(config.server.listen, listen("127.0.0.1:8080"));
    assert_eq!(config.policy.allowlist, ["a.test", "b.test"]);
    assert!(config.policy.logged_out_default);
}

#[test]
fn a_port_in_the_environment_keeps_the_host_of_the_file() {
    let file = "[server]\nlisten = \"[::1]:1\"";
    assert_eq!(
        given()
            .toml(file)
            .env("WS_PORT", "2")
            .config()
            .server
            .listen,
        listen("[::1]:2")
    );
    let unix = given()
        .toml("server.listen = \"unix:/s\"")
        .env("WS_PORT", "2")
        .config();
    assert_eq!(unix.server.listen, listen("127.0.0.1:2"));
}

#[test]
fn a_devtools_port_selects_its_transport_over_lower_layers_only() {
    let transport = |given: Given| given.config().browser.transport;
    assert_eq!(
        transport(given().toml("browser.cdp_port = 0")),
        TransportKind::Port
    );
    let explicit = "[browser]\ncdp_port = 9222\ntransport = \"pipe\"\n";
    assert_eq!(transport(given().toml(explicit)), TransportKind::Pipe);
    assert_eq!(
        transport(given().toml(explicit).env("CDP_PORT", "1")),
        TransportKind::Port
    );
    let above = given()
        .env("CDP_PORT", "1")
        .flag("--set", "browser.transport", "pipe");
    assert_eq!(transport(above), TransportKind::Pipe);
}

#[test]
fn a_named_file_must_be_there_and_an_unnamed_one_need_not() {
    let text = given().toml("tabs.max = 1").named("other.toml").message();
    assert!(
        text.starts_with("cannot read the configuration file other.toml: "),
        "{text}"
    );
    let config = given()
        .file("other.toml", "tabs.max = 5")
        .named("other.toml")
        .config();
    assert_eq!(config.tabs.max, 5);
}

#[test]
fn a_value_out_of_range_is_named_with_its_line() {
    let text = given()
        .toml("\n[flow]\n\nscreenshot_max_fps = 5\n")
        .message();
    assert_eq!(
        text,
        "cdp-bridge.toml:4: flow.screenshot_max_fps: 5 is out of range; \
         expected a number from 1 to 2"
    );
}

#[test]
fn a_value_of_the_wrong_type_says_what_was_expected() {
    for (toml, expected) in [
        (
            "browser.cdp_port = \"x\"",
            "browser.cdp_port: found \"x\"; expected a whole number from 0 to 65535",
        ),
        (
            "browser.cdp_port = 70000",
            "browser.cdp_port: found 70000; expected a whole number from 0 to 65535",
        ),
        (
            "tabs.max = -1",
            "tabs.max: found -1; expected a whole number, 0 or more",
        ),
        (
            "browser.headless = 1",
            "browser.headless: found 1; expected true or false",
        ),
        (
            "browser.args = \"--a\"",
            "browser.args: found \"--a\"; expected a list",
        ),
        (
            "browser.flavor = \"edge\"",
            "browser.flavor: found \"edge\"; expected one of `auto`, `shell`, `chrome`",
        ),
        (
            "browser.window_size = \"big\"",
            "browser.window_size: \"big\" is not a window size; expected WIDTHxHEIGHT in pixels, such as \"1280x720\"",
        ),
        (
            "server.listen = \"9333\"",
            "server.listen: \"9333\" is not an address; expected IP:PORT such as \"127.0.0.1:9333\", or \"unix:/path\"",
        ),
        (
            "server.drain_timeout = 5",
            "server.drain_timeout: found 5; expected a duration with its unit, such as \"300ms\" or \"20s\"",
        ),
        (
            "server.max_message_bytes = \"big\"",
            "server.max_message_bytes: \"big\" is not a size; expected a number of bytes, such as 65536 or \"1MiB\"",
        ),
        (
            "policy.private_networks = \"maybe\"",
            "policy.private_networks: \"maybe\" is not known; expected \"deny\", \"allow\" or a list of CIDRs such as [\"127.0.0.1/32\"]",
        ),
        (
            "policy.resolve = { \"a.test\" = \"b\" }",
            "policy.resolve.a.test: found \"b\"; expected an IP address",
        ),
        (
            "browser.connect = \"nonsense\"",
            "browser.connect: the value is not a URL (relative URL without a base); expected one such as \"http://127.0.0.1:9222\"",
        ),
    ] {
        assert_eq!(
            given().toml(toml).message(),
            format!("cdp-bridge.toml:1: {expected}")
        );
    }
}

#[test]
fn variables_and_flags_are_checked_with_the_same_words() {
    assert_eq!(
        given().env("LOGGED_OUT_DEFAULT", "maybe").message(),
        "environment variable LOGGED_OUT_DEFAULT: policy.logged_out_default: \
         found \"maybe\"; expected true or false"
    );
    assert_eq!(
        given().flag("--listen", "server.listen", "here").message(),
        "--listen: server.listen: \"here\" is not an address; \
         expected IP:PORT such as \"127.0.0.1:9333\", or \"unix:/path\""
    );
    let text = given().flag("--set", "tabs.maxx", "1").message();
    assert!(
        text.starts_with("--set: tabs.maxx: unknown key; did you mean max?"),
        "{text}"
    );
    let text = given().flag("--set", "nonsense.key", "1").message();
    assert!(
        text.starts_with("--set: nonsense.key: unknown key; sections are browser,"),
        "{text}"
    );
}

#[test]
fn a_mistake_in_the_file_is_found_even_where_a_flag_covers_it() {
    let covered = given()
        .toml("tabs.max = \"x\"")
        .flag("--set", "tabs.max", "1");
    assert!(
        covered
            .message()
            .starts_with("cdp-bridge.toml:1: tabs.max: ")
    );
}

#[test]
fn tables_may_stand_in_variables_as_inline_toml() {
    let config = given()
        .env(
            "CDP_BRIDGE_POLICY_RESOLVE",
            "{ \"a.test\" = \"127.0.0.1\" }",
        )
        .env(
            "CDP_BRIDGE_AUTH_CLIENTS",
            "[{ name = \"a\", token = \"t\" }]",
        )
        .env(
            "CDP_BRIDGE_POLICY_PRIVATE_NETWORKS",
            "127.0.0.1/32,10.0.0.0/8",
        )
        .env("CDP_BRIDGE_SERVER_MAX_MESSAGE_BYTES", "2MiB")
        .env("CDP_BRIDGE_FLOW_CHUNK_BYTES", "4096")
        .config();
    assert_eq!(config.policy.resolve["a.test"].to_string(), "127.0.0.1");
    assert_eq!(config.auth.clients[0].name, "a");
    assert_eq!(config.server.max_message_bytes, 2 << 20);
    assert_eq!(config.flow.chunk_bytes, 4096);
}

#[test]
fn a_token_in_the_environment_makes_a_client_and_opens_the_address() {
    let open = || given().env("CDP_BRIDGE_SERVER_LISTEN", "0.0.0.0:9333");
    let text = open().message();
    assert!(text.starts_with("environment variable CDP_BRIDGE_SERVER_LISTEN: server.listen: "));
    assert!(text.contains("set CDP_BRIDGE_AUTH_TOKEN"), "{text}");
    let config = open().env("CDP_BRIDGE_AUTH_TOKEN", "s3cret").config();
    assert_eq!(config.auth.clients[0].name, "default");
    assert_eq!(
        config.auth.clients[0].token.as_ref().unwrap().expose(),
        "s3cret"
    );
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn a_token_may_stand_in_a_file() {
    let secret = || given().file("token", "s3cret\n");
    let config = secret().env("CDP_BRIDGE_AUTH_TOKEN_FILE", "token").config();
    assert_eq!(
        config.auth.clients[0].token.as_ref().unwrap().expose(),
        "s3cret"
    );
    let text = given().env("CDP_BRIDGE_AUTH_TOKEN_FILE", "/none").message();
    assert!(text.contains("environment variable CDP_BRIDGE_AUTH_TOKEN_FILE: auth.clients[0]"));
    let both = secret()
        .env("CDP_BRIDGE_AUTH_TOKEN_FILE", "token")
        .env("CDP_BRIDGE_AUTH_TOKEN", "t");
    assert!(both.message().contains("set only one of the two variables"));
}

#[test]
fn a_token_in_the_environment_replaces_the_client_of_that_name() {
    let toml = "[[auth.clients]]\nname = \"default\"\ntoken = \"old\"\n\
                [[auth.clients]]\nname = \"other\"\ntoken = \"x\"\n";
    let loaded = given()
        .toml(toml)
        .env("CDP_BRIDGE_AUTH_TOKEN", "new")
        .load()
        .unwrap();
    let clients = loaded.config.auth.clients;
    assert_eq!(clients.len(), 2);
    assert_eq!(clients[0].token.as_ref().unwrap().expose(), "new");
    let origin = loaded.origins.get("auth.clients[0].token");
    assert_eq!(origin, &Origin::Env("CDP_BRIDGE_AUTH_TOKEN".to_owned()));
}

#[test]
fn a_token_in_the_environment_leaves_policy_and_limits_as_the_file_has_them() {
    let toml = "[[auth.clients]]\nname = \"default\"\ntoken = \"old\"\n\
                policy = { allowlist = [\"a.test\"] }\nlimits = { tabs = 3 }\n";
    let loaded = given()
        .toml(toml)
        .env("CDP_BRIDGE_AUTH_TOKEN", "new")
        .load()
        .unwrap();
    let client = &loaded.config.auth.clients[0];
    assert_eq!(client.token.as_ref().unwrap().expose(), "new");
    let policy = client.policy.as_ref().unwrap();
    assert_eq!(
        policy.allowlist.as_deref(),
        Some(&["a.test".to_owned()][..])
    );
    assert_eq!(client.limits.unwrap().tabs, Some(3));
    let place = loaded.origins.get("auth.clients[0].policy.allowlist");
    assert_eq!(place.to_string(), "cdp-bridge.toml:4");
}

#[test]
fn a_limit_of_a_client_has_the_range_of_the_one_for_all() {
    let limited = |limits: &str| {
        let client = "[[auth.clients]]\nname = \"a\"\ntoken = \"t\"\n";
        given().toml(&format!("{client}limits = {{ {limits} }}\n"))
    };
    limited("tabs = 1, rate_per_second = 0, max_connections = 9").config();
    for (limits, expected) in [
        (
            "tabs = 0",
            "tabs: 0 is out of range; expected a number from 1 to 10000",
        ),
        ("max_inflight = 5000", "max_inflight: 5000 is out of range"),
        ("max_connections = 0", "max_connections: 0 is out of range"),
        ("tab = 1", "tab: unknown key; expected one of"),
    ] {
        let text = limited(limits).message();
        let start = format!("cdp-bridge.toml:4: auth.clients[0].limits.{expected}");
        assert!(text.starts_with(&start), "{text}");
    }
}

#[test]
fn mistakes_in_a_client_name_its_line_and_never_its_token() {
    for (toml, expected) in [
        (
            "[[auth.clients]]\ntoken = \"s3cret\"\n",
            "cdp-bridge.toml:1: auth.clients[0]: missing field `name`",
        ),
        (
            "[[auth.clients]]\nname = \"a\"\ntokn = \"s3cret\"\n",
            "cdp-bridge.toml:3: auth.clients[0].tokn: unknown key; expected ",
        ),
        (
            "[[auth.clients]]\nname = \"a\"\ntoken = \"s3cret s3cret\"\n",
            "cdp-bridge.toml:3: auth.clients[0].token: the token has",
        ),
        (
            "[[auth.clients]]\nname = \"a\"\ntoken = [\"s3cret\"]\n",
            "cdp-bridge.toml:3: auth.clients[0].token: found the value; expected a text",
        ),
    ] {
        let text = given().toml(toml).message();
        assert!(text.starts_with(expected), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let text = given().env("CDP_BRIDGE_AUTH_CLIENTS", "s3cret").message();
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn a_chrome_path_of_the_image_does_not_stop_a_connection() {
    let connect = || given().flag("--connect", "browser.connect", "http://127.0.0.1:9222");
    assert!(connect().env("CHROME_PATH", "/opt/chrome").load().is_ok());
    assert_eq!(
        connect().toml("browser.path = \"/opt/chrome\"").message(),
        "--connect: browser.connect: cannot be combined with browser.path (cdp-bridge.toml:1); \
         a running Chromium is not launched: remove one of the two"
    );
}

#[test]
fn an_old_key_still_sets_the_one_that_replaced_it_and_warns() {
    let loaded = Given::default()
        .toml("[timeouts]\nget_screenshot = \"3s\"\nget_content = \"3s\"\n")
        .env("CDP_BRIDGE_TIMEOUTS_WAIT_FOR", "7s")
        .flag("--set", "timeouts.travel", "9s")
        .load()
        .unwrap();
    let timeouts = &loaded.config.timeouts;
    assert_eq!(timeouts.capture, Duration::from_secs(3));
    assert_eq!(timeouts.wait, Duration::from_secs(7));
    assert_eq!(timeouts.navigate, Duration::from_secs(9));
    let origin = loaded.origins.get("timeouts.capture").to_string();
    assert!(origin.starts_with("cdp-bridge.toml:"), "{origin}");
    assert_eq!(loaded.warnings.len(), 4, "{:?}", loaded.warnings);
    let first = "cdp-bridge.toml:3: timeouts.get_content is called timeouts.capture now, and is the time \
                 limit of a class of requests; the old name will not be read by the next release";
    assert!(
        loaded.warnings.iter().any(|it| it == first),
        "{:?}",
        loaded.warnings
    );
}

#[test]
fn a_present_key_wins_over_an_old_one_of_its_layer() {
    let given = Given::default().toml("[timeouts]\ncapture = \"4s\"\nget_screenshot = \"3s\"\n");
    let loaded = given.load().unwrap();
    assert_eq!(loaded.config.timeouts.capture, Duration::from_secs(4));
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
}

#[test]
fn a_higher_layer_wins_under_either_name() {
    let config = Given::default()
        .toml("timeouts.get_screenshot = \"3s\"")
        .env("CDP_BRIDGE_TIMEOUTS_CAPTURE", "4s")
        .config();
    assert_eq!(config.timeouts.capture, Duration::from_secs(4));
}

#[test]
fn an_error_about_a_variable_of_chromium_does_not_show_its_value() {
    for file in [
        "browser.env = { A = [\"s3cret\"] }",
        "browser.env = { TMPDIR = \"s3cret\" }",
        "browser.env = \"s3cret\"",
    ] {
        let error = given().toml(file).message();
        assert!(error.contains("browser.env"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}
