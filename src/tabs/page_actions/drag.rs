//! `drag`: with events of the mouse and, where a page has begun a drag of its own (HTML5), with those
//! of the drag, which Chromium hands over instead of carrying it out.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{MouseButton, Point};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::action::PointerTarget;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::pointer::{PointerAction, button_mask, dispatch, mouse_moved};
use crate::cdp::TargetSession;
use crate::cdp::page_methods::{DispatchDragEvent, DispatchMouseEvent, SetInterceptDrags};
use crate::timer::remaining;

/// How many steps the mouse takes on its way.
const STEPS: u32 = 6;

/// How long Chromium may take to hand a drag over that the page has begun.
const INTERCEPT_LIMIT: Duration = Duration::from_secs(1);

/// How long letting go may take, for which nobody waits.
const RELEASE_LIMIT: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Watched {}

#[derive(Deserialize)]
struct Started {
    started: bool,
}

impl PageDriver {
    /// Drags from one place to another.
    pub async fn drag(
        &self,
        from: &PointerTarget,
        to: &PointerTarget,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let left = remaining(deadline);
        let session = self.session();
        let start = self.place(from, deadline).await?;
        let mut worlds = vec![Arc::clone(self.main_world())];
        worlds.extend(self.frame_worlds());
        for world in &worlds {
            let Watched {} = world.call("watchDrag", &(), deadline).await?;
        }
        let enabled = true;
        session.call(SetInterceptDrags { enabled }, left).await?;
        let mut guard = DragGuard {
            session: session.clone(),
            at: start,
            pressed: true,
        };
        let mut drags = self.drags();
        let press = button("mousePressed", start);
        dispatch(session, &[mouse_moved(start, 0, 0), press], deadline).await?;
        // A page begins to drag once the mouse has moved a little.
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
            let begun: Started = world.call("dragStarted", &(), deadline).await?;
            started |= begun.started;
        }
        let data = if started {
            let until = deadline.min(Instant::now() + INTERCEPT_LIMIT);
            let handed = timeout_at(until, drags.wait_for(Option::is_some)).await;
            handed
                .ok()
                .and_then(Result::ok)
                .and_then(|data| data.clone())
        } else {
            None
        };
        // What is dragged away may leave the other place elsewhere.
        let end = self.place(to, deadline).await?;
        guard.at = end;
        if let Some(data) = data {
            drag_over(session, nudged, end, &data, left).await?;
        } else {
            let button = button_mask(MouseButton::Left);
            let way = steps(nudged, end);
            let moves: Vec<_> = way.map(|point| mouse_moved(point, 0, button)).collect();
            dispatch(session, &moves, deadline).await?;
        }
        guard.release(deadline).await
    }

    /// Where a place is now, with its element in sight.
    async fn place(
        &self,
        target: &PointerTarget,
        deadline: Instant,
    ) -> Result<Point, PageActionError> {
        match target {
            PointerTarget::Point(point) => Ok(*point),
            PointerTarget::Element(locator, position) => {
                let none: Option<PointerAction> = None;
                let aimed = self.aim(locator, none, *position, deadline).await?;
                Ok(aimed.point)
            }
        }
    }
}

/// Drags over the page and drops. What is dragged over decides whether it may be dropped, so that it
/// is entered first.
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
    for point in steps(from, to) {
        session.call(event("dragOver", point), limit).await?;
    }
    // A page that was just entered answers the second time with what it allows.
    session.call(event("dragOver", to), limit).await?;
    session.call(event("drop", to), limit).await?;
    Ok(())
}

/// The way from one point to another; it ends there.
fn steps(from: Point, to: Point) -> impl Iterator<Item = Point> {
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
    }
}

/// A button that is down. However the drag ends, it goes up again, and drags are the page's own again.
struct DragGuard {
    session: TargetSession,
    at: Point,
    pressed: bool,
}

impl DragGuard {
    async fn release(mut self, deadline: Instant) -> Result<(), PageActionError> {
        let limit = remaining(deadline);
        let (session, up) = (self.session.clone(), button("mouseReleased", self.at));
        self.pressed = false;
        session.call(up, limit).await?;
        let enabled = false;
        session.call(SetInterceptDrags { enabled }, limit).await?;
        Ok(())
    }
}

impl Drop for DragGuard {
    fn drop(&mut self) {
        if !self.pressed {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (session, up) = (self.session.clone(), button("mouseReleased", self.at));
            runtime.spawn(async move {
                // A page that is gone holds nothing any more.
                let _ = session.call(up, RELEASE_LIMIT).await;
                let enabled = false;
                let _ = session
                    .call(SetInterceptDrags { enabled }, RELEASE_LIMIT)
                    .await;
            });
        }
    }
}
