//! Every operation of the door.

use super::route::Route;
use super::{command, command_list, documents, pages};

/// The routes, in the order in which documents list them.
pub(crate) fn routes() -> Vec<Route> {
    [
        pages::routes(),
        command::routes(),
        command_list::routes(),
        documents::routes(),
    ]
    .concat()
}
