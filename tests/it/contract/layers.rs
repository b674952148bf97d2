//! Each room of the house knows only those it may know (architecture: Rooms).

use std::collections::BTreeSet;

use super::source::{self, Source};

/// The rooms, from the ground up, and whom each may name. `protocol` is the crate
/// `cdp-bridge-protocol`. A room stands below all that may name it, so there is no circle.
const ROOMS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("units", &[]),
    ("locator", &[]),
    ("flow", &["units"]),
    ("telemetry", &[]),
    ("exposition", &[]),
    ("metrics", &[]),
    ("clock", &[]),
    ("lock", &[]),
    ("fair_permits", &["flow", "lock"]),
    ("log_limit", &["lock"]),
    ("secret", &[]),
    ("policy", &["protocol", "secret", "units"]),
    ("core_dumps", &[]),
    ("open_files", &[]),
    ("memory_trim", &[]),
    ("timer", &[]),
    ("tokens", &["lock"]),
    ("runtime", &[]),
    ("sealing", &[]),
    ("store", &["clock", "lock", "metrics", "sealing", "secret"]),
    ("audit", &["clock", "store"]),
    ("systemd", &[]),
    ("client", &["protocol"]),
    ("console", &["client", "protocol"]),
    ("cdp", &["metrics", "timer"]),
    (
        "browser",
        &[
            "cdp",
            "core_dumps",
            "flow",
            "lock",
            "metrics",
            "secret",
            "units",
        ],
    ),
    (
        "egress",
        &[
            "fair_permits",
            "lock",
            "log_limit",
            "metrics",
            "policy",
            "protocol",
        ],
    ),
    (
        "tabs",
        &[
            "cdp",
            "clock",
            "fair_permits",
            "flow",
            "locator",
            "lock",
            "metrics",
            "policy",
            "protocol",
            "runtime",
            "timer",
            "units",
        ],
    ),
    ("sessions", &["lock", "policy", "protocol", "tabs", "units"]),
    (
        "webhooks",
        &[
            "clock", "egress", "metrics", "policy", "sealing", "secret", "store",
        ],
    ),
    (
        "operations",
        &[
            "tabs",
            "clock",
            "fair_permits",
            "locator",
            "lock",
            "metrics",
            "policy",
            "protocol",
            "sealing",
            "sessions",
            "store",
            "tokens",
            "audit",
            "webhooks",
        ],
    ),
    // A door reaches the tabs through operations only.
    (
        "server",
        &[
            "operations",
            "clock",
            "flow",
            "lock",
            "log_limit",
            "metrics",
            "secret",
            "telemetry",
            "tokens",
            "protocol",
            "units",
        ],
    ),
    // Composes the settings of the rooms, each of which owns its section.
    (
        "config",
        &[
            "browser",
            "flow",
            "policy",
            "secret",
            "server",
            "sessions",
            "store",
            "tabs",
            "telemetry",
            "units",
            "webhooks",
        ],
    ),
    ("cli", &["config", "telemetry", "tokens", "units"]),
    ("schema", &["config", "protocol", "server"]),
];

/// The types of the wire's events that are plain values, which the tabs may use. They use no message, no event
/// and no head of a payload: those are made of facts and answers at a door.
const VALUES_OF_EVENTS: [&str; 15] = [
    "AuthOutcome",
    "ClosedBy",
    "PopupBlockReason",
    "CloseReason",
    "ConsoleLevel",
    "ConsoleSource",
    "DialogKind",
    "DownloadState",
    "Emulation",
    "EndReason",
    "Handled",
    "RebuildReason",
    "SessionStatus",
    "TabInfo",
    "TabState",
];

/// Further types of the protocol that the tabs may not use.
const WIRE: [&str; 7] = [
    "ErrorEvent",
    "Event",
    "Message",
    "Part",
    "Parts",
    "PayloadHead",
    "RequestId",
];

/// The only types of the protocol that the policy may use: values that the configuration lists and a request names.
const VALUES_OF_POLICY: [&str; 2] = ["NameResolution", "PagePermission"];

/// The rooms that put the others together and may name them all.
const TOP: [&str; 4] = ["app", "doctor", "main", "lib"];

fn allowed(room: &str) -> Option<&'static [&'static str]> {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, allowed)| *allowed)
}

/// What a file names and its room may not.
fn trespasses(source: &Source) -> Vec<String> {
    if TOP.contains(&source.room.as_str()) {
        return Vec::new();
    }
    let Some(allowed) = allowed(&source.room) else {
        return vec![format!(
            "{}: the room `{}` is not in the table: say in tests/it/contract/layers.rs whom it may know",
            source.path, source.room
        )];
    };
    let foreign = source
        .named
        .iter()
        .filter(|named| named.room != source.room && !allowed.contains(&named.room.as_str()));
    foreign
        .map(|named| {
            let allowed = if allowed.is_empty() {
                "nobody".to_owned()
            } else {
                allowed.join(", ")
            };
            format!(
                "{}:{}: `{}` names `{}`; it may name itself and {allowed}",
                source.path, named.line, source.room, named.room
            )
        })
        .collect()
}

/// Where the tabs or the policy name the wire.
fn names_of_the_wire(source: &Source) -> Vec<String> {
    let is_wire = match source.room.as_str() {
        "tabs" => is_wire_for_tabs,
        "policy" => is_wire_for_policy,
        _ => return Vec::new(),
    };
    let wire = source.paths.iter().filter(|named| is_wire(&named.path));
    wire.map(|named| {
        format!(
            "{}:{}: `{}` names `{}`, which belongs to the wire",
            source.path,
            named.line,
            source.room,
            named.path.join("::")
        )
    })
    .collect()
}

