//! Every message of the protocol, one row each.
//!
//! From a row follow the message's variant and name, its schema, the typed answer and the time limit of a request, and how
//! a payload is cut into parts and joined again. Clients in other languages, the documents and the console's help follow
//! from the schemas. A new message is a row here and a type in [`request`](crate::request) or [`event`](crate::event).

use crate::event::events;
use crate::request::requests;

requests! {
    // body = type, event that answers it, class of its time limit, takes an idempotency key, names a tab
    CreateTab = "createTab" => TabCreated { limit: Create, key: yes, tab: no };
    CloseTab = "closeTab" => TabClosed { limit: Close, key: yes, tab: yes };
    ActivateTab = "activateTab" => TabActivated { limit: Other, key: yes, tab: yes };
    Navigate = "navigate" => Navigated { limit: Navigate, key: yes, tab: yes };
    GetDomSnapshot = "getDomSnapshot" => DomSnapshot { limit: Capture, key: no, tab: yes };
    GetScreenshot = "getScreenshot" => Screenshot { limit: Capture, key: no, tab: yes };
    SetLoggedOutMode = "setLoggedOutMode" => LoggedOutModeSet { limit: Rebuild, key: yes, tab: yes };
    ListTabs = "listTabs" => Tabs { limit: Other, key: no, tab: no };
    StartScreencast = "startScreencast" => ScreencastStarted { limit: Other, key: no, tab: yes };
    StopScreencast = "stopScreencast" => ScreencastStopped { limit: Other, key: no, tab: yes };
    Ping = "ping" => Pong { limit: Other, key: no, tab: no };
    Click = "click" => Done { limit: Act, key: yes, tab: yes };
    Hover = "hover" => Done { limit: Act, key: yes, tab: yes };
    Focus = "focus" => Done { limit: Act, key: yes, tab: yes };
    Check = "check" => Done { limit: Act, key: yes, tab: yes };
    Uncheck = "uncheck" => Done { limit: Act, key: yes, tab: yes };
    ScrollIntoView = "scrollIntoView" => Done { limit: Act, key: yes, tab: yes };
    Fill = "fill" => Done { limit: Act, key: yes, tab: yes };
    Type = "type" => Done { limit: Act, key: yes, tab: yes };
    Press = "press" => Done { limit: Act, key: yes, tab: yes };
    Select = "select" => Done { limit: Act, key: yes, tab: yes };
    Scroll = "scroll" => Done { limit: Act, key: yes, tab: yes };
    Drag = "drag" => Done { limit: Act, key: yes, tab: yes };
    Upload = "upload" => Done { limit: Act, key: yes, tab: yes };
    GoBack = "goBack" => Navigated { limit: Navigate, key: yes, tab: yes };
    GoForward = "goForward" => Navigated { limit: Navigate, key: yes, tab: yes };
    Reload = "reload" => Navigated { limit: Navigate, key: yes, tab: yes };
    WaitFor = "waitFor" => Waited { limit: Wait, key: no, tab: yes };
    Query = "query" => Queried { limit: Look, key: no, tab: yes };
    Evaluate = "evaluate" => Evaluated { limit: Look, key: yes, tab: yes };
    GetAxSnapshot = "getAxSnapshot" => AxSnapshot { limit: Capture, key: no, tab: yes };
    GetContent = "getContent" => Content { limit: Capture, key: no, tab: yes };
    Subscribe = "subscribe" => Done { limit: Other, key: no, tab: yes };
    GetDownload = "getDownload" => Download { limit: Capture, key: no, tab: yes };
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
    RequestBlocked(RequestBlocked) = "requestBlocked";
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
    AxSnapshot(AxSnapshot) = "axSnapshot" { snapshot: text, head: AxSnapshotHead };
    Content(Content) = "content" { content: text, head: ContentHead };
    FileChooserOpened(FileChooserOpened) = "fileChooserOpened";
    ConsoleMessage(ConsoleMessage) = "consoleMessage";
    DownloadStarted(DownloadStarted) = "downloadStarted";
    DownloadFinished(DownloadFinished) = "downloadFinished";
    TabUpdated(TabUpdated) = "tabUpdated";
    Download(Download) = "download" { data: base64, head: DownloadHead };
}
