use super::*;

const LIMITS: StagingLimits = StagingLimits {
    files: 3,
    bytes: 100,
    bytes_of_all: 150,
    time: Duration::from_mins(1),
};

struct Staging {
    files: StagedFiles,
    now: Instant,
}

fn scope(client: &str) -> Scope {
    client.into()
}

impl Staging {
    fn new() -> Self {
        Self {
            files: StagedFiles::new(LIMITS),
            now: Instant::now(),
        }
    }

    fn first(&mut self, client: &str, size: u64, data: &[u8]) -> Result<StagedPart, StagingError> {
        let part = StageFile {
            name: Some("a.txt".to_owned()),
            mime: Some("text/plain".to_owned()),
            size: Some(size),
            file_id: None,
            offset: None,
            data: data.to_vec().into(),
        };
        self.files.stage(&scope(client), part, self.now)
    }

    fn whole_of(&mut self, client: &str, size: usize) -> Result<String, StagingError> {
        let data = vec![b'x'; size];
        self.first(client, size as u64, &data)
            .map(|part| part.file_id)
    }

    fn more(
        &mut self,
        client: &str,
        id: &str,
        offset: u64,
        data: &[u8],
    ) -> Result<u64, StagingError> {
        let part = StageFile {
            name: None,
            mime: None,
            size: None,
            file_id: Some(id.to_owned()),
            offset: Some(offset),
            data: data.to_vec().into(),
        };
        let staged = self.files.stage(&scope(client), part, self.now)?;
        Ok(staged.received)
    }

    fn get(&mut self, client: &str, id: &str) -> Result<PageFile, StagingError> {
        self.files.whole(&scope(client), id, self.now)
    }
}

fn is_unknown<T>(outcome: &Result<T, StagingError>) -> bool {
    matches!(outcome, Err(StagingError::Unknown { .. }))
}

#[test]
fn the_parts_of_a_file_are_put_together_in_their_order() {
    let mut staging = Staging::new();
    let part = staging.first("alice", 5, b"ab").unwrap();
    assert_eq!((part.received, part.size), (2, 5));
    let id = part.file_id;
    let early = staging.get("alice", &id).unwrap_err();
    assert!(matches!(
        early,
        StagingError::Unfinished {
            received: 2,
            size: 5,
            ..
        }
    ));
    for offset in [0, 1, 3] {
        let wrong = staging.more("alice", &id, offset, b"cd").unwrap_err();
        assert_eq!(
            wrong,
            StagingError::WrongOffset {
                offset,
                received: 2
            }
        );
    }
    let long = staging.more("alice", &id, 2, b"cdef").unwrap_err();
    assert_eq!(long, StagingError::TooLong { bytes: 6, size: 5 });
    assert_eq!(staging.more("alice", &id, 2, b"cd"), Ok(4));
    assert_eq!(staging.more("alice", &id, 4, b""), Ok(4));
    assert_eq!(staging.more("alice", &id, 4, b"e"), Ok(5));
    let file = staging.get("alice", &id).unwrap();
    assert_eq!(
        (file.name.as_str(), file.mime.as_deref()),
        ("a.txt", Some("text/plain"))
    );
    assert_eq!(file.bytes, &b"abcde"[..]);
    assert!(staging.more("alice", &id, 5, b"f").is_err());
    assert_eq!(
        staging.get("alice", &id),
        Ok(file),
        "it can be uploaded again"
    );
}

#[test]
fn a_file_may_be_empty() {
    let mut staging = Staging::new();
    let id = staging.whole_of("alice", 0).unwrap();
    assert_eq!(staging.get("alice", &id).unwrap().bytes, Bytes::new());
}

#[test]
fn a_file_is_its_clients_own() {
    let mut staging = Staging::new();
    let id = staging.first("alice", 5, b"ab").unwrap().file_id;
    assert!(is_unknown(&staging.more("bob", &id, 2, b"c")));
    assert!(is_unknown(&staging.get("bob", &id)));
    for id in ["u2", "u01", "u+1", "1", "", "u"] {
        assert!(is_unknown(&staging.get("alice", id)), "{id}");
    }
}

