//! The commands that print a page and read the file, typed.

use std::borrow::Cow;

use serde::Serialize;

use super::methods::{EmptyResult, Method, methods};
use super::objects::objects;

methods! {
    /// Prints a page to a stream.
    PrintToPdf<'a> = "Page.printToPDF" -> PrintedPdf {
        landscape: bool,
        display_header_footer: bool,
        print_background: bool,
        scale: f64,
        /// In inches.
        paper_width: f64,
        /// In inches.
        paper_height: f64,
        /// In inches.
        margin_top: f64,
        /// In inches.
        margin_bottom: f64,
        /// In inches.
        margin_left: f64,
        /// In inches.
        margin_right: f64,
        /// All if empty.
        page_ranges: Cow<'a, str>,
        header_template: Cow<'a, str>,
        footer_template: Cow<'a, str>,
        #[serde(rename = "preferCSSPageSize")]
        prefer_css_page_size: bool,
        /// `ReturnAsStream`.
        transfer_mode: &'static str,
    }

    ReadStream<'a> = "IO.read" -> StreamPart {
        handle: Cow<'a, str>,
        /// The most bytes.
        size: usize,
    }

    /// Removes the file behind a stream.
    CloseStream = "IO.close" -> EmptyResult {
        handle: String,
    }
}

objects! {
    /// Result of [`PrintToPdf`].
    pub struct PrintedPdf {
        /// `IO.StreamHandle`.
        pub stream: Option<String>,
    }

    /// Result of [`ReadStream`].
    pub struct StreamPart {
        pub data: String,
        #[serde(default)]
        pub base64_encoded: bool,
        pub eof: bool,
    }
}
