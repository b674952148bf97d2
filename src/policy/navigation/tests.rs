//! Known ways to bypass allowlists, and properties that must hold for any input.

use super::*;
use crate::policy::host::is_host_character;
use proptest::prelude::*;

fn policy(allowlist: &[&str], private: PrivateNetworks) -> NavigationPolicy {
    let allowlist: Vec<String> = allowlist.iter().map(ToString::to_string).collect();
    let resolve = BTreeMap::from([
        ("Local.Test.".to_owned(), [127, 0, 0, 1].into()),
        ("public.test".to_owned(), [8, 8, 8, 8].into()),
    ]);
    NavigationPolicy::new(&allowlist, private, resolve).unwrap()
}

fn example() -> NavigationPolicy {
    policy(&["example.com"], PrivateNetworks::Deny)
}

fn anywhere() -> NavigationPolicy {
    policy(&[], PrivateNetworks::Deny)
}

#[test]
fn an_allowed_host_is_allowed_in_every_spelling() {
    for text in [
        "http://example.com",
        "https://example.com:8443/a?b#c",
        "https://www.example.com/",
        "HTTPS://EXAMPLE.COM./",
        "http:example.com/",
        "http:\\\\example.com\\a",
        "http://user:secret@example.com/",
        "http://evil.test@example.com/",
        "ht\ntp://exa\tmple.com/\r\n",
        "  http://example.com/  ",
        "http://ex%61mple.com/",
        "http://ｅｘａｍｐｌｅ．ｃｏｍ/",
        "http://example。com/",
        "http://ⓔxample.com/",
    ] {
        let url = example()
            .check(text)
            .unwrap_or_else(|denied| panic!("{text:?}: {denied}"));
        let host = url.host_str().unwrap().trim_end_matches('.').to_owned();
        assert!(
            host == "example.com" || host == "www.example.com",
            "{text:?}: {host}"
        );
    }
}

#[test]
fn a_host_that_only_looks_allowed_is_denied_by_its_real_name() {
    for (text, host) in [
        ("http://evilexample.com/", "evilexample.com"),
        ("http://example.com.evil.test/", "example.com.evil.test"),
        ("http://example.com@evil.test/", "evil.test"),
        ("http://example.com:80@evil.test/", "evil.test"),
        ("http://evil.test\\@example.com/", "evil.test"),
        ("http://evil.test/@example.com", "evil.test"),
        ("http://evil.test?@example.com", "evil.test"),
        ("http://evil.test#@example.com", "evil.test"),
        ("http://evil.test./", "evil.test"),
        ("http://evil．test/example.com", "evil.test"),
        ("http://%65vil.test/", "evil.test"),
        ("http://ev\til.te\nst/", "evil.test"),
        ("http:evil.test", "evil.test"),
        ("http:/\\evil.test", "evil.test"),
        ("http:///evil.test/", "evil.test"),
        ("http://com/", "com"),
        ("http://example.co/", "example.co"),
        ("http://example-com/", "example-com"),
        ("http://exаmple.com/", "xn--exmple-4nf.com"),
    ] {
        let denied = example().check(text).unwrap_err();
        assert_eq!(
            denied,
            Denied::NotInAllowlist { host: host.into() },
            "{text:?}"
        );
    }
}

#[test]
fn hosts_that_cannot_be_compared_safely_are_denied_whatever_the_allowlist() {
    for text in [
        "http://a*b.test/",
        "http://*.example.com/",
        "http://a..example.com/",
        "http://.example.com/",
        "http://example.com../",
        "http://127.0.0.1../",
        "http://a!b.example.com/",
        "http://a'b.example.com/",
        "http://a,b.example.com/",
        "http://a~b.example.com/",
        "http://./",
    ] {
        let denied = anywhere().check(text).unwrap_err();
        assert!(
            matches!(denied, Denied::Host { .. } | Denied::NotAUrl { .. }),
            "{text}: {denied}"
        );
        assert!(example().check(text).is_err(), "{text}");
    }
    assert!(anywhere().check("http://my_bucket.example.com/").is_ok());
}

