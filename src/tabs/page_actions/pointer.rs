//! The mouse: `click`, `hover`, and what `check` does with it.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{Modifier, MouseButton, Point};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::action::PointerTarget;
use super::call::{Reached, process_root_world, retry_deadline};
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

/// What the mouse does at a point.
#[derive(Debug, Clone, Copy)]
pub struct ClickOptions<'a> {
    /// With which button.
    pub button: MouseButton,
    /// How often.
    pub count: u8,
    /// Which keys are held.
    pub modifiers: &'a [Modifier],
}

/// A left click.
pub const CLICK: ClickOptions<'_> = ClickOptions {
    button: MouseButton::Left,
    count: 1,
    modifiers: &[],
};

/// For what an element is aimed at: its landing is watched accordingly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PointerAction {
    /// Presses and releases.
    Click,
    /// Moves.
    Hover,
}

#[derive(Serialize)]
struct Aim {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<PointerAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Point>,
    attempts: u32,
}

#[derive(Deserialize)]
struct Aimed {
    point: Point,
    held: u64,
    turned: bool,
}

/// An element that can be acted on now.
#[derive(Debug)]
pub struct ActionableElement {
    /// The world that it is in.
    pub reached: Reached,
    /// The number under which that knows it.
    pub held: u64,
    /// Where it is, in the visible part of the page.
    pub point: Point,
}

impl PageDriver {
    /// Waits until an element can be acted on, and has what covers it in frames around it named.
    pub async fn aim(
        &self,
        locator: &Locator,
        kind: Option<PointerAction>,
        position: Option<Point>,
        deadline: Instant,
    ) -> Result<ActionableElement, PageActionError> {
        let until = retry_deadline(deadline);
        for attempts in 0.. {
            let aim = Aim {
                kind,
                position,
                attempts,
            };
            let (reached, result) = self.call_on_element("aim", locator, &aim, deadline).await?;
            let Aimed {
                point,
                held,
                turned,
            } = parse(&result)?;
            let (from, point) = if turned && position.is_none() {
                let point = self.middle_of_quad(&reached, held, deadline).await?;
                (process_root_world(Arc::clone(&reached.world)), point)
            } else {
                (Arc::clone(&reached.world), point)
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
            return Ok(ActionableElement {
                reached,
                held,
                point,
            });
        }
        Err(PageActionError::PageLeft)
    }

    /// Where an element in a turned frame is.
    async fn middle_of_quad(
        &self,
        reached: &Reached,
        held: u64,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        let handle = self.element(reached, held, deadline).await?;
        let left = remaining(deadline);
        let quads = GetContentQuads {
            object_id: handle.id(),
        };
        let quads = reached.world.session.call(quads, left).await?.quads;
        quads.first().map(middle).ok_or(PageActionError::PageLeft)
    }

    /// Clicks, and makes sure that the element meant was the one clicked.
    pub async fn click(
        &self,
        target: &PointerTarget,
        press: ClickOptions<'_>,
        deadline: Instant,
    ) -> Result<Option<ActionableElement>, PageActionError> {
        let (locator, position) = match target {
            PointerTarget::Element(locator, position) => (locator, *position),
            PointerTarget::Point(point) => {
                // What is there may be a frame that nothing has been found in yet.
                self.frames_ready(deadline).await?;
                self.press(*point, press, deadline).await?;
                return Ok(None);
            }
        };
        let until = retry_deadline(deadline);
        loop {
            let kind = Some(PointerAction::Click);
            let aimed = self.aim(locator, kind, position, deadline).await?;
            self.intercept_in_outer_frames(&aimed.reached.world, PointerAction::Click, deadline)
                .await?;
            self.press(aimed.point, press, deadline).await?;
            let Some(by) = self.intercepted_by(&aimed.reached.world, deadline).await? else {
                return Ok(Some(aimed));
            };
            if !self.pause_before_retry(until).await {
                return Err(covered_error(locator, by));
            }
        }
    }

    /// Moves the mouse over an element.
    pub async fn hover(&self, locator: &Locator, deadline: Instant) -> Result<(), PageActionError> {
        let until = retry_deadline(deadline);
        loop {
            let kind = Some(PointerAction::Hover);
            let aimed = self.aim(locator, kind, None, deadline).await?;
            self.intercept_in_outer_frames(&aimed.reached.world, PointerAction::Hover, deadline)
                .await?;
            let session = self.session();
            dispatch(session, &[mouse_moved(aimed.point, 0, 0)], deadline).await?;
            let Some(by) = self.intercepted_by(&aimed.reached.world, deadline).await? else {
                return Ok(());
            };
            if !self.pause_before_retry(until).await {
                return Err(covered_error(locator, by));
            }
        }
    }

    /// In pages around a frame of another process, whatever the input meets is wrong.
    async fn intercept_in_outer_frames(
        &self,
        world: &Arc<World>,
        kind: PointerAction,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Serialize)]
        struct Arm {
            kind: PointerAction,
        }
        #[derive(Deserialize)]
        struct Armed {}
        let mut inner = Arc::clone(world);
        while let Some((around, _)) = inner.owner() {
            let _: Armed = around.call("arm", &Arm { kind }, deadline).await?;
            inner = around;
        }
        Ok(())
    }

    /// What the input landed on, if it was something else than what was aimed at; it was kept from
    /// that. A page that has left was clicked.
    async fn intercepted_by(
        &self,
        world: &Arc<World>,
        deadline: Instant,
    ) -> Result<Option<String>, PageActionError> {
        #[derive(Deserialize)]
        struct Landed {
            #[serde(default)]
            wrong: Option<String>,
        }
        let mut wrong = None;
        let mut next = Some(Arc::clone(world));
        while let Some(world) = next {
            match world.call::<_, Landed>("disarm", &(), deadline).await {
                Ok(landed) => wrong = wrong.or(landed.wrong),
                Err(PageActionError::PageLeft | PageActionError::Script(_)) => {}
                Err(PageActionError::Call(error)) if error.is_session_gone() => {}
                Err(error) => return Err(error),
            }
            next = world.owner().map(|(around, _)| around);
        }
        Ok(wrong)
    }

    /// Moves the mouse to a point, and presses and releases a button there. All of it leaves at once:
    /// moving waits for a frame to be drawn.
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

/// A move of the mouse, while these buttons are held.
pub fn mouse_moved(point: Point, modifiers: u8, buttons: u8) -> DispatchMouseEvent {
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

/// The bit of a button that is held.
pub fn button_mask(button: MouseButton) -> u8 {
    match button {
        MouseButton::Left => 1,
        MouseButton::Right => 2,
        MouseButton::Middle => 4,
    }
}

/// Sends events of the mouse in this order, and waits until the page has had them all.
pub async fn dispatch(
    session: &TargetSession,
    events: &[DispatchMouseEvent],
    deadline: Instant,
) -> Result<(), PageActionError> {
    let left: Duration = remaining(deadline);
    let calls = events.iter().map(|event| session.call(event.clone(), left));
    // Each is sent when it is first polled, which is in their order.
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
