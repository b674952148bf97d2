//! The state of a page, kept from Chromium's events. No I/O.

use std::collections::VecDeque;

use cdp_bridge_protocol::event::DialogKind;

use crate::cdp::events::{
    AuthRequired, BindingCalled, DownloadWillBegin, EventKind, FileChooserEvent, FrameNavigated,
    JavascriptDialogClosed, JavascriptDialogOpening, LoadingFailed, NavigatedWithinDocument,
    OfFrame, ResponseReceived, StartedNavigating, TargetCrashed, TargetInfo, TargetInfoChanged,
};
use crate::cdp::ids::{FrameId, LoaderId};
use crate::cdp::{RawEvent, TargetId};
use crate::tabs::page_actions::COPIED_BINDING;

/// How many navigations' statuses and failures are remembered until their commit.
const REMEMBERED: usize = 8;

#[derive(Debug)]
pub struct Page {
    /// The main frame's id is the target's.
    main_frame: TargetId,
    /// On an error page, the URL that could not be loaded.
    pub url: String,
    pub title: String,
    /// The URL and the title of a document that the page has not told of yet.
    next_title: Option<(String, String)>,
    /// Whether the main frame is loading.
    pub loading: bool,
    /// The navigation that committed the document.
    pub loader: Option<LoaderId>,
    /// The navigation of the main frame whose server has not answered yet.
    awaited: Option<LoaderId>,
    statuses: Recent<u16>,
    failures: Recent<String>,
    /// The navigation whose failure has been reported, so that its error page is not reported again.
    reported_failure: Option<LoaderId>,
}

/// A change of the page that the tab acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageEvent {
    /// The main frame committed a document.
    Committed {
        loader: LoaderId,
        /// The HTTP status, where there was one.
        status: Option<u16>,
    },
    /// The main frame shows an error page instead of what it was sent to.
    Failed {
        loader: LoaderId,
        /// Chromium's `net::ERR_…`.
        net: String,
    },
    /// A navigation ended without a document, and the page stays as it was.
    Aborted {
        loader: LoaderId,
        /// Chromium's `net::ERR_…`.
        net: String,
    },
    /// Only the fragment or the history entry changed.
    NavigatedWithinDocument,
    /// The main frame has started a navigation, which may still be aborted.
    StartedNavigating,
    /// The main frame fired its `load` event.
    Loaded,
    /// The title, or whether it is loading, changed.
    Changed,
    /// The page opened a dialog and is blocked until it is answered.
    Dialog(Dialog),
    /// The dialog is closed.
    DialogClosed { accepted: bool },
    /// A server asks for a password, and the request is paused until it is answered.
    AuthRequired(AuthChallenge),
    /// The page tried to open a file chooser.
    FileChooser {
        /// Whether several may be chosen.
        multiple: bool,
        input: Option<FileInput>,
    },
    /// A subframe started a download.
    Download {
        /// The id of the download in the browser's events.
        guid: String,
    },
    /// A page has copied.
    Copied {
        /// The report of the script in the page.
        report: String,
    },
    /// The renderer died. The browser also reports a reason.
    Crashed(Option<&'static str>),
}

/// A dialog that a page has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    pub kind: DialogKind,
    pub message: String,
    /// The text that a `prompt` proposes.
    pub default_value: Option<String>,
}

/// HTTP authentication that a server asks of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthChallenge {
    /// `Fetch.RequestId`.
    pub request: String,
    pub url: String,
    /// Whether the proxy asks, which is the bridge's.
    pub is_of_proxy: bool,
    /// Scheme, host and port.
    pub origin: String,
    pub scheme: String,
    pub realm: String,
}

/// An `<input type=file>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInput {
    pub frame: FrameId,
    pub backend_node_id: i64,
}

impl Page {
    pub fn new(main_frame: TargetId, url: String) -> Self {
        Self {
            main_frame,
            url,
            title: String::new(),
            next_title: None,
            loading: false,
            loader: None,
            awaited: None,
            statuses: Recent::default(),
            failures: Recent::default(),
            reported_failure: None,
        }
    }

    /// The failure of this navigation has been reported; the error page that may follow belongs to it.
    pub fn expect_error_page(&mut self, loader: Option<LoaderId>) {
        self.reported_failure = loader;
    }

    /// Whether a navigation of the main frame waits for its server. Until its commit, Chromium answers no
    /// call that concerns the document, so that nothing is known about the present one.
    pub fn awaits_server(&self) -> bool {
        self.awaited.is_some()
    }

    /// The page is being sent to `about:blank`, and counts as being there.
    pub fn set_blank(&mut self) {
        "about:blank".clone_into(&mut self.url);
        self.title.clear();
    }

