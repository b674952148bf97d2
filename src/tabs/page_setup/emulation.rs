//! What a tab's pages are emulated with, as clients have set it. No I/O.

use cdp_bridge_protocol::event::Emulation;
use cdp_bridge_protocol::request::{
    ColorScheme, Device, DeviceProfile, Emulate, ExtraHeaders, Geolocation, Media, ReducedMotion,
    Viewport, ViewportSize,
};
use serde::{Deserialize, Serialize};

/// What clients have set; a device and single properties beside it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmulationState {
    device: Option<EmulatedDevice>,
    viewport: Option<ViewportSize>,
    device_scale_factor: Option<f64>,
    mobile: Option<bool>,
    touch: Option<bool>,
    user_agent: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) timezone_id: Option<String>,
    pub(super) geolocation: Option<Geolocation>,
    pub(super) color_scheme: Option<ColorScheme>,
    pub(super) reduced_motion: Option<ReducedMotion>,
    pub(super) media: Option<Media>,
    offline: Option<bool>,
    extra_headers: Option<ExtraHeaders>,
}

/// Where the user of a session is, as the pages of its tabs see it from their start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserPlace {
    pub locale: Option<String>,
    pub timezone_id: Option<String>,
    pub geolocation: Option<Geolocation>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EmulatedDevice {
    device: Device,
    /// Of the browser that was in use when the device was set.
    user_agent: String,
}

impl EmulationState {
    /// A tab that is created at this place, perhaps with a viewport.
    pub fn starting(place: &UserPlace, viewport: Option<Viewport>) -> Self {
        let UserPlace {
            locale,
            timezone_id,
            geolocation,
        } = place.clone();
        Self {
            viewport: viewport.map(|viewport| ViewportSize {
                width: viewport.width,
                height: viewport.height,
            }),
            device_scale_factor: viewport.and_then(|viewport| viewport.device_scale_factor),
            locale,
            timezone_id,
            geolocation,
            ..Self::default()
        }
    }

    /// The state after a request. `version` is the major version of the browser.
    #[must_use]
    pub fn after(&self, request: Emulate, version: u32) -> Self {
        let mut next = self.clone();
        let mut device = next.device.take().map(|it| it.device);
        let before = device;
        request.device.apply(&mut device);
        next.device = device.map(|device| match &self.device {
            Some(known) if before == Some(device) => known.clone(),
            _ => EmulatedDevice {
                device,
                user_agent: device.profile().user_agent(version),
            },
        });
        request.viewport.apply(&mut next.viewport);
        request
            .device_scale_factor
            .apply(&mut next.device_scale_factor);
        request.mobile.apply(&mut next.mobile);
        request.touch.apply(&mut next.touch);
        request.user_agent.apply(&mut next.user_agent);
        request.locale.apply(&mut next.locale);
        request.timezone_id.apply(&mut next.timezone_id);
        request.geolocation.apply(&mut next.geolocation);
        request.color_scheme.apply(&mut next.color_scheme);
        request.reduced_motion.apply(&mut next.reduced_motion);
        request.media.apply(&mut next.media);
        request.offline.apply(&mut next.offline);
        request.extra_headers.apply(&mut next.extra_headers);
        next.extra_headers = next.extra_headers.filter(|headers| !headers.is_empty());
        next
    }

