//! The commands that emulate a state. No I/O.

use std::fmt;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{
    ColorScheme, ExtraHeaders, Media, ReducedMotion, Viewport, ViewportSize,
};
use serde_json::value::{RawValue, to_raw_value};

use super::emulation::EmulationState;
use super::user_agent::{client_hints, platform};
use crate::cdp::emulation_methods::{
    ClearGeolocation, MediaFeature, ScreenOrientation, SetExtraHeaders, SetGeolocation, SetLocale,
    SetMedia, SetNetworkConditions, SetTimezone, SetTouchEmulation, SetUserAgent,
};
use crate::cdp::methods::{Method, SetDeviceMetrics};

/// How many fingers a touch screen recognizes.
const TOUCH_POINTS: u32 = 5;

/// What a command emulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aspect {
    Metrics,
    Touch,
    UserAgent,
    Locale,
    Timezone,
    Geolocation,
    Media,
    Network,
    Headers,
}

impl Aspect {
    /// The field of `emulate` that Chromium refuses if it refuses the command.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Metrics => "viewport",
            Self::Touch => "touch",
            Self::UserAgent => "userAgent",
            Self::Locale => "locale",
            Self::Timezone => "timezoneId",
            Self::Geolocation => "geolocation",
            Self::Media => "media",
            Self::Network => "offline",
            Self::Headers => "extraHeaders",
        }
    }

    /// Whether the session of such a target has the command.
    pub(super) fn concerns(self, kind: SessionKind) -> bool {
        match kind {
            SessionKind::Page => true,
            // The size and the position are those of the whole page.
            SessionKind::Frame => !matches!(self, Self::Metrics | Self::Geolocation),
            SessionKind::Worker => matches!(
                self,
                Self::UserAgent | Self::Locale | Self::Timezone | Self::Network | Self::Headers
            ),
        }
    }
}

/// What a session is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionKind {
    Page,
    /// A frame in another process than the page.
    Frame,
    Worker,
}

/// One command.
#[derive(Clone)]
pub(super) struct Override {
    pub(super) aspect: Aspect,
    pub(super) method: &'static str,
    pub(super) params: Box<RawValue>,
}

/// Without the parameters, which may be credentials.
impl fmt::Debug for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Override")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Override {
    fn eq(&self, other: &Self) -> bool {
        self.method == other.method && self.params.get() == other.params.get()
    }
}

impl Override {
    /// `None` never: numbers and text always serialize.
    fn new<M: Method>(aspect: Aspect, method: &M) -> Option<Self> {
        Some(Self {
            aspect,
            method: M::NAME,
            params: to_raw_value(method).ok()?,
        })
    }
}

/// The commands that lead from one state to another, in order.
pub(super) fn changes(
    from: &EmulationState,
    to: &EmulationState,
    usual: Viewport,
    kind: SessionKind,
) -> Vec<Override> {
    let (before, after) = (all(from, usual), all(to, usual));
    let pairs = before.into_iter().zip(after);
    let changed = pairs.filter(|(before, after)| before != after);
    changed
        .filter_map(|(_, after)| after)
        .filter(|it| it.aspect.concerns(kind))
        .collect()
}

/// Every command. The aspects have their places, whether they are emulated or not.
fn all(state: &EmulationState, usual: Viewport) -> [Option<Override>; 9] {
    [
        Override::new(Aspect::Metrics, &metrics(state, usual)),
        Override::new(Aspect::Touch, &touch(state)),
        Override::new(Aspect::UserAgent, &user_agent(state)),
        Override::new(Aspect::Locale, &locale(state)),
        Override::new(
            Aspect::Timezone,
            &SetTimezone {
                timezone_id: state.timezone_id.clone().unwrap_or_default(),
            },
        ),
        geolocation(state),
        Override::new(Aspect::Media, &media(state)),
        Override::new(
            Aspect::Network,
            &SetNetworkConditions {
                offline: state.is_offline(),
                latency: 0.0,
                download_throughput: -1.0,
                upload_throughput: -1.0,
            },
        ),
        Override::new(Aspect::Headers, &headers(state.extra_headers())),
    ]
}

/// The viewport of the state, or the usual one.
pub(super) fn viewport(state: &EmulationState, usual: Viewport) -> Viewport {
    let ViewportSize { width, height } = state.viewport().unwrap_or(ViewportSize {
        width: usual.width,
        height: usual.height,
    });
    Viewport {
        width,
        height,
        device_scale_factor: state.device_scale_factor().or(usual.device_scale_factor),
    }
}

fn metrics(state: &EmulationState, usual: Viewport) -> SetDeviceMetrics {
    let viewport = viewport(state, usual);
    let mobile = state.mobile().unwrap_or(false);
    let screen = state.screen();
    let is_landscape = viewport.width > viewport.height;
    SetDeviceMetrics {
        width: viewport.width,
        height: viewport.height,
        device_scale_factor: viewport.device_scale_factor.unwrap_or(1.0),
        mobile,
        screen_width: screen.map(|it| it.width),
        screen_height: screen.map(|it| it.height),
        screen_orientation: mobile.then_some(ScreenOrientation {
            r#type: if is_landscape {
                "landscapePrimary"
            } else {
                "portraitPrimary"
            },
            angle: if is_landscape { 90 } else { 0 },
        }),
    }
}

fn touch(state: &EmulationState) -> SetTouchEmulation {
    let enabled = state.touch().unwrap_or(false);
    SetTouchEmulation {
        enabled,
        max_touch_points: enabled.then_some(TOUCH_POINTS),
    }
}

