//! What a release is made of: one version everywhere, a changelog, archives that come out the same.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::schemas::repository;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap()
}

fn script(name: &str, arguments: &[&Path], time: &str) -> Output {
    let mut command = Command::new(repository("scripts").join(name));
    command.args(arguments).env("SOURCE_DATE_EPOCH", time);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_clients_have_the_version_of_the_bridge() {
    let version = env!("CARGO_PKG_VERSION");
    let package: Value = serde_json::from_str(&read("clients/typescript/package.json")).unwrap();
    assert_eq!(package["version"], version);
    let project: toml::Table = read("clients/python/pyproject.toml").parse().unwrap();
    assert_eq!(project["project"]["version"].as_str(), Some(version));
}

#[test]
fn the_changelog_begins_with_what_is_not_released_yet_and_dates_the_rest() {
    let changelog = read("CHANGELOG.md");
    let mut versions = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## ["));
    assert_eq!(versions.next(), Some("Unreleased]"));
    for released in versions {
        let (version, date) = released.split_once("] - ").expect("a version and its date");
        assert_eq!(version.split('.').count(), 3, "{version}");
        assert!(date.len() == 10 && date.split('-').count() == 3, "{date}");
    }
}

#[test]
fn notes_are_given_only_for_the_version_that_the_code_says() {
    let other = script("release-notes", &[Path::new("99.0.0")], "0");
    assert!(!other.status.success());
    assert!(text(&other.stderr).contains("not 99.0.0"));
    let version = env!("CARGO_PKG_VERSION");
    let own = script("release-notes", &[Path::new(version)], "0");
    let is_released = read("CHANGELOG.md").contains(&format!("\n## [{version}]"));
    assert_eq!(own.status.success(), is_released, "{}", text(&own.stderr));
}

#[test]
fn the_same_program_makes_the_same_archive_with_its_checksum() {
    let dir = tempfile::tempdir().unwrap();
    // Packing the program itself, with its debug information, would take most of the test's time.
    let program = dir.path().join("cdp-bridge");
    let forward = format!(
        "#!/bin/sh\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_cdp-bridge")
    );
    std::fs::write(&program, forward).unwrap();
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let name = format!(
        "cdp-bridge-{}-some-target.tar.gz",
        env!("CARGO_PKG_VERSION")
    );
    let mut sums = Vec::new();
    for folder in ["one", "two"] {
        let out = dir.path().join(folder);
        let packed = script(
            "release-archive",
            &[&program, Path::new("some-target"), &out],
            "1700000000",
        );
        assert!(packed.status.success(), "{}", text(&packed.stderr));
        assert!(out.join(&name).exists());
        sums.push(std::fs::read_to_string(out.join(format!("{name}.sha256"))).unwrap());
    }
    assert!(sums[0].ends_with(&format!("{name}\n")), "{}", sums[0]);
    assert_eq!(sums[0], sums[1]);

    let listing = Command::new("tar")
        .arg("-tzf")
        .arg(dir.path().join("one").join(&name))
        .output();
    let listing = text(&listing.unwrap().stdout);
    for file in [
        "bin/cdp-bridge",
        "share/man/man1/cdp-bridge-console.1",
        "share/fish/vendor_completions.d/cdp-bridge.fish",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "CHANGELOG.md",
        "config.example.toml",
        "schemas/request.schema.json",
        "deploy/systemd/cdp-bridge.service",
    ] {
        assert!(
            listing.lines().any(|line| line.ends_with(file)),
            "{file} in\n{listing}"
        );
    }
}

#[test]
fn the_release_is_built_from_the_lock_file_alone() {
    let workflow = read(".github/workflows/release.yml");
    assert!(workflow.contains("cargo build --profile production --locked"));
    for script in ["scripts/release-archive", "scripts/release-notes"] {
        assert!(
            workflow.contains(script) && repository(script).exists(),
            "{script}"
        );
    }
    let parsed: Value = serde_saphyr::from_str(&workflow).unwrap();
    assert_eq!(
        parsed["permissions"]["contents"], "read",
        "only publishing may write"
    );
}
