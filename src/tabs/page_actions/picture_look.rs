//! What a screenshot is taken with: animations that stand still, no caret, boxes over what shall not be seen, no background.
//! The page is put back when it is dropped, whatever became of the screenshot.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{Animations, Caret};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::world::World;
use crate::cdp::TargetSession;
use crate::cdp::emulation_methods::{Rgba, SetDefaultBackground};
use crate::locator::Locator;
use crate::tabs::message::ShotLook;
use crate::tabs::unawaited::{UNAWAITED_LIMIT, send_unawaited};
use crate::timer::remaining;

/// The colour of boxes where the client gives none.
const MASK_COLOR: &str = "#ff00ff";

/// The time limit for one cross-origin frame: one that does not respond must not fail the whole picture.
const FRAME_LIMIT: Duration = Duration::from_secs(2);

const TRANSPARENT: Rgba = Rgba {
    r: 0,
    g: 0,
    b: 0,
    a: 0.0,
};

/// How a page has been changed for a picture. Dropped, it puts the page back, ahead of every later call.
pub(crate) struct PictureLook {
    /// The frames in which something was changed, or may have been.
    worlds: Vec<Arc<World>>,
    /// The page, if its background was made transparent.
    background: Option<TargetSession>,
}

#[derive(Serialize)]
struct StillArgs {
    animations: Animations,
    caret: Caret,
}

#[derive(Serialize)]
struct MaskArgs<'a> {
    color: &'a str,
}

#[derive(Deserialize)]
struct Nothing {}

impl PictureLook {
    fn changes_in(&mut self, world: &Arc<World>) {
        if !self.worlds.iter().any(|known| Arc::ptr_eq(known, world)) {
            self.worlds.push(Arc::clone(world));
        }
    }
}

impl Drop for PictureLook {
    fn drop(&mut self) {
        for world in &self.worlds {
            world.call_unawaited("restorePicture", UNAWAITED_LIMIT);
        }
        if let Some(session) = &self.background {
            send_unawaited(session, &SetDefaultBackground { color: None });
        }
    }
}

impl PageDriver {
    /// Stills the page and removes its background. Nothing is covered yet.
    pub(crate) async fn still_picture(
        &self,
        look: &ShotLook,
        deadline: Instant,
    ) -> Result<PictureLook, PageActionError> {
        let mut changed = PictureLook {
            worlds: Vec::new(),
            background: None,
        };
        if look.omit_background {
            changed.background = Some(self.session().clone());
            let color = Some(TRANSPARENT);
            let transparent = SetDefaultBackground { color };
            self.session()
                .call(transparent, remaining(deadline))
                .await?;
        }
        if look.animations == Animations::Allow && look.caret == Caret::Initial {
            return Ok(changed);
        }
        let args = StillArgs {
            animations: look.animations,
            caret: look.caret,
        };
        self.frames_ready(deadline).await?;
        let main = self.main_world();
        let frames = self.frame_worlds();
        for world in frames.iter().chain([main]) {
            changed.changes_in(world);
        }
        let until = deadline.min(Instant::now() + FRAME_LIMIT);
        let stilled = frames.iter().map(async |world| {
            let stilled: Result<Nothing, _> = world.call("stillPicture", &args, until).await;
            if let Err(error) = stilled {
                tracing::debug!(%error, "a frame could not be stilled for a picture");
            }
        });
        join_all(stilled).await;
        let Nothing {} = main.call("stillPicture", &args, deadline).await?;
        Ok(changed)
    }

    /// Covers all elements of the locators.
    pub(crate) async fn mask_picture(
        &self,
        look: &ShotLook,
        changed: &mut PictureLook,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let color = look.mask_color.as_deref().unwrap_or(MASK_COLOR);
        for locator in &look.mask {
            self.mask_all(locator, color, changed, deadline).await?;
        }
        Ok(())
    }

    async fn mask_all(
        &self,
        locator: &Locator,
        color: &str,
        changed: &mut PictureLook,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        // Which frame it leads to is known afterwards, and a call that fails may have covered something.
        changed.changes_in(self.main_world());
        for world in self.frame_worlds() {
            changed.changes_in(&world);
        }
        let args = MaskArgs { color };
        let called = self.call_on_element("maskPicture", locator, &args, deadline);
        let (world, _) = called.await?;
        changed.changes_in(&world);
        Ok(())
    }
}
