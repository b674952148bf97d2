//! Mouse input: `click`, `hover`, and the click of `check`.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{Modifier, MouseButton, Point};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::action_mode::ActionMode;
use super::actions::PointerTarget;
use super::call::{process_root_world, retry_deadline};
use super::driver::PageDriver;
use super::error::PageActionError;
use super::hit_check::Hit;
use super::quad::to_parent;
use super::world::{World, parse};
use crate::cdp::TargetSession;
use crate::cdp::methods::EmptyResult;
use crate::cdp::page_methods::{DispatchMouseEvent, GetBoxModel};
use crate::locator::Locator;
use crate::timer::remaining;

#[derive(Debug, Clone, Copy)]
pub(super) struct ClickOptions<'a> {
    pub button: MouseButton,
    pub count: u8,
    pub modifiers: &'a [Modifier],
    /// A visible label may be clicked in place of a hidden checkbox.
    pub toggle: bool,
    pub mode: ActionMode,
}

impl ClickOptions<'_> {
    /// The click of `check` and `uncheck`.
    pub(super) fn toggle(mode: ActionMode) -> Self {
        Self {
            button: MouseButton::Left,
            count: 1,
            modifiers: &[],
            toggle: true,
            mode,
        }
    }
}

/// `PointerEvent.pressure` of a mouse while a button is pressed.
pub(super) const PRESSURE: f64 = 0.5;

/// The purpose of a pointer action; selects the DOM events that the hit check listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PointerAction {
    Click,
    Hover,
}

#[derive(Default, Clone, Copy, Serialize)]
pub(super) struct AimArgs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<PointerAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Point>,
    /// The number of clicks.
    pub count: u8,
    /// A visible label may be clicked in place of a hidden checkbox.
    pub toggle: bool,
    pub attempts: u32,
    #[serde(flatten)]
    pub mode: ActionMode,
}

#[derive(Deserialize)]
struct AimResult {
    point: Point,
    held: u64,
    /// The rotated or skewed frame that the point is relative to.
    #[serde(default)]
    turned: Option<TurnedFrame>,
}

