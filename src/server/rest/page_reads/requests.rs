//! From a query to the request of the protocol that carries it out. No I/O.
//!
//! The request is parsed as if it had come over a WebSocket, so that there is one set of rules.

use cdp_bridge_protocol::{Request, RequestKind};
use serde::Serialize;
use serde_json::{Map, Number, Value};

use super::queries::{ContentForm, ContentQuery, PdfQuery, ScreenshotQuery};
use crate::server::problem::Problem;

/// A picture. PNG where no format is asked for, because that has no quality to choose.
pub(crate) fn screenshot(page: &str, query: &ScreenshotQuery) -> Result<Request, Problem> {
    let mut fields = fields_of(query);
    fields.entry("format").or_insert_with(|| Value::from("png"));
    if let Some(clip) = &query.clip {
        let names = ["x", "y", "width", "height"];
        fields.insert("clip".to_owned(), numbers("clip", clip, names)?);
    }
    request(RequestKind::GetScreenshot, page, fields)
}

/// A PDF.
pub(crate) fn pdf(page: &str, query: &PdfQuery) -> Result<Request, Problem> {
    let mut fields = fields_of(query);
    if let Some(margin) = &query.margin {
        let names = ["top", "right", "bottom", "left"];
        fields.insert("margin".to_owned(), numbers("margin", margin, names)?);
    }
    request(RequestKind::PrintToPdf, page, fields)
}

/// Content.
pub(crate) fn content(page: &str, query: &ContentQuery) -> Result<Request, Problem> {
    let (kind, fields) = content_fields(query)?;
    request(kind, page, fields)
}

/// The request that reads content, with its fields beside the page.
pub(crate) fn content_fields(
    query: &ContentQuery,
) -> Result<(RequestKind, Map<String, Value>), Problem> {
    let (form, has_selector) = (query.form, query.selector.is_some());
    if form != ContentForm::Outline
        && let Some(field) = query.field_of_outline()
    {
        let detail = format!("{field}: only an outline (as=outline) has this field");
        return Err(Problem::bad_field(field, detail));
    }
    let (kind, how) = match form {
        ContentForm::Html if has_selector => (RequestKind::Query, Some(("what", "html"))),
        ContentForm::Structured if has_selector => {
            let detail = "selector: a structured snapshot is of the whole page";
            return Err(Problem::bad_field("selector", detail));
        }
        ContentForm::Html => (RequestKind::GetDomSnapshot, Some(("format", "html"))),
        ContentForm::Structured => (RequestKind::GetDomSnapshot, Some(("format", "structured"))),
        ContentForm::Text => (RequestKind::GetContent, Some(("format", "text"))),
        ContentForm::Markdown => (RequestKind::GetContent, Some(("format", "markdown"))),
        ContentForm::Outline => (RequestKind::GetAxSnapshot, None),
    };
    let mut fields = fields_of(query);
    if let Some((name, value)) = how {
        fields.insert(name.to_owned(), value.into());
    }
    Ok((kind, fields))
}

/// A request about a page, by the deserializer that the WebSocket has too.
pub(crate) fn request(
    kind: RequestKind,
    page: &str,
    mut fields: Map<String, Value>,
) -> Result<Request, Problem> {
    fields.insert("type".to_owned(), kind.as_str().into());
    fields.insert("tabId".to_owned(), page.into());
    Ok(Request::of_fields(fields)?)
}

/// The fields of a query as JSON.
pub(crate) fn fields_of(query: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(query) {
        Ok(Value::Object(fields)) => fields,
        // Queries are structs of plain values.
        _ => Map::new(),
    }
}

/// Four numbers, separated by commas.
fn numbers(field: &str, text: &str, names: [&str; 4]) -> Result<Value, Problem> {
    let read = || {
        let mut fields = Map::new();
        let mut parts = text.split(',');
        for name in names {
            let number: Number = serde_json::from_str(parts.next()?.trim()).ok()?;
            fields.insert(name.to_owned(), number.into());
        }
        parts.next().is_none().then_some(Value::Object(fields))
    };
    read().ok_or_else(|| {
        let detail = format!("{field}: expected four numbers: {}", names.join(","));
        Problem::bad_field(field, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::RequestBody;
    use cdp_bridge_protocol::request::{ImageFormat, SnapshotFormat};
    use serde::de::DeserializeOwned;
    use serde_json::json;
    use std::time::Duration;

    fn query<T: DeserializeOwned>(fields: Value) -> T {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn each_form_of_content_has_the_request_that_reads_it() {
        for (fields, kind) in [
            (json!({}), RequestKind::GetDomSnapshot),
            (json!({"as": "html"}), RequestKind::GetDomSnapshot),
            (json!({"as": "html", "selector": "p"}), RequestKind::Query),
            (json!({"as": "text"}), RequestKind::GetContent),
            (
                json!({"as": "markdown", "selector": "p"}),
                RequestKind::GetContent,
            ),
            (
                json!({"as": "outline", "compact": true, "maxChars": 500}),
                RequestKind::GetAxSnapshot,
            ),
            (json!({"as": "structured"}), RequestKind::GetDomSnapshot),
        ] {
            let found = content("t1", &query(fields.clone())).unwrap();
            assert_eq!(found.body.kind(), kind, "{fields}");
        }
        let request = content("t1", &query(json!({"as": "structured"}))).unwrap();
        let RequestBody::GetDomSnapshot(snapshot) = request.body else {
            panic!("{request:?}");
        };
        assert_eq!(snapshot.format, Some(SnapshotFormat::Structured));
    }

    #[test]
    fn a_field_that_goes_with_another_form_is_refused_by_name() {
        for (fields, field) in [
            (json!({"as": "structured", "selector": "p"}), "selector"),
            (json!({"as": "text", "compact": true}), "compact"),
            (json!({"as": "outline", "maxChars": 1}), "maxChars"),
        ] {
            let problem = content("t1", &query(fields)).unwrap_err();
            let document = serde_json::to_value(problem.document("/", "r")).unwrap();
            assert_eq!(document["details"]["field"], field);
        }
    }

    #[test]
    fn a_picture_is_png_unless_another_format_is_asked_for() {
        let shot = |fields: Value| {
            let request = screenshot("t1", &query(fields))?;
            let RequestBody::GetScreenshot(shot) = request.body else {
                panic!("{request:?}");
            };
            Ok::<_, Problem>((shot, request.timeout))
        };
        assert_eq!(shot(json!({})).unwrap().0.format, Some(ImageFormat::Png));
        let fields =
            json!({"format": "webp", "quality": 10, "clip": "0, 1.5,5,5", "timeoutMs": 500});
        let (it, timeout) = shot(fields).unwrap();
        assert_eq!((it.format, it.quality), (Some(ImageFormat::Webp), Some(10)));
        assert_eq!(it.clip.map(|clip| clip.y), Some(1.5));
        assert_eq!(timeout, Some(Duration::from_millis(500)));
        for bad in [
            json!({"quality": 0}),
            json!({"fullPage": true, "selector": "p"}),
            json!({"clip": "1,2,3"}),
            json!({"clip": "1,2,3,4,5"}),
            json!({"clip": "1,2,3,NaN"}),
        ] {
            assert!(shot(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pdf_has_the_fields_of_its_request() {
        let fields = json!({
            "paper": "a4", "landscape": true, "margin": "1,1,1,0.5", "scale": 0.5,
            "printBackground": true,
        });
        let request = pdf("t1", &query(fields)).unwrap();
        let RequestBody::PrintToPdf(print) = request.body else {
            panic!("{request:?}");
        };
        assert_eq!(print.margin.unwrap().left, Some(0.5));
    }
}