#[test]
fn a_client_has_bounds_of_its_own_and_all_have_one() {
    let mut staging = Staging::new();
    let large = staging.first("alice", 101, b"").unwrap_err();
    assert_eq!(
        large,
        StagingError::TooLarge {
            size: 101,
            max: 100
        }
    );
    // The size is what counts, however much of it has come.
    staging.first("alice", 90, b"").unwrap();
    let full = staging.first("alice", 11, b"").unwrap_err();
    assert!(
        matches!(full, StagingError::NoRoom { max: 100, .. }),
        "{full}"
    );
    let full = staging.first("bob", 61, b"").unwrap_err();
    assert!(
        matches!(full, StagingError::NoRoom { max: 150, .. }),
        "{full}"
    );
    staging.first("bob", 60, b"").unwrap();
    staging.first("alice", 0, b"").unwrap();
    staging.first("alice", 0, b"").unwrap();
    let many = staging.first("alice", 0, b"").unwrap_err();
    assert_eq!(many, StagingError::TooMany { limit: 3 });
}

#[test]
fn files_that_were_uploaded_give_way_to_new_ones_and_others_do_not() {
    let mut staging = Staging::new();
    let first = staging.whole_of("alice", 40).unwrap();
    let second = staging.whole_of("alice", 40).unwrap();
    assert!(staging.whole_of("alice", 40).is_err());
    let held = staging.get("alice", &second).unwrap();
    assert!(
        staging.whole_of("alice", 40).is_err(),
        "the upload still runs"
    );
    drop(held);
    let third = staging.whole_of("alice", 40).unwrap();
    assert!(is_unknown(&staging.get("alice", &second)));
    for id in [&first, &third] {
        assert!(staging.get("alice", id).is_ok());
    }
    assert!(
        staging.whole_of("bob", 100).is_ok(),
        "a client's own do not keep others out"
    );
    assert!(
        is_unknown(&staging.get("alice", &first)),
        "the oldest is the first to go"
    );
    assert!(staging.whole_of("alice", 1).is_ok());
}

#[test]
fn a_file_that_is_not_used_for_a_while_is_dropped_and_one_that_is_used_is_not() {
    let mut staging = Staging::new();
    let start = staging.now;
    let [old, grown, uploaded] = [(); 3].map(|()| staging.first("alice", 2, b"a").unwrap().file_id);
    staging.more("alice", &uploaded, 1, b"b").unwrap();
    staging.now = start + LIMITS.time / 2;
    staging.more("alice", &grown, 1, b"b").unwrap();
    let held = staging.get("alice", &uploaded).unwrap();
    assert_eq!(staging.files.expire(staging.now), Some(start + LIMITS.time));
    staging.now = start + LIMITS.time;
    let next = staging.files.expire(staging.now);
    assert_eq!(next, Some(start + LIMITS.time / 2 + LIMITS.time));
    assert!(is_unknown(&staging.get("alice", &old)));
    staging.now = next.unwrap();
    assert!(
        staging.files.expire(staging.now).is_some(),
        "an upload holds it"
    );
    assert!(is_unknown(&staging.get("alice", &grown)));
    drop(held);
    assert_eq!(staging.files.expire(staging.now), None);
}

#[test]
fn the_files_of_a_client_that_is_gone_are_dropped() {
    let mut staging = Staging::new();
    let of_alice = staging.whole_of("alice", 1).unwrap();
    let of_bob = staging.whole_of("bob", 1).unwrap();
    staging.files.forget(&scope("alice"));
    assert!(is_unknown(&staging.get("alice", &of_alice)));
    assert!(staging.get("bob", &of_bob).is_ok());
}

#[test]
fn a_file_that_an_upload_holds_counts_until_it_ends_also_when_its_client_is_gone() {
    let mut staging = Staging::new();
    let id = staging.whole_of("alice", 100).unwrap();
    let held = staging.get("alice", &id).unwrap();
    staging.files.forget(&scope("alice"));
    assert!(is_unknown(&staging.get("alice", &id)));
    assert!(
        staging.whole_of("alice", 100).is_err(),
        "its memory is in use"
    );
    assert!(staging.whole_of("bob", 51).is_err(), "for all clients");
    drop(held);
    assert!(staging.whole_of("alice", 100).is_ok());
}

