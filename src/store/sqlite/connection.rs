//! Opens connections to a file.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::errors::store_error;
use crate::store::error::StoreError;

/// How long a lock of another process is waited for, such as that of a command beside the daemon.
const BUSY: Duration = Duration::from_secs(2);

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 48;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
}

/// Opens a file. Only a writer makes it, readable by its owner alone.
pub(super) fn open(path: &Path, role: Role) -> Result<Connection, StoreError> {
    if role == Role::Writer {
        make(path).map_err(|error| {
            StoreError::Unavailable(format!("{} cannot be made: {error}", path.display()))
        })?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    connection.busy_timeout(BUSY).map_err(store_error)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let settings = match role {
        // FULL: what was committed survives a loss of power. The limit gives back what a burst left of the log.
        Role::Writer => {
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2048; \
             PRAGMA journal_size_limit = 16777216; PRAGMA temp_store = MEMORY"
        }
        Role::Reader => {
            "PRAGMA query_only = ON; PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY"
        }
    };
    connection.execute_batch(settings).map_err(store_error)?;
    Ok(connection)
}

/// SQLite gives the files beside it the permissions of this one.
fn make(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
