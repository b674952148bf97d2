//! From the body of a one-shot to the requests of the protocol that carry it out. No I/O.
//!
//! All of them are parsed before anything is opened, so that a field that is not as it should be costs nothing.

use std::time::Duration;

use cdp_bridge_protocol::request::BadRequest;
use cdp_bridge_protocol::{Request, RequestKind, TabId};
use serde_json::{Map, Value, json};

use super::bodies::{
    ContentOptions, GotoOptions, GotoWait, OneShotBody, OneShotCookie, PdfOptions, SelectorWait,
    ShotOptions,
};
use crate::server::problem::Problem;
use crate::server::rest::page_reads::queries::ContentQuery;
use crate::server::rest::page_reads::requests::{self, fields_of};

/// The time limit of a one-shot that states none.
const DEFAULT_LIMIT: Duration = Duration::from_mins(1);

/// The shortest and longest time limit, in milliseconds.
const LIMITS: std::ops::RangeInclusive<u64> = 1000..=120_000;

/// The longest pause, in milliseconds.
const MAX_PAUSE: u64 = 60_000;

/// The most cookies.
const MAX_COOKIES: usize = 100;

/// Writes a document and waits until it is as far as it should be: 0 for not at all, 1 until it has been read, 2 until
/// what belongs to it has been loaded.
const WRITE_DOCUMENT: &str = "async (html, state) => {
    document.open();
    document.write(html);
    document.close();
    const isThere = () => state === 0 || document.readyState === 'complete'
        || (state === 1 && document.readyState === 'interactive');
    while (!isThere())
        await new Promise((resolve) => document.addEventListener('readystatechange', resolve, { once: true }));
}";

/// How a one-shot is carried out.
pub(crate) struct OneShotPlan {
    /// The fields of the request that opens the tab.
    create: Map<String, Value>,
    /// Cookies that are set before the page is loaded.
    pub(crate) cookies: Vec<OneShotCookie>,
    /// What comes before the result.
    pub(crate) steps: Vec<PlannedStep>,
    /// What gives the result.
    pub(crate) result: PlannedRequest,
    /// The time limit of all of it.
    pub(crate) limit: Duration,
}

/// One step.
pub(crate) enum PlannedStep {
    /// A request. `may_fail`: where it fails for its time limit, the result is made nevertheless.
    Request {
        request: PlannedRequest,
        may_fail: bool,
    },
    /// A pause.
    Pause(Duration),
}

/// A request about a tab that is not there yet.
pub(crate) struct PlannedRequest {
    pub(crate) kind: RequestKind,
    fields: Map<String, Value>,
    /// Where a field of it is in the body.
    origin: Origin,
}

type Origin = fn(&str) -> String;

fn same(name: &str) -> String {
    name.to_owned()
}

fn of_emulate(name: &str) -> String {
    name.replacen("extraHeaders", "headers", 1)
}

fn of_goto(name: &str) -> String {
    match name {
        "timeoutMs" => "gotoOptions.timeout".to_owned(),
        "waitUntil" => "gotoOptions.waitUntil".to_owned(),
        "url" => "url".to_owned(),
        _ => "html".to_owned(),
    }
}

fn of_wait_for(name: &str) -> String {
    format!("waitFor.{name}")
}

fn of_selector_wait(name: &str) -> String {
    match name {
        "timeoutMs" => "waitForSelector.timeout".to_owned(),
        _ => format!("waitForSelector.{name}"),
    }
}

fn of_options(name: &str) -> String {
    format!("options.{name}")
}

impl PlannedRequest {
    fn new(kind: RequestKind, fields: Map<String, Value>, origin: Origin) -> Self {
        Self {
            kind,
            fields,
            origin,
        }
    }

    /// The request about this tab.
    pub(crate) fn about(&self, tab: TabId) -> Result<Request, Problem> {
        let mut fields = self.fields.clone();
        fields.insert("type".to_owned(), self.kind.as_str().into());
        fields.insert("tabId".to_owned(), tab.to_string().into());
        parse(fields, self.origin)
    }
}

fn parse(fields: Map<String, Value>, origin: Origin) -> Result<Request, Problem> {
    let parsed = Request::of_fields(fields);
    parsed.map_err(|bad| Problem::from(in_body(bad, origin)))
}

/// The error in terms of the body.
fn in_body(bad: BadRequest, origin: Origin) -> BadRequest {
    let Some(name) = bad.field.clone() else {
        return bad;
    };
    let field = origin(&name);
    let rest = bad.message.strip_prefix(&name);
    BadRequest {
        message: match rest {
            Some(rest) => format!("{field}{rest}"),
            None => format!("{field}: {}", bad.message),
        },
        field: Some(field),
        ..bad
    }
}

