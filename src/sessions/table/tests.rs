use proptest::prelude::*;

use super::*;
use crate::sessions::{HoldKind, SessionFilter, SessionPage, SessionStatus, StatusFilter};

const SECOND: Duration = Duration::from_secs(1);

fn start() -> Moment {
    Moment {
        at: Instant::now(),
        ms: 1_000_000,
    }
}

fn table(change: impl FnOnce(&mut SessionsConfig)) -> (SessionTable<&'static str>, Moment) {
    let mut config = SessionsConfig {
        max: 4,
        max_per_client: 3,
        creates_per_minute: 10_000,
        ..SessionsConfig::default()
    };
    change(&mut config);
    let limits = SessionLimits {
        config,
        of_client: HashMap::new(),
    };
    let now = start();
    (SessionTable::new(limits, now), now)
}

fn id(number: u64) -> SessionId {
    SessionId::new(number, number)
}

fn create(
    table: &mut SessionTable<&'static str>,
    client: &str,
    number: u64,
    waiter: &'static str,
    now: Moment,
) -> Result<Creation<&'static str>, CreationRefused> {
    let options = SessionOptions::new(table.config());
    table.create(&client.into(), options, (id(number), now), true, waiter)
}

fn end(table: &mut SessionTable<&'static str>, number: u64, now: Instant) {
    assert!(table.end(id(number), EndReason::Requested) && table.gone(id(number), now));
}

#[test]
fn a_client_that_fills_the_queue_gives_way_to_one_that_has_less_in_it() {
    let (mut table, now) = table(|config| (config.max, config.queue) = (0, 3));
    for (number, waiter) in [(1, "first"), (2, "second"), (3, "third")] {
        let queued = create(&mut table, "a", number, waiter, now);
        assert!(matches!(queued, Ok(Creation::Queued(_))));
    }
    let own = create(&mut table, "a", 4, "", now);
    assert!(matches!(own, Err(CreationRefused::QueueFull(_))));
    let instead = create(&mut table, "b", 5, "", now);
    assert!(matches!(instead, Ok(Creation::QueuedInstead(_, "third"))));
    // Now one has two of the three, the other one: a place more would only turn that round.
    let second = create(&mut table, "b", 6, "", now);
    assert!(matches!(second, Err(CreationRefused::QueueFull(_))));
    let other = create(&mut table, "c", 7, "", now);
    assert!(matches!(other, Ok(Creation::QueuedInstead(_, "second"))));
    assert_eq!(table.queued(), 3);
}

#[test]
fn the_client_with_the_fewest_sessions_is_next_and_of_its_requests_the_oldest() {
    let (mut table, now) = table(|_| {});
    for (client, number) in [("a", 1), ("a", 2), ("a", 3), ("b", 4)] {
        assert!(matches!(
            create(&mut table, client, number, "", now),
            Ok(Creation::Created(_))
        ));
    }
    for (client, waiter) in [
        ("a", "a"),
        ("b", "b1"),
        ("b", "b2"),
        ("c", "c1"),
        ("c", "c2"),
    ] {
        assert!(matches!(
            create(&mut table, client, 99, waiter, now),
            Ok(Creation::Queued(_))
        ));
    }
    let mut next = 10;
    let mut order = Vec::new();
    for ended in [1, 2, 3, 4] {
        end(&mut table, ended, now.at);
        let admitted = table.admit_waiting(|| {
            next += 1;
            (id(next), now)
        });
        order.extend(admitted.into_iter().map(|it| it.waiter));
    }
    assert_eq!(
        order,
        ["c1", "a", "b1", "b2"],
        "`b1` waits behind the one that `b` has"
    );
}

#[test]
fn the_pages_of_a_list_are_stable_while_sessions_come_and_go() {
    let (mut table, now) = table(|config| {
        config.max = 1000;
        config.max_per_client = 1000;
    });
    let client = ClientId::from("a");
    for number in 1..=9 {
        create(&mut table, "a", 2 * number, "", now).unwrap();
        create(&mut table, "b", 2 * number + 1, "", now).unwrap();
    }
    let mut filter = SessionFilter {
        limit: Some(4),
        ..SessionFilter::default()
    };
    let first = table.list(&client, &filter, now.at);
    let numbers = |page: &SessionPage| page.sessions.iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(numbers(&first), [18, 16, 14, 12].map(id));
    assert_eq!((first.counts.live, first.counts.queued), (9, 0));
    // One comes, one goes, and the one that the cursor names goes, too.
    create(&mut table, "a", 100, "", now).unwrap();
    end(&mut table, 12, now.at);
    end(&mut table, 8, now.at);
    filter.cursor = first.next_cursor;
    let second = table.list(&client, &filter, now.at);
    assert_eq!(numbers(&second), [10, 6, 4, 2].map(id));
    filter.cursor = second.next_cursor;
    let last = table.list(&client, &filter, now.at);
    assert!(last.sessions.len() == 1 && last.sessions[0].implicit && last.next_cursor.is_none());
}

