use super::host_system::fake::FakeHost;
use super::*;

fn query(flavor: Flavor) -> BrowserQuery {
    BrowserQuery { path: None, flavor }
}

fn auto(machine: &FakeHost) -> (String, FoundIn) {
    let found = find(&query(Flavor::Auto), machine).unwrap();
    (found.path.to_str().unwrap().to_owned(), found.source)
}

#[test]
fn a_configured_path_wins_over_variables_and_flavor() {
    let machine = FakeHost::linux()
        .program("/my/chrome")
        .program("/other/chrome-headless-shell")
        .with_var("CHROME_PATH", "/other/chrome-headless-shell");
    let query = BrowserQuery {
        path: Some("/my/chrome".into()),
        flavor: Flavor::Shell,
    };
    let found = find(&query, &machine).unwrap();
    assert_eq!(
        (found.path, found.kind),
        ("/my/chrome".into(), BrowserBuild::Chrome)
    );
    assert_eq!(found.source, FoundIn::Configured);
}

#[test]
fn a_configured_path_that_is_missing_is_an_error_even_when_others_exist() {
    let machine = FakeHost::linux()
        .program("/usr/bin/chromium")
        .plain("/my/file", "text");
    for (path, why) in [
        ("/my/chrome", "not found"),
        ("/my/file", "executable"),
        ("/my", "dir"),
    ] {
        let query = BrowserQuery {
            path: Some(path.into()),
            flavor: Flavor::Auto,
        };
        let error = find(&query, &machine).unwrap_err().to_string();
        assert!(
            error.starts_with("browser.path: ") && error.contains(why),
            "{error}"
        );
    }
}

#[test]
fn a_configured_bare_name_is_a_command() {
    let machine = FakeHost::linux().program("/bin/my-chrome");
    let query = BrowserQuery {
        path: Some("my-chrome".into()),
        flavor: Flavor::Auto,
    };
    assert_eq!(
        find(&query, &machine).unwrap().path,
        Path::new("/bin/my-chrome")
    );
}

#[test]
fn variables_are_asked_in_order_and_win_over_the_flavor() {
    let machine = FakeHost::linux()
        .program("/a/chrome")
        .program("/b/chrome")
        .program("/usr/bin/chrome-headless-shell")
        .with_var("CHROME_BIN", "/b/chrome")
        .with_var("PUPPETEER_EXECUTABLE_PATH", "/a/chrome")
        .with_var("CHROME_PATH", "");
    let expected = (
        "/a/chrome".to_owned(),
        FoundIn::Variable("PUPPETEER_EXECUTABLE_PATH"),
    );
    assert_eq!(auto(&machine), expected);
}

#[test]
fn a_variable_that_names_a_missing_file_is_passed_over_and_reported() {
    let machine = FakeHost::linux()
        .program("/usr/bin/chromium")
        .with_var("CHROME_PATH", "/gone/chrome");
    let found = find(&query(Flavor::Auto), &machine).unwrap();
    assert_eq!(found.path, Path::new("/usr/bin/chromium"));
    assert_eq!(
        found.passed_over[0].to_string(),
        "CHROME_PATH: /gone/chrome not found"
    );
}

#[test]
fn a_headless_shell_in_the_last_place_wins_over_a_browser_in_the_first() {
    let shell =
        "/home/u/.cache/ms-playwright/chromium_headless_shell-1155/chrome-linux/headless_shell";
    let machine = FakeHost::linux()
        .program("/usr/bin/chromium")
        .program(shell);
    assert_eq!(auto(&machine), (shell.to_owned(), FoundIn::PlaywrightCache));
    let chrome = find(&query(Flavor::Chrome), &machine).unwrap();
    assert_eq!(
        (chrome.kind, chrome.source),
        (BrowserBuild::Chrome, FoundIn::SearchPath)
    );
}

#[test]
fn without_a_headless_shell_the_first_full_browser_is_taken() {
    let machine = FakeHost::linux()
        .program("/usr/bin/chromium")
        .program("/bin/google-chrome")
        .program("/opt/brave.com/brave/brave");
    assert_eq!(
        auto(&machine),
        ("/bin/google-chrome".to_owned(), FoundIn::SearchPath)
    );
}