#[derive(Deserialize)]
struct TurnedFrame {
    /// The number of the frame element.
    frame: u64,
    width: f64,
    height: f64,
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
        mut aim: AimArgs,
        deadline: Instant,
    ) -> Result<ActionableElement, PageActionError> {
        let until = retry_deadline(deadline);
        loop {
            let (world, result) = self.call_on_element("aim", locator, &aim, deadline).await?;
            aim.attempts += 1;
            let AimResult {
                point,
                held,
                turned,
            } = parse(&result)?;
            let (from, point) = match turned {
                Some(turned) => {
                    let point = self.out_of_turned(&world, &turned, point, deadline).await?;
                    (process_root_world(Arc::clone(&world)), point)
                }
                None => (Arc::clone(&world), point),
            };
            let mapped = if aim.mode.force {
                let point = self.to_viewport_through(&from, point, deadline).await;
                point.map(|point| (point, None))
            } else {
                self.to_viewport(&from, point, deadline).await
            };
            let (point, cover) = match mapped {
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
    }

    /// Maps a point of a document in a rotated or skewed frame to the viewport of the outermost document
    /// in its process.
    async fn out_of_turned(
        &self,
        world: &World,
        turned: &TurnedFrame,
        point: Point,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        let handle = self.element_handle(world, turned.frame, deadline).await?;
        let boxes = GetBoxModel {
            object_id: handle.id(),
        };
        let boxes = world.session.call(boxes, remaining(deadline)).await?.model;
        let size = (turned.width, turned.height);
        Ok(to_parent(point, size, &boxes.content))
    }

    /// Clicks, and verifies that the click hit the element. Input that would hit another element is
    /// cancelled before the page sees it.
    pub(super) async fn click(
        &self,
        target: &PointerTarget,
        press: ClickOptions<'_>,
        deadline: Instant,
    ) -> Result<Option<ActionableElement>, PageActionError> {
        let ActionMode { trial, force } = press.mode;
        let aim = AimArgs {
            kind: Some(PointerAction::Click),
            count: press.count,
            toggle: press.toggle,
            mode: press.mode,
            ..AimArgs::default()
        };
        let (locator, position) = match target {
            PointerTarget::Element(locator, position) => (locator, *position),
            PointerTarget::Point(point) => {
                if press.mode.trial {
                    return Ok(None);
                }
                // The point may be in a frame that has not been attached yet.
                self.frames_ready(deadline).await?;
                self.input_sent.set();
                self.press(*point, press, deadline).await?;
                return Ok(None);
            }
        };
        let until = retry_deadline(deadline);
        loop {
            let aim = AimArgs { position, ..aim };
            let aimed = self.aim(locator, aim, deadline).await?;
            if trial {
                return Ok(None);
            }
            let send = self.press(aimed.point, press, deadline);
            if force {
                self.input_sent.set();
                send.await?;
                return Ok(Some(aimed));
            }
            let hit = self.send_to(&aimed, PointerAction::Click, send, deadline);
            let hit = hit.await?;
            if hit == Hit::Element {
                return Ok(Some(aimed));
            }
            if !self.pause_before_retry(until).await {
                return Err(astray(locator, hit));
            }
        }
    }

    pub(super) async fn hover(
        &self,
        locator: &Locator,
        mode: ActionMode,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let ActionMode { trial, force } = mode;
        let until = retry_deadline(deadline);
        loop {
            let aim = AimArgs {
                kind: Some(PointerAction::Hover),
                mode,
                ..AimArgs::default()
            };
            let aimed = self.aim(locator, aim, deadline).await?;
            if trial {
                return Ok(());
            }
            let send = self.hovering(aimed.point, deadline);
            if force {
                self.input_sent.set();
                return send.await;
            }
            let hit = self.send_to(&aimed, PointerAction::Hover, send, deadline);
            let hit = hit.await?;
            if hit == Hit::Element {
                return Ok(());
            }
            if !self.pause_before_retry(until).await {
                return Err(astray(locator, hit));
            }
        }
    }

    /// Moves the mouse to a point and clicks. All events are sent at once, because Chromium
    /// acknowledges a move only with the next animation frame.
    async fn press(
        &self,
        point: Point,
        press: ClickOptions<'_>,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        self.cancel_raw_drag(deadline).await?;
        let (modifiers, held) = {
            let mut held = self.held();
            held.move_to(point);
            // A button that was down is up after the click.
            held.button_up(press.button);
            (held.mask_with(press.modifiers), held.buttons())
        };
        let mut events = vec![mouse_moved(point, modifiers, held)];
        for count in 1..=press.count {
            for r#type in ["mousePressed", "mouseReleased"] {
                let buttons = if r#type == "mousePressed" {
                    held | button_mask(press.button)
                } else {
                    held
                };
                events.push(DispatchMouseEvent {
                    r#type,
                    x: point.x,
                    y: point.y,
                    modifiers,
                    button: press.button.as_str(),
                    buttons,
                    click_count: count,
                    force: pressure(buttons),
                });
            }
        }
        dispatch(self.session(), &events, deadline).await
    }

    /// The event that moves the mouse over an element, with what is held.
    async fn hovering(&self, point: Point, deadline: Instant) -> Result<(), PageActionError> {
        self.cancel_raw_drag(deadline).await?;
        let moved = {
            let mut held = self.held();
            held.move_to(point);
            mouse_moved(point, held.mask_with(&[]), held.buttons())
        };
        dispatch(self.session(), &[moved], deadline).await
    }
}

/// `PointerEvent.pressure` of a mouse while these buttons are down.
pub(super) fn pressure(buttons: u8) -> f64 {
    if buttons == 0 { 0.0 } else { PRESSURE }
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
        force: pressure(buttons),
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

/// The error of input that did not reach its element.
fn astray(locator: &Locator, hit: Hit) -> PageActionError {
    let by = match hit {
        Hit::Other(by) => by,
        Hit::Element | Hit::Nothing => {
            "something outside of the page, such as a dialog of the browser: the input did not arrive"
                .to_owned()
        }
    };
    covered_error(locator, by)
}

fn covered_error(locator: &Locator, by: String) -> PageActionError {
    PageActionError::NotActionable {
        locator: locator.as_str().to_owned(),
        element: "it".to_owned(),
        reason: "covered".to_owned(),
        by: Some(by),
        course: Vec::new(),
    }
}
