//! The commands that the bridge sends, typed. Names and fields are CDP's.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::emulation_methods::ScreenOrientation;
use super::events::TargetInfoChanged;
use super::ids::{BrowserContextId, LoaderId, SessionId, TargetId};
use super::objects::objects;

/// A command: its parameters serialize to CDP's `params`.
pub trait Method: Serialize + Send + Sync {
    /// `Domain.command`.
    const NAME: &'static str;
    /// The `result`.
    type Returns: DeserializeOwned;
}

/// A result without fields, or whose fields are not used.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct EmptyResult {}

/// Defines a command as a type, from its name, result and fields.
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
pub(crate) use methods;

/// A numeric argument of [`CallFunctionOn`].
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CallArgument {
    pub value: u32,
}

methods! {
    /// Also the cheapest round trip.
    GetVersion = "Browser.getVersion" -> BrowserVersion {}

    CloseBrowser = "Browser.close" -> EmptyResult {}

    /// Sets the download behavior of one browser context.
    SetDownloadBehavior = "Browser.setDownloadBehavior" -> EmptyResult {
        /// `deny`, `allow`, `allowAndName` or `default`.
        behavior: &'static str,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        download_path: Option<String>,
        events_enabled: bool,
    }

    CancelDownload = "Browser.cancelDownload" -> EmptyResult {
        guid: String,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
    }

    /// Grants these permissions in a browser context, and denies all others.
    GrantPermissions = "Browser.grantPermissions" -> EmptyResult {
        /// `Browser.PermissionType`.
        permissions: Vec<&'static str>,
        /// Without it, the default for origins that no grant names.
        #[serde(skip_serializing_if = "Option::is_none")]
        origin: Option<String>,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
    }

    /// Reports targets as they are created and destroyed.
    SetDiscoverTargets = "Target.setDiscoverTargets" -> EmptyResult {
        /// On or off.
        discover: bool,
        /// Which ones.
        filter: Vec<FilterEntry>,
    }

    /// Attaches to targets as they come.
    SetAutoAttach = "Target.setAutoAttach" -> EmptyResult {
        /// On or off.
        auto_attach: bool,
        /// Whether they are paused until `Runtime.runIfWaitingForDebugger`.
        wait_for_debugger_on_start: bool,
        /// Sessions share this connection.
        flatten: bool,
        /// Which ones.
        filter: Vec<FilterEntry>,
    }

    CreateTarget<'a> = "Target.createTarget" -> CreatedTarget {
        url: Cow<'a, str>,
        /// The default context if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        browser_context_id: Option<BrowserContextId>,
        /// In its own window no other page hides it.
        new_window: bool,
    }

    /// Closes a page without its `beforeunload` handler.
    CloseTarget = "Target.closeTarget" -> EmptyResult {
        target_id: TargetId,
    }

    /// Brings a page to the front.
    ActivateTarget = "Target.activateTarget" -> EmptyResult {
        target_id: TargetId,
    }

    /// Attaches another session to a target. Chromium also reports it with `Target.attachedToTarget`.
    AttachToTarget = "Target.attachToTarget" -> AttachedSession {
        target_id: TargetId,
        /// The session shares this connection.
        flatten: bool,
    }

    GetTargetInfo = "Target.getTargetInfo" -> TargetInfoChanged {
        target_id: TargetId,
    }

    DetachFromTarget = "Target.detachFromTarget" -> EmptyResult {
        session_id: SessionId,
    }

    /// Creates an empty browser context (cookies, storage and cache).
    CreateBrowserContext = "Target.createBrowserContext" -> CreatedContext {
        /// Disposed of when the bridge disconnects.
        dispose_on_detach: bool,
        /// The proxy of this context.
        #[serde(skip_serializing_if = "Option::is_none")]
        proxy_server: Option<String>,
        /// Hosts that bypass the proxy.
        #[serde(skip_serializing_if = "Option::is_none")]
        proxy_bypass_list: Option<&'static str>,
    }

    /// Closes a context's pages and deletes its data.
    DisposeBrowserContext = "Target.disposeBrowserContext" -> EmptyResult {
        browser_context_id: BrowserContextId,
    }

    /// Reports navigations, loads and dialogs.
    EnablePage = "Page.enable" -> EmptyResult {}

    /// Reports requests and responses.
    EnableNetwork = "Network.enable" -> EmptyResult {
        /// Bytes of all responses that Chromium buffers.
        max_total_buffer_size: u32,
        /// Bytes of one response that Chromium buffers.
        max_resource_buffer_size: u32,
    }

    DisableNetwork = "Network.disable" -> EmptyResult {}

    /// Reports renderer crashes.
    EnableInspector = "Inspector.enable" -> EmptyResult {}

    /// Pauses matching requests, and allows to answer HTTP authentication.
    EnableFetch = "Fetch.enable" -> EmptyResult {
        /// Must not be empty.
        patterns: Vec<RequestPattern>,
        /// Whether `Fetch.authRequired` is sent.
        handle_auth_requests: bool,
    }

    /// Pauses no more requests, and continues those that are paused.
    DisableFetch = "Fetch.disable" -> EmptyResult {}

    ContinueWithAuth = "Fetch.continueWithAuth" -> EmptyResult {
        /// `Fetch.RequestId`.
        request_id: String,
        auth_challenge_response: AuthAnswer,
    }

    ContinueRequest = "Fetch.continueRequest" -> EmptyResult {
        /// `Fetch.RequestId`.
        request_id: String,
    }

    /// Resumes a paused target. The last of the set-up commands.
    RunIfWaitingForDebugger = "Runtime.runIfWaitingForDebugger" -> EmptyResult {}

    /// Sets the viewport.
    SetDeviceMetrics = "Emulation.setDeviceMetricsOverride" -> EmptyResult {
        /// CSS pixels.
        width: u32,
        /// CSS pixels.
        height: u32,
        /// Physical pixels for each CSS pixel.
        device_scale_factor: f64,
        /// Whether mobile layout is emulated.
        mobile: bool,
        /// Width of the screen in CSS pixels; Chromium's own if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        screen_width: Option<u32>,
        /// Height of the screen in CSS pixels; Chromium's own if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        screen_height: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        screen_orientation: Option<ScreenOrientation>,
    }

    /// Reports file choosers instead of opening them.
    InterceptFileChooser = "Page.setInterceptFileChooserDialog" -> EmptyResult {
        /// On or off.
        enabled: bool,
    }

    /// Navigates the main frame. The answer comes with the response's headers, before the document
    /// commits.
    Navigate<'a> = "Page.navigate" -> NavigateResult {
        url: Cow<'a, str>,
    }

    StopLoading = "Page.stopLoading" -> EmptyResult {}

    HandleDialog = "Page.handleJavaScriptDialog" -> EmptyResult {
        /// OK or Cancel.
        accept: bool,
        /// The text of a `prompt`; empty if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt_text: Option<String>,
    }

    GetLayoutMetrics = "Page.getLayoutMetrics" -> LayoutMetrics {}

    /// Takes a screenshot. The result is read by [`screenshot_data`](super::results::screenshot_data).
    CaptureScreenshot = "Page.captureScreenshot" -> EmptyResult {
        /// `jpeg`, `png` or `webp`.
        format: &'static str,
        /// 1 to 100, not for `png`.
        #[serde(skip_serializing_if = "Option::is_none")]
        quality: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        clip: Option<ScreenshotClip>,
        /// Whether `clip` may extend beyond the viewport.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        capture_beyond_viewport: bool,
        /// Whether to compress fast instead of well.
        optimize_for_speed: bool,
    }

    /// Starts a screencast; each session has its own.
    StartScreencast = "Page.startScreencast" -> EmptyResult {
        /// `jpeg` or `png`.
        format: &'static str,
        /// 1 to 100.
        quality: u8,
        /// In pixels.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_width: Option<u32>,
        /// In pixels.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_height: Option<u32>,
    }

    /// Acknowledges a frame; Chromium sends only a few without it.
    AckScreencastFrame = "Page.screencastFrameAck" -> EmptyResult {
        /// The number of the frame, not a CDP session.
        session_id: i64,
    }

    /// Runs an expression in the page. The result is read by [`evaluated`](super::results::evaluated).
    Evaluate<'a> = "Runtime.evaluate" -> EmptyResult {
        /// JavaScript.
        expression: Cow<'a, str>,
        /// Whether the result is JSON instead of a remote object id.
        return_by_value: bool,
        /// In milliseconds.
        timeout: u64,
    }

    /// Terminates the running script, also in an endless loop.
    TerminateExecution = "Runtime.terminateExecution" -> EmptyResult {}

    /// Calls a function on a remote object. The result is read as that of [`Evaluate`].
    CallFunctionOn<'a> = "Runtime.callFunctionOn" -> EmptyResult {
        /// `this` in the function.
        object_id: &'a str,
        /// JavaScript.
        function_declaration: &'static str,
        arguments: [CallArgument; 1],
        /// Whether the result is JSON instead of a remote object id.
        return_by_value: bool,
    }

    /// Releases a remote object, so that the page can free it.
    ReleaseObject<'a> = "Runtime.releaseObject" -> EmptyResult {
        object_id: &'a str,
    }

    CaptureSnapshot = "DOMSnapshot.captureSnapshot" -> EmptyResult {
        /// CSS properties to include for each node.
        computed_styles: Vec<&'static str>,
    }
}

