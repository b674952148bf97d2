//! The URL rules against Chromium's own parser (faults section 2, "URL parsers").

mod agreement;
mod generator;