#[test]
fn the_ids_of_a_clients_files_tell_nothing_of_those_of_others() {
    let mut staging = Staging::new();
    let of_alice = staging.whole_of("alice", 1).unwrap();
    assert_eq!(staging.whole_of("bob", 2).unwrap(), of_alice);
    assert_eq!(staging.get("alice", &of_alice).unwrap().bytes.len(), 1);
    assert_eq!(staging.get("bob", &of_alice).unwrap().bytes.len(), 2);
    staging.files.forget(&scope("alice"));
    let next = staging.whole_of("alice", 1).unwrap();
    assert_ne!(next, of_alice, "an id stands for one file");
}

#[test]
fn nothing_of_a_file_is_shown() {
    let mut staging = Staging::new();
    staging.first("alice", 20, b"s3cret").unwrap();
    let id = staging.first("alice", 6, b"s3cret").unwrap().file_id;
    let file = staging.get("alice", &id).unwrap();
    let shown = format!("{:?} {file:?}", staging.files);
    assert!(
        !shown.contains("s3cret") && !shown.contains("115, 51"),
        "{shown}"
    );
}

#[test]
fn a_file_whose_size_is_not_known_takes_room_as_it_grows() {
    let mut staging = Staging::new();
    let (files, now, a) = (&mut staging.files, staging.now, scope("a"));
    let open = |files: &mut StagedFiles| files.open(&a, "a.bin".to_owned(), None, now).unwrap();
    let id = open(files);
    files.grow(&a, &id, &[1; 60], now).unwrap();
    assert!(files.whole(&a, &id, now).is_err(), "it is not whole");
    let part = StageFile {
        name: None,
        mime: None,
        size: None,
        file_id: Some(id.clone()),
        offset: Some(60),
        data: vec![1].into(),
    };
    assert_eq!(files.stage(&a, part, now), Err(unknown(&id)));
    let other = open(files);
    files.grow(&a, &other, &[2; 40], now).unwrap();
    let no_room = files.grow(&a, &other, &[2], now);
    assert!(
        matches!(no_room, Err(StagingError::NoRoom { .. })),
        "{no_room:?}"
    );
    files.remove(&a, &other).unwrap();
    files.grow(&a, &id, &[1; 40], now).unwrap();
    let too_large = StagingError::TooLarge {
        size: 101,
        max: 100,
    };
    assert_eq!(files.grow(&a, &id, &[1], now), Err(too_large));
    let info = files.close(&a, &id, now).unwrap();
    assert_eq!(
        (info.size, info.received, info.name.as_str()),
        (100, 100, "a.bin")
    );
    assert_eq!(files.whole(&a, &id, now).unwrap().bytes.len(), 100);
    assert_eq!(files.grow(&a, &id, &[1], now), Err(unknown(&id)));
    assert!(
        files.info(&scope("b"), &id).is_err(),
        "it is another client's"
    );
    assert!(files.remove(&scope("b"), &id).is_err());
}

#[test]
fn a_file_that_an_upload_holds_is_not_found_after_it_was_removed_but_counts() {
    let mut staging = Staging::new();
    let (files, now, a) = (&mut staging.files, staging.now, scope("a"));
    let id = files.open(&a, "a.bin".to_owned(), None, now).unwrap();
    files.grow(&a, &id, &[1; 100], now).unwrap();
    files.close(&a, &id, now).unwrap();
    let held = files.whole(&a, &id, now).unwrap();
    files.remove(&a, &id).unwrap();
    assert_eq!(files.info(&a, &id), Err(unknown(&id)));
    let next = files.open(&a, "b.bin".to_owned(), None, now).unwrap();
    assert!(files.grow(&a, &next, &[1], now).is_err());
    drop(held);
    files.expire(now);
    files.grow(&a, &next, &[1; 100], now).unwrap();
}