fn user_agent(state: &EmulationState) -> SetUserAgent {
    let user_agent = state.user_agent().unwrap_or_default();
    SetUserAgent {
        user_agent: user_agent.to_owned(),
        accept_language: state.locale.clone().unwrap_or_default(),
        platform: platform(user_agent).to_owned(),
        user_agent_metadata: client_hints(user_agent),
    }
}

fn locale(state: &EmulationState) -> SetLocale {
    SetLocale {
        locale: state.locale.as_ref().map(|tag| tag.replace('-', "_")),
    }
}

fn geolocation(state: &EmulationState) -> Option<Override> {
    let Some(place) = state.geolocation else {
        return Override::new(Aspect::Geolocation, &ClearGeolocation {});
    };
    let set = SetGeolocation {
        latitude: place.latitude,
        longitude: place.longitude,
        accuracy: place.accuracy.unwrap_or(0.0),
    };
    Override::new(Aspect::Geolocation, &set)
}

fn media(state: &EmulationState) -> SetMedia {
    let color_scheme = MediaFeature {
        name: "prefers-color-scheme",
        value: match state.color_scheme {
            None => "",
            Some(ColorScheme::Light) => "light",
            Some(ColorScheme::Dark) => "dark",
            Some(ColorScheme::NoPreference) => "no-preference",
        },
    };
    let reduced_motion = MediaFeature {
        name: "prefers-reduced-motion",
        value: match state.reduced_motion {
            None => "",
            Some(ReducedMotion::Reduce) => "reduce",
            Some(ReducedMotion::NoPreference) => "no-preference",
        },
    };
    SetMedia {
        media: match state.media {
            None => "",
            Some(Media::Screen) => "screen",
            Some(Media::Print) => "print",
        },
        features: [color_scheme, reduced_motion],
    }
}

fn headers(headers: Option<&ExtraHeaders>) -> SetExtraHeaders {
    let pairs = headers.into_iter().flat_map(ExtraHeaders::iter);
    SetExtraHeaders {
        headers: pairs
            .map(|(name, value): (&str, &TypedText)| (name.to_owned(), value.expose().to_owned()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use cdp_bridge_protocol::request::{Device, Emulate, Setting};

    use super::*;

    const USUAL: Viewport = Viewport {
        width: 1280,
        height: 720,
        device_scale_factor: None,
    };

    fn state(change: impl FnOnce(&mut Emulate)) -> EmulationState {
        let mut request = Emulate::of(cdp_bridge_protocol::TabId::new(1));
        change(&mut request);
        EmulationState::default().after(request, 156)
    }

    fn methods(to: &EmulationState, kind: SessionKind) -> Vec<&'static str> {
        let changes = changes(&EmulationState::default(), to, USUAL, kind);
        changes.iter().map(|it| it.method).collect()
    }

    #[test]
    fn only_what_changes_is_sent_and_a_reset_too() {
        let dark = state(|it| it.color_scheme = ColorScheme::Dark.into());
        assert_eq!(
            methods(&dark, SessionKind::Page),
            ["Emulation.setEmulatedMedia"]
        );
        assert!(changes(&dark, &dark, USUAL, SessionKind::Page).is_empty());
        let back = changes(&dark, &EmulationState::default(), USUAL, SessionKind::Page);
        assert_eq!(back.len(), 1);
        assert!(back[0].params.get().contains(r#""value":"""#));
    }

    #[test]
    fn a_device_is_several_commands_and_of_them_a_worker_gets_the_user_agent() {
        let pixel = state(|it| it.device = Setting::To(Device::named("Pixel 8").unwrap()));
        let page = methods(&pixel, SessionKind::Page);
        assert_eq!(
            page,
            [
                "Emulation.setDeviceMetricsOverride",
                "Emulation.setTouchEmulationEnabled",
                "Emulation.setUserAgentOverride"
            ]
        );
        assert_eq!(methods(&pixel, SessionKind::Frame), page[1..]);
        assert_eq!(methods(&pixel, SessionKind::Worker), page[2..]);
    }

    #[test]
    fn a_locale_changes_the_language_of_requests_and_keeps_the_user_agent() {
        let german = state(|it| it.locale = "de-DE".to_owned().into());
        let sent = changes(
            &EmulationState::default(),
            &german,
            USUAL,
            SessionKind::Page,
        );
        let params: Vec<_> = sent.iter().map(|it| it.params.get()).collect();
        assert_eq!(
            params,
            [
                r#"{"userAgent":"","acceptLanguage":"de-DE","platform":""}"#,
                r#"{"locale":"de_DE"}"#
            ]
        );
    }

    #[test]
    fn a_position_is_cleared_by_another_command() {
        let place = cdp_bridge_protocol::request::Geolocation {
            latitude: 1.0,
            longitude: 2.0,
            accuracy: None,
        };
        let there = state(|it| it.geolocation = place.into());
        assert_eq!(
            methods(&there, SessionKind::Page),
            ["Emulation.setGeolocationOverride"]
        );
        let back = changes(&there, &EmulationState::default(), USUAL, SessionKind::Page);
        assert_eq!(back[0].method, "Emulation.clearGeolocationOverride");
    }

    #[test]
    fn nothing_of_a_header_is_shown() {
        let headers = serde_json::from_str::<ExtraHeaders>(r#"{"X-Token":"s3cret"}"#).unwrap();
        let state = state(|it| it.extra_headers = headers.into());
        let sent = changes(&EmulationState::default(), &state, USUAL, SessionKind::Page);
        assert!(sent[0].params.get().contains("s3cret"));
        assert!(!format!("{sent:?}").contains("s3cret"));
    }
}
