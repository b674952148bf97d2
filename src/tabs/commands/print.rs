//! `printToPdf`.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use cdp_bridge_protocol::request::PrintToPdf as Wanted;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::retry::while_navigating;
use crate::cdp::client::shape;
use crate::cdp::methods::Method as _;
use crate::cdp::print_methods::{CloseStream, PrintToPdf, ReadStream};
use crate::cdp::{CallError, TargetSession};
use crate::tabs::capture_permits::ClientCapturePermits;
use crate::tabs::error::PrintError;
use crate::tabs::unawaited::send_unawaited;
use crate::timer::remaining;

/// How long Chromium may take to print when the request is over.
const LATE_LIMIT: Duration = Duration::from_mins(10);

/// How much of the file is read at a time, in bytes.
const PART: usize = 1 << 20;

/// An empty template. Without one, Chromium prints its default header or footer (date, title, URL, page number).
const NOTHING: &str = "<span></span>";

/// What printing counts for among the captures of a client, in pixels: as much as a large picture.
const PERMIT_PIXELS: u64 = 16 << 20;

/// JSON-RPC's code for parameters that cannot be used.
const INVALID_PARAMS: i64 = -32602;

/// Prints a page. Chromium writes the file to its disk first, so that one that is too large is never in the bridge's memory.
pub async fn print(
    session: TargetSession,
    permits: &ClientCapturePermits,
    wanted: &Wanted,
    max_bytes: usize,
    deadline: Instant,
) -> Result<Bytes, PrintError> {
    let printing = print_and_read(&session, wanted, max_bytes, deadline);
    let printed = permits.run_to_end(PERMIT_PIXELS, deadline, printing).await;
    printed.unwrap_or(Err(PrintError::NoPermit))
}

async fn print_and_read(
    session: &TargetSession,
    wanted: &Wanted,
    max_bytes: usize,
    deadline: Instant,
) -> Result<Bytes, PrintError> {
    let printing = while_navigating(deadline, |left| print_to_stream(session, wanted, left));
    let stream = printing.await.map_err(refusal)?;
    let mut file = BytesMut::new();
    loop {
        let part = ReadStream {
            handle: Cow::Borrowed(&stream.handle),
            size: PART,
        };
        let part = session.call(part, remaining(deadline)).await?;
        let bytes = if part.base64_encoded {
            let decoded = STANDARD.decode(part.data);
            decoded.map_err(|error| shape::<ReadStream<'_>>(&error))?
        } else {
            part.data.into_bytes()
        };
        if file.len() + bytes.len() > max_bytes {
            let max = max_bytes as u64;
            return Err(PrintError::TooLarge { max });
        }
        file.extend_from_slice(&bytes);
        if part.eof {
            return Ok(file.freeze());
        }
    }
}

/// Has Chromium write the file. One that is ready only when the request is over is removed.
async fn print_to_stream(
    session: &TargetSession,
    wanted: &Wanted,
    limit: Duration,
) -> Result<Stream, CallError> {
    let call = session.start_call(&method(wanted), limit.max(LATE_LIMIT));
    let (sender, stream) = oneshot::channel();
    let session = session.clone();
    tokio::spawn(async move {
        let no_stream = || shape::<PrintToPdf<'_>>(&"no stream");
        let stream = call.await.and_then(|printed| {
            let handle = printed.stream.ok_or_else(no_stream)?;
            Ok(Stream { session, handle })
        });
        // Dropped if the request is over.
        let _ = sender.send(stream);
    });
    let timed_out = CallError::Timeout {
        method: PrintToPdf::NAME.into(),
        after: limit,
    };
    match timeout(limit, stream).await {
        Ok(Ok(outcome)) => outcome,
        _ => Err(timed_out),
    }
}

/// A file of Chromium's. Dropped, it is removed.
struct Stream {
    session: TargetSession,
    handle: String,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let handle = std::mem::take(&mut self.handle);
        let close = CloseStream { handle };
        send_unawaited(&self.session, &close);
    }
}

fn method(wanted: &Wanted) -> PrintToPdf<'static> {
    let (width, height) = wanted.paper.unwrap_or_default().inches();
    let margin = wanted.margin.unwrap_or_default();
    let text = |text: &Option<String>| match text {
        Some(text) => Cow::Owned(text.clone()),
        None => Cow::Borrowed(NOTHING),
    };
    PrintToPdf {
        landscape: wanted.landscape.unwrap_or(false),
        display_header_footer: wanted.header_template.is_some() || wanted.footer_template.is_some(),
        print_background: wanted.print_background.unwrap_or(false),
        scale: wanted.scale.unwrap_or(1.0),
        paper_width: wanted.width.unwrap_or(width),
        paper_height: wanted.height.unwrap_or(height),
        margin_top: margin.top.unwrap_or(0.0),
        margin_bottom: margin.bottom.unwrap_or(0.0),
        margin_left: margin.left.unwrap_or(0.0),
        margin_right: margin.right.unwrap_or(0.0),
        page_ranges: Cow::Owned(wanted.page_ranges.clone().unwrap_or_default()),
        header_template: text(&wanted.header_template),
        footer_template: text(&wanted.footer_template),
        prefer_css_page_size: wanted.prefer_css_page_size.unwrap_or(false),
        transfer_mode: "ReturnAsStream",
    }
}

fn refusal(error: CallError) -> PrintError {
    match &error {
        CallError::Protocol { code, message, .. }
            if *code == INVALID_PARAMS || message.contains("Page range") =>
        {
            PrintError::Refused {
                reason: message.as_ref().to_owned(),
            }
        }
        _ => PrintError::Call(error),
    }
}

#[cfg(test)]
mod tests {
    use cdp_bridge_protocol::request::Paper;

    use super::*;

    #[test]
    fn a_header_alone_has_no_footer_of_chromiums_own() {
        let wanted = Wanted {
            header_template: Some("<b>Top</b>".to_owned()),
            ..Wanted::of(cdp_bridge_protocol::TabId::new(1))
        };
        let method = method(&wanted);
        assert!(method.display_header_footer);
        assert_eq!(
            (&*method.header_template, &*method.footer_template),
            ("<b>Top</b>", NOTHING)
        );
        assert!(
            !super::method(&Wanted::of(cdp_bridge_protocol::TabId::new(1))).display_header_footer
        );
    }

    #[test]
    fn a_side_replaces_that_of_the_paper() {
        let wanted = Wanted {
            paper: Some(Paper::A4),
            height: Some(3.0),
            ..Wanted::of(cdp_bridge_protocol::TabId::new(1))
        };
        let method = method(&wanted);
        assert_eq!((method.paper_width, method.paper_height), (8.27, 3.0));
    }
}
