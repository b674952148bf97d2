//! Chooses a Coordinator's next request.

use fastrand::Rng;
use serde_json::{Value, json};

use super::pages::{ACTING, PATHS};

/// The most tabs that a Coordinator opens.
const TABS: usize = 5;

/// A request without its id and its time limit.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) kind: &'static str,
    pub(crate) body: Value,
    /// Of an action on the page for it: its number.
    pub(crate) acting: Option<u64>,
}

/// The next request, given the open tabs. `site` is the address of the pages.
pub(crate) fn next(rng: &mut Rng, tabs: &[String], site: &str) -> Ask {
    let Some(tab) = rng.choice(tabs) else {
        return create(rng, site);
    };
    let on = |kind: &'static str| Ask {
        kind,
        body: json!({"type": kind, "tabId": tab}),
        acting: None,
    };
    let with = |mut ask: Ask, fields: Value| {
        for (name, value) in fields.as_object().into_iter().flatten() {
            ask.body[name] = value.clone();
        }
        ask
    };
    match rng.u8(..100) {
        0..9 if tabs.len() < TABS => create(rng, site),
        0..14 => on("closeTab"),
        14..36 => with(on("navigate"), json!({"url": page(rng, site)})),
        36..54 => {
            let format = rng.choice(["html", "html", "structured"]);
            with(on("getDomSnapshot"), json!({"format": format}))
        }
        54..70 => {
            let format = rng.choice(["jpeg", "png", "webp"]);
            let full = rng.u8(..4) == 0;
            with(
                on("getScreenshot"),
                json!({"format": format, "fullPage": full}),
            )
        }
        70..74 => on("activateTab"),
        74..78 => with(on("setLoggedOutMode"), json!({"enabled": rng.bool()})),
        78..82 => with(
            on("startScreencast"),
            json!({"maxFps": rng.u8(1..10), "quality": 30}),
        ),
        82..85 => on("stopScreencast"),
        85..89 => alone("listTabs"),
        89..95 => alone("ping"),
        // Refused by policy.
        95..97 => with(on("navigate"), json!({"url": "file:///etc/hostname"})),
        97 => with(on("navigate"), json!({"url": 5})),
        98 => with(on("closeTab"), json!({"tabId": "t999999999"})),
        _ => with(on("activateTab"), json!({"nonsense": true})),
    }
}

/// A request to the page for actions, and one action on what appears there.
pub(crate) fn act(rng: &mut Rng, tab: &str, site: &str) -> [Ask; 2] {
    let number = rng.u64(..);
    let url = format!("{site}{ACTING}?{number}");
    let (kind, body) = if rng.bool() {
        let selector = format!("#b{number}");
        (
            "click",
            json!({"type": "click", "tabId": tab, "selector": selector}),
        )
    } else {
        let selector = format!("#i{number}");
        let fill = json!({"type": "fill", "tabId": tab, "selector": selector, "value": "x"});
        ("fill", fill)
    };
    let navigate = json!({"type": "navigate", "tabId": tab, "url": url});
    let asks = [("navigate", navigate, None), (kind, body, Some(number))];
    asks.map(|(kind, body, acting)| Ask { kind, body, acting })
}

/// Cancels a request.
pub(crate) fn cancel(id: u64) -> Ask {
    Ask {
        kind: "cancel",
        body: json!({"type": "cancel", "targetRequestId": id}),
        acting: None,
    }
}

/// A request without a tab.
pub(crate) fn alone(kind: &'static str) -> Ask {
    Ask {
        kind,
        body: json!({"type": kind}),
        acting: None,
    }
}

/// A `closeTab`.
pub(crate) fn close(tab: &str) -> Ask {
    Ask {
        kind: "closeTab",
        body: json!({"type": "closeTab", "tabId": tab}),
        acting: None,
    }
}

fn create(rng: &mut Rng, site: &str) -> Ask {
    let url = page(rng, site);
    let logged_out = rng.u8(..4) == 0;
    Ask {
        kind: "createTab",
        body: json!({"type": "createTab", "url": url, "loggedOut": logged_out}),
        acting: None,
    }
}

fn page(rng: &mut Rng, site: &str) -> String {
    if rng.u8(..12) == 0 {
        return "about:blank".to_owned();
    }
    let path = rng.choice(PATHS).unwrap_or("/small");
    format!("{site}{path}")
}
