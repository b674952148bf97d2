//! The fields of `setPermissions`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, at_most};
use crate::ids::TabRef;

macro_rules! permissions {
    ($($(#[$doc:meta])* $permission:ident = $name:literal;)*) => {
        /// What a page may do that its user would be asked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub enum PagePermission {
            $($(#[$doc])* $permission,)*
        }

        impl PagePermission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$permission,)*];

            /// The name as it stands on the wire and in the configuration.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$permission => $name,)*
                }
            }
        }
    };
}

permissions! {
    /// `navigator.geolocation`, which reports what `emulate` says.
    Geolocation = "geolocation";
    /// `Notification`, which shows nothing.
    Notifications = "notifications";
    /// `getUserMedia` with video.
    Camera = "camera";
    /// `getUserMedia` with audio.
    Microphone = "microphone";
    /// `navigator.clipboard.read`. All clients of a browser share what it reads.
    ClipboardRead = "clipboardRead";
    /// `navigator.clipboard.write` without a gesture.
    ClipboardWrite = "clipboardWrite";
    /// `requestMIDIAccess`.
    Midi = "midi";
    /// Motion and light sensors.
    Sensors = "sensors";
    /// `SyncManager`.
    BackgroundSync = "backgroundSync";
    /// `IdleDetector`.
    IdleDetection = "idleDetection";
    /// `requestStorageAccess`.
    StorageAccess = "storageAccess";
    /// `PaymentManager`.
    PaymentHandler = "paymentHandler";
    /// `queryLocalFonts`.
    LocalFonts = "localFonts";
}

/// Grants these permissions, and denies all others, to the pages of an origin, or, without one, of all origins that no
/// request has named, in the browser context of a tab. Tabs of a client share theirs, except those that are logged out. Answered by
/// `permissionsSet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPermissions {
    /// The tab.
    pub tab_id: TabRef,
    /// The origin, such as `https://example.com`; the default for all others if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What its pages may do, within what the configuration allows (`policy.permissions`).
    #[schemars(length(max = 32))]
    pub permissions: Vec<PagePermission>,
}

/// The most names in one list; there are fewer permissions than that.
const MAX_PERMISSIONS: usize = 32;

impl Validate for SetPermissions {
    fn validate(&self) -> Result<(), FieldError> {
        at_most("permissions", self.permissions.len(), MAX_PERMISSIONS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_written_on_the_wire_as_it_is_named() {
        for permission in PagePermission::ALL {
            let json = serde_json::to_string(permission).unwrap();
            assert_eq!(json, format!("\"{}\"", permission.as_str()));
        }
    }
}
