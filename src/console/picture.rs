//! Inline images for terminals that support them (pure).
//!
//! Two protocols are supported: kitty's graphics protocol (<https://sw.kovidgoyal.net/kitty/graphics-protocol/>) for PNG,
//! and iTerm2's inline images (<https://iterm2.com/documentation-images.html>) for any format that the system decodes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::grouped;

/// The protocol of a terminal for inline images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// Kitty's graphics protocol.
    Kitty,
    /// iTerm2's inline images.
    ITerm,
}

/// The largest size of an image, in columns and rows of text.
const COLUMNS: u32 = 72;
const ROWS: u32 = 24;
/// Height of a character cell in units of its width, about.
const HEIGHT_OF_WIDTH: u32 = 2;
/// Base64 characters of one chunk; kitty's limit.
const PIECE: usize = 4096;
/// Larger images would block a terminal, or a slow line to it.
const MAX_BYTES: usize = 8 << 20;

impl Pictures {
    /// Detects the protocol from the environment; `None` for an unknown terminal, and in a multiplexer, which does not
    /// pass images on.
    pub fn of_terminal(environment: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let is_set = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
        let value = |name: &str| environment(name).unwrap_or_default();
        let term = value("TERM");
        if is_set("TMUX") || is_set("STY") || term.starts_with("screen") || term.starts_with("tmux")
        {
            return None;
        }
        match value("TERM_PROGRAM").as_str() {
            "iTerm.app" | "WezTerm" | "mintty" | "vscode" => return Some(Self::ITerm),
            "ghostty" => return Some(Self::Kitty),
            _ => {}
        }
        if is_set("KITTY_WINDOW_ID") || term == "xterm-kitty" || term == "xterm-ghostty" {
            return Some(Self::Kitty);
        }
        // Konsole sets only its version.
        is_set("KONSOLE_VERSION").then_some(Self::ITerm)
    }

    /// The escape sequence that shows an image.
    pub(super) fn encode(
        self,
        mime: &str,
        (width, height): (u32, u32),
        bytes: &[u8],
    ) -> Result<String, NotShown> {
        if bytes.len() > MAX_BYTES {
            return Err(NotShown::TooLarge(bytes.len()));
        }
        let data = STANDARD.encode(bytes);
        let fit = fit(width, height);
        match self {
            Self::Kitty if mime == "image/png" => Ok(kitty(&data, fit)),
            Self::Kitty => Err(NotShown::OnlyPng),
            Self::ITerm => Ok(iterm(&data, bytes.len(), fit)),
        }
    }
}

/// Why an image is not shown inline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotShown {
    /// Kitty's protocol supports only PNG.
    #[error("this terminal shows PNG only: `shot TAB png`")]
    OnlyPng,
    /// The image would block the terminal.
    #[error("{} bytes are too large for the terminal; `--save DIR` writes them to a file", grouped(*.0))]
    TooLarge(usize),
}

/// The dimension that limits an image; the other follows from its aspect ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Columns(u32),
    Rows(u32),
}

fn fit(width: u32, height: u32) -> Fit {
    let wide = u64::from(width) * u64::from(ROWS * HEIGHT_OF_WIDTH);
    if wide >= u64::from(height) * u64::from(COLUMNS) {
        Fit::Columns(COLUMNS)
    } else {
        Fit::Rows(ROWS)
    }
}

/// `a=T` shows the image at the cursor, `f=100` marks it as PNG, and `q=2` suppresses the terminal's response, which would
/// appear as input at the prompt.
fn kitty(data: &str, fit: Fit) -> String {
    let size = match fit {
        Fit::Columns(columns) => format!("c={columns}"),
        Fit::Rows(rows) => format!("r={rows}"),
    };
    let mut text = String::with_capacity(data.len() + data.len() / PIECE * 16 + 64);
    let mut rest = data;
    let mut keys = format!("a=T,f=100,q=2,{size},");
    loop {
        // Base64 is ASCII, so every offset is a character boundary.
        let (piece, after) = rest.split_at(rest.len().min(PIECE));
        let more = u8::from(!after.is_empty());
        // Writing to a string cannot fail.
        let _ = write!(text, "\u{1b}_G{keys}m={more};{piece}\u{1b}\\");
        if after.is_empty() {
            return text;
        }
        rest = after;
        keys.clear();
    }
}

