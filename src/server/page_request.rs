//! From the requests of page actions to what a tab is told (protocol section 9).

use cdp_bridge_protocol::request::{Click, GetScreenshot, Point, Scroll, Spot, WaitFor};
use cdp_bridge_protocol::{RequestBody, TabId, TabRef, TypedText};

use super::dispatch::{Refused, TabJob};
use super::wire_error;
use crate::locator::Locator;
use crate::tabs::hands::keys::Chord;
use crate::tabs::hands::{Action, Look, Place, Target};
use crate::tabs::{Area, Change, Way};

/// What a tab is told.
pub(super) fn job(body: RequestBody, may_evaluate: bool) -> Result<TabJob, Refused> {
    let tab = body.tab().and_then(TabRef::id);
    let locator = |text: &str| locate("selector", text, tab);
    let maybe = |text: Option<&String>| text.map(|text| locator(text)).transpose();
    let act = |action| Ok(TabJob::Change(Change::Act(Box::new(action))));
    let travel = |way| Ok(TabJob::Change(Change::Travel(way)));
    let look = |look| Ok(TabJob::Look(look));
    match body {
        RequestBody::Click(click) => act(self::click(click, tab)?),
        RequestBody::Hover(hover) => act(Action::Hover(locator(&hover.selector)?)),
        RequestBody::Focus(focus) => act(Action::Focus(locator(&focus.selector)?)),
        RequestBody::Check(check) => act(Action::Toggle {
            locator: locator(&check.selector)?,
            on: true,
        }),
        RequestBody::Uncheck(uncheck) => act(Action::Toggle {
            locator: locator(&uncheck.selector)?,
            on: false,
        }),
        RequestBody::ScrollIntoView(reveal) => act(Action::Reveal(locator(&reveal.selector)?)),
        RequestBody::Fill(fill) => act(Action::Fill {
            locator: locator(&fill.selector)?,
            value: fill.value,
        }),
        RequestBody::Type(typing) => act(Action::Type {
            locator: maybe(typing.selector.as_ref())?,
            text: typing.text,
            delay_ms: typing.delay_ms.unwrap_or(0),
        }),
        RequestBody::Press(press) => act(Action::Press {
            locator: maybe(press.selector.as_ref())?,
            chord: Chord::parse(&press.key).map_err(|error| wire_error::no_such_key(error, tab))?,
        }),
        RequestBody::Select(select) => act(Action::Select {
            locator: locator(&select.selector)?,
            values: select.values,
        }),
        RequestBody::Scroll(scroll) => act(Action::Scroll {
            locator: maybe(scroll.selector.as_ref())?,
            way: way(&scroll),
            smooth: scroll.smooth.unwrap_or(false),
        }),
        RequestBody::Drag(drag) => act(Action::Drag {
            from: spot("from", drag.from, tab)?,
            to: spot("to", drag.to, tab)?,
        }),
        RequestBody::Upload(upload) => act(Action::Upload {
            locator: locator(&upload.selector)?,
            files: upload.files,
        }),
        RequestBody::Evaluate(_) if !may_evaluate => Err(wire_error::may_not_evaluate(tab).into()),
        RequestBody::Evaluate(evaluate) => act(Action::Evaluate {
            locator: maybe(evaluate.selector.as_ref())?,
            expression: TypedText::from(evaluate.expression),
            args: evaluate.args.unwrap_or_default(),
        }),
        RequestBody::GoBack(_) => travel(Way::Back),
        RequestBody::GoForward(_) => travel(Way::Forward),
        RequestBody::Reload(_) => travel(Way::Again),
        RequestBody::WaitFor(wait) => look(waited(wait, tab)?),
        RequestBody::Query(query) => look(Look::Query(locator(&query.selector)?, query.what)),
        RequestBody::GetAxSnapshot(outline) => look(Look::Outline {
            locator: maybe(outline.selector.as_ref())?,
            interactive_only: outline.interactive_only.unwrap_or(false),
        }),
        RequestBody::GetContent(content) => look(Look::Content {
            locator: maybe(content.selector.as_ref())?,
            format: content.format,
        }),
        // The others are dealt with before.
        _ => Err(wire_error::lost().into()),
    }
}

/// What of a page is pictured.
pub(super) fn area(shot: &GetScreenshot) -> Result<Area, Refused> {
    Ok(match (&shot.selector, shot.clip) {
        (Some(selector), _) => Area::Element(locate("selector", selector, shot.tab_id.id())?),
        (None, Some(clip)) => Area::Clip(clip),
        (None, None) if shot.full_page == Some(true) => Area::Whole,
        (None, None) => Area::Visible,
    })
}

fn locate(field: &str, text: &str, tab: Option<TabId>) -> Result<Locator, Refused> {
    Locator::parse(text).map_err(|bad| wire_error::bad_selector(field, &bad, tab).into())
}

fn click(click: Click, tab: Option<TabId>) -> Result<Action, Refused> {
    let target = match (click.selector, click.x, click.y) {
        (Some(selector), ..) => {
            Target::Element(locate("selector", &selector, tab)?, click.position)
        }
        (None, x, y) => Target::Point(Point {
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

fn way(scroll: &Scroll) -> Place {
    match (scroll.by, scroll.to) {
        (_, Some(to)) => Place::To(to),
        (by, None) => Place::By(by.unwrap_or(Point { x: 0.0, y: 0.0 })),
    }
}

fn spot(field: &str, spot: Spot, tab: Option<TabId>) -> Result<Target, Refused> {
    Ok(match spot {
        Spot::Element(selector) => Target::Element(locate(field, &selector, tab)?, None),
        Spot::Point(point) => Target::Point(point),
    })
}

fn waited(wait: WaitFor, tab: Option<TabId>) -> Result<Look, Refused> {
    Ok(
        match (wait.selector, wait.load_state, wait.url, wait.text) {
            (Some(selector), ..) => {
                let locator = locate("selector", &selector, tab)?;
                Look::WaitElement(locator, wait.state.unwrap_or_default())
            }
            (None, Some(state), ..) => Look::WaitLoad(state),
            (None, None, Some(url), _) => Look::WaitUrl(url),
            (None, None, None, text) => Look::WaitText(text.unwrap_or_default()),
        },
    )
}
