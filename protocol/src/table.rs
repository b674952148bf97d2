//! Every message of the protocol, one row each.
//!
//! From a row follow the message's variant and name, its schema, the typed answer and the time limit of a request, and how
//! a payload is cut into parts and joined again. Clients in other languages, the documents and the console's help follow
//! from the schemas. A new message is a row here and a type in [`request`](crate::request) or [`event`](crate::event).

use crate::event::{events, payload_events};
use crate::request::requests;

requests! {
    // body = type, event that answers it, class of its time limit, changes something, names a tab
    CreateTab = "createTab" => TabCreated { limit: Create, changes: yes, tab: no };
    CloseTab = "closeTab" => TabClosed { limit: Close, changes: yes, tab: yes };
    ActivateTab = "activateTab" => TabActivated { limit: Other, changes: yes, tab: yes };
    Navigate = "navigate" => Navigated { limit: Navigate, changes: yes, tab: yes };
    GetDomSnapshot = "getDomSnapshot" => DomSnapshot { limit: Capture, changes: no, tab: yes };
    GetScreenshot = "getScreenshot" => Screenshot { limit: Capture, changes: no, tab: yes };
    SetLoggedOutMode = "setLoggedOutMode" => LoggedOutModeSet { limit: Rebuild, changes: yes, tab: yes };
    ListTabs = "listTabs" => Tabs { limit: Other, changes: no, tab: no };
    StartScreencast = "startScreencast" => ScreencastStarted { limit: Other, changes: no, tab: yes };
    StopScreencast = "stopScreencast" => ScreencastStopped { limit: Other, changes: no, tab: yes };
    Ping = "ping" => Pong { limit: Other, changes: no, tab: no };
    Click = "click" => Done { limit: Act, changes: yes, tab: yes };
    Hover = "hover" => Done { limit: Act, changes: yes, tab: yes };
    Focus = "focus" => Done { limit: Act, changes: yes, tab: yes };
    Check = "check" => Done { limit: Act, changes: yes, tab: yes };
    Uncheck = "uncheck" => Done { limit: Act, changes: yes, tab: yes };
    ScrollIntoView = "scrollIntoView" => Done { limit: Act, changes: yes, tab: yes };
    Fill = "fill" => Done { limit: Act, changes: yes, tab: yes };
    Type = "type" => Done { limit: Act, changes: yes, tab: yes };
    Press = "press" => Done { limit: Act, changes: yes, tab: yes };
    Select = "select" => Done { limit: Act, changes: yes, tab: yes };
    Scroll = "scroll" => Done { limit: Act, changes: yes, tab: yes };
    Mouse = "mouse" => Done { limit: Act, changes: yes, tab: yes };
    Keyboard = "keyboard" => Done { limit: Act, changes: yes, tab: yes };
    Drag = "drag" => Done { limit: Act, changes: yes, tab: yes };
    Upload = "upload" => Done { limit: Act, changes: yes, tab: yes };
    GoBack = "goBack" => Navigated { limit: Navigate, changes: yes, tab: yes };
    GoForward = "goForward" => Navigated { limit: Navigate, changes: yes, tab: yes };
    Reload = "reload" => Navigated { limit: Navigate, changes: yes, tab: yes };
    WaitFor = "waitFor" => Waited { limit: Wait, changes: no, tab: yes };
    Query = "query" => Queried { limit: Look, changes: no, tab: yes };
    Evaluate = "evaluate" => Evaluated { limit: Look, changes: yes, tab: yes };
    ListFrames = "listFrames" => Frames { limit: Look, changes: no, tab: yes };
    GetAxSnapshot = "getAxSnapshot" => AxSnapshot { limit: Capture, changes: no, tab: yes };
    GetContent = "getContent" => Content { limit: Capture, changes: no, tab: yes };
    Subscribe = "subscribe" => Done { limit: Other, changes: no, tab: yes };
    GetDownload = "getDownload" => Download { limit: Capture, changes: no, tab: yes };
    Cancel = "cancel" => Done { limit: Other, changes: no, tab: no };
    StageFile = "stageFile" => FileStaged { limit: Other, changes: yes, tab: no };
    Emulate = "emulate" => Emulated { limit: Other, changes: yes, tab: yes };
    SetPermissions = "setPermissions" => PermissionsSet { limit: Other, changes: yes, tab: yes };
    AddInitScript = "addInitScript" => InitScriptAdded { limit: Other, changes: yes, tab: yes };
    RemoveInitScript = "removeInitScript" => Done { limit: Other, changes: yes, tab: yes };
    PrintToPdf = "printToPdf" => Pdf { limit: Capture, changes: no, tab: yes };
    AnswerDialog = "answerDialog" => DialogClosed { limit: Other, changes: yes, tab: yes };
    AnswerAuth = "answerAuth" => AuthClosed { limit: Other, changes: yes, tab: yes };
    SetCredentials = "setCredentials" => Done { limit: Other, changes: yes, tab: yes };
    CreateSession = "createSession" => SessionCreated { limit: Create, changes: yes, tab: no };
    GetSession = "getSession" => DescribedSession { limit: Other, changes: no, tab: no };
    ListSessions = "listSessions" => ListedSessions { limit: Other, changes: no, tab: no };
    EndSession = "endSession" => SessionStateChanged { limit: Close, changes: yes, tab: no };
    GetHistory = "getHistory" => History { limit: Other, changes: no, tab: no };
    GetUsage = "getUsage" => Usage { limit: Other, changes: no, tab: no };
}

