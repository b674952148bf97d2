//! Well-known devices that `emulate` can name.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::emulation::ViewportSize;

/// Replaced in a user agent by the major version of the browser in use, so that a page finds the features that the
/// version promises.
const VERSION: &str = "{version}";

/// What a device is emulated with.
#[derive(Debug, PartialEq)]
pub struct DeviceProfile {
    /// The name on the wire.
    pub name: &'static str,
    /// The part of the screen that a page gets, with the browser's own bars visible.
    pub viewport: ViewportSize,
    /// The whole screen.
    pub screen: ViewportSize,
    /// Physical pixels for each CSS pixel.
    pub device_scale_factor: f64,
    /// Whether pages are laid out as on a phone, by `<meta name=viewport>`.
    pub mobile: bool,
    /// Whether it has a touch screen.
    pub touch: bool,
    /// May contain `{version}`.
    user_agent: &'static str,
}

impl DeviceProfile {
    /// The user agent with a browser of this major version.
    pub fn user_agent(&self, version: u32) -> String {
        self.user_agent.replace(VERSION, &version.to_string())
    }
}

/// One of [`DEVICES`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Device(&'static DeviceProfile);

impl Device {
    /// The device of this name.
    pub fn named(name: &str) -> Option<Self> {
        DEVICES.iter().find(|it| it.name == name).map(Self)
    }

    /// Its properties.
    pub fn profile(self) -> &'static DeviceProfile {
        self.0
    }
}

impl Serialize for Device {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'_, str>::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            let names: Vec<_> = DEVICES.iter().map(|it| it.name).collect();
            let names = names.join(", ");
            de::Error::custom(format!("unknown device, expected one of {names}"))
        })
    }
}

impl JsonSchema for Device {
    fn schema_name() -> Cow<'static, str> {
        "Device".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = DEVICES.iter().map(|it| it.name).collect();
        json_schema!({
            "type": "string",
            "enum": names,
            "description": "A well-known device.",
        })
    }
}

macro_rules! devices {
    ($($name:literal: $width:literal x $height:literal of $screen_width:literal x $screen_height:literal @ $scale:literal, $kind:ident, $user_agent:expr;)*) => {
        /// Every device. The sizes are those that a page sees with its browser's bars shown.
        pub const DEVICES: &[DeviceProfile] = &[$(DeviceProfile {
            name: $name,
            viewport: ViewportSize { width: $width, height: $height },
            screen: ViewportSize { width: $screen_width, height: $screen_height },
            device_scale_factor: $scale,
            mobile: is_handheld!($kind),
            touch: is_handheld!($kind),
            user_agent: $user_agent,
        },)*];
    };
}

macro_rules! is_handheld {
    (handheld) => {
        true
    };
    (desktop) => {
        false
    };
}

macro_rules! iphone {
    ($os:literal, $version:literal) => {
        concat!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS ",
            $os,
            " like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/",
            $version,
            " Mobile/15E148 Safari/604.1"
        )
    };
}

macro_rules! ipad {
    ($os:literal, $version:literal) => {
        concat!(
            "Mozilla/5.0 (iPad; CPU OS ",
            $os,
            " like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/",
            $version,
            " Mobile/15E148 Safari/604.1"
        )
    };
}

macro_rules! android {
    ($system:literal, $mobile:literal) => {
        concat!(
            "Mozilla/5.0 (Linux; Android ",
            $system,
            ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 ",
            $mobile,
            "Safari/537.36"
        )
    };
}

macro_rules! chromium {
    ($system:literal, $after:literal) => {
        concat!(
            "Mozilla/5.0 (",
            $system,
            ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36",
            $after
        )
    };
}

