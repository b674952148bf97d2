//! The end of a text that is cut anywhere, and what completes its last character. No I/O.

/// The most bytes that complete a character.
pub(super) const MAX_COMPLETION: usize = 3;

/// The last bytes of a text, which may end within a character.
#[derive(Debug, Default)]
pub(super) struct Utf8Tail([u8; MAX_COMPLETION]);

impl Utf8Tail {
    /// Appends a part of a frame's payload; `at` is its offset there, which says where its mask begins.
    pub(super) fn push(&mut self, masked: &[u8], mask: [u8; 4], at: usize) {
        let skipped = masked.len().saturating_sub(MAX_COMPLETION);
        for (offset, byte) in masked.iter().enumerate().skip(skipped) {
            self.0.rotate_left(1);
            self.0[MAX_COMPLETION - 1] = byte ^ mask[at.wrapping_add(offset) % 4];
        }
    }

    /// What makes the last character whole; nothing where it is whole, or is none.
    pub(super) fn completion(&self) -> &'static [u8] {
        let [third, second, first] = self.0;
        // From the end of the text to the byte that the character starts with. What may follow it at once
        // depends on it (RFC 3629, section 4).
        match (third, second, first) {
            (_, _, 0xe0) => &[0xa0, 0x80],
            (_, _, 0xf0) => &[0x90, 0x80, 0x80],
            (_, _, 0xc0..=0xdf)
            | (_, 0xe0..=0xef, 0x80..=0xbf)
            | (0xf0..=0xff, 0x80..=0xbf, 0x80..=0xbf) => &[0x80],
            (_, _, 0xe1..=0xef) | (_, 0xf0..=0xff, 0x80..=0xbf) => &[0x80, 0x80],
            (_, _, 0xf1..=0xff) => &[0x80, 0x80, 0x80],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_cut_within_any_character_is_valid_when_it_is_completed() {
        for char in '\0'..=char::MAX {
            let mut buffer = [0; 6];
            buffer[..2].copy_from_slice("é".as_bytes());
            let char = char.encode_utf8(&mut buffer[2..]).len();
            for end in 2..=2 + char {
                let mut text = buffer[..end].to_vec();
                let mut tail = Utf8Tail::default();
                tail.push(&text, [0; 4], 0);
                text.extend(tail.completion());
                assert!(std::str::from_utf8(&text).is_ok(), "{text:?}");
                assert!(end < 2 + char || text.len() == end, "{text:?}");
            }
        }
    }

    #[test]
    fn the_tail_is_the_same_in_pieces_and_under_a_mask() {
        let mask = [1, 2, 3, 4];
        let text = "abc𝄞".as_bytes();
        let text = &text[..text.len() - 1];
        let masked: Vec<u8> = text
            .iter()
            .zip(mask.iter().cycle())
            .map(|(it, mask)| it ^ mask)
            .collect();
        for cut in 0..masked.len() {
            let mut tail = Utf8Tail::default();
            tail.push(&masked[..cut], mask, 0);
            tail.push(&masked[cut..], mask, cut);
            assert_eq!(tail.completion(), [0x80], "{cut}");
        }
    }
}
