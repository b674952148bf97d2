//! `drag`: mouse events and, if the page starts an HTML5 drag, drag events. Chromium intercepts such a
//! drag and reports its data, so that the drop is dispatched as CDP drag events.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{MouseButton, Point};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::action_mode::ActionMode;
use super::actions::PointerTarget;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::pointer::{AimArgs, PRESSURE, button_mask, dispatch, mouse_moved};
use crate::cdp::methods::EmptyResult;
use crate::cdp::page_methods::{DispatchDragEvent, DispatchMouseEvent, SetInterceptDrags};
use crate::cdp::{CallError, TargetSession};
use crate::runtime::spawn_from_drop;
use crate::timer::remaining;

/// The number of intermediate mouse positions.
const STEPS: u32 = 6;

/// Time limit for the event with the data of an intercepted drag.
const INTERCEPT_LIMIT: Duration = Duration::from_secs(1);

/// Time limit for releasing the button after an aborted drag; no request waits for it.
const RELEASE_LIMIT: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct WatchResult {}

#[derive(Deserialize)]
struct DragState {
    started: bool,
}

impl PageDriver {
    pub(super) async fn drag(
        &self,
        from: &PointerTarget,
        to: &PointerTarget,
        mode: ActionMode,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let left = remaining(deadline);
        let session = self.session();
        if !mode.trial {
            self.cancel_raw_drag(deadline).await?;
        }
        let start = self.point_of(from, mode, deadline).await?;
        if mode.trial {
            self.point_of(to, mode, deadline).await?;
            return Ok(());
        }
        let mut worlds = vec![Arc::clone(self.main_world())];
        worlds.extend(self.frame_worlds());
        for world in &worlds {
            let WatchResult {} = world.call("watchDrag", &(), deadline).await?;
        }
        let mut guard = DragGuard {
            session: session.clone(),
            at: start,
            is_pressed: false,
            is_over: false,
        };
        let enabled = true;
        session.call(SetInterceptDrags { enabled }, left).await?;
        let mut drags = self.drags();
        let press = button("mousePressed", start);
        self.input_sent.set();
        guard.is_pressed = true;
        dispatch(session, &[mouse_moved(start, 0, 0), press], deadline).await?;
        // Chromium starts a drag only once the mouse has moved a few pixels.
        let nudged = Point {
            x: start.x + 6.0,
            y: start.y + 6.0,
        };
        dispatch(
            session,
            &[mouse_moved(nudged, 0, button_mask(MouseButton::Left))],
            deadline,
        )
        .await?;
        let mut started = false;
        for world in &worlds {
            let state: DragState = world.call("dragStarted", &(), deadline).await?;
            started |= state.started;
        }
        let data = if started {
            let until = deadline.min(Instant::now() + INTERCEPT_LIMIT);
            let intercepted = timeout_at(until, drags.wait_for(Option::is_some)).await;
            intercepted
                .ok()
                .and_then(Result::ok)
                .and_then(|data| data.clone())
        } else {
            None
        };
        // The layout may have changed since the drag began, so the target is located only now.
        let end = self.point_of(to, mode, deadline).await?;
        guard.at = end;
        {
            let mut held = self.held();
            held.move_to(end);
            held.button_up(MouseButton::Left);
        }
        if let Some(data) = data {
            drag_over(session, nudged, end, &data, left).await?;
        } else {
            let button = button_mask(MouseButton::Left);
            // Chromium merges the moves of one frame, so that each waits until the page has had the one before.
            for point in points_between(nudged, end) {
                dispatch(session, &[mouse_moved(point, 0, button)], deadline).await?;
            }
        }
        guard.release(deadline).await
    }

    /// The current viewport coordinates of a target; an element is scrolled into view.
    async fn point_of(
        &self,
        target: &PointerTarget,
        mode: ActionMode,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        match target {
            PointerTarget::Point(point) => Ok(*point),
            PointerTarget::Element(locator, position) => {
                let aim = AimArgs {
                    position: *position,
                    mode,
                    ..AimArgs::default()
                };
                let aimed = self.aim(locator, aim, deadline).await?;
                Ok(aimed.point)
            }
        }
    }
}

/// Dispatches the drag events. The drop target accepts a drag in its handlers for `dragenter` and
/// `dragover`, so these come before the drop.
async fn drag_over(
    session: &TargetSession,
    from: Point,
    to: Point,
    data: &Arc<RawValue>,
    limit: Duration,
) -> Result<(), PageActionError> {
    let event = |r#type, point: Point| DispatchDragEvent {
        r#type,
        x: point.x,
        y: point.y,
        data: Arc::clone(data),
        modifiers: 0,
    };
    session.call(event("dragEnter", from), limit).await?;
    for point in points_between(from, to) {
        session.call(event("dragOver", point), limit).await?;
    }
    // The first `dragOver` after `dragEnter` does not report the allowed operations yet; the second
    // does.
    session.call(event("dragOver", to), limit).await?;
    session.call(event("drop", to), limit).await?;
    Ok(())
}

/// Points on the line from one point to another; the last one is `to`.
fn points_between(from: Point, to: Point) -> impl Iterator<Item = Point> {
    (1..=STEPS).map(move |step| {
        let part = f64::from(step) / f64::from(STEPS);
        Point {
            x: from.x + (to.x - from.x) * part,
            y: from.y + (to.y - from.y) * part,
        }
    })
}

fn button(r#type: &'static str, point: Point) -> DispatchMouseEvent {
    DispatchMouseEvent {
        r#type,
        x: point.x,
        y: point.y,
        modifiers: 0,
        button: "left",
        buttons: u8::from(r#type == "mousePressed"),
        click_count: 1,
        force: if r#type == "mousePressed" {
            PRESSURE
        } else {
            0.0
        },
    }
}

/// Releases the mouse button and ends drag interception on drop, however the drag ends.
struct DragGuard {
    session: TargetSession,
    at: Point,
    is_pressed: bool,
    is_over: bool,
}

impl DragGuard {
    async fn release(mut self, deadline: Instant) -> Result<(), PageActionError> {
        self.is_over = true;
        Ok(end_drag(&self.session, Some(self.at), remaining(deadline)).await?)
    }
}

impl Drop for DragGuard {
    fn drop(&mut self) {
        if !self.is_over {
            let (session, at) = (self.session.clone(), self.is_pressed.then_some(self.at));
            spawn_from_drop(async move {
                // A closed page has no pressed button; the error is ignored.
                let _ = end_drag(&session, at, RELEASE_LIMIT).await;
            });
        }
    }
}

/// `pressed_at`: where the mouse button is, if it is pressed.
async fn end_drag(
    session: &TargetSession,
    pressed_at: Option<Point>,
    limit: Duration,
) -> Result<(), CallError> {
    let released = match pressed_at {
        Some(at) => session.call(button("mouseReleased", at), limit).await,
        None => Ok(EmptyResult {}),
    };
    let enabled = false;
    let ended = session.call(SetInterceptDrags { enabled }, limit).await;
    released.and(ended).map(|_| ())
}