#[test]
fn text_that_is_not_an_absolute_url_is_denied() {
    for text in [
        "",
        "example.com",
        "/path",
        "//example.com/",
        "http://",
        "https://:80/",
        "http://[::1/",
        "http://exa mple.com/",
        "http://example.com:99999/",
        "http://1.2.3.256/",
        "http://example.com%00.evil.test/",
        "http://example.com%2f.evil.test/",
        "http://@/",
    ] {
        let denied = anywhere().check(text).unwrap_err();
        assert!(
            matches!(denied, Denied::NotAUrl { .. }),
            "{text:?}: {denied}"
        );
    }
}

#[test]
fn every_scheme_but_http_and_https_is_denied_by_name() {
    for (text, scheme) in [
        ("file:///etc/passwd", "file"),
        ("FILE:///etc/passwd", "file"),
        ("fi\nle:///etc/passwd", "file"),
        ("chrome://history", "chrome"),
        ("view-source:https://example.com/", "view-source"),
        ("view-source:chrome://history", "view-source"),
        ("devtools://devtools/", "devtools"),
        ("data:text/html,x", "data"),
        ("blob:https://example.com/1", "blob"),
        ("filesystem:https://example.com/1", "filesystem"),
        ("javascript:alert(1)", "javascript"),
        ("ftp://example.com/", "ftp"),
        ("ws://example.com/", "ws"),
        ("chrome-error://chromewebdata/", "chrome-error"),
        ("about:srcdoc", "about"),
        ("about:blank#x", "about"),
        ("about:blank?x", "about"),
        ("about:BLANK", "about"),
        ("about:crash", "about"),
        ("about://blank", "about"),
        ("localhost:80", "localhost"),
    ] {
        let denied = anywhere().check(text).unwrap_err();
        assert_eq!(denied.scheme(), Some(scheme), "{text:?}: {denied}");
    }
    assert_eq!(
        anywhere().check("ABOUT:blank").unwrap().as_str(),
        "about:blank"
    );
}

#[test]
fn an_address_is_checked_in_every_spelling_even_if_the_allowlist_contains_it() {
    let named = policy(&["127.0.0.1", "localhost", "::1"], PrivateNetworks::Deny);
    for text in [
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1:8080/",
        "http://１２７.０.０.１/",
        "http://127%2e0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::1]/",
        "http://localhost/",
        "http://LOCALHOST./",
    ] {
        for policy in [&anywhere(), &named] {
            let denied = policy.check(text).unwrap_err();
            assert!(matches!(denied, Denied::Address { .. }), "{text}: {denied}");
            assert!(
                denied.to_string().contains("policy.private_networks"),
                "{denied}"
            );
        }
    }
    for text in [
        "http://0/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://10.0.0.1/",
        "http://[fd00::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://a.localhost/",
    ] {
        let denied = anywhere().check(text).unwrap_err();
        assert!(matches!(denied, Denied::Address { .. }), "{text}: {denied}");
    }
    assert!(anywhere().check("http://8.8.8.8/").is_ok());
}

#[test]
fn localhost_is_allowed_with_either_loopback_address() {
    for range in ["127.0.0.1/32", "::1/128"] {
        let only = PrivateNetworks::Only(vec![range.parse().unwrap()]);
        assert!(
            policy(&[], only)
                .check("http://app.localhost:3000/")
                .is_ok(),
            "{range}"
        );
    }
    let only = PrivateNetworks::Only(vec!["10.0.0.0/8".parse().unwrap()]);
    let denied = policy(&[], only).check("http://localhost/").unwrap_err();
    assert!(
        denied
            .to_string()
            .starts_with("localhost resolves to 127.0.0.1, which is a loopback")
    );
}

#[test]
fn a_name_in_resolve_is_checked_by_its_address() {
    let denied = anywhere().check("http://local.test/").unwrap_err();
    assert_eq!(denied.host(), Some("local.test"));
    assert!(matches!(denied, Denied::Address { .. }));
    assert!(anywhere().check("http://public.test/").is_ok());
    assert!(
        policy(&[], PrivateNetworks::Allow)
            .check("http://local.test/")
            .is_ok()
    );
    assert_eq!(anywhere().pinned("local.test"), Some([127, 0, 0, 1].into()));
}

#[test]
fn a_port_that_the_allowlist_does_not_contain_is_denied_as_a_port() {
    let policy = policy(
        &["example.com:8443", "example.com:80"],
        PrivateNetworks::Deny,
    );
    assert!(policy.check("https://example.com:8443/").is_ok());
    assert!(
        policy.check("http://example.com/").is_ok(),
        "80 is the scheme's own port"
    );
    assert_eq!(
        policy.check("https://example.com/").unwrap_err(),
        Denied::Port {
            host: "example.com".into(),
            port: 443
        }
    );
}