devices! {
    "iPhone SE": 375 x 553 of 375 x 667 @ 2.0, handheld, iphone!("15_4", "15.4");
    "iPhone 12": 390 x 664 of 390 x 844 @ 3.0, handheld, iphone!("15_4", "15.4");
    "iPhone 13": 390 x 664 of 390 x 844 @ 3.0, handheld, iphone!("15_4", "15.4");
    "iPhone 13 Mini": 375 x 629 of 375 x 812 @ 3.0, handheld, iphone!("15_4", "15.4");
    "iPhone 14": 390 x 664 of 390 x 844 @ 3.0, handheld, iphone!("16_6", "16.6");
    "iPhone 14 Pro Max": 430 x 740 of 430 x 932 @ 3.0, handheld, iphone!("16_6", "16.6");
    "iPhone 15": 393 x 659 of 393 x 852 @ 3.0, handheld, iphone!("17_5", "17.5");
    "iPhone 15 Pro": 393 x 659 of 393 x 852 @ 3.0, handheld, iphone!("17_5", "17.5");
    "iPhone 15 Pro Max": 430 x 739 of 430 x 932 @ 3.0, handheld, iphone!("17_5", "17.5");
    "iPad Mini": 768 x 954 of 768 x 1024 @ 2.0, handheld, ipad!("15_4", "15.4");
    "iPad": 810 x 1010 of 810 x 1080 @ 2.0, handheld, ipad!("16_6", "16.6");
    "iPad Pro 11": 834 x 1124 of 834 x 1194 @ 2.0, handheld, ipad!("16_6", "16.6");
    "Pixel 5": 393 x 727 of 393 x 851 @ 2.75, handheld, android!("11; Pixel 5", "Mobile ");
    "Pixel 7": 412 x 839 of 412 x 915 @ 2.625, handheld, android!("14; Pixel 7", "Mobile ");
    "Pixel 8": 412 x 839 of 412 x 915 @ 2.625, handheld, android!("14; Pixel 8", "Mobile ");
    "Pixel 8 Pro": 448 x 922 of 448 x 998 @ 2.25, handheld, android!("14; Pixel 8 Pro", "Mobile ");
    "Galaxy S9+": 320 x 582 of 320 x 658 @ 4.5, handheld, android!("10; SM-G965U", "Mobile ");
    "Galaxy S24": 360 x 704 of 360 x 780 @ 3.0, handheld, android!("14; SM-S921U", "Mobile ");
    "Galaxy A55": 480 x 964 of 480 x 1040 @ 2.25, handheld, android!("14; SM-A556B", "Mobile ");
    "Galaxy Tab S9": 640 x 948 of 640 x 1024 @ 2.5, handheld, android!("14; SM-X710", "");
    "Moto G4": 360 x 564 of 360 x 640 @ 3.0, handheld, android!("7.0; Moto G (4)", "Mobile ");
    "Desktop Chrome": 1280 x 720 of 1920 x 1080 @ 1.0, desktop, chromium!("Windows NT 10.0; Win64; x64", "");
    "Desktop Chrome HiDPI": 1280 x 720 of 1792 x 1120 @ 2.0, desktop, chromium!("Macintosh; Intel Mac OS X 10_15_7", "");
    "Desktop Chrome Linux": 1280 x 720 of 1920 x 1080 @ 1.0, desktop, chromium!("X11; Linux x86_64", "");
    "Desktop Edge": 1280 x 720 of 1920 x 1080 @ 1.0, desktop, chromium!("Windows NT 10.0; Win64; x64", " Edg/{version}.0.0.0");
    "Desktop Safari": 1280 x 720 of 1792 x 1120 @ 2.0, desktop, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15";
    "Desktop Firefox": 1280 x 720 of 1920 x 1080 @ 1.0, desktop, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_device_has_a_name_of_its_own_and_a_page_fits_on_its_screen() {
        let names: HashSet<_> = DEVICES.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), DEVICES.len());
        for it in DEVICES {
            assert!(it.viewport.width <= it.screen.width, "{}", it.name);
            assert!(it.viewport.height <= it.screen.height, "{}", it.name);
            assert!((0.1..=5.0).contains(&it.device_scale_factor), "{}", it.name);
        }
    }

    #[test]
    fn the_version_in_a_user_agent_is_that_of_the_browser() {
        let pixel = Device::named("Pixel 8").unwrap().profile();
        assert!(pixel.user_agent(156).contains("Chrome/156.0.0.0 Mobile"));
        for it in DEVICES {
            assert!(!it.user_agent(156).contains(['{', '}']), "{}", it.name);
        }
    }

    #[test]
    fn a_device_is_read_by_its_name() {
        let device: Device = serde_json::from_str("\"iPhone 15\"").unwrap();
        assert_eq!(serde_json::to_string(&device).unwrap(), "\"iPhone 15\"");
        let error = serde_json::from_str::<Device>("\"iPhone 3\"").unwrap_err();
        assert!(
            error.to_string().contains("iPhone SE, iPhone 12"),
            "{error}"
        );
    }
}