    fn profile(&self) -> Option<&'static DeviceProfile> {
        self.device.as_ref().map(|it| it.device.profile())
    }

    /// The size of the page's visible part, if it is emulated.
    pub(super) fn viewport(&self) -> Option<ViewportSize> {
        self.viewport.or_else(|| Some(self.profile()?.viewport))
    }

    /// The size of the screen: that of a device, unless the page is larger.
    pub(super) fn screen(&self) -> Option<ViewportSize> {
        let screen = self.profile()?.screen;
        let fits = |page: &ViewportSize| page.width <= screen.width && page.height <= screen.height;
        self.viewport().filter(fits).map(|_| screen)
    }

    pub(super) fn device_scale_factor(&self) -> Option<f64> {
        self.device_scale_factor
            .or_else(|| Some(self.profile()?.device_scale_factor))
    }

    pub(super) fn mobile(&self) -> Option<bool> {
        self.mobile.or_else(|| Some(self.profile()?.mobile))
    }

    pub(super) fn touch(&self) -> Option<bool> {
        self.touch.or_else(|| Some(self.profile()?.touch))
    }

    pub(super) fn user_agent(&self) -> Option<&str> {
        let of_device = self.device.as_ref().map(|it| it.user_agent.as_str());
        self.user_agent.as_deref().or(of_device)
    }

    pub(super) fn is_offline(&self) -> bool {
        self.offline == Some(true)
    }

    pub(super) fn extra_headers(&self) -> Option<&ExtraHeaders> {
        self.extra_headers.as_ref()
    }

    /// Whether it needs CDP's `Network` domain, which must stay enabled then.
    pub fn needs_network(&self) -> bool {
        self.is_offline() || self.extra_headers.is_some()
    }

    /// What clients may know of it; `None` if nothing is emulated. Of headers only the names.
    pub fn describe(&self) -> Option<Emulation> {
        let headers = self.extra_headers.as_ref();
        let emulation = Emulation {
            device: self.device.as_ref().map(|it| it.device),
            viewport: self.viewport(),
            device_scale_factor: self.device_scale_factor(),
            mobile: self.mobile(),
            touch: self.touch(),
            user_agent: self.user_agent().map(str::to_owned),
            locale: self.locale.clone(),
            timezone_id: self.timezone_id.clone(),
            geolocation: self.geolocation,
            color_scheme: self.color_scheme,
            reduced_motion: self.reduced_motion,
            media: self.media,
            offline: self.offline,
            extra_headers: headers.map(|it| it.names().map(str::to_owned).collect()),
        };
        (emulation != Emulation::default()).then_some(emulation)
    }
}

#[cfg(test)]
mod tests {
    use cdp_bridge_protocol::request::Setting;

    use super::*;

    const VERSION: u32 = 156;

    fn emulate() -> Emulate {
        Emulate::of(cdp_bridge_protocol::TabId::new(1))
    }

    fn device(name: &str) -> Setting<Device> {
        Setting::To(Device::named(name).unwrap())
    }

    #[test]
    fn nothing_is_described_where_nothing_is_emulated() {
        let state = EmulationState::default();
        assert_eq!(state.describe(), None);
        assert_eq!(state.after(emulate(), VERSION), state);
        let set = state.after(
            Emulate {
                offline: true.into(),
                ..emulate()
            },
            VERSION,
        );
        assert!(set.needs_network() && set.describe().is_some());
        let reset = Emulate {
            offline: Setting::Reset,
            ..emulate()
        };
        assert_eq!(set.after(reset, VERSION).describe(), None);
    }

    #[test]
    fn what_is_set_takes_precedence_over_the_device() {
        let size = ViewportSize {
            width: 500,
            height: 400,
        };
        let request = Emulate {
            device: device("iPhone 15"),
            viewport: size.into(),
            touch: false.into(),
            ..emulate()
        };
        let state = EmulationState::default().after(request, VERSION);
        let told = state.describe().unwrap();
        assert_eq!(
            (told.viewport, told.touch, told.mobile),
            (Some(size), Some(false), Some(true))
        );
        let reset = Emulate {
            viewport: Setting::Reset,
            ..emulate()
        };
        let told = state.after(reset, VERSION).describe().unwrap();
        assert_eq!(told.viewport.map(|it| it.width), Some(393));
        let reset = Emulate {
            device: Setting::Reset,
            touch: Setting::Reset,
            ..emulate()
        };
        let told = state.after(reset, VERSION).describe().unwrap();
        assert_eq!(
            (told.viewport, told.user_agent, told.mobile),
            (Some(size), None, None)
        );
    }

    #[test]
    fn a_device_keeps_its_user_agent_until_it_is_set_again() {
        let request = || Emulate {
            device: device("Pixel 8"),
            ..emulate()
        };
        let state = EmulationState::default().after(request(), VERSION);
        let same = state.after(emulate(), VERSION + 1);
        assert!(same.user_agent().unwrap().contains("Chrome/156"));
    }

    #[test]
    fn only_the_names_of_headers_are_described() {
        let headers = serde_json::from_str::<ExtraHeaders>(r#"{"X-Token":"s3cret"}"#).unwrap();
        let request = Emulate {
            extra_headers: headers.into(),
            ..emulate()
        };
        let state = EmulationState::default().after(request, VERSION);
        let told = serde_json::to_string(&state.describe()).unwrap();
        assert_eq!(told, r#"{"extraHeaders":["X-Token"]}"#);
        assert!(!format!("{state:?}").contains("s3cret"));
    }
}
