//! The commands the bridge sends, typed. Names and fields are CDP's.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::events::TargetInfoChanged;
use super::ids::{BrowserContextId, LoaderId, SessionId, TargetId};

/// A command: its parameters serialize to CDP's `params`.
pub trait Method: Serialize + Send + Sync {
    /// `Domain.command`.
    const NAME: &'static str;
    /// The `result`.
    type Returns: DeserializeOwned;
}

/// A result without fields, or whose fields do not count.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Done {}

/// Writes commands down as types: their name, what they return, and their fields.
macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident $(<$life:lifetime>)? = $method:literal -> $returns:ty {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Serialize)]
            #[serde(rename_all = "camelCase")]
            pub struct $name $(<$life>)? {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl $(<$life>)? Method for $name $(<$life>)? {
                const NAME: &'static str = $method;
                type Returns = $returns;
            }
        )*
    };
}
pub(super) use methods;

/// A number as an argument of [`CallFunctionOn`].
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CallArgument {
    /// The number.
    pub value: u32,
}

methods! {
    /// Asks for the browser's name; also the cheapest round trip there is.
    GetVersion = "Browser.getVersion" -> Version {}

    /// Ends the browser.
    CloseBrowser = "Browser.close" -> Done {}

    /// Says what becomes of downloads in a browser context; each one must be told.
    SetDownloadBehavior = "Browser.setDownloadBehavior" -> Done {
        /// `deny`, `allow`, `allowAndName` or `default`.
        behavior: &'static str,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
        /// Where they are written.
        #[serde(skip_serializing_if = "Option::is_none")]
        download_path: Option<String>,
        /// Whether they are reported.
        events_enabled: bool,
    }

    /// Breaks a download off.
    CancelDownload = "Browser.cancelDownload" -> Done {
        /// The download.
        guid: String,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
    }

    /// Grants these permissions in a browser context, and denies every other one.
    GrantPermissions = "Browser.grantPermissions" -> Done {
        /// `Browser.PermissionType`.
        permissions: Vec<&'static str>,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
    }

    /// Reports targets as they come and go.
    SetDiscoverTargets = "Target.setDiscoverTargets" -> Done {
        /// On or off.
        discover: bool,
        /// Which ones.
        filter: Vec<FilterEntry>,
    }

    /// Attaches to targets as they come.
    SetAutoAttach = "Target.setAutoAttach" -> Done {
        /// On or off.
        auto_attach: bool,
        /// Whether they stand still until `Runtime.runIfWaitingForDebugger`.
        wait_for_debugger_on_start: bool,
        /// Sessions share this connection.
        flatten: bool,
        /// Which ones.
        filter: Vec<FilterEntry>,
    }

    /// Opens a page.
    CreateTarget<'a> = "Target.createTarget" -> CreatedTarget {
        /// Where it goes first.
        url: Cow<'a, str>,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
        /// A window of its own, so that no other page hides it.
        new_window: bool,
    }

    /// Closes a page; `beforeunload` is not asked.
    CloseTarget = "Target.closeTarget" -> Done {
        /// The page.
        target_id: TargetId,
    }

    /// Brings a page to the front.
    ActivateTarget = "Target.activateTarget" -> Done {
        /// The page.
        target_id: TargetId,
    }

    /// Makes one more session to a target. Chromium also reports it as attached.
    AttachToTarget = "Target.attachToTarget" -> AttachedSession {
        /// The target.
        target_id: TargetId,
        /// The session shares this connection.
        flatten: bool,
    }

    /// Asks what is known of a target.
    GetTargetInfo = "Target.getTargetInfo" -> TargetInfoChanged {
        /// The target.
        target_id: TargetId,
    }

    /// Ends a session.
    DetachFromTarget = "Target.detachFromTarget" -> Done {
        /// The session.
        session_id: SessionId,
    }

    /// A new, empty set of cookies, storage and cache.
    CreateBrowserContext = "Target.createBrowserContext" -> CreatedContext {
        /// Disposed of when the bridge is gone.
        dispose_on_detach: bool,
        /// The URL of the proxy of this context alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        proxy_server: Option<String>,
        /// What goes past the proxy.
        #[serde(skip_serializing_if = "Option::is_none")]
        proxy_bypass_list: Option<&'static str>,
    }

    /// Closes a context's pages and forgets its data.
    DisposeBrowserContext = "Target.disposeBrowserContext" -> Done {
        /// The context.
        browser_context_id: BrowserContextId,
    }

    /// Reports navigations, loads and dialogs.
    EnablePage = "Page.enable" -> Done {}

    /// Reports requests and responses; nothing is buffered for later reading.
    EnableNetwork = "Network.enable" -> Done {
        /// Bytes kept of all responses.
        max_total_buffer_size: u32,
        /// Bytes kept of one response.
        max_resource_buffer_size: u32,
    }

    /// Ends the reports of requests and responses.
    DisableNetwork = "Network.disable" -> Done {}

    /// Reports that the renderer died.
    EnableInspector = "Inspector.enable" -> Done {}

    /// Lets requests that match be paused, and HTTP authentication be answered.
    EnableFetch = "Fetch.enable" -> Done {
        /// Which requests are paused. It must not be empty.
        patterns: Vec<RequestPattern>,
        /// Whether `Fetch.authRequired` is sent.
        handle_auth_requests: bool,
    }

    /// Answers a prompt of HTTP authentication.
    ContinueWithAuth = "Fetch.continueWithAuth" -> Done {
        /// `Fetch.RequestId`.
        request_id: String,
        /// What to answer.
        auth_challenge_response: AuthAnswer,
    }

    /// Lets a paused request go on.
    ContinueRequest = "Fetch.continueRequest" -> Done {
        /// `Fetch.RequestId`.
        request_id: String,
    }

    /// Lets a target that stood still run. The last of the set-up commands.
    RunIfWaitingForDebugger = "Runtime.runIfWaitingForDebugger" -> Done {}

    /// The size of the page's visible part.
    SetDeviceMetrics = "Emulation.setDeviceMetricsOverride" -> Done {
        /// CSS pixels.
        width: u32,
        /// CSS pixels.
        height: u32,
        /// Physical pixels for each CSS pixel.
        device_scale_factor: f64,
        /// Whether the page is shown as on a phone.
        mobile: bool,
    }

    /// Keeps file choosers from opening.
    InterceptFileChooser = "Page.setInterceptFileChooserDialog" -> Done {
        /// On or off.
        enabled: bool,
    }

    /// Sends the main frame to a URL. The answer comes when the response's head is there, before
    /// the document commits.
    Navigate<'a> = "Page.navigate" -> Navigated {
        /// The URL.
        url: Cow<'a, str>,
    }

    /// Ends a navigation that hangs.
    StopLoading = "Page.stopLoading" -> Done {}

    /// Answers a dialog.
    HandleDialog = "Page.handleJavaScriptDialog" -> Done {
        /// OK or Cancel.
        accept: bool,
    }

    /// The size of the page.
    GetLayoutMetrics = "Page.getLayoutMetrics" -> LayoutMetrics {}

    /// Takes a picture. The result is read by [`screenshot_data`](super::results::screenshot_data).
    CaptureScreenshot = "Page.captureScreenshot" -> Done {
        /// `jpeg`, `png` or `webp`.
        format: &'static str,
        /// 1 to 100, not for `png`.
        #[serde(skip_serializing_if = "Option::is_none")]
        quality: Option<u8>,
        /// The part of the page to take.
        #[serde(skip_serializing_if = "Option::is_none")]
        clip: Option<Clip>,
        /// Whether `clip` may reach beyond the visible part.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        capture_beyond_viewport: bool,
        /// Whether compression is kept short.
        optimize_for_speed: bool,
    }

    /// Starts a stream of pictures; each session has one of its own.
    StartScreencast = "Page.startScreencast" -> Done {
        /// `jpeg` or `png`.
        format: &'static str,
        /// 1 to 100.
        quality: u8,
        /// The most pixels across.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_width: Option<u32>,
        /// The most pixels down.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_height: Option<u32>,
    }

    /// Ends the stream of pictures.
    StopScreencast = "Page.stopScreencast" -> Done {}

    /// Says that a frame was used; Chromium sends only a few more before it hears this.
    AckScreencastFrame = "Page.screencastFrameAck" -> Done {
        /// The number that came with the frame.
        session_id: i64,
    }

    /// Runs an expression in the page. The result is read by [`evaluated`](super::results::evaluated).
    Evaluate<'a> = "Runtime.evaluate" -> Done {
        /// JavaScript.
        expression: Cow<'a, str>,
        /// Whether the result comes as JSON instead of as a handle.
        return_by_value: bool,
        /// Milliseconds after which Chromium ends the expression.
        timeout: u64,
    }

    /// Ends the script that runs in the page; also one that loops.
    TerminateExecution = "Runtime.terminateExecution" -> Done {}

    /// Calls a function on a thing that the page holds. The result is read as that of
    /// [`Evaluate`].
    CallFunctionOn<'a> = "Runtime.callFunctionOn" -> Done {
        /// The thing: what `this` is in the function.
        object_id: &'a str,
        /// JavaScript.
        function_declaration: &'static str,
        /// What it is called with.
        arguments: [CallArgument; 1],
        /// Whether the result comes as JSON instead of as a handle.
        return_by_value: bool,
    }

    /// Lets go of a handle, so that the page can free what it stands for.
    ReleaseObject<'a> = "Runtime.releaseObject" -> Done {
        /// The handle.
        object_id: &'a str,
    }

    /// The whole page as tables of strings and numbers.
    CaptureSnapshot = "DOMSnapshot.captureSnapshot" -> Done {
        /// Names of the CSS properties to add to each node.
        computed_styles: Vec<&'static str>,
    }
}