    /// Updates the state. `None` if nothing changed that the tab acts on.
    pub fn on_event(&mut self, event: &RawEvent) -> Option<PageEvent> {
        match event.kind {
            EventKind::FrameNavigated => self.frame_navigated(event.decode()?),
            EventKind::NavigatedWithinDocument => {
                let NavigatedWithinDocument { frame_id, url } = event.decode()?;
                self.is_main(frame_id.as_str()).then(|| {
                    self.url = url;
                    PageEvent::NavigatedWithinDocument
                })
            }
            EventKind::FrameStartedNavigating => {
                let started: StartedNavigating = event.decode()?;
                if !self.is_main(started.frame_id.as_str()) {
                    return None;
                }
                let loads = !started.navigation_type.ends_with("ameDocument");
                self.awaited = started.loader_id.filter(|_| loads);
                Some(PageEvent::StartedNavigating)
            }
            EventKind::FrameStartedLoading => self.loading(event, true),
            EventKind::FrameStoppedLoading => self.loading(event, false),
            EventKind::LoadEventFired => Some(PageEvent::Loaded),
            EventKind::TargetInfoChanged => {
                let TargetInfoChanged { target_info } = event.decode()?;
                let TargetInfo { url, title, .. } = target_info;
                if url != self.url {
                    // The browser's main process may know of a document before the page tells of it.
                    self.next_title = Some((url, title));
                    return None;
                }
                let changed = self.title != title;
                self.title = title;
                changed.then_some(PageEvent::Changed)
            }
            EventKind::ResponseReceived => {
                self.responded(event.decode()?);
                None
            }
            EventKind::LoadingFailed => Some(self.loading_failed(event.decode()?)),
            EventKind::JavascriptDialogOpening => Some(PageEvent::Dialog(dialog(event.decode()?))),
            EventKind::JavascriptDialogClosed => {
                let JavascriptDialogClosed { result } = event.decode()?;
                Some(PageEvent::DialogClosed { accepted: result })
            }
            EventKind::AuthRequired => Some(PageEvent::AuthRequired(challenge(event.decode()?))),
            EventKind::FileChooserOpened => {
                let chooser: FileChooserEvent = event.decode()?;
                let frame = chooser.frame_id;
                let input = chooser.backend_node_id.map(|backend_node_id| FileInput {
                    frame,
                    backend_node_id,
                });
                let multiple = chooser.mode == "selectMultiple";
                Some(PageEvent::FileChooser { multiple, input })
            }
            EventKind::PageDownloadWillBegin => {
                let DownloadWillBegin { frame_id, guid, .. } = event.decode()?;
                // Downloads of the main frame are assigned to the tab already.
                (!self.is_main(frame_id.as_str())).then_some(PageEvent::Download { guid })
            }
            EventKind::InspectorTargetCrashed => Some(PageEvent::Crashed(None)),
            EventKind::TargetCrashed => {
                let TargetCrashed { status, .. } = event.decode()?;
                Some(PageEvent::Crashed(Some(crash_reason(&status))))
            }
            EventKind::BindingCalled => {
                let BindingCalled { name, payload } = event.decode()?;
                (name == COPIED_BINDING).then_some(PageEvent::Copied { report: payload })
            }
            // Handled by the supervisor, the target, the sessions of screencasts and consoles, or page
            // actions.
            _ => None,
        }
    }

    fn frame_navigated(&mut self, event: FrameNavigated) -> Option<PageEvent> {
        let frame = event.frame;
        if frame.parent_id.is_some() || !self.is_main(frame.id.as_str()) {
            return None;
        }
        let loader = frame.loader_id;
        let is_new = self.loader.replace(loader.clone()).as_ref() != Some(&loader);
        self.awaited = None;
        let status = self.statuses.take(&loader);
        let failure = self.failures.take(&loader);
        let is_error = frame.unreachable_url.is_some();
        self.url = frame
            .unreachable_url
            .unwrap_or_else(|| frame.url + frame.url_fragment.as_deref().unwrap_or_default());
        if is_new {
            // Never the title of the document before.
            let known = self.next_title.take().filter(|(url, _)| *url == self.url);
            self.title = known.map(|(_, title)| title).unwrap_or_default();
        }
        if is_error {
            let reported = self.reported_failure.take_if(|told| *told == loader);
            if reported.is_some() {
                return Some(PageEvent::Changed);
            }
            let net = failure.unwrap_or_else(|| "net::ERR_FAILED".to_owned());
            return Some(PageEvent::Failed { loader, net });
        }
        Some(PageEvent::Committed { loader, status })
    }

    fn responded(&mut self, event: ResponseReceived) {
        // The document request of a subframe has another id than its loader.
        if event.request_id == event.loader_id.as_str() {
            self.awaited.take_if(|awaited| *awaited == event.loader_id);
            let status = event.response.status;
            self.statuses.insert(event.loader_id, status);
        }
    }

