//! ANSI colours, if enabled (pure).

/// Colours text, if enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    on: bool,
}

impl Style {
    pub(super) fn new(on: bool) -> Self {
        Self { on }
    }

    pub(super) fn is_on(self) -> bool {
        self.on
    }

    /// Success: green.
    pub(super) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Failure: red.
    pub(super) fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// An event that answers no request.
    pub(super) fn unasked(self, text: &str) -> String {
        self.with("36", text)
    }

    /// A JSON value.
    pub(super) fn value(self, text: &str) -> String {
        self.with("33", text)
    }

    /// Secondary text.
    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_the_text_is_untouched() {
        assert_eq!(Style::new(false).bad("x"), "x");
        assert_eq!(Style::new(true).bad("x"), "\u{1b}[1;31mx\u{1b}[0m");
    }
}
