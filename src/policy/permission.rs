//! What clients may allow their pages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$doc:meta])* $permission:ident = $name:literal;)*) => {
        /// A permission that the operator may let clients grant.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub enum GrantablePermission {
            $($(#[$doc])* $permission,)*
        }

        impl GrantablePermission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$permission,)*];

            /// The name in the configuration and in requests.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$permission => $name,)*
                }
            }
        }
    };
}

permissions! {
    /// The position, which is the one that the client emulates.
    Geolocation = "geolocation";
    /// Notifications, which are shown to no user.
    Notifications = "notifications";
    /// Pictures of a camera.
    Camera = "camera";
    /// Sound of a microphone.
    Microphone = "microphone";
    /// The browser's clipboard, which the pages of all clients share.
    ClipboardRead = "clipboardRead";
    /// Writing to the clipboard without a gesture.
    ClipboardWrite = "clipboardWrite";
    /// MIDI devices.
    Midi = "midi";
    /// Sensors of motion and light.
    Sensors = "sensors";
    /// Requests after a page was closed.
    BackgroundSync = "backgroundSync";
    /// Whether the user is there.
    IdleDetection = "idleDetection";
    /// Cookies of other sites in frames.
    StorageAccess = "storageAccess";
    /// Payment methods.
    PaymentHandler = "paymentHandler";
    /// The fonts of this machine.
    LocalFonts = "localFonts";
}

impl GrantablePermission {
    /// Those that reach neither devices, nor the machine, nor other clients.
    pub const HARMLESS: [Self; 2] = [Self::Geolocation, Self::Notifications];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_written_in_the_configuration_as_it_is_named() {
        for permission in GrantablePermission::ALL {
            let json = serde_json::to_string(permission).unwrap();
            assert_eq!(json, format!("\"{}\"", permission.as_str()));
        }
    }
}