fn is_wire_for_policy(path: &[String]) -> bool {
    let is_value = |name: &String| VALUES_OF_POLICY.contains(&name.as_str());
    path.first()
        .is_some_and(|root| root == "cdp_bridge_protocol")
        && !path.last().is_some_and(is_value)
}

fn is_wire_for_tabs(path: &[String]) -> bool {
    let [root, .., last] = path else {
        return false;
    };
    let is_event = path[1] == "event" && !VALUES_OF_EVENTS.contains(&last.as_str());
    let is_message = WIRE.contains(&last.as_str()) || is_event;
    last == "ConnectionId" || (root == "cdp_bridge_protocol" && is_message)
}

#[test]
fn the_tabs_and_the_policy_name_no_messages_of_the_wire() {
    let sources = source::read_all(&["src"]);
    let found: Vec<String> = sources.iter().flat_map(names_of_the_wire).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_source_that_breaks_a_rule_is_found() {
    let broken = |path: &str, text: &str| {
        let source = Source::new(path, text.to_owned());
        [trespasses(&source), names_of_the_wire(&source)]
            .concat()
            .len()
    };
    for (path, text) in [
        ("src/tabs/a.rs", "use cdp_bridge_protocol::Event;"),
        (
            "src/tabs/a.rs",
            "use cdp_bridge_protocol::{RequestKind, Message};",
        ),
        (
            "src/tabs/a.rs",
            "use cdp_bridge_protocol::payload::{Payload, PayloadHead};",
        ),
        (
            "src/tabs/a.rs",
            "use cdp_bridge_protocol::event::{CloseReason, TabCreated};",
        ),
        ("src/tabs/a.rs", "use cdp_bridge_protocol::event::*;"),
        (
            "src/tabs/a.rs",
            "fn f() { cdp_bridge_protocol::event::Pong { ts: 1 }; }",
        ),
        (
            "src/tabs/a/b.rs",
            "use super::super::identity::ConnectionId;",
        ),
        ("src/tabs/a.rs", "use crate::operations::Operations;"),
        (
            "src/policy/a.rs",
            "use cdp_bridge_protocol::request::SetPermissions;",
        ),
        ("src/operations/a.rs", "use crate::server::Hub;"),
        ("src/server/ws/a.rs", "use crate::tabs::TabHandle;"),
        ("src/server/ws/a.rs", "use super::super::super::tabs;"),
        (
            "src/server/ws/a.rs",
            "use crate::{metrics, tabs::Registry};",
        ),
    ] {
        assert_eq!(broken(path, text), 1, "{path}: {text}");
    }
    for (path, text) in [
        (
            "src/tabs/a.rs",
            "use cdp_bridge_protocol::event::{CloseReason, TabState};",
        ),
        (
            "src/tabs/a.rs",
            "use cdp_bridge_protocol::payload::Payload;",
        ),
        (
            "src/policy/a.rs",
            "use cdp_bridge_protocol::request::PagePermission;",
        ),
        ("src/operations/a.rs", "use crate::tabs::TabHandle;"),
        ("src/server/ws/a.rs", "use crate::operations::FrameSlot;"),
        (
            "src/server/ws/a.rs",
            "#[cfg(test)]\nmod tests { use crate::tabs::Reply; }",
        ),
    ] {
        assert_eq!(broken(path, text), 0, "{path}: {text}");
    }
}

#[test]
fn every_room_names_only_the_rooms_it_may_know() {
    let sources = source::read_all(&["src"]);
    let found: Vec<String> = sources.iter().flat_map(trespasses).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let named: usize = sources.iter().map(|source| source.named.len()).sum();
    assert!(named > 50, "what is named is found at all");
}

#[test]
fn the_table_has_no_circle() {
    let mut below = BTreeSet::new();
    for (room, allowed) in ROOMS {
        for other in *allowed {
            assert!(
                below.contains(other),
                "`{room}` stands below `{other}`, which it may name"
            );
        }
        assert!(below.insert(room), "`{room}` stands in the table twice");
    }
}

#[test]
fn the_walls_of_the_house_stand_in_the_table() {
    let knows = |room: &str, other: &str| allowed(room).is_some_and(|all| all.contains(&other));
    assert!(!knows("server", "cdp"), "the server never speaks CDP");
    assert!(!knows("server", "tabs"), "doors go through operations");
    assert!(!knows("operations", "server"), "operations know no doors");
    for room in ["cdp", "browser"] {
        assert!(!knows(room, "tabs"), "{room} knows no tabs");
    }
    for room in ["cdp", "browser", "flow"] {
        assert!(!knows(room, "protocol"), "{room} knows no Coordinators");
    }
    assert_eq!(
        allowed("client"),
        Some(&["protocol"][..]),
        "a client like any other"
    );
    assert_eq!(allowed("console"), Some(&["client", "protocol"][..]));
}

#[test]
fn the_file_of_each_room_says_what_the_room_is_for() {
    let sources = source::read_all(&["src"]);
    let undocumented: Vec<&str> = sources
        .iter()
        .filter(|source| source.is_room_file() && !source.has_module_doc())
        .map(|source| source.path.as_str())
        .collect();
    assert_eq!(
        undocumented,
        Vec::<&str>::new(),
        "these begin without `//!`"
    );
}
