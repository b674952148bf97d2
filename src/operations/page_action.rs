//! Builds page actions, queries and captures from the fields of requests.

use std::time::Duration;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{
    Click, Drag, Evaluate, GetAxSnapshot, GetContent, GetScreenshot, OutlineMode, Point, Press,
    Scroll, Spot, Type, Upload, WaitFor,
};

use super::OperationError;
use super::staged_files::StagingError;
use crate::locator::Locator;
use crate::tabs::outline::{KeptOutlines, OutlineForm, OutlineRequest, Selection};
use crate::tabs::page_actions::keys::Chord;
use crate::tabs::page_actions::{
    PageFile, PageOperation, PointerTarget, ScrollTarget, UploadTarget,
};
use crate::tabs::{Area, Capture, Shot};

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
    Ok(Capture::Screenshot(Shot {
        area,
        format: shot.format.unwrap_or_default(),
        quality: shot.quality(),
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
    Ok(PageOperation::click(target, button, count, modifiers))
}

pub(super) fn toggle(selector: &str, on: bool) -> Parsed<PageOperation> {
    Ok(PageOperation::toggle(locator(selector)?, on))
}

pub(super) fn type_text(typing: Type) -> Parsed<PageOperation> {
    let locator = optional_locator(typing.selector.as_ref())?;
    let delay = Duration::from_millis(typing.delay_ms.unwrap_or(0).into());
    Ok(PageOperation::type_text(locator, typing.text, delay))
}

pub(super) fn press(press: &Press) -> Parsed<PageOperation> {
    let locator = optional_locator(press.selector.as_ref())?;
    let chord = Chord::parse(&press.key).map_err(OperationError::UnknownKey)?;
    Ok(PageOperation::press(locator, chord))
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
    Ok(PageOperation::drag(from, to))
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
    Ok(PageOperation::upload(target, files))
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

pub(super) fn wait_for(wait: WaitFor) -> Parsed<PageOperation> {
    Ok(
        match (wait.selector, wait.load_state, wait.url, wait.text) {
            (Some(selector), ..) => {
                PageOperation::wait_element(locator(&selector)?, wait.state.unwrap_or_default())
            }
            (None, Some(state), ..) => PageOperation::wait_load(state),
            (None, None, Some(url), _) => PageOperation::wait_url(url),
            (None, None, None, text) => PageOperation::wait_text(text.unwrap_or_default()),
        },
    )
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
