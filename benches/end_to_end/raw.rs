//! Chromium without a bridge: a blocking loop over its pipe that does only what is measured.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cdp_bridge::browser::launch::{Endpoint, launch};
use cdp_bridge::browser::options::LaunchOptions;
use cdp_bridge::browser::process_group::BrowserProcess;
use memchr::{memchr, memmem};
use serde_json::{Value, json};
use tokio::runtime::Handle;

/// The capacity of a pipe.
const READ_BYTES: usize = 64 * 1024;

/// A page of the raw browser.
#[derive(Debug, Clone)]
pub(crate) struct RawTab {
    pub(crate) session: String,
    target: String,
}

/// A browser, driven over a pipe.
pub(crate) struct Raw {
    process: Option<BrowserProcess>,
    reader: File,
    writer: File,
    buffer: BytesMut,
    scratch: Box<[u8]>,
    next_id: u64,
}

impl Raw {
    pub(crate) fn start(runtime: &Handle, options: &LaunchOptions) -> Self {
        let launched = runtime.block_on(launch(options)).unwrap();
        let Endpoint::Pipe { reader, writer } = launched.endpoint else {
            panic!("it was started with a pipe");
        };
        Self {
            process: Some(launched.process),
            reader: reader.into(),
            writer: writer.into(),
            buffer: BytesMut::new(),
            scratch: vec![0; READ_BYTES].into(),
            next_id: 1,
        }
    }

    pub(crate) fn stop(mut self, runtime: &Handle) {
        if let Some(process) = self.process.take() {
            runtime.block_on(process.end(Duration::ZERO));
        }
    }

    pub(crate) fn send(&mut self, session: Option<&str>, method: &str, params: &Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let session = session.map_or_else(String::new, |it| format!(",\"sessionId\":\"{it}\""));
        let frame =
            format!("{{\"id\":{id},\"method\":\"{method}\",\"params\":{params}{session}}}\0");
        self.writer.write_all(frame.as_bytes()).unwrap();
        id
    }

    pub(crate) fn next(&mut self) -> Bytes {
        let mut searched = 0;
        loop {
            if let Some(found) = memchr(0, &self.buffer[searched..]) {
                let mut frame = self.buffer.split_to(searched + found + 1);
                frame.truncate(searched + found);
                return frame.freeze();
            }
            searched = self.buffer.len();
            let read = self.reader.read(&mut self.scratch).unwrap();
            assert!(read > 0, "Chromium hung up");
            self.buffer.extend_from_slice(&self.scratch[..read]);
        }
    }

    /// The next frame that matches.
    pub(crate) fn until(&mut self, mut fits: impl FnMut(&Bytes) -> bool) -> Bytes {
        loop {
            let frame = self.next();
            if fits(&frame) {
                return frame;
            }
        }
    }

    pub(crate) fn answer(&mut self, id: u64) -> Bytes {
        self.until(|frame| answers(frame, id))
    }

    /// Sends a command and waits for its answer.
    pub(crate) fn call(&mut self, session: Option<&str>, method: &str, params: &Value) -> Bytes {
        let id = self.send(session, method, params);
        self.answer(id)
    }

    /// Opens an empty page, attaches to it and enables the domains that are needed.
    pub(crate) fn open(&mut self) -> RawTab {
        let created = self.call(
            None,
            "Target.createTarget",
            &json!({"url": "about:blank", "newWindow": true}),
        );
        let target = text_of(&created, "targetId");
        let attached = self.call(
            None,
            "Target.attachToTarget",
            &json!({"targetId": target, "flatten": true}),
        );
        let session = text_of(&attached, "sessionId");
        let metrics =
            json!({"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": false});
        self.send(Some(&session), "Page.enable", &json!({}));
        self.call(
            Some(&session),
            "Emulation.setDeviceMetricsOverride",
            &metrics,
        );
        RawTab { session, target }
    }

    pub(crate) fn close(&mut self, tab: &RawTab) {
        self.call(None, "Target.closeTarget", &json!({"targetId": tab.target}));
    }

    /// Navigates and waits until the page has loaded.
    pub(crate) fn go(&mut self, tab: &RawTab, url: &str) {
        let id = self.send(Some(&tab.session), "Page.navigate", &json!({"url": url}));
        let (mut answered, mut loaded) = (false, false);
        self.until(|frame| {
            answered |= answers(frame, id);
            loaded |= is_event(frame, "Page.loadEventFired", &tab.session);
            answered && loaded
        });
    }

    /// Opens a page at this URL and waits until it has loaded.
    pub(crate) fn open_at(&mut self, url: &str) -> RawTab {
        let tab = self.open();
        self.go(&tab, url);
        tab
    }

    /// Gets the HTML as the bridge does.
    pub(crate) fn ask_html(&mut self, tab: &RawTab) -> u64 {
        let expression = "(() => { const nodes = document.getElementsByTagName('*').length; \
             if (nodes > 200000) return {nodes}; \
             const root = document.documentElement, html = root ? root.outerHTML : ''; \
             return html.length > 67108864 ? {nodes, bytes: html.length} : html; })()";
        let params = json!({"expression": expression, "returnByValue": true, "timeout": 10000});
        self.send(Some(&tab.session), "Runtime.evaluate", &params)
    }

    /// Takes a screenshot as the bridge does.
    pub(crate) fn ask_picture(&mut self, tab: &RawTab) -> u64 {
        let params = json!({"format": "jpeg", "quality": 70, "optimizeForSpeed": true,
            "captureBeyondViewport": false});
        self.send(Some(&tab.session), "Page.captureScreenshot", &params)
    }

    /// Waits for all of these answers.
    pub(crate) fn answers(&mut self, mut ids: Vec<u64>) {
        while !ids.is_empty() {
            let frame = self.next();
            ids.retain(|id| !answers(&frame, *id));
        }
    }
}

fn answers(frame: &Bytes, id: u64) -> bool {
    let fits = frame.starts_with(format!("{{\"id\":{id},").as_bytes());
    let failed = fits
        && frame[..frame.len().min(60)]
            .windows(8)
            .any(|it| it == b"\"error\":");
    assert!(!failed, "{}", String::from_utf8_lossy(frame));
    fits
}

/// Whether a frame is this event of this session.
pub(crate) fn is_event(frame: &Bytes, method: &str, session: &str) -> bool {
    frame.starts_with(format!("{{\"method\":\"{method}\"").as_bytes())
        && memmem::rfind(frame, session.as_bytes()).is_some()
}

fn text_of(frame: &Bytes, field: &str) -> String {
    let frame: Value = serde_json::from_slice(frame).unwrap();
    frame["result"][field].as_str().unwrap().to_owned()
}