/// What a one-shot makes.
pub(crate) trait OneShotOptions: Default {
    /// The request that makes it, with its fields.
    fn request(self) -> Result<(RequestKind, Map<String, Value>), Problem>;
}

impl OneShotOptions for ShotOptions {
    fn request(self) -> Result<(RequestKind, Map<String, Value>), Problem> {
        let mut fields = fields_of(&self);
        if let Some(format) = self.r#type {
            if self.format.is_some_and(|it| it != format) {
                let detail = "options.type: it says something else than options.format";
                return Err(Problem::bad_field("options.type", detail));
            }
            fields.insert("format".to_owned(), format.as_str().into());
        }
        fields.entry("format").or_insert_with(|| Value::from("png"));
        Ok((RequestKind::GetScreenshot, fields))
    }
}

impl OneShotOptions for PdfOptions {
    fn request(self) -> Result<(RequestKind, Map<String, Value>), Problem> {
        let mut fields = fields_of(&self);
        if let Some(paper) = self.paper.or(self.format) {
            fields.insert("paper".to_owned(), paper.to_ascii_lowercase().into());
        }
        if let Some(prefer) = self.prefer_css_page_size {
            fields.insert("preferCssPageSize".to_owned(), prefer.into());
        }
        Ok((RequestKind::PrintToPdf, fields))
    }
}

impl OneShotOptions for ContentOptions {
    fn request(self) -> Result<(RequestKind, Map<String, Value>), Problem> {
        let query = ContentQuery {
            form: self.form,
            selector: self.selector,
            ..ContentQuery::default()
        };
        requests::content_fields(&query)
    }
}

impl<O: OneShotOptions> OneShotBody<O> {
    /// How it is carried out.
    pub(crate) fn plan(self) -> Result<OneShotPlan, Problem> {
        let limit = match self.timeout_ms {
            None => DEFAULT_LIMIT,
            Some(ms) if LIMITS.contains(&ms) => Duration::from_millis(ms),
            Some(_) => {
                let (min, max) = (LIMITS.start(), LIMITS.end());
                let detail = format!("timeoutMs: out of range, expected {min} to {max}");
                return Err(Problem::bad_field("timeoutMs", detail));
            }
        };
        let mut create = Map::new();
        create.insert("loggedOut".to_owned(), true.into());
        if let Some(viewport) = self.viewport {
            create.insert("viewport".to_owned(), json!(viewport));
        }
        let may_fail = self.best_attempt == Some(true);
        let mut steps = Vec::new();
        let mut emulate = Map::new();
        if let Some(user_agent) = self.user_agent {
            emulate.insert("userAgent".to_owned(), user_agent.into());
        }
        let headers = match (self.headers, self.set_extra_http_headers) {
            (Some(_), Some(_)) => {
                let field = "setExtraHTTPHeaders";
                let detail = format!("{field}: either this or headers");
                return Err(Problem::bad_field(field, detail));
            }
            (one, other) => one.or(other),
        };
        if let Some(headers) = headers {
            emulate.insert("extraHeaders".to_owned(), json!(headers));
        }
        if !emulate.is_empty() {
            steps.push(PlannedStep::Request {
                request: PlannedRequest::new(RequestKind::Emulate, emulate, of_emulate),
                may_fail: false,
            });
        }
        let goto = self.goto_options.unwrap_or_default();
        let cookies = cookies(self.cookies.unwrap_or_default(), self.url.as_deref())?;
        for request in load(self.url, self.html, goto)? {
            steps.push(PlannedStep::Request { request, may_fail });
        }
        if let Some(wait) = self.wait_for {
            let fields = fields_of(&wait);
            let request = PlannedRequest::new(RequestKind::WaitFor, fields, of_wait_for);
            steps.push(PlannedStep::Request { request, may_fail });
        }
        if let Some(wait) = self.wait_for_selector {
            let request = selector_wait(wait)?;
            steps.push(PlannedStep::Request { request, may_fail });
        }
        match self.wait_for_timeout {
            None => {}
            Some(ms) if ms <= MAX_PAUSE => {
                steps.push(PlannedStep::Pause(Duration::from_millis(ms)));
            }
            Some(_) => {
                let field = "waitForTimeout";
                let detail = format!("{field}: out of range, expected 0 to {MAX_PAUSE}");
                return Err(Problem::bad_field(field, detail));
            }
        }
        let (kind, fields) = self.options.unwrap_or_default().request()?;
        let plan = OneShotPlan {
            create,
            cookies,
            steps,
            result: PlannedRequest::new(kind, fields, of_options),
            limit,
        };
        plan.check()?;
        Ok(plan)
    }
}

impl OneShotPlan {
    /// The request that opens the tab.
    pub(crate) fn create(&self) -> Result<Request, Problem> {
        let mut fields = self.create.clone();
        fields.insert("type".to_owned(), RequestKind::CreateTab.as_str().into());
        parse(fields, same)
    }

