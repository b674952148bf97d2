//! Builds page actions, queries and captures from the fields of requests.

mod conditions;

use std::time::Duration;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{
    Check, Click, Drag, Evaluate, Fill, Focus, GetAxSnapshot, GetContent, GetScreenshot, Hover,
    OutlineMode, Point, Press, Scroll, Select, Spot, Type, Uncheck, Upload,
};

use self::conditions::then_wait;
pub(super) use self::conditions::wait_for;
use super::OperationError;
use super::staged_files::StagingError;
use crate::locator::Locator;
use crate::tabs::outline::{KeptOutlines, OutlineForm, OutlineRequest, Selection};
use crate::tabs::page_actions::keys::Chord;
use crate::tabs::page_actions::{
    ActionMode, PageFile, PageOperation, PointerTarget, ScrollTarget, UploadTarget,
};
use crate::tabs::{Area, Capture, Shot, ShotLook};

type Parsed<T> = Result<T, OperationError>;

pub(super) fn locator(text: &str) -> Parsed<Locator> {
    locator_of("selector", text)
}

pub(super) fn optional_locator(text: Option<&String>) -> Parsed<Option<Locator>> {
    text.map(|text| locator(text)).transpose()
}

fn locator_of(field: &'static str, text: &str) -> Parsed<Locator> {
    Locator::parse(text).map_err(|error| OperationError::BadSelector { field, error })
}

pub(super) fn screenshot(shot: &GetScreenshot) -> Parsed<Capture> {
    let area = match (&shot.selector, shot.clip) {
        (Some(selector), _) => Area::Element(locator(selector)?),
        (None, Some(clip)) => Area::Clip(clip),
        (None, None) if shot.full_page == Some(true) => Area::Whole,
        (None, None) => Area::Visible,
    };
    let masks = shot.mask.iter().flatten();
    let mask = masks.map(|text| locator_of("mask", text));
    Ok(Capture::Screenshot(Shot {
        area,
        format: shot.format.unwrap_or_default(),
        quality: shot.quality(),
        look: ShotLook {
            mask: mask.collect::<Result<_, _>>()?,
            mask_color: shot.mask_color.clone(),
            omit_background: shot.omit_background.unwrap_or(false),
            animations: shot.animations.unwrap_or_default(),
            caret: shot.caret.unwrap_or_default(),
        },
    }))
}

pub(super) fn click(click: Click) -> Parsed<PageOperation> {
    let target = match (click.selector, click.x, click.y) {
        (Some(selector), ..) => PointerTarget::Element(locator(&selector)?, click.position),
        (None, x, y) => PointerTarget::Point(Point {
            x: x.unwrap_or_default(),
            y: y.unwrap_or_default(),
        }),
    };
    let button = click.button.unwrap_or_default();
    let modifiers = click.modifiers.unwrap_or_default();
    let count = click.click_count.unwrap_or(1);
    let mode = mode(click.trial, click.force);
    let action = PageOperation::click(target, button, count, modifiers, mode);
    then_wait(action, click.wait_for.as_ref())
}

fn mode(trial: Option<bool>, force: Option<bool>) -> ActionMode {
    ActionMode {
        trial: trial.unwrap_or(false),
        force: force.unwrap_or(false),
    }
}

pub(super) fn hover(hover: &Hover) -> Parsed<PageOperation> {
    let mode = mode(hover.trial, hover.force);
    let action = PageOperation::hover(locator(&hover.selector)?, mode);
    then_wait(action, hover.wait_for.as_ref())
}

pub(super) fn focus(focus: &Focus) -> Parsed<PageOperation> {
    let trial = focus.trial.unwrap_or(false);
    Ok(PageOperation::focus(locator(&focus.selector)?, trial))
}

pub(super) fn check(check: &Check) -> Parsed<PageOperation> {
    let mode = mode(check.trial, check.force);
    let action = PageOperation::toggle(locator(&check.selector)?, true, mode);
    then_wait(action, check.wait_for.as_ref())
}

pub(super) fn uncheck(uncheck: &Uncheck) -> Parsed<PageOperation> {
    let mode = mode(uncheck.trial, uncheck.force);
    let action = PageOperation::toggle(locator(&uncheck.selector)?, false, mode);
    then_wait(action, uncheck.wait_for.as_ref())
}

pub(super) fn fill(fill: Fill) -> Parsed<PageOperation> {
    let mode = mode(fill.trial, fill.force);
    let action = PageOperation::fill(locator(&fill.selector)?, fill.value, mode);
    then_wait(action, fill.wait_for.as_ref())
}

pub(super) fn select(select: Select) -> Parsed<PageOperation> {
    let mode = mode(select.trial, select.force);
    let action = PageOperation::select(locator(&select.selector)?, select.values, mode);
    then_wait(action, select.wait_for.as_ref())
}