    fn loading_failed(&mut self, event: LoadingFailed) -> PageEvent {
        let loader = LoaderId::from(event.request_id.as_str());
        self.awaited.take_if(|awaited| *awaited == loader);
        let net = event.error_text;
        self.failures.insert(loader.clone(), net.clone());
        PageEvent::Aborted { loader, net }
    }

    fn loading(&mut self, event: &RawEvent, loading: bool) -> Option<PageEvent> {
        let OfFrame { frame_id } = event.decode()?;
        if !self.is_main(frame_id.as_str()) {
            return None;
        }
        if !loading {
            self.awaited = None;
        }
        if self.loading == loading {
            return None;
        }
        self.loading = loading;
        Some(PageEvent::Changed)
    }

    fn is_main(&self, frame: &str) -> bool {
        frame == self.main_frame.as_str()
    }
}

fn dialog(opening: JavascriptDialogOpening) -> Dialog {
    Dialog {
        kind: dialog_kind(&opening.r#type),
        message: opening.message,
        default_value: opening.default_prompt,
    }
}

fn challenge(required: AuthRequired) -> AuthChallenge {
    let challenge = required.auth_challenge;
    AuthChallenge {
        request: required.request_id,
        url: required.request.url,
        is_of_proxy: challenge.source.as_deref() == Some("Proxy"),
        origin: challenge.origin,
        scheme: challenge.scheme,
        realm: challenge.realm,
    }
}

/// The status of `Target.targetCrashed` as a metric label with few values.
fn crash_reason(status: &str) -> &'static str {
    match status {
        "killed" => "killed",
        "oom" => "oom",
        _ => "crashed",
    }
}

/// An unknown type of dialog is treated as an alert.
fn dialog_kind(name: &str) -> DialogKind {
    match name {
        "confirm" => DialogKind::Confirm,
        "prompt" => DialogKind::Prompt,
        "beforeunload" => DialogKind::Beforeunload,
        _ => DialogKind::Alert,
    }
}

/// The latest few statuses or failures of navigations.
#[derive(Debug)]
struct Recent<T>(VecDeque<(LoaderId, T)>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(VecDeque::with_capacity(REMEMBERED))
    }
}

