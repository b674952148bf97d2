//! `config print`, `config check` and `config example`.

use crate::support::daemon::Setup;

#[tokio::test]
async fn the_values_in_force_are_printed_with_where_they_came_from() {
    let setup = Setup::new()
        .file("cdp-bridge.toml", "[tabs]\nmax = 7\n")
        .env("WS_PORT", "9400")
        .args(["config", "print", "--set", "log.level=warn"]);
    let ended = setup.run().await;
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended:#?}"
    );
    for (key, origin) in [
        ("max = 7", "cdp-bridge.toml:2"),
        (
            "listen = \"127.0.0.1:9400\"",
            "environment variable WS_PORT",
        ),
        ("level = \"warn\"", "--set"),
    ] {
        let line = ended.stdout.lines().find(|line| line.starts_with(key));
        assert!(
            line.is_some_and(|line| line.ends_with(origin)),
            "{key}: {line:?}"
        );
    }
}

#[tokio::test]
async fn a_file_is_checked_as_serve_would_read_it() {
    let good = Setup::new().file("good.toml", "[tabs]\nmax = 7\n");
    let ended = good.args(["config", "check", "good.toml"]).run().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.stdout.ends_with("good.toml is valid\n"), "{ended:#?}");

    let bad = Setup::new().file("bad.toml", "[tabs]\nmaximum = 7\n");
    let ended = bad.args(["config", "check", "bad.toml"]).run().await;
    ended.expect(2, &["bad.toml", "maximum"]);

    let unusable = Setup::new().file("list.toml", "[policy]\nallowlist = [\"http://a b\"]\n");
    let ended = unusable.args(["config", "check", "list.toml"]).run().await;
    ended.expect(2, &["list.toml:2", "policy.allowlist[0]"]);

    let missing = Setup::new()
        .args(["config", "check", "none.toml"])
        .run()
        .await;
    missing.expect(2, &["none.toml"]);
}

#[tokio::test]
async fn the_example_is_the_file_of_the_repository() {
    let ended = Setup::new().args(["config", "example"]).run().await;
    assert_eq!(ended.code, Some(0));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml");
    assert_eq!(ended.stdout, std::fs::read_to_string(path).unwrap());
}
