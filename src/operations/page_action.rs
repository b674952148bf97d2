//! Builds page actions, queries and captures from the fields of requests (protocol section 9).

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{
    Click, Drag, Evaluate, Fill, GetAxSnapshot, GetContent, GetScreenshot, Point, Press, Scroll,
    Select, Spot, Type, Upload, WaitFor,
};

use super::OperationError;
use crate::locator::Locator;
use crate::tabs::page_actions::keys::Chord;
use crate::tabs::page_actions::{Action, PageQuery, PointerTarget, ScrollTarget, UploadTarget};
use crate::tabs::{Area, Capture};

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
    Ok(Capture::Screenshot {
        area,
        format: shot.format.unwrap_or_default(),
        quality: shot.quality(),
    })
}

pub(super) fn click(click: Click) -> Parsed<Action> {
    let target = match (click.selector, click.x, click.y) {
        (Some(selector), ..) => PointerTarget::Element(locator(&selector)?, click.position),
        (None, x, y) => PointerTarget::Point(Point {
            x: x.unwrap_or_default(),
            y: y.unwrap_or_default(),
        }),
    };
    Ok(Action::Click {
        target,
        button: click.button.unwrap_or_default(),
        count: click.click_count.unwrap_or(1),
        modifiers: click.modifiers.unwrap_or_default(),
    })
}

pub(super) fn toggle(selector: &str, on: bool) -> Parsed<Action> {
    let locator = locator(selector)?;
    Ok(Action::Toggle { locator, on })
}

pub(super) fn fill(fill: Fill) -> Parsed<Action> {
    Ok(Action::Fill {
        locator: locator(&fill.selector)?,
        value: fill.value,
    })
}

pub(super) fn type_text(typing: Type) -> Parsed<Action> {
    Ok(Action::Type {
        locator: optional_locator(typing.selector.as_ref())?,
        text: typing.text,
        delay_ms: typing.delay_ms.unwrap_or(0),
    })
}

pub(super) fn press(press: &Press) -> Parsed<Action> {
    Ok(Action::Press {
        locator: optional_locator(press.selector.as_ref())?,
        chord: Chord::parse(&press.key).map_err(OperationError::UnknownKey)?,
    })
}

pub(super) fn select(select: Select) -> Parsed<Action> {
    Ok(Action::Select {
        locator: locator(&select.selector)?,
        values: select.values,
    })
}

pub(super) fn scroll(scroll: &Scroll) -> Parsed<Action> {
    let target = match (scroll.by, scroll.to) {
        (_, Some(to)) => ScrollTarget::To(to),
        (by, None) => ScrollTarget::By(by.unwrap_or(Point { x: 0.0, y: 0.0 })),
    };
    Ok(Action::Scroll {
        locator: optional_locator(scroll.selector.as_ref())?,
        target,
        smooth: scroll.smooth.unwrap_or(false),
    })
}

pub(super) fn drag(drag: Drag) -> Parsed<Action> {
    Ok(Action::Drag {
        from: target("from", drag.from)?,
        to: target("to", drag.to)?,
    })
}

fn target(field: &'static str, spot: Spot) -> Parsed<PointerTarget> {
    Ok(match spot {
        Spot::Element(selector) => PointerTarget::Element(locator_of(field, &selector)?, None),
        Spot::Point(point) => PointerTarget::Point(point),
    })
}

pub(super) fn upload(upload: Upload) -> Parsed<Action> {
    let target = match (upload.selector, upload.chooser) {
        (Some(selector), _) => UploadTarget::Element(locator(&selector)?),
        (None, chooser) => UploadTarget::Chooser(chooser.unwrap_or_default()),
    };
    Ok(Action::Upload {
        target,
        files: upload.files,
    })
}

pub(super) fn evaluate(evaluate: Evaluate) -> Parsed<Action> {
    Ok(Action::Evaluate {
        locator: optional_locator(evaluate.selector.as_ref())?,
        expression: TypedText::from(evaluate.expression),
        args: evaluate.args.unwrap_or_default(),
    })
}

pub(super) fn wait_for(wait: WaitFor) -> Parsed<PageQuery> {
    Ok(
        match (wait.selector, wait.load_state, wait.url, wait.text) {
            (Some(selector), ..) => {
                PageQuery::WaitElement(locator(&selector)?, wait.state.unwrap_or_default())
            }
            (None, Some(state), ..) => PageQuery::WaitLoad(state),
            (None, None, Some(url), _) => PageQuery::WaitUrl(url),
            (None, None, None, text) => PageQuery::WaitText(text.unwrap_or_default()),
        },
    )
}

pub(super) fn ax_snapshot(request: &GetAxSnapshot) -> Parsed<PageQuery> {
    Ok(PageQuery::AxSnapshot {
        locator: optional_locator(request.selector.as_ref())?,
        interactive_only: request.interactive_only.unwrap_or(false),
    })
}

pub(super) fn content(content: &GetContent) -> Parsed<PageQuery> {
    Ok(PageQuery::Content {
        locator: optional_locator(content.selector.as_ref())?,
        format: content.format,
    })
}
