//! What every document of a tab starts with: what its pages see of the device, the place and the user, and the scripts of
//! clients. It belongs to the tab and outlives its targets.
//!
//! | module | holds |
//! | --- | --- |
//! | [`setup`] | all of it, as a value |
//! | [`emulation`] | what is emulated, as clients set it |
//! | `overrides`, `user_agent` | the commands that emulate it |
//! | [`init_scripts`] | the scripts of clients |
//! | [`target_setup`] | carries it out in the sessions of a target: the page, its frames and its workers |
//! | [`change`] | a change that is being carried out, and taken back if it fails |
//! | `zone_check` | whether a zone and a locale hold that Chromium did not accept again |
//! | [`error`] | why a change failed |

pub mod change;
pub mod emulation;
pub mod error;
pub mod init_scripts;
mod overrides;
pub mod setup;
pub mod target_setup;
mod user_agent;
mod zone_check;

pub use emulation::{EmulationState, UserPlace};
pub use error::SetupError;
pub use setup::PageSetup;
pub use target_setup::TargetSetup;