    fn check(&self) -> Result<(), Problem> {
        self.create()?;
        let some_tab = TabId::new(1);
        for step in &self.steps {
            if let PlannedStep::Request { request, .. } = step {
                request.about(some_tab)?;
            }
        }
        self.result.about(some_tab).map(drop)
    }
}

/// The requests that load the page.
fn load(
    url: Option<String>,
    html: Option<String>,
    goto: GotoOptions,
) -> Result<Vec<PlannedRequest>, Problem> {
    let until = goto.wait_until.unwrap_or_default();
    let mut fields = Map::new();
    if let Some(timeout) = goto.timeout {
        fields.insert("timeoutMs".to_owned(), timeout.into());
    }
    match (url, html) {
        (Some(url), None) => {
            fields.insert("url".to_owned(), url.into());
            fields.insert("waitUntil".to_owned(), until.of_protocol().into());
            let kind = RequestKind::Navigate;
            Ok(vec![PlannedRequest::new(kind, fields, of_goto)])
        }
        (None, Some(html)) => {
            let mut requests = Vec::new();
            let mut idle = fields.clone();
            fields.insert("expression".to_owned(), WRITE_DOCUMENT.into());
            fields.insert("args".to_owned(), json!([html, until.of_document()]));
            requests.push(PlannedRequest::new(RequestKind::Evaluate, fields, of_goto));
            if until.of_protocol() == "networkidle" {
                idle.insert("loadState".to_owned(), "networkidle".into());
                requests.push(PlannedRequest::new(RequestKind::WaitFor, idle, of_goto));
            }
            Ok(requests)
        }
        (Some(_), Some(_)) => Err(Problem::bad_field("html", "html: either a url or html")),
        (None, None) => Err(Problem::bad_field("url", "url: expected a url or html")),
    }
}

impl GotoWait {
    fn of_protocol(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::DomContentLoaded => "domcontentloaded",
            Self::Load => "load",
            Self::NetworkIdle | Self::NetworkIdle0 | Self::NetworkIdle2 => "networkidle",
        }
    }

    /// What [`WRITE_DOCUMENT`] waits for.
    fn of_document(self) -> u8 {
        match self {
            Self::Commit => 0,
            Self::DomContentLoaded => 1,
            Self::Load | Self::NetworkIdle | Self::NetworkIdle0 | Self::NetworkIdle2 => 2,
        }
    }
}

fn selector_wait(wait: SelectorWait) -> Result<PlannedRequest, Problem> {
    let state = match (wait.visible, wait.hidden) {
        (Some(true), Some(true)) => {
            let field = "waitForSelector.hidden";
            let detail = format!("{field}: either visible or hidden");
            return Err(Problem::bad_field(field, detail));
        }
        (_, Some(true)) => "hidden",
        (Some(true), _) => "visible",
        _ => "attached",
    };
    let mut fields = Map::new();
    fields.insert("selector".to_owned(), wait.selector.into());
    fields.insert("state".to_owned(), state.into());
    if let Some(timeout) = wait.timeout {
        fields.insert("timeoutMs".to_owned(), timeout.into());
    }
    let kind = RequestKind::WaitFor;
    Ok(PlannedRequest::new(kind, fields, of_selector_wait))
}

