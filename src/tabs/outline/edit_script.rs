//! The shortest edit script between two sequences: E. W. Myers, "An O(ND) Difference Algorithm and Its
//! Variations", 1986. Its time grows with the number of edits, so that number has a bound.

use std::ops::Range;

/// Longer scripts are not searched for.
const MAX_EDITS: usize = 600;

/// A part of one sequence that replaces a part of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// What to replace in `old` to get `new`, in order. `None` if the bound does not suffice.
pub(super) fn hunks<T: PartialEq>(old: &[T], new: &[T]) -> Option<Vec<Hunk>> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[start..], &new[start..]);
    let pairs = old.iter().rev().zip(new.iter().rev());
    let end = pairs.take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let mut joined: Vec<Hunk> = Vec::new();
    for Edit {
        old,
        new,
        is_insertion,
    } in edits(old, new)?
    {
        let (old, new) = (old + start, new + start);
        let (old_end, new_end) = (
            old + usize::from(!is_insertion),
            new + usize::from(is_insertion),
        );
        match joined.last_mut() {
            Some(last) if last.old.end == old && last.new.end == new => {
                (last.old.end, last.new.end) = (old_end, new_end);
            }
            _ => joined.push(Hunk {
                old: old..old_end,
                new: new..new_end,
            }),
        }
    }
    Some(joined)
}

/// One item is inserted or deleted at these places of the sequences.
struct Edit {
    old: usize,
    new: usize,
    is_insertion: bool,
}

/// Whether the path of `edits` edits to a diagonal ends with an insertion. Diagonal `k` is stored at index
/// `k + edits`, so that index `at` continues `at` (an insertion) or `at - 2` (a deletion) of the row before.
fn ends_with_insertion(before: &[usize], at: usize) -> bool {
    at == 0 || (at < before.len() + 1 && before[at - 2] < before[at])
}

fn edits<T: PartialEq>(old: &[T], new: &[T]) -> Option<Vec<Edit>> {
    // For each number of edits: how far each diagonal gets in `old`.
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for edits in 0..=MAX_EDITS.min(old.len() + new.len()) {
        let mut row = vec![0; 2 * edits + 1];
        for at in (0..row.len()).step_by(2) {
            let mut x = match rows.last() {
                None => 0,
                Some(before) if ends_with_insertion(before, at) => before[at],
                Some(before) => before[at - 2] + 1,
            };
            let mut y = x + edits - at;
            while x < old.len() && y < new.len() && old[x] == new[y] {
                (x, y) = (x + 1, y + 1);
            }
            row[at] = x;
            if (x, y) == (old.len(), new.len()) {
                return Some(path_back(&rows, at));
            }
        }
        rows.push(row);
    }
    None
}

/// The edits that lead to this diagonal, after these rows.
fn path_back(rows: &[Vec<usize>], mut at: usize) -> Vec<Edit> {
    let mut path = Vec::with_capacity(rows.len());
    for (edits, before) in rows.iter().enumerate().rev() {
        let is_insertion = ends_with_insertion(before, at);
        if !is_insertion {
            at -= 2;
        }
        let old = before[at];
        let new = old + edits - at;
        path.push(Edit {
            old,
            new,
            is_insertion,
        });
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn applied(old: &[u8], new: &[u8], hunks: &[Hunk]) -> Vec<u8> {
        let mut result = old.to_vec();
        for hunk in hunks.iter().rev() {
            result.splice(hunk.old.clone(), new[hunk.new.clone()].iter().copied());
        }
        result
    }

    #[test]
    fn equal_items_stay_and_neighbouring_edits_are_one_hunk() {
        let found = hunks(b"abcdef", b"abXYef").unwrap();
        assert_eq!(
            found,
            [Hunk {
                old: 2..4,
                new: 2..4
            }]
        );
        let found = hunks(b"one two", b"one and two").unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(hunks(b"same", b"same").unwrap(), []);
        assert_eq!(
            hunks(b"", b"a").unwrap(),
            [Hunk {
                old: 0..0,
                new: 0..1
            }]
        );
    }

    #[test]
    fn what_differs_too_much_is_not_compared() {
        let old: Vec<usize> = (0..MAX_EDITS).collect();
        let new: Vec<usize> = (MAX_EDITS..2 * MAX_EDITS).collect();
        assert_eq!(hunks(&old, &new), None);
        assert!(hunks(&old, &old[10..]).is_some());
    }

    proptest! {
        #[test]
        fn the_hunks_make_the_new_sequence_of_the_old_one(
            old in prop::collection::vec(0..4_u8, 0..40),
            new in prop::collection::vec(0..4_u8, 0..40),
        ) {
            let hunks = hunks(&old, &new).unwrap();
            prop_assert_eq!(applied(&old, &new, &hunks), new);
            for pair in hunks.windows(2) {
                prop_assert!(pair[0].old.end < pair[1].old.start && pair[0].new.end < pair[1].new.start);
            }
        }
    }
}
