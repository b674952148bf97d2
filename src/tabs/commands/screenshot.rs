//! `getScreenshot`.

use std::time::Duration;

use cdp_bridge_protocol::request::{Clip as Wanted, ImageFormat, Viewport};
use tokio::time::Instant;

use super::retry::while_navigating;
use crate::cdp::TargetSession;
use crate::cdp::methods::{CaptureScreenshot, ContentSize, GetLayoutMetrics, ScreenshotClip};
use crate::cdp::results::screenshot_data;
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

/// Takes a screenshot. For a whole page Chromium captures beyond the viewport: it enlarges its
/// surface and restores it even if this call is dropped, and the page keeps the layout of its
/// viewport. Overriding the device metrics instead would stretch elements that are as high as the
/// viewport to the height of the page.
pub async fn screenshot(
    session: TargetSession,
    driver: &PageDriver,
    shot: Shot,
    limits: ShotLimits,
    deadline: Instant,
) -> Result<Picture, ScreenshotError> {
    let clip = match shot.area {
        Area::Whole => {
            let measure = |left| session.call(GetLayoutMetrics {}, left);
            let metrics = while_navigating(deadline, measure).await?;
            Some(clip_of(metrics.css_content_size, &limits)?)
        }
        Area::Visible => {
            let viewport = limits.viewport;
            check_size(
                f64::from(viewport.width),
                f64::from(viewport.height),
                &limits,
            )?;
            None
        }
        Area::Clip(area) => Some(part(area, &limits)?),
        Area::Element(locator) => {
            let area = driver.bounding_box(&locator, deadline).await?;
            Some(part(area, &limits)?)
        }
    };
    let result = while_navigating(deadline, |left: Duration| {
        let quality = (shot.format != ImageFormat::Png).then_some(shot.quality);
        let method = CaptureScreenshot {
            format: shot.format.as_str(),
            quality,
            clip,
            capture_beyond_viewport: clip.is_some(),
            optimize_for_speed: true,
        };
        session.call_raw(method, left)
    })
    .await?;
    Picture::new(screenshot_data(&result)?)
        .map_err(|UnknownImageFormat| ScreenshotError::NotAPicture)
}

/// The clip around an area, in whole pixels.
fn part(area: Wanted, limits: &ShotLimits) -> Result<ScreenshotClip, ScreenshotError> {
    let (x, y) = (area.x.max(0.0).floor(), area.y.max(0.0).floor());
    let width = ((area.x + area.width).ceil() - x).max(1.0);
    let height = ((area.y + area.height).ceil() - y).max(1.0);
    check_size(width, height, limits)?;
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

/// Checks a screenshot of so many CSS pixels against the configured limit and that of its format.
fn check_size(width: f64, height: f64, limits: &ShotLimits) -> Result<(), ScreenshotError> {
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
    if across.saturating_mul(down) > limits.max_pixels {
        return too_large(
            limits.max_pixels,
            "that is more than flow.max_screenshot_pixels allows",
        );
    }
    if across.max(down) > side {
        return too_large(side, side_text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
