//! Each room of the house knows only those it may know (architecture: Rooms).

use std::collections::BTreeSet;

use super::source::{self, Source};

/// The rooms, from the ground up, and whom each may name. `protocol` is the crate
/// `cdp-bridge-protocol`. A room stands below all that may name it, so there is no circle.
const ROOMS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("units", &[]),
    ("policy", &[]),
    ("locator", &[]),
    ("flow", &["units"]),
    ("telemetry", &[]),
    ("exposition", &[]),
    ("metrics", &[]),
    ("clock", &[]),
    ("lock", &[]),
    ("timer", &[]),
    ("runtime", &[]),
    ("systemd", &[]),
    ("client", &["protocol"]),
    ("console", &["client", "protocol"]),
    ("cdp", &["metrics", "timer"]),
    ("browser", &["cdp", "flow", "lock", "metrics", "units"]),
    ("egress", &["lock", "policy", "metrics"]),
    (
        "tabs",
        &[
            "cdp", "clock", "flow", "locator", "lock", "metrics", "policy", "protocol", "timer",
            "units",
        ],
    ),
    ("bus", &["clock", "lock", "metrics", "tabs"]),
    (
        "server",
        &[
            "bus",
            "tabs",
            "clock",
            "flow",
            "locator",
            "lock",
            "policy",
            "metrics",
            "telemetry",
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
            "server",
            "tabs",
            "telemetry",
            "units",
        ],
    ),
    ("cli", &["config", "telemetry"]),
    ("schema", &["config", "protocol"]),
];

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
    for room in ["cdp", "browser"] {
        assert!(!knows(room, "tabs"), "{room} knows no tabs");
    }
    for room in ["cdp", "browser", "policy", "flow"] {
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