impl SetDownloadBehavior {
    /// Denies downloads in a context; `None` is the default context. Without this, Chromium writes
    /// downloads to the operator's own folder.
    pub fn deny(browser_context_id: Option<BrowserContextId>) -> Self {
        Self {
            behavior: "deny",
            browser_context_id,
            download_path: None,
            events_enabled: true,
        }
    }

    /// Writes the downloads of a context to a directory, each file named by the guid of its events.
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
    /// Denies all permissions in a context; `None` is the default context. Otherwise new headless grants
    /// some, and pages wait for others for ever.
    pub fn none(browser_context_id: Option<BrowserContextId>) -> Self {
        Self {
            permissions: Vec::new(),
            origin: None,
            browser_context_id,
        }
    }
}

impl BrowserVersion {
    /// Such as 156; 0 if it is not known.
    pub fn major(&self) -> u32 {
        let version = self
            .product
            .split_once('/')
            .map_or("", |(_, version)| version);
        let major = version.split('.').next().unwrap_or_default();
        major.parse().unwrap_or_default()
    }

    /// Whether it is chrome-headless-shell and not a full browser.
    pub fn is_headless_shell(&self) -> bool {
        self.product.starts_with("HeadlessChrome/")
    }
}

/// One line of `Target.TargetFilter`: the first that matches decides.
#[derive(Debug, Clone, Serialize)]
pub struct FilterEntry {
    /// Any type if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<&'static str>,
    pub exclude: bool,
}