impl SetDownloadBehavior {
    /// Nothing is downloaded in this context; in the default one, if none. By default Chromium
    /// writes downloads to the operator's own folder.
    pub fn deny(browser_context_id: Option<BrowserContextId>) -> Self {
        Self {
            behavior: "deny",
            browser_context_id,
            download_path: None,
            events_enabled: true,
        }
    }

    /// What is downloaded in this context is written to a directory, each file under the name that
    /// its events have for it.
    pub fn keep(browser_context_id: Option<BrowserContextId>, dir: String) -> Self {
        Self {
            behavior: "allowAndName",
            browser_context_id,
            download_path: Some(dir),
            events_enabled: true,
        }
    }
}

impl GrantPermissions {
    /// Pages of this context get no permission; those of the default one, if none. Unasked, new
    /// headless grants some of them, and others wait for an answer that nobody gives.
    pub fn none(browser_context_id: Option<BrowserContextId>) -> Self {
        Self {
            permissions: Vec::new(),
            browser_context_id,
        }
    }
}

impl Version {
    /// Whether it is chrome-headless-shell and not a whole browser.
    pub fn is_headless_shell(&self) -> bool {
        self.product.starts_with("HeadlessChrome/")
    }
}

/// One line of `Target.TargetFilter`: the first that matches decides.
#[derive(Debug, Clone, Serialize)]
pub struct FilterEntry {
    /// The type of target; any if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<&'static str>,
    /// Whether it is left out.
    pub exclude: bool,
}

