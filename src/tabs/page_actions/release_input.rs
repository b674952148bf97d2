//! Releases the keys and buttons that requests hold down.

use std::sync::Arc;

use cdp_bridge_protocol::request::Point;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::held_input::Released;
use super::keyboard::key_ups;
use super::pointer::button_mask;
use crate::cdp::page_methods::{DispatchDragEvent, DispatchMouseEvent, SetInterceptDrags};
use crate::tabs::unawaited::send_unawaited;
use crate::timer::remaining;

impl PageDriver {
    /// Releases everything that is held, without waiting for the page: one that is gone holds nothing.
    pub(crate) fn release_input(&self) {
        let Released {
            keys,
            buttons,
            mouse,
            drag,
        } = self.held().release();
        let session = self.session();
        let is_mouse_held = !buttons.is_empty() || drag.is_some();
        if let Some(data) = drag {
            send_unawaited(session, &drag_cancelled(mouse, data));
        }
        for key in key_ups(&keys) {
            send_unawaited(session, &key);
        }
        let mut pressed = buttons.iter().fold(0, |mask, it| mask | button_mask(*it));
        for button in buttons {
            pressed &= !button_mask(button);
            let up = DispatchMouseEvent {
                r#type: "mouseReleased",
                x: mouse.x,
                y: mouse.y,
                modifiers: 0,
                button: button.as_str(),
                buttons: pressed,
                click_count: 1,
                force: 0.0,
            };
            send_unawaited(session, &up);
        }
        if is_mouse_held {
            send_unawaited(session, &SetInterceptDrags { enabled: false });
        }
    }

    /// Ends the drag of the raw mouse, if there is one, as Escape does.
    pub(super) async fn cancel_raw_drag(&self, deadline: Instant) -> Result<bool, PageActionError> {
        let (mouse, Some(data)) = ({
            let mut held = self.held();
            (held.mouse(), held.take_drag())
        }) else {
            return Ok(false);
        };
        let cancel = drag_cancelled(mouse, data);
        self.session().call(cancel, remaining(deadline)).await?;
        Ok(true)
    }
}

fn drag_cancelled(mouse: Point, data: Arc<RawValue>) -> DispatchDragEvent {
    DispatchDragEvent {
        r#type: "dragCancel",
        x: mouse.x,
        y: mouse.y,
        data,
        modifiers: 0,
    }
}
