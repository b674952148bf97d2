//! Programs of other languages, run as a test.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// Far longer than the tests of a client take.
const LONGEST: Duration = Duration::from_mins(5);

/// The folder of a client.
pub(crate) fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

/// Reports a skipped test with its reason. Written to stderr directly, so that it is shown although
/// the test passes.
pub(crate) fn skipped(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "NOT TESTED: {what}: {why}");
}

/// The stdout of a program, if it exists and succeeds.
pub(crate) async fn asked(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Runs a program in a folder; panics with its output if it fails.
pub(crate) async fn succeeds(
    program: &Path,
    arguments: &[&str],
    folder: &Path,
    environment: &[(&str, &Path)],
) {
    let running = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(LONGEST, running).await.expect("it ends").unwrap();
    assert!(
        output.status.success(),
        "{} {arguments:?} in {}: {}\n{}{}",
        program.display(),
        folder.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}
