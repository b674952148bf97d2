//! Faults that real pages showed.

mod captures;
mod choosers;
mod evaluate;
mod locator_proposals;
mod locators;
mod markdown;
mod network_idle;
mod open_page;
mod read_page;
mod reading_clobbered;
mod reading_frames;
mod reading_names;
mod reading_shadow_roots;
mod reading_snapshots;
mod reading_states;
mod reading_surrogates;
mod reading_svg;
mod slow_servers;
mod tab_updates;
