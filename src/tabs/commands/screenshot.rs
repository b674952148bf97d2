//! `getScreenshot`.

use std::time::Duration;

use cdp_bridge_protocol::request::{Clip as Wanted, ImageFormat, Viewport};
use tokio::time::Instant;

use super::retry::while_navigating;
use crate::cdp::TargetSession;
use crate::cdp::methods::{
    CaptureScreenshot, ContentSize, GetLayoutMetrics, LayoutMetrics, LayoutViewport, ScreenshotClip,
};
use crate::cdp::results::screenshot_data;
use crate::tabs::capture_permits::ClientCapturePermits;
use crate::tabs::error::ScreenshotError;
use crate::tabs::message::{Area, Shot};
use crate::tabs::page_actions::PageDriver;
use crate::tabs::picture::{Picture, UnknownImageFormat};

/// The longest side that the WebP format allows.
const MAX_WEBP_SIDE: u64 = 16_383;
/// The longest side that the JPEG format allows.
const MAX_JPEG_SIDE: u64 = 65_535;

/// The size and the limits of a screenshot.
#[derive(Debug, Clone, Copy)]
pub struct ShotLimits {
    pub format: ImageFormat,
    pub viewport: Viewport,
    pub max_pixels: u64,
}

/// Takes a screenshot. What is not visible is captured beyond the viewport: Chromium enlarges its
/// surface and restores it even if this call is dropped, and the page keeps the layout of its
/// viewport, although it gets `resize` events. Overriding the device metrics instead would stretch
/// elements that are as high as the viewport to the height of the page.
pub async fn screenshot(
    session: TargetSession,
    driver: &PageDriver,
    permits: &ClientCapturePermits,
    shot: Shot,
    limits: ShotLimits,
    deadline: Instant,
) -> Result<Picture, ScreenshotError> {
    let mut look = driver.still_picture(&shot.look, deadline).await?;
    let mut take = async |clip: Option<ScreenshotClip>, beyond_viewport, pixels| {
        driver.mask_picture(&shot.look, &mut look, deadline).await?;
        let picture = capture(&session, &shot, clip, beyond_viewport, deadline);
        let picture = permits.run(pixels, deadline, picture).await;
        picture.unwrap_or(Err(ScreenshotError::NoPermit))
    };
    let area = match &shot.area {
        Area::Whole => None,
        Area::Clip(area) => Some(*area),
        Area::Element(locator) => Some(driver.bounding_box(locator, deadline).await?),
        Area::Visible => {
            let (width, height) = (limits.viewport.width, limits.viewport.height);
            let pixels = pixels_of(f64::from(width), f64::from(height), &limits)?;
            return take(None, false, pixels).await;
        }
    };
    let measure = |left| session.call(GetLayoutMetrics {}, left);
    let page = while_navigating(deadline, measure).await?;
    let clip = match area {
        Some(area) if matches!(shot.area, Area::Clip(_)) => part(area, &limits)?,
        Some(area) => part(from_edges(area, &page), &limits)?,
        None => clip_of(page.css_content_size, &limits)?,
    };
    let is_visible = page
        .css_layout_viewport
        .is_some_and(|visible| contains(visible, clip));
    let pixels = pixels_of(clip.width, clip.height, &limits)?;
    take(Some(clip), !is_visible, pixels).await
}

/// An area in the page's own coordinates, relative to its left and upper edges. A page that is written from
/// right to left has negative coordinates.
fn from_edges(area: Wanted, page: &LayoutMetrics) -> Wanted {
    let (Some(layout), Some(visual)) = (page.css_layout_viewport, page.css_visual_viewport) else {
        return area;
    };
    Wanted {
        x: area.x + layout.page_x + visual.offset_x - visual.page_x,
        y: area.y + layout.page_y + visual.offset_y - visual.page_y,
        ..area
    }
}

async fn capture(
    session: &TargetSession,
    shot: &Shot,
    clip: Option<ScreenshotClip>,
    capture_beyond_viewport: bool,
    deadline: Instant,
) -> Result<Picture, ScreenshotError> {
    let result = while_navigating(deadline, |left: Duration| {
        let quality = (shot.format != ImageFormat::Png).then_some(shot.quality);
        let method = CaptureScreenshot {
            format: shot.format.as_str(),
            quality,
            clip,
            capture_beyond_viewport,
            optimize_for_speed: true,
        };
        session.call_raw(method, left)
    })
    .await?;
    Picture::new(screenshot_data(&result)?)
        .map_err(|UnknownImageFormat| ScreenshotError::NotAPicture)
}

fn contains(visible: LayoutViewport, clip: ScreenshotClip) -> bool {
    let (right, bottom) = (clip.x + clip.width, clip.y + clip.height);
    clip.x >= visible.page_x
        && clip.y >= visible.page_y
        && right <= visible.page_x + visible.client_width
        && bottom <= visible.page_y + visible.client_height
}

/// The clip around an area, in whole pixels. What lies beyond the left or upper edge of the page is cut
/// off.
fn part(area: Wanted, limits: &ShotLimits) -> Result<ScreenshotClip, ScreenshotError> {
    let (x, y) = (area.x.max(0.0).floor(), area.y.max(0.0).floor());
    let width = ((area.x + area.width).ceil() - x).max(1.0);
    let height = ((area.y + area.height).ceil() - y).max(1.0);
    pixels_of(width, height, limits)?;
    Ok(ScreenshotClip {
        x,
        y,
        width,
        height,
        scale: 1.0,
    })
}

