//! Faults that real pages showed.

mod editors;
mod field_values;
mod frames;
mod keys;
mod locator_proposals;
mod locators;
mod markdown;
mod open_page;
mod pointing;
mod read_page;
mod reading_clobbered;
mod reading_frames;
mod reading_names;
mod reading_shadow_roots;
mod reading_snapshots;
mod reading_states;
mod reading_surrogates;
mod reading_svg;
mod scrolling;
mod slow_navigation;
mod toggles;
mod web_components;
