//! `mouse`: one event of the mouse at a time, with the buttons and keys that are held.
//!
//! Chromium performs a drag of the page with its own loop, which nothing would end. Such drags are intercepted as long as
//! the left button is down, and go on as drag events.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::{Modifier, MouseButton, Point};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::operation::PageOperation;
use super::pointer::{PRESSURE, dispatch, pressure};
use super::world::World;
use crate::cdp::page_methods::{
    DispatchDragEvent, DispatchMouseEvent, DispatchWheelEvent, SetInterceptDrags,
};
use crate::timer::remaining;

/// Time limit for the event with the data of an intercepted drag.
const INTERCEPT_LIMIT: Duration = Duration::from_secs(1);

/// What the mouse does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MouseInput {
    Move {
        to: Point,
        /// In how many equal steps.
        steps: u32,
    },
    Down {
        /// Where it is, unless it is there already.
        at: Option<Point>,
        button: MouseButton,
        count: u8,
    },
    Up {
        at: Option<Point>,
        button: MouseButton,
        count: u8,
    },
    Wheel {
        at: Option<Point>,
        delta: Point,
    },
}

#[derive(Deserialize)]
struct WatchResult {}

#[derive(Deserialize)]
struct DragState {
    started: bool,
}

impl PageOperation {
    /// `mouse`.
    pub fn mouse(input: MouseInput, modifiers: Vec<Modifier>) -> Self {
        Self::action(async move |driver, deadline| {
            driver.report_copies(deadline).await;
            // The mouse may be over a frame that has not been attached yet.
            driver.frames_ready(deadline).await?;
            driver.input_sent.set();
            let mouse = RawMouse {
                driver: &driver,
                modifiers: &modifiers,
                deadline,
            };
            mouse.input(input).await
        })
    }
}

/// The mouse during one request.
struct RawMouse<'a> {
    driver: &'a PageDriver,
    /// Keys that count as held besides those that are.
    modifiers: &'a [Modifier],
    deadline: Instant,
}