events! {
    // variant(body) = type; those with a payload also: its field, whether that is text or base64, and the other fields
    Welcome(Welcome) = "welcome";
    TabCreated(TabCreated) = "tabCreated";
    TabActivated(TabActivated) = "tabActivated";
    Navigated(Navigated) = "navigated";
    LoadEventFired(LoadEventFired) = "loadEventFired";
    DomSnapshot(DomSnapshot) = "domSnapshot" { snapshot: text, head: DomSnapshotHead };
    Screenshot(Screenshot) = "screenshot" { data: base64, head: ScreenshotHead };
    LoggedOutModeSet(LoggedOutModeSet) = "loggedOutModeSet";
    Tabs(Tabs) = "tabs";
    ScreencastStarted(ScreencastStarted) = "screencastStarted";
    ScreencastStopped(ScreencastStopped) = "screencastStopped";
    Frame(Frame) = "frame" { data: base64, head: FrameHead };
    TabClosed(TabClosed) = "tabClosed";
    TabCrashed(TabCrashed) = "tabCrashed";
    TabRebuilt(TabRebuilt) = "tabRebuilt";
    DialogOpened(DialogOpened) = "dialogOpened";
    DialogClosed(DialogClosed) = "dialogClosed";
    AuthRequired(AuthRequired) = "authRequired";
    AuthClosed(AuthClosed) = "authClosed";
    RequestBlocked(RequestBlocked) = "requestBlocked";
    PopupBlocked(PopupBlocked) = "popupBlocked";
    BrowserDown(BrowserDown) = "browserDown";
    BrowserUp(BrowserUp) = "browserUp";
    Error(ErrorEvent) = "error";
    Pong(Pong) = "pong";
    Resumed(Resumed) = "resumed";
    Gap(Gap) = "gap";
    Done(Done) = "done";
    Waited(Waited) = "waited";
    Queried(Queried) = "queried";
    Evaluated(Evaluated) = "evaluated";
    Frames(Frames) = "frames";
    AxSnapshot(AxSnapshot) = "axSnapshot" { snapshot: text, head: AxSnapshotHead };
    Content(Content) = "content" { content: text, head: ContentHead };
    FileChooserOpened(FileChooserOpened) = "fileChooserOpened";
    ConsoleMessage(ConsoleMessage) = "consoleMessage";
    DownloadStarted(DownloadStarted) = "downloadStarted";
    DownloadFinished(DownloadFinished) = "downloadFinished";
    TabUpdated(TabUpdated) = "tabUpdated";
    SessionCreated(SessionCreated) = "sessionCreated";
    DescribedSession(DescribedSession) = "session";
    ListedSessions(ListedSessions) = "sessions";
    SessionStateChanged(SessionStateChanged) = "sessionStateChanged";
    FileStaged(FileStaged) = "fileStaged";
    Download(Download) = "download" { data: base64, head: DownloadHead };
    Emulated(Emulated) = "emulated";
    PermissionsSet(PermissionsSet) = "permissionsSet";
    InitScriptAdded(InitScriptAdded) = "initScriptAdded";
    Pdf(Pdf) = "pdf" { data: base64, head: PdfHead };
    History(History) = "history";
    Usage(Usage) = "usage";
}