#[test]
fn the_path_is_searched_in_its_own_order_and_directories_are_passed_over() {
    let machine = FakeHost::linux()
        .with_var("PATH", "relative:/x:/y:/z")
        .program("relative/chromium")
        .program("/x/chromium/notes")
        .program("/y/chromium")
        .program("/z/chromium");
    assert_eq!(
        auto(&machine),
        ("/y/chromium".to_owned(), FoundIn::SearchPath)
    );
}

#[test]
fn a_short_path_still_leads_to_the_usual_places() {
    let machine = FakeHost::linux()
        .with_var("PATH", "")
        .program("/usr/lib/chromium/chromium");
    assert_eq!(
        auto(&machine),
        ("/usr/lib/chromium/chromium".to_owned(), FoundIn::UsualPlace)
    );
}

#[test]
fn debians_wrapper_in_the_path_leads_to_the_shell_behind_it() {
    let machine = FakeHost::linux()
        .script("/usr/bin/chromium-headless-shell")
        .program("/usr/lib/chromium/chromium-headless-shell");
    let found = find(&query(Flavor::Auto), &machine).unwrap();
    assert_eq!(
        found.path,
        Path::new("/usr/lib/chromium/chromium-headless-shell")
    );
    assert_eq!(
        (found.kind, found.source),
        (BrowserBuild::Shell, FoundIn::SearchPath)
    );
}

#[test]
fn applications_on_macos_and_windows_are_found() {
    let chrome = "/Users/u/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    let mac = FakeHost::new(Platform::Mac)
        .with_var("HOME", "/Users/u")
        .program(chrome);
    assert_eq!(auto(&mac), (chrome.to_owned(), FoundIn::UsualPlace));
    let windows = FakeHost::new(Platform::Windows)
        .with_var("PROGRAMFILES", "/pf")
        .program("/pf/Google/Chrome/Application/chrome.exe");
    assert_eq!(auto(&windows).1, FoundIn::UsualPlace);
}

#[test]
fn an_error_names_everything_tried_and_how_to_install_one() {
    let machine = FakeHost::linux()
        .with_var("CHROME_BIN", "/gone")
        .program("/usr/bin/chromium")
        .plain("/opt/google/chrome/chrome", "")
        .plain("/home/u/.cache/puppeteer/readme", "");
    let error = find(&query(Flavor::Shell), &machine)
        .unwrap_err()
        .to_string();
    for line in [
        "no headless shell (browser.flavor is `shell`) was found; tried:\n",
        "  CHROME_BIN: /gone not found\n",
        "  PATH: chrome-headless-shell not found\n",
        "  PATH: /usr/bin/chromium is a full browser, and browser.flavor is `shell`\n",
        "  usual place: /opt/google/chrome/chrome is not executable by this user\n",
        "  Puppeteer cache: /home/u/.cache/puppeteer holds no Chromium\n",
        "  Playwright cache: /home/u/.cache/ms-playwright not found\n",
        "apt-get install chromium-headless-shell",
    ] {
        assert!(error.contains(line), "{line:?} is missing in:\n{error}");
    }
}

#[test]
fn a_machine_without_a_home_is_searched_as_far_as_it_goes() {
    let machine = FakeHost::new(Platform::Linux);
    assert!(matches!(
        find(&query(Flavor::Auto), &machine),
        Err(FindError::Nothing { .. })
    ));
}

#[test]
fn debians_packages_are_found_on_a_machine_that_has_them() {
    for (package, flavor) in [
        ("chromium", Flavor::Chrome),
        ("chromium-headless-shell", Flavor::Shell),
    ] {
        let binary = Path::new("/usr/lib/chromium").join(package);
        let wrapper = Path::new("/usr/bin").join(package);
        if binary.exists() && wrapper.exists() {
            let query = BrowserQuery {
                path: Some(wrapper),
                flavor,
            };
            assert_eq!(find(&query, &RealHost).unwrap().path, binary);
        }
    }
}