#[test]
fn a_list_shows_what_is_asked_for() {
    let (mut table, now) = table(|_| {});
    let client = ClientId::from("a");
    for (number, name, team) in [(1, "one", "red"), (2, "two", "red"), (3, "three", "blue")] {
        let options = SessionOptions {
            external_id: Some(name.to_owned()),
            metadata: [("team".to_owned(), team.to_owned())].into(),
            ..SessionOptions::new(table.config())
        };
        table
            .create(&client, options, (id(number), now), false, "")
            .unwrap();
    }
    table.ready(id(1));
    end(&mut table, 2, now.at);
    let found = |filter: SessionFilter| {
        let sessions = table.list(&client, &filter, now.at).sessions;
        sessions.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let of = |status| SessionFilter {
        status,
        ..SessionFilter::default()
    };
    let default = SessionId::DEFAULT;
    assert_eq!(found(SessionFilter::default()), [id(3), id(1), default]);
    assert_eq!(found(of(StatusFilter::All)), [id(3), id(2), id(1), default]);
    let ready = StatusFilter::Only(SessionStatus::Ready);
    assert_eq!(found(of(ready)), [id(1), default]);
    let destroyed = StatusFilter::Only(SessionStatus::Destroyed);
    assert_eq!(found(of(destroyed)), [id(2)]);
    let red = SessionFilter {
        metadata: [("team".to_owned(), "red".to_owned())].into(),
        ..of(StatusFilter::All)
    };
    assert_eq!(found(red), [id(2), id(1)]);
    let named = SessionFilter {
        external_id: Some("three".to_owned()),
        ..SessionFilter::default()
    };
    assert_eq!(found(named), [id(3)]);
    assert!(
        table.view(&"b".into(), id(1), now.at).is_none(),
        "of another client"
    );
}

#[test]
fn records_are_kept_for_their_time_and_bounded() {
    let (mut table, now) = table(|config| {
        config.retention = 60 * SECOND;
        config.kept_records = 2;
    });
    for number in 1..=3 {
        create(&mut table, "a", number, "", now).unwrap();
        end(
            &mut table,
            number,
            now.at + SECOND * u32::try_from(number).unwrap(),
        );
    }
    let is_kept = |table: &SessionTable<_>, number| table.status(id(number)).is_some();
    assert_eq!(
        [1, 2, 3].map(|number| is_kept(&table, number)),
        [false, true, true]
    );
    assert_eq!(table.next_due(), Some(now.at + 62 * SECOND));
    assert!(table.overdue(now.at + 62 * SECOND).is_empty());
    assert_eq!([2, 3].map(|number| is_kept(&table, number)), [false, true]);
    assert!(table.overdue(now.at + 63 * SECOND).is_empty());
    assert_eq!((table.next_due(), table.live()), (None, 0));
}

#[test]
fn a_thousand_sessions_are_listed_quickly() {
    let (mut table, now) = table(|config| {
        config.max = 1000;
        config.max_per_client = 1000;
    });
    for number in 1..=1000 {
        create(&mut table, "a", number, "", now).unwrap();
    }
    let mut filter = SessionFilter {
        limit: Some(100),
        ..SessionFilter::default()
    };
    let mut seen = 0;
    loop {
        let page = table.list(&"a".into(), &filter, now.at);
        seen += page.sessions.len();
        filter.cursor = page.next_cursor;
        if filter.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, 1001);
}

proptest! {
    #[test]
    fn what_counts_is_what_is_listed_and_within_the_limits(
        steps in prop::collection::vec((0_u8..7, 0_u64..12, 0_u32..30), 0..80)
    ) {
        let (mut table, start) = table(|config| config.queue = 3);
        let (mut now, mut next) = (start.at, 0);
        let mut uses = Vec::new();
        for (step, number, later) in steps {
            let moment = Moment { at: now, ms: start.ms_at(now) };
            let client = if number % 2 == 0 { "a" } else { "b" };
            let session = id(1 + number);
            let scope = table.scope(session);
            match step {
                0 | 1 => {
                    next += 1;
                    let _ = create(&mut table, client, next, "", moment);
                    table.ready(id(next));
                }
                2 => _ = table.end(session, EndReason::Requested),
                3 => _ = table.gone(session, now),
                4 => now += later * SECOND,
                5 => {
                    let kind = if later % 2 == 0 { UseKind::Call } else { UseKind::Hold(HoldKind::Watch) };
                    if let Some(scope) = scope && table.begin_use(&scope, kind, now).is_ok() {
                        uses.push((scope, kind));
                    }
                }
                _ => if let Some((scope, kind)) = uses.pop() {
                    table.end_use(&scope, kind, now);
                },
            }
            for (overdue, reason) in table.overdue(now) {
                prop_assert!(table.end(overdue, reason));
            }
            prop_assert!(table.next_due().is_none_or(|due| due > now));
            table.admit_waiting(|| { next += 1; (id(next), moment) });
            for client in ["a", "b"].map(ClientId::from) {
                let filter = SessionFilter { limit: Some(100), ..SessionFilter::default() };
                let page = table.list(&client, &filter, now);
                prop_assert_eq!(page.sessions.len(), page.counts.live + 1);
                prop_assert!(page.counts.live <= page.counts.limit);
            }
            prop_assert!(table.live() <= table.config().max);
            let full = table.live() == table.config().max;
            let own_full = ["a", "b"].map(|it| table.counts(&it.into()).live == 3);
            prop_assert!(table.queued() == 0 || full || own_full.contains(&true));
        }
    }
}
