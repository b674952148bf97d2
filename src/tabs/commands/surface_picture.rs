//! A picture of a page that a dialog blocks. Chromium answers no `Page.captureScreenshot` then, but a screencast begins
//! with what was drawn last.

use tokio::time::{Instant, timeout_at};

use cdp_bridge_protocol::request::ImageFormat;

use crate::cdp::events::EventKind;
use crate::cdp::methods::StartScreencast;
use crate::cdp::results::screencast_frame;
use crate::cdp::{Inbox, SessionEvent};
use crate::tabs::error::ScreenshotError;
use crate::tabs::feed::StreamPage;
use crate::tabs::message::{Area, Shot};
use crate::tabs::picture::{Picture, UnknownImageFormat};
use crate::timer::remaining;

/// Whether such a picture can be had: the visible part, in the formats of screencasts.
pub fn is_on_surface(shot: &Shot) -> bool {
    shot.area == Area::Visible && shot.format != ImageFormat::Webp
}

/// The session of the screencast ends with this call.
pub(in crate::tabs) async fn surface_picture(
    page: StreamPage,
    format: ImageFormat,
    quality: u8,
    deadline: Instant,
) -> Result<Picture, ScreenshotError> {
    let gone = |_| ScreenshotError::NotAPicture;
    let (session, mut inbox) = page.attach().await.map_err(gone)?;
    let start = StartScreencast {
        format: format.as_str(),
        quality,
        max_width: None,
        max_height: None,
    };
    session.session.call(start, remaining(deadline)).await?;
    let picture = timeout_at(deadline, first_frame(&mut inbox)).await;
    picture.unwrap_or(Err(ScreenshotError::NotAPicture))
}

async fn first_frame(inbox: &mut Inbox) -> Result<Picture, ScreenshotError> {
    while let Some(event) = inbox.next().await {
        if let SessionEvent::Raw(event) = event
            && event.kind == EventKind::ScreencastFrame
        {
            let frame = screencast_frame(&event.params)?;
            let picture = Picture::new(frame.data);
            return picture.map_err(|UnknownImageFormat| ScreenshotError::NotAPicture);
        }
    }
    Err(ScreenshotError::NotAPicture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::message::ShotLook;

    #[test]
    fn only_the_visible_part_is_on_the_surface() {
        let shot = |area, format| Shot {
            area,
            format,
            quality: 70,
            look: ShotLook::default(),
        };
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            assert!(is_on_surface(&shot(Area::Visible, format)));
            assert!(!is_on_surface(&shot(Area::Whole, format)));
        }
        assert!(!is_on_surface(&shot(Area::Visible, ImageFormat::Webp)));
    }
}
