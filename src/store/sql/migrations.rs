//! The schema, as numbered files that are applied in their order.
//!
//! A file that was released is never changed: its checksum is kept in the database, and a difference is refused. A
//! release adds what it needs and does not take away what the release before it uses; that is done one release later,
//! so that two releases can run side by side during an upgrade.

use sha2::{Digest as _, Sha256};

use crate::store::error::StoreError;

/// One file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: u32,
    pub(crate) sql: &'static str,
}

/// All files of this release.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: include_str!("0001_start.sql"),
}];

/// Where the applied ones are listed.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, \
     checksum TEXT NOT NULL, applied_ms BIGINT NOT NULL)";

/// Lists the applied ones.
pub(crate) const APPLIED: &str = "SELECT version, checksum FROM schema_migrations ORDER BY version";

/// Adds one to the list.
pub(crate) const ADD: &str =
    "INSERT INTO schema_migrations (version, checksum, applied_ms) VALUES ($1, $2, $3)";

/// One that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) version: u32,
    pub(crate) checksum: String,
}

impl Migration {
    /// SHA-256 of its text in hexadecimal digits, with line ends as they are in a checkout of Unix.
    pub(crate) fn checksum(&self) -> String {
        let text = self.sql.replace("\r\n", "\n");
        let hash = Sha256::digest(text.as_bytes());
        let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        digits.collect()
    }
}

/// The newest version of these.
pub(crate) fn newest(known: &[Migration]) -> u32 {
    known.last().map_or(0, |it| it.version)
}

/// Those that are still to be applied; an error where the database is not one that this program may use.
pub(crate) fn missing<'a>(
    known: &'a [Migration],
    applied: &[Applied],
) -> Result<&'a [Migration], StoreError> {
    let newest = newest(known);
    if let Some(found) = applied.last().map(|it| it.version)
        && found > newest
    {
        return Err(StoreError::NewerSchema {
            found,
            known: newest,
        });
    }
    for (ours, theirs) in known.iter().zip(applied) {
        if ours.version != theirs.version || ours.checksum() != theirs.checksum {
            return Err(StoreError::ChangedMigration(theirs.version));
        }
    }
    Ok(&known[applied.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[Migration] = &[
        Migration {
            version: 1,
            sql: "a",
        },
        Migration {
            version: 2,
            sql: "b",
        },
    ];

    fn applied(known: &[Migration]) -> Vec<Applied> {
        let applied = known.iter().map(|it| Applied {
            version: it.version,
            checksum: it.checksum(),
        });
        applied.collect()
    }

    #[test]
    fn what_is_missing_is_applied_in_order() {
        assert_eq!(missing(TWO, &[]).unwrap().len(), 2);
        assert_eq!(missing(TWO, &applied(&TWO[..1])).unwrap()[0].version, 2);
        assert!(missing(TWO, &applied(TWO)).unwrap().is_empty());
    }

    #[test]
    fn a_newer_schema_and_a_changed_file_are_refused_with_their_numbers() {
        let error = missing(&TWO[..1], &applied(TWO)).unwrap_err();
        assert_eq!(error, StoreError::NewerSchema { found: 2, known: 1 });
        assert!(error.to_string().contains("schema 2"), "{error}");
        let mut changed = applied(TWO);
        changed[1].checksum = "other".to_owned();
        let error = missing(TWO, &changed).unwrap_err();
        assert_eq!(error, StoreError::ChangedMigration(2));
    }

    #[test]
    fn versions_ascend_by_one_and_line_ends_change_no_checksum() {
        let versions: Vec<u32> = MIGRATIONS.iter().map(|it| it.version).collect();
        assert!(versions.iter().copied().eq(1..=newest(MIGRATIONS)));
        let windows = Migration {
            version: 1,
            sql: "a\r\nb",
        };
        let unix = Migration {
            version: 1,
            sql: "a\nb",
        };
        assert_eq!(windows.checksum(), unix.checksum());
    }
}
