//! Colours, where they are wanted (pure).

/// Whether and how text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paint {
    on: bool,
}

impl Paint {
    /// With or without colours.
    pub(super) fn new(on: bool) -> Self {
        Self { on }
    }

    /// Whether there are colours at all.
    pub(super) fn is_on(self) -> bool {
        self.on
    }

    /// What went well.
    pub(super) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What did not.
    pub(super) fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// What nobody asked for.
    pub(super) fn unasked(self, text: &str) -> String {
        self.with("36", text)
    }

    /// A number or another plain value.
    pub(super) fn value(self, text: &str) -> String {
        self.with("33", text)
    }

    /// What stands in the background.
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
        assert_eq!(Paint::new(false).bad("x"), "x");
        assert_eq!(Paint::new(true).bad("x"), "\u{1b}[1;31mx\u{1b}[0m");
    }
}