payload_events! {
    // The event and the field of its payload, which is left out of the head; the head, with the fields between `id` and
    // `seq`, and those that only a door can fill in.
    /// A DOM snapshot, or one part of it.
    DomSnapshot {
        /// The HTML; or, as `structured`, the JSON text of `DOMSnapshot.captureSnapshot`'s result.
        snapshot,
    }
    /// A DOM snapshot without its payload: the JSON of a binary frame.
    DomSnapshotHead {
        /// Where the tab was when it was taken.
        url: String,
        /// How it is written down.
        format: SnapshotFormat,
    }
    of_door {
        /// Older requests of this connection that this snapshot answers too.
        coalesced: Vec<RequestId>,
    }

    /// A picture of a page, or one part of it.
    Screenshot {
        /// The picture in base64.
        #[schemars(extend("contentEncoding" = "base64"))]
        data,
    }
    /// A picture without its payload: the JSON of a binary frame.
    ScreenshotHead {
        /// The picture's media type.
        mime: String,
        /// Width of the picture in its own pixels.
        width: u32,
        /// Height of the picture in its own pixels.
        height: u32,
    }

    /// A screencast frame, or one part of it.
    Frame {
        /// The picture in base64.
        #[schemars(extend("contentEncoding" = "base64"))]
        data,
    }
    /// A screencast frame without its payload: the JSON of a binary frame.
    FrameHead {
        /// Number of the frame within this screencast; numbers left out are frames that were dropped.
        frame_no: u64,
        /// The picture's media type.
        mime: String,
        /// Width of the picture in its own pixels.
        width: u32,
        /// Height of the picture in its own pixels.
        height: u32,
        /// When Chromium drew it, in milliseconds since the epoch.
        ts: u64,
    }

    /// An outline of a page, or one part of it.
    AxSnapshot {
        /// The outline: a line an element, with its role, its name, its state and its `[ref=e12]`, indented
        /// by two spaces a level. Of changes: lines that begin with `+` (has come), `-` (has gone), `~` (has
        /// changed) or `@` (the element around the next ones).
        snapshot,
    }
    /// An outline of a page without its payload: the JSON of a binary frame.
    AxSnapshotHead {
        /// Where the tab was when it was taken.
        url: String,
        /// How many lines there are.
        lines: u64,
    }
    optional {
        /// How many elements were left out because the outline would be too long; absent if none was.
        omitted: u64,
        /// The number of this outline, for `since` and `revision`; absent if it is too large to be kept.
        revision: u64,
        /// The lines are what has changed since the outline of this number; absent if they are the outline itself.
        changes_since: u64,
        /// The outline that `since` or `revision` names is not kept, so that this is the whole one, read now; absent
        /// otherwise.
        lost: bool,
        /// How many lines follow after these; absent if none.
        lines_left: u64,
    }

    /// A page's content, or one part of it.
    Content {
        /// The text.
        content,
    }
    /// A page's content without its payload: the JSON of a binary frame.
    ContentHead {
        /// Where the tab was when it was read.
        url: String,
        /// How it is written down.
        format: ContentFormat,
    }
    optional {
        /// Whether its end is missing because it would be too long; absent if not.
        truncated: bool,
    }

    /// What was downloaded, or one part of it.
    Download {
        /// The bytes in base64.
        #[schemars(extend("contentEncoding" = "base64"))]
        data,
    }
    /// What was downloaded, without its bytes: the JSON of a binary frame.
    DownloadHead {
        /// The download.
        download_id: String,
        /// The file's name.
        name: String,
    }

    /// A page on paper, or one part of it.
    Pdf {
        /// The PDF file in base64.
        #[schemars(extend("contentEncoding" = "base64"))]
        data,
    }
    /// A page on paper without its payload: the JSON of a binary frame.
    PdfHead {
        /// Where the tab was when it was printed.
        url: String,
    }
}
