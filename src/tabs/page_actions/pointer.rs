//! Mouse input: `click`, `hover`, and the click of `check`.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{Modifier, MouseButton, Point};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::actions::PointerTarget;
use super::call::{process_root_world, retry_deadline};
use super::driver::PageDriver;
use super::error::PageActionError;
use super::keys::modifier_mask;
use super::quad::middle;
use super::world::{World, parse};
use crate::cdp::TargetSession;
use crate::cdp::methods::EmptyResult;
use crate::cdp::page_methods::{DispatchMouseEvent, GetContentQuads};
use crate::locator::Locator;
use crate::timer::remaining;

#[derive(Debug, Clone, Copy)]
pub(super) struct ClickOptions<'a> {
    pub button: MouseButton,
    pub count: u8,
    pub modifiers: &'a [Modifier],
}

pub(super) const CLICK: ClickOptions<'_> = ClickOptions {
    button: MouseButton::Left,
    count: 1,
    modifiers: &[],
};

/// The purpose of a pointer action; selects the DOM events that the hit check listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PointerAction {
    Click,
    Hover,
}

#[derive(Serialize)]
struct AimArgs {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<PointerAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Point>,
    attempts: u32,
}

#[derive(Deserialize)]
struct AimResult {
    point: Point,
    held: u64,
    turned: bool,
}

/// An element that has passed the actionability checks.
#[derive(Debug)]
pub(super) struct ActionableElement {
    pub world: Arc<World>,
    /// The number of the element in its world.
    pub held: u64,
    /// The point for the input, in viewport coordinates.
    pub point: Point,
}

impl PageDriver {
    /// Waits until an element is actionable: visible, stable, enabled, and not covered in its frame or
    /// in the frames around it.
    pub(super) async fn aim(
        &self,
        locator: &Locator,
        kind: Option<PointerAction>,
        position: Option<Point>,
        deadline: Instant,
    ) -> Result<ActionableElement, PageActionError> {
        let until = retry_deadline(deadline);
        for attempts in 0.. {
            let aim = AimArgs {
                kind,
                position,
                attempts,
            };
            let (world, result) = self.call_on_element("aim", locator, &aim, deadline).await?;
            let AimResult {
                point,
                held,
                turned,
            } = parse(&result)?;
            let (from, point) = if turned && position.is_none() {
                let point = self.middle_of_quad(&world, held, deadline).await?;
                (process_root_world(Arc::clone(&world)), point)
            } else {
                (Arc::clone(&world), point)
            };
            let (point, cover) = match self.to_viewport(&from, point, deadline).await {
                Err(PageActionError::PageLeft) if self.pause_before_retry(until).await => continue,
                outcome => outcome?,
            };
            if let Some(by) = cover {
                if self.pause_before_retry(until).await {
                    continue;
                }
                return Err(covered_error(locator, by));
            }
            return Ok(ActionableElement { world, held, point });
        }
        Err(PageActionError::PageLeft)
    }

    /// The middle of an element in a rotated or skewed frame.
    async fn middle_of_quad(
        &self,
        world: &World,
        held: u64,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        let handle = self.element_handle(world, held, deadline).await?;
        let left = remaining(deadline);
        let quads = GetContentQuads {
            object_id: handle.id(),
        };
        let quads = world.session.call(quads, left).await?.quads;
        quads.first().map(middle).ok_or(PageActionError::PageLeft)
    }

    /// Clicks, and verifies that the click hit the element. Input that would hit another element is
    /// cancelled before the page sees it.
    pub(super) async fn click(
        &self,
        target: &PointerTarget,
        press: ClickOptions<'_>,
        deadline: Instant,
    ) -> Result<Option<ActionableElement>, PageActionError> {
        let (locator, position) = match target {
            PointerTarget::Element(locator, position) => (locator, *position),
            PointerTarget::Point(point) => {
                // The point may be in a frame that has not been attached yet.
                self.frames_ready(deadline).await?;
                self.press(*point, press, deadline).await?;
                return Ok(None);
            }
        };
        let until = retry_deadline(deadline);
        loop {
            let kind = Some(PointerAction::Click);
            let aimed = self.aim(locator, kind, position, deadline).await?;
            self.intercept_in_outer_frames(&aimed.world, PointerAction::Click, deadline)
                .await?;
            self.press(aimed.point, press, deadline).await?;
            let Some(by) = self.intercepted_by(&aimed.world, deadline).await? else {
                return Ok(Some(aimed));
            };
            if !self.pause_before_retry(until).await {
                return Err(covered_error(locator, by));
            }
        }
    }

