//! Client hints and `navigator.platform` that agree with a user agent.

use crate::cdp::emulation_methods::{UserAgentBrand, UserAgentMetadata};

/// A brand that no browser has. Chromium sends one too, so that sites do not rely on the list.
const GREASE: (&str, &str) = ("Not.A/Brand", "99");

/// The client hints of a browser with this user agent. `None` for a browser that is not based on Chromium, which has none.
pub(super) fn client_hints(user_agent: &str) -> Option<UserAgentMetadata> {
    let version = after(user_agent, "Chrome/")?;
    // Firefox and Safari on iOS do not have this token; Chrome on iOS has another one.
    let major = version.split('.').next().unwrap_or_default();
    let brand = brand_of(user_agent);
    let own_version = brand.token.and_then(|token| after(user_agent, token));
    let own_version = own_version.unwrap_or(version);
    let own_major = own_version.split('.').next().unwrap_or_default();
    let list = |chromium: &str, own: &str, grease: &str| {
        [
            ("Chromium", chromium),
            (brand.name, own),
            (GREASE.0, grease),
        ]
        .map(|(brand, version)| UserAgentBrand {
            brand: brand.to_owned(),
            version: version.to_owned(),
        })
        .into()
    };
    let system = System::of(user_agent);
    let is_android = system.name == "Android";
    Some(UserAgentMetadata {
        brands: list(major, own_major, GREASE.1),
        full_version_list: list(
            &four_parts(version),
            &four_parts(own_version),
            &four_parts(GREASE.1),
        ),
        platform: system.name,
        platform_version: system.version,
        architecture: match () {
            () if is_android => "",
            () if user_agent.contains("arm") || user_agent.contains("aarch64") => "arm",
            () => "x86",
        },
        model: if is_android {
            model_of(user_agent)
        } else {
            String::new()
        },
        mobile: user_agent.contains("Mobile"),
        bitness: if is_android { "" } else { "64" },
        wow64: user_agent.contains("WOW64"),
    })
}

/// `navigator.platform` of a browser with this user agent; empty if it is not known.
pub(super) fn platform(user_agent: &str) -> &'static str {
    let known = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Linux armv81"),
        ("Windows", "Win32"),
        ("Mac OS X", "MacIntel"),
        ("CrOS", "Linux x86_64"),
        ("Linux", "Linux x86_64"),
    ];
    let found = known.iter().find(|(token, _)| user_agent.contains(token));
    found.map_or("", |(_, platform)| platform)
}

struct Brand {
    name: &'static str,
    /// What its own version stands behind.
    token: Option<&'static str>,
}

fn brand_of(user_agent: &str) -> Brand {
    let brands = [
        ("Edg", "Edg/", "Microsoft Edge"),
        ("OPR", "OPR/", "Opera"),
        ("SamsungBrowser", "SamsungBrowser/", "Samsung Internet"),
    ];
    let found = brands
        .iter()
        .find(|(_, token, _)| user_agent.contains(token));
    match found {
        Some((_, token, name)) => Brand {
            name,
            token: Some(token),
        },
        None => Brand {
            name: "Google Chrome",
            token: None,
        },
    }
}

struct System {
    name: &'static str,
    version: String,
}

impl System {
    fn of(user_agent: &str) -> Self {
        // Android names Linux too.
        let known = [
            ("Android ", "Android"),
            ("Windows NT ", "Windows"),
            ("Mac OS X ", "macOS"),
            ("CrOS ", "Chrome OS"),
            ("Linux", "Linux"),
        ];
        let found = known
            .iter()
            .find_map(|(token, name)| Some((after(user_agent, token)?, *name)));
        let Some((version, name)) = found else {
            return Self {
                name: "",
                version: String::new(),
            };
        };
        let version = if name == "Linux" { "" } else { version };
        Self {
            name,
            version: three_parts(version),
        }
    }
}

