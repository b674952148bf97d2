//! The limit of open files of this process. Each connection of a page takes two.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that everything else may need: connections of clients, the store, Chromium's pipe, libraries.
const OF_OTHERS: u64 = 512;

/// The most connections of pages, whatever the limit of open files is.
const MOST: u64 = 16_384;
/// The fewest: pages are of no use without any.
const FEWEST: u64 = 64;

/// Raises the limit as far as it may be. Usually it is 1024, which is meant for programs that use `select`.
pub fn raise_limit() -> std::io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    Ok(setrlimit(Resource::Nofile, raised)?)
}

/// How many connections pages may have together, so that files are left for everything else.
pub fn connections_of_pages() -> usize {
    of_limit(getrlimit(Resource::Nofile).current)
}

fn of_limit(files: Option<u64>) -> usize {
    let connections = files.map_or(MOST, |files| files.saturating_sub(OF_OTHERS) / 2);
    usize::try_from(connections.clamp(FEWEST, MOST)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_leave_files_to_everything_else() {
        for (files, connections) in [
            (Some(1024), 256),
            (Some(65_536), 16_384),
            (Some(100), 64),
            (None, 16_384),
        ] {
            assert_eq!(of_limit(files), connections, "{files:?}");
        }
    }
}