    pub(super) async fn hover(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let until = retry_deadline(deadline);
        loop {
            let kind = Some(PointerAction::Hover);
            let aimed = self.aim(locator, kind, None, deadline).await?;
            self.intercept_in_outer_frames(&aimed.world, PointerAction::Hover, deadline)
                .await?;
            let session = self.session();
            dispatch(session, &[mouse_moved(aimed.point, 0, 0)], deadline).await?;
            let Some(by) = self.intercepted_by(&aimed.world, deadline).await? else {
                return Ok(());
            };
            if !self.pause_before_retry(until).await {
                return Err(covered_error(locator, by));
            }
        }
    }

    /// Cancels the input in the documents around a frame: it is meant for the frame, so any hit there
    /// is wrong.
    async fn intercept_in_outer_frames(
        &self,
        world: &Arc<World>,
        kind: PointerAction,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Serialize)]
        struct ArmArgs {
            kind: PointerAction,
        }
        #[derive(Deserialize)]
        struct ArmResult {}
        let mut inner = Arc::clone(world);
        while let Some((around, _)) = inner.owner() {
            let _: ArmResult = around.call("arm", &ArmArgs { kind }, deadline).await?;
            inner = around;
        }
        Ok(())
    }

    /// The element that the input would have hit instead of the intended one. A page that navigated has
    /// received the click.
    async fn intercepted_by(
        &self,
        world: &Arc<World>,
        deadline: Instant,
    ) -> Result<Option<String>, PageActionError> {
        #[derive(Deserialize)]
        struct HitResult {
            #[serde(default)]
            wrong: Option<String>,
        }
        let mut wrong = None;
        let mut next = Some(Arc::clone(world));
        while let Some(world) = next {
            match world.call::<_, HitResult>("disarm", &(), deadline).await {
                Ok(hit) => wrong = wrong.or(hit.wrong),
                Err(PageActionError::PageLeft | PageActionError::Script(_)) => {}
                Err(PageActionError::Call(error)) if error.is_session_gone() => {}
                Err(error) => return Err(error),
            }
            next = world.owner().map(|(around, _)| around);
        }
        Ok(wrong)
    }

    /// Moves the mouse to a point and clicks. All events are sent at once, because Chromium
    /// acknowledges a move only with the next animation frame.
    async fn press(
        &self,
        point: Point,
        press: ClickOptions<'_>,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let modifiers = modifier_mask(press.modifiers);
        let mut events = vec![mouse_moved(point, modifiers, 0)];
        for count in 1..=press.count {
            for r#type in ["mousePressed", "mouseReleased"] {
                events.push(DispatchMouseEvent {
                    r#type,
                    x: point.x,
                    y: point.y,
                    modifiers,
                    button: press.button.as_str(),
                    buttons: if r#type == "mousePressed" {
                        button_mask(press.button)
                    } else {
                        0
                    },
                    click_count: count,
                });
            }
        }
        dispatch(self.session(), &events, deadline).await
    }
}

pub(super) fn mouse_moved(point: Point, modifiers: u8, buttons: u8) -> DispatchMouseEvent {
    DispatchMouseEvent {
        r#type: "mouseMoved",
        x: point.x,
        y: point.y,
        modifiers,
        button: if buttons == 0 { "none" } else { "left" },
        buttons,
        click_count: 0,
    }
}

/// The bit of a button in `MouseEvent.buttons`.
pub(super) fn button_mask(button: MouseButton) -> u8 {
    match button {
        MouseButton::Left => 1,
        MouseButton::Right => 2,
        MouseButton::Middle => 4,
    }
}

/// Sends mouse events in order, and waits until the page has handled all of them.
pub(super) async fn dispatch(
    session: &TargetSession,
    events: &[DispatchMouseEvent],
    deadline: Instant,
) -> Result<(), PageActionError> {
    let left: Duration = remaining(deadline);
    let calls = events.iter().map(|event| session.call(event.clone(), left));
    // A call is sent when it is first polled, and `join_all` polls in order.
    for outcome in join_all(calls).await {
        let EmptyResult {} = outcome?;
    }
    Ok(())
}

fn covered_error(locator: &Locator, by: String) -> PageActionError {
    PageActionError::NotActionable {
        locator: locator.as_str().to_owned(),
        element: "it".to_owned(),
        reason: "covered".to_owned(),
        by: Some(by),
    }
}