/// The device in `(Linux; Android 14; Pixel 8)`.
fn model_of(user_agent: &str) -> String {
    let system = user_agent
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    // A model may have parentheses of its own.
    let system = match system {
        Some((inside, rest)) if inside.contains('(') => {
            let end = rest.split_once(')').map_or("", |(end, _)| end);
            format!("{inside}){end}")
        }
        Some((inside, _)) => inside.to_owned(),
        None => String::new(),
    };
    let model = system.split(';').nth(2).unwrap_or_default();
    let model = model.split(" Build/").next().unwrap_or_default();
    model.trim().to_owned()
}

/// The word behind a token.
fn after<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(token)?;
    let end = rest.find([' ', ';', ')']).unwrap_or(rest.len());
    Some(&rest[..end])
}

fn four_parts(version: &str) -> String {
    parts(version, 4)
}

fn three_parts(version: &str) -> String {
    if version.is_empty() {
        return String::new();
    }
    parts(&version.replace('_', "."), 3)
}

fn parts(version: &str, count: usize) -> String {
    let given = version.split('.').filter(|part| !part.is_empty());
    let parts: Vec<_> = given.chain(std::iter::repeat("0")).take(count).collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use cdp_bridge_protocol::request::DEVICES;

    use super::*;

    fn of_device(name: &str) -> String {
        let mut devices = DEVICES.iter();
        let device = devices.find(|it| it.name == name).unwrap();
        device.user_agent(156)
    }

    #[test]
    fn client_hints_agree_with_the_user_agent() {
        let hints = client_hints(&of_device("Pixel 8")).unwrap();
        assert_eq!(
            (hints.platform, hints.platform_version.as_str()),
            ("Android", "14.0.0")
        );
        assert_eq!(
            (hints.model.as_str(), hints.mobile, hints.architecture),
            ("Pixel 8", true, "")
        );
        let hints = client_hints(&of_device("Desktop Edge")).unwrap();
        assert_eq!(
            (hints.platform, hints.platform_version.as_str()),
            ("Windows", "10.0.0")
        );
        assert_eq!(
            (hints.mobile, hints.architecture, hints.bitness),
            (false, "x86", "64")
        );
        let brands: Vec<_> = hints
            .brands
            .iter()
            .map(|it| (it.brand.as_str(), it.version.as_str()))
            .collect();
        assert_eq!(
            brands[..2],
            [("Chromium", "156"), ("Microsoft Edge", "156")]
        );
        assert_eq!(hints.full_version_list[1].version, "156.0.0.0");
        let hints = client_hints(&of_device("Desktop Chrome HiDPI")).unwrap();
        assert_eq!(
            (hints.platform, hints.platform_version.as_str()),
            ("macOS", "10.15.7")
        );
        let hints = client_hints(&of_device("Desktop Chrome Linux")).unwrap();
        assert_eq!(
            (hints.platform, hints.platform_version.as_str()),
            ("Linux", "")
        );
    }

    #[test]
    fn browsers_that_have_no_client_hints_get_none() {
        for name in [
            "iPhone 15",
            "iPad Mini",
            "Desktop Safari",
            "Desktop Firefox",
        ] {
            assert_eq!(client_hints(&of_device(name)), None, "{name}");
        }
        assert_eq!(client_hints("MyAgent/1.0"), None);
    }

    #[test]
    fn a_model_with_parentheses_is_whole() {
        assert_eq!(
            client_hints(&of_device("Moto G4")).unwrap().model,
            "Moto G (4)"
        );
        let hints =
            client_hints("Mozilla/5.0 (Linux; Android 10; K) Chrome/120.0.0.0 Mobile").unwrap();
        assert_eq!(hints.model, "K");
    }

    #[test]
    fn the_platform_agrees_with_the_user_agent() {
        for (device, expected) in [
            ("iPhone 15", "iPhone"),
            ("iPad Mini", "iPad"),
            ("Pixel 8", "Linux armv81"),
            ("Desktop Edge", "Win32"),
            ("Desktop Safari", "MacIntel"),
            ("Desktop Chrome Linux", "Linux x86_64"),
        ] {
            assert_eq!(platform(&of_device(device)), expected);
        }
        assert_eq!(platform("MyAgent/1.0"), "");
    }
}