impl<T> Recent<T> {
    fn insert(&mut self, loader: LoaderId, fact: T) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((loader, fact));
    }

    fn take(&mut self, loader: &LoaderId) -> Option<T> {
        let at = self.0.iter().position(|(known, _)| known == loader)?;
        self.0.remove(at).map(|(_, fact)| fact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn page() -> Page {
        Page::new("MAIN".into(), "about:blank".to_owned())
    }

    fn event(kind: EventKind, params: &Value) -> RawEvent {
        RawEvent {
            kind,
            params: params.to_string().into(),
        }
    }

    fn committed(loader: &str, url: &str) -> RawEvent {
        event(
            EventKind::FrameNavigated,
            &json!({"frame": {"id": "MAIN", "loaderId": loader, "url": url}}),
        )
    }

    fn response(request: &str, loader: &str, status: u16) -> RawEvent {
        let params =
            json!({"requestId": request, "loaderId": loader, "response": {"status": status}});
        event(EventKind::ResponseReceived, &params)
    }

    #[test]
    fn a_commit_carries_the_status_of_its_own_document() {
        let mut page = page();
        assert_eq!(page.on_event(&response("L1", "L1", 404)), None);
        assert_eq!(page.on_event(&response("77.1", "L1", 200)), None);
        let expected = PageEvent::Committed {
            loader: "L1".into(),
            status: Some(404),
        };
        assert_eq!(
            page.on_event(&committed("L1", "http://a.test/")),
            Some(expected)
        );
        assert_eq!(page.url, "http://a.test/");
        let expected = PageEvent::Committed {
            loader: "L2".into(),
            status: None,
        };
        assert_eq!(
            page.on_event(&committed("L2", "about:blank")),
            Some(expected)
        );
    }

    #[test]
    fn url_and_title_are_of_the_same_document() {
        let told = |url: &str, title: &str| {
            let info = json!({"targetId": "MAIN", "type": "page", "url": url, "title": title});
            event(EventKind::TargetInfoChanged, &json!({ "targetInfo": info }))
        };
        let shown = |page: &Page| (page.url.clone(), page.title.clone());
        let is = |url: &str, title: &str| (url.to_owned(), title.to_owned());
        let (a, b) = ("http://a.test/", "http://b.test/");
        let mut page = page();
        page.on_event(&committed("L1", a));
        assert_eq!(page.on_event(&told(a, "A")), Some(PageEvent::Changed));
        // The browser's main process may be ahead of the page.
        assert_eq!(page.on_event(&told(b, "B")), None);
        assert_eq!(shown(&page), is(a, "A"));
        page.on_event(&committed("L2", b));
        assert_eq!(shown(&page), is(b, "B"));
        // Or behind it.
        page.on_event(&committed("L3", a));
        assert_eq!(shown(&page), is(a, ""));
        page.on_event(&told(a, "A"));
        assert_eq!(shown(&page), is(a, "A"));
    }

    #[test]
    fn the_fragment_belongs_to_the_url() {
        let mut page = page();
        let frame =
            json!({"id": "MAIN", "loaderId": "L", "url": "http://a.test/", "urlFragment": "#x"});
        page.on_event(&event(
            EventKind::FrameNavigated,
            &json!({ "frame": frame }),
        ));
        assert_eq!(page.url, "http://a.test/#x");
    }

    #[test]
    fn frames_inside_the_page_are_not_the_page() {
        let mut page = page();
        let frame =
            json!({"id": "F2", "parentId": "MAIN", "loaderId": "L", "url": "http://b.test/"});
        assert_eq!(
            page.on_event(&event(
                EventKind::FrameNavigated,
                &json!({ "frame": frame })
            )),
            None
        );
        let moved = json!({"frameId": "F2", "url": "http://b.test/#1"});
        assert_eq!(
            page.on_event(&event(EventKind::NavigatedWithinDocument, &moved)),
            None
        );
        let loading = event(EventKind::FrameStartedLoading, &json!({"frameId": "F2"}));
        assert_eq!(page.on_event(&loading), None);
        assert_eq!((page.url.as_str(), page.loading), ("about:blank", false));
    }

    #[test]
    fn an_error_page_is_a_failure_with_chromiums_reason() {
        let mut page = page();
        let failed = json!({"requestId": "L", "errorText": "net::ERR_CONNECTION_REFUSED"});
        page.on_event(&event(EventKind::LoadingFailed, &failed));
        let frame = json!({
            "id": "MAIN", "loaderId": "L", "url": "chrome-error://chromewebdata/",
            "unreachableUrl": "http://dead.test/",
        });
        let event = page.on_event(&event(
            EventKind::FrameNavigated,
            &json!({ "frame": frame }),
        ));
        let net = "net::ERR_CONNECTION_REFUSED".to_owned();
        assert_eq!(
            event,
            Some(PageEvent::Failed {
                loader: "L".into(),
                net
            })
        );
        assert_eq!(page.url, "http://dead.test/");
    }

    #[test]
    fn facts_about_navigations_that_never_commit_do_not_pile_up() {
        let mut page = page();
        for number in 0..1000 {
            let loader = format!("L{number}");
            page.on_event(&response(&loader, &loader, 200));
        }
        assert_eq!(page.statuses.0.len(), REMEMBERED);
    }

    #[test]
    fn a_server_is_awaited_until_it_answers_or_the_navigation_ends() {
        let started = |frame: &str, kind: &str| {
            let params = json!({"frameId": frame, "loaderId": "L", "navigationType": kind});
            event(EventKind::FrameStartedNavigating, &params)
        };
        let failed = json!({"requestId": "L", "errorText": "net::ERR_ABORTED"});
        let ends = [
            response("L", "L", 200),
            committed("L", "http://a.test/"),
            event(EventKind::LoadingFailed, &failed),
            event(EventKind::FrameStoppedLoading, &json!({"frameId": "MAIN"})),
        ];
        for end in ends {
            let mut page = page();
            for ignored in [
                started("F2", "differentDocument"),
                started("MAIN", "sameDocument"),
            ] {
                page.on_event(&ignored);
                assert!(!page.awaits_server());
            }
            page.on_event(&started("MAIN", "differentDocument"));
            page.on_event(&response("L0", "L0", 200));
            assert!(page.awaits_server());
            page.on_event(&end);
            assert!(!page.awaits_server(), "{end:?}");
        }
    }

    #[test]
    fn a_file_chooser_says_whether_it_wants_several() {
        for (mode, multiple) in [("selectSingle", false), ("selectMultiple", true)] {
            let opened = json!({"frameId": "F2", "mode": mode, "backendNodeId": 7});
            let event = page().on_event(&event(EventKind::FileChooserOpened, &opened));
            let frame = "F2".into();
            let input = Some(FileInput {
                frame,
                backend_node_id: 7,
            });
            assert_eq!(event, Some(PageEvent::FileChooser { multiple, input }));
        }
    }

    #[test]
    fn a_dialog_says_which_and_what() {
        let opening = json!({
            "type": "prompt", "message": "Name?", "defaultPrompt": "Ada", "url": "http://a.test/",
        });
        let event = page().on_event(&event(EventKind::JavascriptDialogOpening, &opening));
        let expected = Dialog {
            kind: DialogKind::Prompt,
            message: "Name?".to_owned(),
            default_value: Some("Ada".to_owned()),
        };
        assert_eq!(event, Some(PageEvent::Dialog(expected)));
    }
}
