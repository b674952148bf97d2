//! How an action is carried out: in earnest, as a trial, or in spite of what is in the way.

use serde::Serialize;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ActionMode {
    /// Only checks that the action would work. No input is sent.
    #[serde(skip_serializing_if = "is_false")]
    pub trial: bool,
    /// Acts even if the element is disabled, moves or is covered. It must be there, and have a place where the pointer
    /// can go.
    #[serde(skip_serializing_if = "is_false")]
    pub force: bool,
}

impl ActionMode {
    pub fn trial(trial: bool) -> Self {
        Self {
            trial,
            force: false,
        }
    }
}