impl FilterEntry {
    /// Pages and nothing else.
    pub fn pages_only() -> Vec<Self> {
        vec![
            Self {
                r#type: Some("page"),
                exclude: false,
            },
            Self {
                r#type: None,
                exclude: true,
            },
        ]
    }
}

/// `Fetch.RequestPattern`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestPattern {
    /// With `*` and `?`.
    pub url_pattern: &'static str,
    /// `Network.ResourceType`.
    pub resource_type: &'static str,
}

/// `Fetch.AuthChallengeResponse`.
#[derive(Debug, Clone, Serialize)]
pub struct AuthAnswer {
    /// `Default`, `CancelAuth` or `ProvideCredentials`.
    pub response: &'static str,
}

/// `Page.Viewport`: a part of the page, in CSS pixels.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Clip {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Factor of the picture's size.
    pub scale: f64,
}

/// Result of [`GetVersion`].
#[derive(Debug, Clone, Deserialize)]
pub struct Version {
    /// Such as `HeadlessChrome/156.0.8078.79`.
    pub product: String,
}

/// Result of [`CreateTarget`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedTarget {
    /// The page.
    pub target_id: TargetId,
}

/// Result of [`AttachToTarget`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachedSession {
    /// The session.
    pub session_id: SessionId,
}

/// Result of [`CreateBrowserContext`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedContext {
    /// The context.
    pub browser_context_id: BrowserContextId,
}

/// Result of [`Navigate`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Navigated {
    /// The navigation; absent when only the fragment changed.
    #[serde(default)]
    pub loader_id: Option<LoaderId>,
    /// Such as `net::ERR_NAME_NOT_RESOLVED`.
    #[serde(default)]
    pub error_text: Option<String>,
    /// Whether the URL turned out to be a download.
    #[serde(default)]
    pub is_download: bool,
}

/// Result of [`GetLayoutMetrics`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayoutMetrics {
    /// The whole page, in CSS pixels.
    pub css_content_size: Size,
}

/// Part of `DOM.Rect`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}