pub(super) fn type_text(typing: Type) -> Parsed<PageOperation> {
    let locator = optional_locator(typing.selector.as_ref())?;
    let delay = Duration::from_millis(typing.delay_ms.unwrap_or(0).into());
    let trial = typing.trial.unwrap_or(false);
    let action = PageOperation::type_text(locator, typing.text, delay, trial);
    then_wait(action, typing.wait_for.as_ref())
}

pub(super) fn press(press: &Press) -> Parsed<PageOperation> {
    let locator = optional_locator(press.selector.as_ref())?;
    let chord = Chord::parse(&press.key).map_err(OperationError::UnknownKey)?;
    let hold = Duration::from_millis(press.hold_ms.unwrap_or(0).into());
    let action = PageOperation::press(locator, chord, hold, press.trial.unwrap_or(false));
    then_wait(action, press.wait_for.as_ref())
}

pub(super) fn scroll(scroll: &Scroll) -> Parsed<PageOperation> {
    let target = match (scroll.by, scroll.to) {
        (_, Some(to)) => ScrollTarget::To(to),
        (by, None) => ScrollTarget::By(by.unwrap_or(Point { x: 0.0, y: 0.0 })),
    };
    let locator = optional_locator(scroll.selector.as_ref())?;
    let smooth = scroll.smooth.unwrap_or(false);
    Ok(PageOperation::scroll(locator, target, smooth))
}

pub(super) fn drag(drag: Drag) -> Parsed<PageOperation> {
    let (from, to) = (target("from", drag.from)?, target("to", drag.to)?);
    let action = PageOperation::drag(from, to, mode(drag.trial, drag.force));
    then_wait(action, drag.wait_for.as_ref())
}

fn target(field: &'static str, spot: Spot) -> Parsed<PointerTarget> {
    Ok(match spot {
        Spot::Element(selector) => PointerTarget::Element(locator_of(field, &selector)?, None),
        Spot::Point(point) => PointerTarget::Point(point),
    })
}

pub(super) fn upload(
    upload: Upload,
    mut staged: impl FnMut(&str) -> Result<PageFile, StagingError>,
) -> Parsed<PageOperation> {
    let target = match (upload.selector, upload.chooser) {
        (Some(selector), _) => UploadTarget::Element(locator(&selector)?),
        (None, chooser) => UploadTarget::Chooser(chooser.unwrap_or_default()),
    };
    let files = upload.files.into_iter().map(|file| match file.file_id {
        Some(id) => staged(&id),
        None => Ok(PageFile {
            name: file.name.unwrap_or_default(),
            mime: file.mime,
            bytes: file.data.unwrap_or_default().expose().clone(),
        }),
    });
    let files = files.collect::<Result<_, _>>()?;
    let action = PageOperation::upload(target, files, upload.trial.unwrap_or(false));
    then_wait(action, upload.wait_for.as_ref())
}

pub(super) fn evaluate(evaluate: Evaluate) -> Parsed<PageOperation> {
    let locator = optional_locator(evaluate.selector.as_ref())?;
    let expression = TypedText::from(evaluate.expression);
    let args = evaluate.args.unwrap_or_default();
    Ok(PageOperation::evaluate(expression, args, locator))
}

pub(super) fn evaluate_read_only(evaluate: Evaluate) -> Parsed<PageOperation> {
    let locator = optional_locator(evaluate.selector.as_ref())?;
    let expression = TypedText::from(evaluate.expression);
    let args = evaluate.args.unwrap_or_default();
    Ok(PageOperation::evaluate_read_only(expression, args, locator))
}

pub(super) fn ax_snapshot(request: GetAxSnapshot, kept: KeptOutlines) -> Parsed<PageOperation> {
    let locator = optional_locator(request.selector.as_ref())?;
    let selection = match request.mode.unwrap_or_default() {
        OutlineMode::Controls => Selection::Controls,
        OutlineMode::Outline if request.interactive_only == Some(true) => {
            Selection::InteractiveOnly
        }
        OutlineMode::Outline => Selection::Everything,
    };
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let outline = OutlineRequest {
        form: OutlineForm {
            selection,
            is_compact: request.compact.unwrap_or(false),
            part: request.selector,
        },
        since: request.since,
        kept: request.revision,
        find: request.find,
        max_chars: request.max_chars.map(count),
        offset: request.offset.map_or(0, count),
    };
    Ok(PageOperation::ax_snapshot(locator, outline, kept))
}

pub(super) fn content(content: &GetContent) -> Parsed<PageOperation> {
    let locator = optional_locator(content.selector.as_ref())?;
    Ok(PageOperation::content(locator, content.format))
}
