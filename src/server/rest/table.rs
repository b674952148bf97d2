//! Every operation of the door.

use super::route::Route;
use super::{command, command_list, documents, events, files, one_shots, page_reads, pages};

/// The routes, in the order in which documents list them.
pub(crate) fn routes() -> Vec<Route> {
    [
        pages::routes(),
        command::routes(),
        command_list::routes(),
        page_reads::routes::routes(),
        files::routes::routes(),
        events::routes(),
        one_shots::routes::routes(),
        documents::routes(),
    ]
    .concat()
}