#[test]
fn a_committed_url_may_also_be_an_internal_page_of_chromium() {
    for text in [
        "about:blank",
        "about:srcdoc",
        "chrome-error://chromewebdata/",
        "https://example.com/x",
    ] {
        assert!(example().check_committed(text).is_ok(), "{text}");
    }
    for text in [
        "https://evil.test/",
        "chrome-error://x/",
        "file:///",
        "data:,x",
        "",
    ] {
        assert!(example().check_committed(text).is_err(), "{text}");
    }
}

#[test]
fn no_message_shows_credentials_or_grows_with_the_url() {
    for text in [
        "http://user:SECRET@evil.test/?SECRET#SECRET".to_owned(),
        "http://user:SECRET@evil test/?SECRET#SECRET".to_owned(),
        format!("http://{}/", "a".repeat(100_000)),
        format!("{}://x", "a".repeat(100_000)),
    ] {
        let message = example().check(&text).unwrap_err().to_string();
        assert!(
            !message.contains("SECRET") && message.len() < 1_000,
            "{message}"
        );
    }
}

#[test]
fn an_invalid_entry_or_name_is_an_error_when_the_policy_is_made() {
    let none = BTreeMap::new;
    let bad = ["https://example.com".to_owned()];
    assert!(NavigationPolicy::new(&bad, PrivateNetworks::Deny, none()).is_err());
    let resolve = BTreeMap::from([("a b".to_owned(), [8, 8, 8, 8].into())]);
    assert!(NavigationPolicy::new(&[], PrivateNetworks::Deny, resolve).is_err());
}

/// URLs put together from the pieces that tricks are made of.
fn hostile_url() -> impl Strategy<Value = String> {
    let pieces = [
        "http",
        "https",
        ":",
        "//",
        "/",
        "\\",
        "@",
        "?",
        "#",
        ".",
        "。",
        "．",
        "%2e",
        "%65",
        "%00",
        "%2f",
        "*",
        "_",
        "-",
        "[",
        "]",
        "::1",
        "::ffff:",
        "127.0.0.1",
        "0x7f",
        "2130706433",
        "0177",
        "example.com",
        "evil.test",
        "localhost",
        "xn--",
        "ü",
        "ⓔ",
        "\t",
        "\n",
        " ",
        ":80",
        ":8443",
        "\u{ad}",
        "\u{200d}",
        "\u{202e}",
        "ß",
        "about:blank",
        "data:",
        "file:",
        "&",
        "!",
        "~",
        "|",
    ];
    let tail = prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..10);
    ("(https?://)?", tail).prop_map(|(start, tail)| start + &tail.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_allowed_has_a_host_outside_the_character_set(text in hostile_url()) {
        if let Ok(url) = anywhere().check(&text) {
            match url.host() {
                Some(url::Host::Domain(name)) => {
                    prop_assert!(name.chars().all(is_host_character), "{text:?} -> {name}");
                    prop_assert!(!name.contains(".."));
                }
                Some(url::Host::Ipv4(address)) => {
                    prop_assert!(anywhere().permits(address.into()).is_ok());
                }
                Some(url::Host::Ipv6(address)) => {
                    prop_assert!(anywhere().permits(address.into()).is_ok());
                }
                None => prop_assert_eq!(url.as_str(), "about:blank"),
            }
        }
    }

    #[test]
    fn nothing_allowed_leaves_the_allowlist(text in hostile_url()) {
        if let Ok(url) = example().check(&text)
            && let Some(host) = url.host_str()
        {
            let host = host.strip_suffix('.').unwrap_or(host);
            prop_assert!(host == "example.com" || host.ends_with(".example.com"), "{text:?}");
        }
    }

    #[test]
    fn what_is_returned_is_allowed_again_as_the_same_url(text in hostile_url()) {
        if let Ok(url) = anywhere().check(&text) {
            prop_assert_eq!(anywhere().check(url.as_str()), Ok(url));
        }
    }

    #[test]
    fn no_text_makes_the_check_panic(text in ".{0,200}") {
        let _ = anywhere().check(&text);
        let _ = example().check_committed(&text);
    }
}
