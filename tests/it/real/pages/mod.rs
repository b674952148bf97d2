//! Faults that real pages showed.

mod editors;
mod field_values;
mod frames;
mod keys;
mod open_page;
mod pointing;
mod scrolling;
mod slow_navigation;
mod toggles;
mod web_components;
