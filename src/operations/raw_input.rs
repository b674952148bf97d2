//! Builds page actions from the fields of `mouse` and `keyboard`.

use cdp_bridge_protocol::request::{Keyboard, KeyboardAction, Mouse, MouseAction, Point};

use super::OperationError;
use crate::tabs::page_actions::keys::Key;
use crate::tabs::page_actions::{MouseInput, PageOperation};

/// Which fields go together has been checked.
pub(super) fn mouse(mouse: Mouse) -> PageOperation {
    let at = mouse.x.zip(mouse.y).map(|(x, y)| Point { x, y });
    let button = mouse.button.unwrap_or_default();
    let count = mouse.click_count.unwrap_or(1);
    let input = match mouse.action {
        MouseAction::Move => MouseInput::Move {
            to: at.unwrap_or_default(),
            steps: mouse.steps.unwrap_or(1),
        },
        MouseAction::Down => MouseInput::Down { at, button, count },
        MouseAction::Up => MouseInput::Up { at, button, count },
        MouseAction::Wheel => MouseInput::Wheel {
            at,
            delta: Point {
                x: mouse.delta_x.unwrap_or_default(),
                y: mouse.delta_y.unwrap_or_default(),
            },
        },
    };
    PageOperation::mouse(input, mouse.modifiers.unwrap_or_default())
}

pub(super) fn keyboard(keyboard: Keyboard) -> Result<PageOperation, OperationError> {
    let key = || {
        let name = keyboard.key.as_ref().map_or("", |name| name.expose());
        Key::parse(name).map_err(OperationError::UnknownKey)
    };
    Ok(match keyboard.action {
        KeyboardAction::Down => PageOperation::key_down(key()?),
        KeyboardAction::Up => PageOperation::key_up(key()?),
        KeyboardAction::InsertText => {
            PageOperation::insert_text(keyboard.text.unwrap_or_else(|| "".into()))
        }
    })
}