/// The clip of the whole page, and at least of the viewport.
fn clip_of(page: ContentSize, limits: &ShotLimits) -> Result<ScreenshotClip, ScreenshotError> {
    let whole = Wanted {
        x: 0.0,
        y: 0.0,
        width: page.width.max(f64::from(limits.viewport.width)),
        height: page.height.max(f64::from(limits.viewport.height)),
    };
    part(whole, limits)
}

/// How many pixels a screenshot of so many CSS pixels has, unless they exceed the configured limit or that of
/// its format.
fn pixels_of(width: f64, height: f64, limits: &ShotLimits) -> Result<u64, ScreenshotError> {
    let scale = limits.viewport.device_scale_factor.unwrap_or(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts saturate"
    )]
    let (across, down) = (
        (width * scale).ceil() as u64,
        (height * scale).ceil() as u64,
    );
    let (side, side_text) = match limits.format {
        ImageFormat::Webp => (
            MAX_WEBP_SIDE,
            "a WebP picture has at most 16383 pixels a side; use png",
        ),
        ImageFormat::Jpeg => (
            MAX_JPEG_SIDE,
            "a JPEG picture has at most 65535 pixels a side; use png",
        ),
        ImageFormat::Png => (u64::from(u32::MAX), ""),
    };
    let too_large = |limit, limit_text| {
        Err(ScreenshotError::TooLarge {
            width: across,
            height: down,
            limit,
            limit_text,
        })
    };
    let pixels = across.saturating_mul(down);
    if pixels > limits.max_pixels {
        return too_large(
            limits.max_pixels,
            "that is more than flow.max_screenshot_pixels allows",
        );
    }
    if across.max(down) > side {
        return too_large(side, side_text);
    }
    Ok(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cdp::methods::VisualViewport;

    fn limits(format: ImageFormat, max_pixels: u64) -> ShotLimits {
        let viewport = Viewport {
            width: 1280,
            height: 720,
            device_scale_factor: Some(2.0),
        };
        ShotLimits {
            format,
            viewport,
            max_pixels,
        }
    }

    fn error_of(page: ContentSize, limits: &ShotLimits) -> String {
        clip_of(page, limits)
            .expect_err("it is too large")
            .to_string()
    }

    #[test]
    fn the_whole_page_is_never_smaller_than_the_viewport() {
        let page = ContentSize {
            width: 100.0,
            height: 1000.5,
        };
        let clip = clip_of(page, &limits(ImageFormat::Jpeg, 100_000_000)).unwrap();
        assert!((clip.width - 1280.0).abs() < 0.1 && (clip.height - 1001.0).abs() < 0.1);
    }

    #[test]
    fn a_clip_is_captured_beyond_the_viewport_only_if_a_part_of_it_is_not_visible() {
        let visible = LayoutViewport {
            page_x: 100.0,
            page_y: 50.0,
            client_width: 200.0,
            client_height: 100.0,
        };
        let clip = |x: f64, y: f64, width: f64| ScreenshotClip {
            x,
            y,
            width,
            height: 10.0,
            scale: 1.0,
        };
        assert!(contains(visible, clip(100.0, 50.0, 200.0)));
        for hidden in [
            clip(99.0, 50.0, 10.0),
            clip(200.0, 49.0, 10.0),
            clip(200.0, 141.0, 10.0),
            clip(200.0, 50.0, 101.0),
        ] {
            assert!(!contains(visible, hidden), "{hidden:?}");
        }
    }

    #[test]
    fn an_area_left_of_the_origin_is_relative_to_the_left_edge() {
        // A page 2000 pixels wide, scrolled 100 pixels to the left.
        let page = LayoutMetrics {
            css_layout_viewport: Some(LayoutViewport {
                page_x: 620.0,
                page_y: 30.0,
                client_width: 1280.0,
                client_height: 720.0,
            }),
            css_visual_viewport: Some(VisualViewport {
                offset_x: 0.0,
                offset_y: 0.0,
                page_x: -100.0,
                page_y: 30.0,
            }),
            css_content_size: ContentSize {
                width: 2000.0,
                height: 2000.0,
            },
        };
        let area = Wanted {
            x: -720.0,
            y: 10.0,
            width: 2000.0,
            height: 20.0,
        };
        let Wanted { x, y, width, .. } = from_edges(area, &page);
        assert!(x.abs() < 0.1 && (y - 10.0).abs() < 0.1 && (width - 2000.0).abs() < 0.1);
    }

    #[test]
    fn a_page_that_is_too_large_is_refused_with_its_size() {
        let page = ContentSize {
            width: 1280.0,
            height: 20_000.0,
        };
        let message = error_of(page, &limits(ImageFormat::Jpeg, 1_000_000));
        assert!(message.contains("2560 x 40000") && message.contains("max_screenshot_pixels"));
        let message = error_of(page, &limits(ImageFormat::Webp, 1_000_000_000));
        assert!(message.contains("16383"), "{message}");
    }
}
