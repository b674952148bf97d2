//! Every operation of the door.

use super::route::Route;
use super::{
    command, command_list, documents, events, files, history, jobs, limits, one_shots, page_reads,
    pages, session_creation, session_tokens, sessions, terminate,
};

/// The routes, in the order in which documents list them.
pub(crate) fn routes() -> Vec<Route> {
    [
        session_creation::routes(),
        sessions::routes(),
        session_tokens::routes(),
        terminate::routes(),
        history::routes(),
        pages::routes(),
        command::routes(),
        command_list::routes(),
        limits::routes(),
        jobs::routes(),
        page_reads::routes::routes(),
        files::routes::routes(),
        events::routes(),
        one_shots::routes::routes(),
        documents::routes(),
    ]
    .concat()
}
