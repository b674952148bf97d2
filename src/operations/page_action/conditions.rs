//! What `waitFor`, and actions with `waitFor`, wait for.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{ActionWait, Condition as Fields, WaitFor};

use super::{Parsed, locator};
use crate::operations::OperationError;
use crate::tabs::page_actions::{Condition, Conditions, PageOperation, UrlPattern};

pub(in crate::operations) fn wait_for(wait: &WaitFor) -> Parsed<Conditions> {
    parsed(wait.conditions(), wait.any.is_some())
}

/// An action, followed by a wait if one is asked for.
pub(super) fn then_wait(action: PageOperation, wait: Option<&ActionWait>) -> Parsed<PageOperation> {
    Ok(match wait {
        Some(wait) => action.then_wait(parsed(wait.conditions(), wait.any.is_some())?),
        None => action,
    })
}

fn parsed(all: Vec<Fields>, is_any: bool) -> Parsed<Conditions> {
    let all = all.into_iter().map(condition);
    let all = all.collect::<Result<_, _>>()?;
    Ok(Conditions { all, is_any })
}

/// Exactly one of the conditions is given; the protocol has checked that.
fn condition(fields: Fields) -> Parsed<Condition> {
    Ok(if let Some(selector) = &fields.selector {
        Condition::Element {
            locator: locator(selector)?,
            state: fields.state.unwrap_or_default(),
        }
    } else if let Some(state) = fields.load_state {
        Condition::Load(state)
    } else if let Some(glob) = fields.url {
        Condition::Url(UrlPattern::Glob(glob))
    } else if let Some(source) = &fields.url_regex {
        let field = "urlRegex";
        let pattern = UrlPattern::regex(source);
        Condition::Url(pattern.map_err(|error| OperationError::BadRegex { field, error })?)
    } else if let Some(expression) = fields.expression {
        Condition::Script {
            expression: TypedText::from(expression),
            args: fields.args.unwrap_or_default(),
        }
    } else {
        Condition::Text(fields.text.unwrap_or_default())
    })
}
