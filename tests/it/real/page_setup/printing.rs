//! Pages on paper.

use serde_json::{Value, json};

use super::steps::Lab;
use crate::support::bridge::TestBridge;
use crate::support::browsers::{TestBrowser, on_both_browsers};
use crate::support::client::Mode;
use crate::support::received::Received;

on_both_browsers!(
    a_page_is_printed_on_the_paper_that_is_asked_for,
    a_template_loads_nothing_and_runs_nothing,
    a_pdf_that_is_too_large_is_refused,
);

/// The sizes of the sheets, in points.
fn sheets(pdf: &Received) -> Vec<[f64; 2]> {
    let text = String::from_utf8_lossy(pdf.bytes()).into_owned();
    let boxes = text.split("/MediaBox").skip(1).map(|rest| {
        let inside = rest.split(['[', ']']).nth(1).unwrap();
        let numbers: Vec<f64> = inside
            .split_whitespace()
            .map(|it| it.parse().unwrap())
            .collect();
        [numbers[2], numbers[3]]
    });
    boxes.collect()
}

fn assert_sheets(pdf: &Received, count: usize, width: f64, height: f64) {
    let found = sheets(pdf);
    assert_eq!(found.len(), count, "{found:?}");
    for [w, h] in found {
        assert!(
            (w - width).abs() < 1.5 && (h - height).abs() < 1.5,
            "{w} x {h}"
        );
    }
}

async fn a_page_is_printed_on_the_paper_that_is_asked_for(browser: TestBrowser) {
    let lab = Lab::on(TestBridge::shared(browser).await).await;
    let page = "<style>section { break-after: page; height: 1in; background: #036 }</style>
        <section>one</section><section>two</section><section>three</section>last";
    lab.site.page(
        "/sized",
        &format!("<style>@page {{ size: 5in 4in }}</style>{page}"),
    );
    let url = lab.site.page("/page", page);
    lab.go("/page").await;
    let print = async |fields: Value| lab.ask("printToPdf", fields).await;
    let letter = print(json!({})).await.expect("pdf");
    assert!(letter.bytes().starts_with(b"%PDF-"), "{letter}");
    assert_eq!(
        (letter.id(), &letter["url"]),
        (lab.tab.as_str(), &json!(url))
    );
    assert_sheets(&letter, 4, 612.0, 792.0);
    let a4 = print(json!({"paper": "a4", "landscape": true, "pageRanges": "1-2"})).await;
    assert_sheets(&a4.expect("pdf"), 2, 842.0, 595.0);
    let own = print(json!({"width": 2, "height": 3, "pageRanges": "2"})).await;
    assert_sheets(&own.expect("pdf"), 1, 144.0, 216.0);
    let plain = print(json!({"pageRanges": "1"}))
        .await
        .expect("pdf")
        .bytes()
        .len();
    let rich = print(
        json!({"pageRanges": "1", "printBackground": true, "scale": 0.5,
        "margin": {"top": 1, "bottom": 1}, "headerTemplate": "<b class=title style='font-size:20px'></b>"}),
    );
    assert_ne!(rich.await.expect("pdf").bytes().len(), plain);
    for refused in [
        json!({"pageRanges": "x"}),
        json!({"pageRanges": "90"}),
        json!({"margin": {"top": 9, "bottom": 9}}),
    ] {
        let answer = print(refused.clone()).await;
        assert_eq!(answer.code(), "BAD_REQUEST", "{refused}: {answer}");
    }
    lab.go("/sized").await;
    let by_page = print(json!({"preferCssPageSize": true, "pageRanges": "1"})).await;
    assert_sheets(&by_page.expect("pdf"), 1, 360.0, 288.0);
    let binary = lab.bridge.client_in(Mode::Binary).await;
    let printed = binary
        .ask(json!({"type": "printToPdf", "tabId": lab.tab}))
        .await
        .expect("pdf");
    assert!(printed.bytes().starts_with(b"%PDF-"));
    lab.bridge.stop().await;
}

async fn a_template_loads_nothing_and_runs_nothing(browser: TestBrowser) {
    let lab = Lab::with(browser).await;
    lab.site.page("/page", "page");
    lab.go("/page").await;
    for path in ["/picture", "/style", "/frame", "/script", "/handler"] {
        lab.site.page(path, "there");
    }
    let at = |path: &str| lab.site.url(path);
    let print = async |template: &str| {
        let fields = json!({"headerTemplate": template, "footerTemplate": template, "margin": {"top": 1, "bottom": 1}});
        lab.ask("printToPdf", fields).await
    };
    let template = format!(
        "<img src='{}'><iframe src='{}'></iframe><script src='{}'></script><object data='{}'></object>
        <img src=x onerror=\"fetch('{}')\"><div style=\"background:url('{}')\">t</div>",
        at("/picture"), at("/frame"), at("/script"), at("/frame"), at("/handler"), at("/picture")
    );
    print(&template).await.expect("pdf");
    // Chromium would wait for a style sheet before it prints.
    for style in [
        format!("<LINK rel=stylesheet href='{}'>t", at("/style")),
        format!("<style>@import '{}';</style>t", at("/style")),
    ] {
        let error = print(&style).await.expect_error("BAD_REQUEST");
        assert_eq!(error["details"]["field"], "headerTemplate");
    }
    // A request of the page itself comes after any of the templates'.
    assert_eq!(lab.evaluate("fetch('/page').then(() => 1)").await, 1);
    for path in ["/picture", "/style", "/frame", "/script", "/handler"] {
        assert_eq!(lab.site.asked(path).len(), 0, "{path}");
    }
    lab.bridge.stop().await;
}

async fn a_pdf_that_is_too_large_is_refused(browser: TestBrowser) {
    let bridge = TestBridge::start_with(browser, |config| {
        config.flow.max_pdf_bytes = 64 << 10;
        config.flow.chunk_bytes = 4096;
    });
    let lab = Lab::on(bridge.await).await;
    lab.site.page("/small", "small");
    lab.site.page("/large", "<canvas id=c width=900 height=900></canvas><script>
        const context = c.getContext('2d'), image = context.createImageData(900, 900);
        for (let at = 0; at < image.data.length; at += 1) image.data[at] = at % 4 === 3 ? 255 : Math.random() * 256;
        context.putImageData(image, 0, 0)</script>");
    lab.go("/large").await;
    let error = lab
        .ask("printToPdf", json!({}))
        .await
        .expect_error("TOO_LARGE");
    assert_eq!(error["details"]["maxBytes"], 64 << 10, "{error}");
    lab.go("/small").await;
    let small = lab.ask("printToPdf", json!({})).await.expect("pdf");
    assert!(
        small.parts.len() > 1 && small.bytes().trim_ascii_end().ends_with(b"%%EOF"),
        "{small}"
    );
    lab.bridge.stop().await;
}