impl RawMouse<'_> {
    async fn input(&self, input: MouseInput) -> Result<(), PageActionError> {
        match input {
            MouseInput::Move { to, steps } => self.travel(to, steps).await,
            MouseInput::Down { at, button, count } => {
                self.be_at(at).await?;
                self.down(button, count).await
            }
            MouseInput::Up { at, button, count } => {
                self.be_at(at).await?;
                self.up(button, count).await
            }
            MouseInput::Wheel { at, delta } => {
                self.be_at(at).await?;
                self.wheel(delta).await
            }
        }
    }

    async fn be_at(&self, at: Option<Point>) -> Result<(), PageActionError> {
        let mouse = self.driver.held().mouse();
        match at {
            Some(point) if point != mouse => self.move_to(point).await,
            _ => Ok(()),
        }
    }

    /// Each step is sent after the page has handled the one before: Chromium makes one event of moves that come together.
    async fn travel(&self, to: Point, steps: u32) -> Result<(), PageActionError> {
        let from = self.driver.held().mouse();
        for step in 1..=steps {
            let part = f64::from(step) / f64::from(steps);
            self.move_to(Point {
                x: from.x + (to.x - from.x) * part,
                y: from.y + (to.y - from.y) * part,
            })
            .await?;
        }
        Ok(())
    }

    async fn move_to(&self, point: Point) -> Result<(), PageActionError> {
        let (moved, drag, may_start_drag) = {
            let mut held = self.driver.held();
            held.move_to(point);
            let pressed = held.buttons();
            let moved = DispatchMouseEvent {
                r#type: "mouseMoved",
                x: point.x,
                y: point.y,
                modifiers: held.mask_with(self.modifiers),
                button: held.last_button().map_or("none", MouseButton::as_str),
                buttons: pressed,
                click_count: 0,
                force: pressure(pressed),
            };
            (moved, held.drag(), held.may_start_drag())
        };
        if let Some(data) = drag {
            return self.drag_event("dragOver", point, data).await;
        }
        if !may_start_drag {
            return self.send(moved).await;
        }
        if let Some(data) = self.drag_caused_by(moved).await? {
            self.driver.held().drag_started(Arc::clone(&data));
            return self.drag_event("dragEnter", point, data).await;
        }
        self.driver.held().did_not_drag();
        Ok(())
    }

    /// Moves the mouse while a drag may start. Returns the data of the drag that the page has started.
    async fn drag_caused_by(
        &self,
        moved: DispatchMouseEvent,
    ) -> Result<Option<Arc<RawValue>>, PageActionError> {
        let main = self.driver.main_world();
        let frames = self.driver.frame_worlds();
        let mut drags = self.driver.drags();
        let watch = |world: Arc<World>| async move {
            let watching = world.call::<_, WatchResult>("watchDrag", &(), self.deadline);
            watching.await.map(|WatchResult {}| ())
        };
        watch(Arc::clone(main)).await?;
        for frame in &frames {
            // A frame that is gone starts no drag.
            let _ = watch(Arc::clone(frame)).await;
        }
        self.send(moved).await?;
        let mut started = false;
        for world in std::iter::once(main).chain(&frames) {
            let state = world.call::<_, DragState>("dragStarted", &(), self.deadline);
            started |= state.await.is_ok_and(|state| state.started);
        }
        if !started {
            return Ok(None);
        }
        let until = self.deadline.min(Instant::now() + INTERCEPT_LIMIT);
        let intercepted = timeout_at(until, drags.changed()).await;
        let data = drags.borrow_and_update().clone();
        Ok(data.filter(|_| matches!(intercepted, Ok(Ok(())))))
    }

    async fn down(&self, button: MouseButton, count: u8) -> Result<(), PageActionError> {
        if button == MouseButton::Left {
            self.intercept_drags(true).await?;
        }
        let pressed = {
            let mut held = self.driver.held();
            held.button_down(button);
            let mouse = held.mouse();
            DispatchMouseEvent {
                r#type: "mousePressed",
                x: mouse.x,
                y: mouse.y,
                modifiers: held.mask_with(self.modifiers),
                button: button.as_str(),
                buttons: held.buttons(),
                click_count: count,
                force: PRESSURE,
            }
        };
        self.send(pressed).await
    }

    async fn up(&self, button: MouseButton, count: u8) -> Result<(), PageActionError> {
        let (released, drag) = {
            let mut held = self.driver.held();
            held.button_up(button);
            let (mouse, pressed) = (held.mouse(), held.buttons());
            let released = DispatchMouseEvent {
                r#type: "mouseReleased",
                x: mouse.x,
                y: mouse.y,
                modifiers: held.mask_with(self.modifiers),
                button: button.as_str(),
                buttons: pressed,
                click_count: count,
                force: pressure(pressed),
            };
            let drag = held.drag().filter(|_| button == MouseButton::Left);
            (released, drag)
        };
        match drag {
            // The end of a drag is no `mouseup`.
            Some(data) => {
                let at = self.driver.held().mouse();
                self.driver.held().take_drag();
                self.drag_event("drop", at, data).await?;
            }
            None => self.send(released).await?,
        }
        if button == MouseButton::Left {
            self.intercept_drags(false).await?;
        }
        Ok(())
    }

    async fn wheel(&self, delta: Point) -> Result<(), PageActionError> {
        let turned = {
            let held = self.driver.held();
            let mouse = held.mouse();
            DispatchWheelEvent {
                r#type: "mouseWheel",
                x: mouse.x,
                y: mouse.y,
                modifiers: held.mask_with(self.modifiers),
                delta_x: delta.x,
                delta_y: delta.y,
            }
        };
        let limit = remaining(self.deadline);
        self.driver.session().call(turned, limit).await?;
        Ok(())
    }

    async fn send(&self, event: DispatchMouseEvent) -> Result<(), PageActionError> {
        dispatch(self.driver.session(), &[event], self.deadline).await
    }

    async fn drag_event(
        &self,
        r#type: &'static str,
        point: Point,
        data: Arc<RawValue>,
    ) -> Result<(), PageActionError> {
        let event = DispatchDragEvent {
            r#type,
            x: point.x,
            y: point.y,
            data,
            modifiers: self.driver.held().mask_with(self.modifiers),
        };
        let limit = remaining(self.deadline);
        self.driver.session().call(event, limit).await?;
        Ok(())
    }

    async fn intercept_drags(&self, enabled: bool) -> Result<(), PageActionError> {
        let limit = remaining(self.deadline);
        let intercept = SetInterceptDrags { enabled };
        self.driver.session().call(intercept, limit).await?;
        Ok(())
    }
}