fn iterm(data: &str, bytes: usize, fit: Fit) -> String {
    let size = match fit {
        Fit::Columns(columns) => format!("width={columns};height=auto"),
        Fit::Rows(rows) => format!("width=auto;height={rows}"),
    };
    format!("\u{1b}]1337;File=inline=1;size={bytes};{size};preserveAspectRatio=1:{data}\u{7}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of_terminal(environment: &[(&str, &str)]) -> Option<Pictures> {
        Pictures::of_terminal(&|name| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn terminals_are_known_by_their_environment() {
        for (environment, expected) in [
            (&[("TERM", "xterm-kitty")][..], Some(Pictures::Kitty)),
            (
                &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")],
                Some(Pictures::Kitty),
            ),
            (&[("TERM_PROGRAM", "ghostty")], Some(Pictures::Kitty)),
            (&[("TERM_PROGRAM", "iTerm.app")], Some(Pictures::ITerm)),
            (
                &[("TERM_PROGRAM", "WezTerm"), ("TERM", "xterm-256color")],
                Some(Pictures::ITerm),
            ),
            (&[("KONSOLE_VERSION", "230804")], Some(Pictures::ITerm)),
            (&[("TERM", "xterm-256color")], None),
            (&[("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1")], None),
            (&[("TMUX", "/tmp/x"), ("TERM_PROGRAM", "iTerm.app")], None),
            (&[("KITTY_WINDOW_ID", "")], None),
            (&[], None),
        ] {
            assert_eq!(of_terminal(environment), expected, "{environment:?}");
        }
    }

    #[test]
    fn kitty_is_sent_pieces_the_first_with_the_size() {
        let bytes = vec![7; 5000];
        let text = Pictures::Kitty
            .encode("image/png", (1280, 720), &bytes)
            .unwrap();
        let pieces: Vec<&str> = text.split("\u{1b}\\").filter(|it| !it.is_empty()).collect();
        assert_eq!(pieces.len(), 2);
        assert!(pieces[0].starts_with("\u{1b}_Ga=T,f=100,q=2,c=72,m=1;BwcH"));
        assert!(pieces[1].starts_with("\u{1b}_Gm=0;"));
    }

    #[test]
    fn iterm_is_sent_one_file_with_its_size() {
        let text = Pictures::ITerm
            .encode("image/jpeg", (10, 100), b"abc")
            .unwrap();
        let head = "\u{1b}]1337;File=inline=1;size=3;width=auto;height=24;preserveAspectRatio=1:";
        assert_eq!(text, format!("{head}YWJj\u{7}"));
    }

    #[test]
    fn what_a_terminal_cannot_show_is_said_with_what_to_do() {
        let jpeg = Pictures::Kitty
            .encode("image/jpeg", (1, 1), b"x")
            .unwrap_err();
        assert!(jpeg.to_string().contains("shot TAB png"));
        let large = vec![0; MAX_BYTES + 1];
        let large = Pictures::ITerm
            .encode("image/png", (1, 1), &large)
            .unwrap_err();
        assert!(large.to_string().contains("--save DIR"), "{large}");
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_picture(bytes in proptest::collection::vec(any::<u8>(), 0..20_000)) {
            let text = Pictures::Kitty.encode("image/png", (4, 3), &bytes).unwrap();
            let mut data = String::new();
            for piece in text.split("\u{1b}\\").filter(|it| !it.is_empty()) {
                let (_, part) = piece.split_once(';').unwrap();
                prop_assert!(part.len() <= PIECE);
                data.push_str(part);
            }
            prop_assert_eq!(STANDARD.decode(data).unwrap(), bytes);
        }
    }
}