/// Cookies, each with where it belongs.
fn cookies(
    mut cookies: Vec<OneShotCookie>,
    page: Option<&str>,
) -> Result<Vec<OneShotCookie>, Problem> {
    if cookies.len() > MAX_COOKIES {
        let detail = format!("cookies: too many, expected at most {MAX_COOKIES}");
        return Err(Problem::bad_field("cookies", detail));
    }
    for (number, cookie) in cookies.iter_mut().enumerate() {
        let bad = |name: &str, rule: &str| {
            let field = format!("cookies[{number}].{name}");
            let detail = format!("{field}: {rule}");
            Problem::bad_field(&field, detail)
        };
        let is_plain = |text: &str| !text.chars().any(|it| it.is_control() || it == ';');
        if !is_plain(&cookie.name) || !is_plain(&cookie.value) {
            let name = if is_plain(&cookie.name) {
                "value"
            } else {
                "name"
            };
            return Err(bad(
                name,
                "control characters and `;` are not allowed in it",
            ));
        }
        match (&cookie.url, &cookie.domain) {
            (Some(_), Some(_)) => return Err(bad("domain", "either a url or a domain")),
            (None, None) => {
                let page = page.ok_or_else(|| bad("url", "expected a url or a domain"))?;
                cookie.url = Some(page.to_owned());
            }
            _ => {}
        }
    }
    Ok(cookies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;

    fn plan<O: OneShotOptions + DeserializeOwned>(body: Value) -> Result<OneShotPlan, Value> {
        let body: OneShotBody<O> = serde_json::from_value(body).unwrap();
        body.plan().map_err(|problem| {
            let document = serde_json::to_value(problem.document("/", "r")).unwrap();
            document["details"]["field"].clone()
        })
    }

    fn kinds(plan: &OneShotPlan) -> Vec<RequestKind> {
        let steps = plan.steps.iter().filter_map(|step| match step {
            PlannedStep::Request { request, .. } => Some(request.kind),
            PlannedStep::Pause(_) => None,
        });
        steps.chain([plan.result.kind]).collect()
    }

    #[test]
    fn a_url_is_loaded_and_its_result_is_made() {
        let plain = plan::<ShotOptions>(json!({"url": "https://a.test/"})).unwrap();
        let expected = [RequestKind::Navigate, RequestKind::GetScreenshot];
        assert_eq!(kinds(&plain), expected);
        let all = plan::<PdfOptions>(json!({
            "url": "https://a.test/", "viewport": {"width": 800, "height": 600},
            "gotoOptions": {"timeout": 500, "waitUntil": "networkidle2"},
            "waitFor": {"text": "ready"}, "waitForSelector": {"selector": "p", "hidden": true},
            "waitForTimeout": 5, "headers": {"X-A": "1"}, "userAgent": "me", "bestAttempt": true,
            "cookies": [{"name": "a", "value": "b"}],
            "options": {"format": "A4", "preferCSSPageSize": true, "margin": {"top": 1}},
        }))
        .unwrap();
        let expected = [
            RequestKind::Emulate,
            RequestKind::Navigate,
            RequestKind::WaitFor,
            RequestKind::WaitFor,
            RequestKind::PrintToPdf,
        ];
        assert_eq!(kinds(&all), expected);
        assert_eq!(all.cookies[0].url.as_deref(), Some("https://a.test/"));
    }

    #[test]
    fn html_is_written_into_an_empty_page() {
        let body = json!({"html": "<p>a", "gotoOptions": {"waitUntil": "networkidle"}});
        let expected = [
            RequestKind::Evaluate,
            RequestKind::WaitFor,
            RequestKind::GetDomSnapshot,
        ];
        assert_eq!(kinds(&plan::<ContentOptions>(body).unwrap()), expected);
    }

    #[test]
    fn a_field_that_is_not_as_it_should_be_is_named_as_it_stands_in_the_body() {
        let with = |fields: Value| {
            let mut body = json!({"url": "https://a.test/"});
            body.as_object_mut()
                .unwrap()
                .extend(fields.as_object().unwrap().clone());
            plan::<ShotOptions>(body).err().unwrap_or_default()
        };
        for (fields, field) in [
            (json!({"url": null}), "url"),
            (json!({"html": "a"}), "html"),
            (json!({"timeoutMs": 1}), "timeoutMs"),
            (json!({"waitForTimeout": 60_001}), "waitForTimeout"),
            (
                json!({"gotoOptions": {"timeout": 1}}),
                "gotoOptions.timeout",
            ),
            (json!({"waitFor": {}}), "waitFor.selector"),
            (
                json!({"waitForSelector": {"selector": "p", "visible": true, "hidden": true}}),
                "waitForSelector.hidden",
            ),
            (
                json!({"viewport": {"width": 0, "height": 1}}),
                "viewport.width",
            ),
            (json!({"userAgent": ""}), "userAgent"),
            (
                json!({"headers": {}, "setExtraHTTPHeaders": {}}),
                "setExtraHTTPHeaders",
            ),
            (json!({"options": {"quality": 101}}), "options.quality"),
            (
                json!({"options": {"format": "png", "type": "jpeg"}}),
                "options.type",
            ),
            (
                json!({"cookies": [{"name": "a", "value": "b\n"}]}),
                "cookies[0].value",
            ),
            (
                json!({"cookies": [{"name": "a", "value": "b", "url": "x", "domain": "y"}]}),
                "cookies[0].domain",
            ),
        ] {
            assert_eq!(with(fields.clone()), field, "{fields}");
        }
        let html = json!({"html": "", "cookies": [{"name": "a", "value": "b"}]});
        assert_eq!(plan::<ShotOptions>(html).err().unwrap(), "cookies[0].url");
    }

    #[test]
    fn a_field_that_is_not_known_is_refused() {
        for body in [
            json!({"url": "https://a.test/", "rejectResourceTypes": ["image"]}),
            json!({"url": "https://a.test/", "options": {"encoding": "base64"}}),
            json!({"url": "https://a.test/", "gotoOptions": {"referer": "x"}}),
        ] {
            let parsed = serde_json::from_value::<OneShotBody<ShotOptions>>(body.clone());
            assert!(parsed.is_err(), "{body}");
        }
    }
}