impl FilterEntry {
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
    pub url_pattern: Cow<'static, str>,
    /// `Network.ResourceType`; any if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<&'static str>,
}

/// `Fetch.AuthChallengeResponse`.
#[derive(Clone, Serialize)]
#[serde(tag = "response")]
pub enum AuthAnswer {
    CancelAuth,
    ProvideCredentials { username: String, password: String },
}

/// Without the credentials, which must not reach a log.
impl fmt::Debug for AuthAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CancelAuth => "CancelAuth",
            Self::ProvideCredentials { .. } => "ProvideCredentials",
        })
    }
}

/// `Page.Viewport`: a rectangle of the page, in CSS pixels.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ScreenshotClip {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub scale: f64,
}

objects! {
    /// Result of [`GetVersion`].
    pub struct BrowserVersion {
        /// Such as `HeadlessChrome/156.0.8078.79`.
        pub product: String,
    }

    /// Result of [`CreateTarget`].
    pub struct CreatedTarget {
        pub target_id: TargetId,
    }

    /// Result of [`AttachToTarget`].
    pub struct AttachedSession {
        pub session_id: SessionId,
    }

    /// Result of [`CreateBrowserContext`].
    pub struct CreatedContext {
        pub browser_context_id: BrowserContextId,
    }

    /// Result of [`Navigate`].
    pub struct NavigateResult {
        /// Absent when only the fragment changed.
        pub loader_id: Option<LoaderId>,
        /// Such as `net::ERR_NAME_NOT_RESOLVED`.
        pub error_text: Option<String>,
        #[serde(default)]
        pub is_download: bool,
    }

    /// Result of [`GetLayoutMetrics`]. In CSS pixels.
    #[derive(Copy)]
    pub struct LayoutMetrics {
        /// What the page lays out for, without scrollbars. Its position counts from the left and upper edge of
        /// the page, as that of a [`ScreenshotClip`] does.
        pub css_layout_viewport: Option<LayoutViewport>,
        /// Its position is that of the page's own coordinates.
        pub css_visual_viewport: Option<VisualViewport>,
        /// The whole page.
        pub css_content_size: ContentSize,
    }

    /// `Page.LayoutViewport`.
    #[derive(Copy)]
    pub struct LayoutViewport {
        pub page_x: f64,
        pub page_y: f64,
        pub client_width: f64,
        pub client_height: f64,
    }

    /// `Page.VisualViewport`, as far as it is read.
    #[derive(Copy)]
    pub struct VisualViewport {
        /// From the layout viewport.
        pub offset_x: f64,
        pub offset_y: f64,
        pub page_x: f64,
        pub page_y: f64,
    }

    /// Part of `DOM.Rect`.
    #[derive(Copy)]
    pub struct ContentSize {
        pub width: f64,
        pub height: f64,
    }
}
