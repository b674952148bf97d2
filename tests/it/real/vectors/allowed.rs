//! The allowed side: the pages from which everything is tried.

use serde_json::json;

use super::evil::Evil;
use super::names::{self, Place};
use crate::support::site::{Reply, Site};

/// The name of the allowed host.
pub(super) const ALLOWED: &str = "allowed.test";
/// Another one, whose pages are offered what browsers offer to trustworthy origins alone.
pub(super) const TRUSTWORTHY: &str = "allowed.localhost";

const KIT: &str = include_str!("pages/kit.js");
const PAGE_KIT: &str = include_str!("pages/page.js");
const PAGES: [(&str, &str, &str); 2] = [
    (ALLOWED, "main", include_str!("pages/main.js")),
    (TRUSTWORTHY, "secure", include_str!("pages/secure.js")),
];
const WORKERS: [(&str, &str); 5] = [
    ("worker.js", include_str!("pages/worker.js")),
    ("module.js", include_str!("pages/module.js")),
    ("shared.js", include_str!("pages/shared.js")),
    ("service.js", include_str!("pages/service.js")),
    ("transport.js", include_str!("pages/transport.js")),
];

/// The pages of one place.
pub(super) struct Pages {
    /// Pages that try everything but to go elsewhere themselves: the path that they ask for once
    /// they have, and their URL.
    pub(super) trying: Vec<(String, String)>,
    /// Pages that each try to go elsewhere themselves: their path and URL.
    pub(super) leaving: Vec<(String, String)>,
}

/// Adds the pages of a place to the site.
pub(super) fn furnish(site: &Site, evil: &Evil, place: Place) -> Pages {
    let context = place.name();
    let at = |name: &str| format!("http://evil.test:{}/v/{context}/{name}", evil.http());
    let here = site.url_on(ALLOWED, "");
    let kit = json!({
        "context": context,
        "http": format!("http://evil.test:{}", evil.http()),
        "here": here,
        "ports": evil.ports(place),
    });
    let kit = format!("const C = {kit};\n{KIT}");
    let script = |name: &str, text: String| {
        let reply = Reply::page(text).with("content-type", "text/javascript");
        site.serve(&format!("/js/{context}/{name}"), reply);
    };
    for (name, text) in WORKERS {
        script(name, format!("{kit}{text}"));
    }
    script(
        "worklet.js",
        format!("import \"{}\";", at("worklet-import")),
    );

    for name in names::redirected() {
        site.serve(
            &format!("/302/{context}/{name}"),
            Reply::redirect(&at(name)),
        );
    }
    heads(site, context, &at);
    let head = format!(
        "<!doctype html><meta charset=utf-8><link rel=icon href=\"{}\">\
         <link rel=manifest href=\"{}\">",
        at("favicon"),
        at("manifest"),
    );
    let trying = PAGES.map(|(host, name, text)| {
        script(&format!("{name}.js"), format!("{kit}{PAGE_KIT}{text}"));
        let page = format!("{head}<body><script src=\"/js/{context}/{name}.js\"></script>");
        let path = format!("/try/{context}/{name}");
        site.serve(&path, Reply::page(page));
        let done = format!("/done/{context}/{name}");
        site.serve(&done, Reply::page("done"));
        (done, site.url_on(host, &path))
    });
    Pages {
        trying: trying.into(),
        leaving: leaving(site, context, &at),
    }
}

/// Pages whose heads, or whose first script, name the forbidden host.
fn heads(site: &Site, context: &str, at: &impl Fn(&str) -> String) {
    let page = |name: &str, reply: Reply| {
        site.serve(&format!("/page/{context}/{name}"), reply);
    };
    let link = format!("<{}>; rel=preload; as=image", at("link-header"));
    page("link-header", Reply::page("link").with("link", &link));
    let policy = format!("img-src 'none'; report-uri {}", at("csp-report"));
    page(
        "csp-report",
        Reply::page("<img src=/none.png>").with("content-security-policy", &policy),
    );
    let meta = format!(
        "<meta http-equiv=refresh content=\"0; url={}\">",
        at("frame-meta")
    );
    page("frame-meta", Reply::page(meta));
    let refresh = format!("0; url={}", at("frame-refresh"));
    page(
        "frame-refresh",
        Reply::page("refresh").with("refresh", &refresh),
    );
    let fetching = format!(
        "<script>fetch('{}', {{mode: 'no-cors'}})</script>",
        at("popup-fetch")
    );
    page("popup-fetch", Reply::page(fetching));
}

/// Pages that go elsewhere.
fn leaving(site: &Site, context: &str, at: &impl Fn(&str) -> String) -> Vec<(String, String)> {
    let script = |code: String| Reply::page(format!("<body><script>{code}</script>"));
    let click = |name: &str, more: &str| {
        let code = format!(
            "const a = document.createElement('a'); a.href = '{}'; {more} \
             document.body.append(a); a.click()",
            at(name)
        );
        script(code)
    };
    let form = format!(
        "<form method=post action=\"{}\"><input name=a value=b></form>\
         <script>document.forms[0].submit()</script>",
        at("nav-post")
    );
    let meta = format!(
        "<meta http-equiv=refresh content=\"0; url={}\">",
        at("nav-meta")
    );
    let userinfo = at("nav-userinfo").replace("evil.test", "allowed.test@evil.test");
    let rebind = at("nav-rebind").replace("evil.test", "rebind.test");
    let backslash = at("nav-backslash").replace('/', "\\\\");
    let pages = [
        ("nav-302", Reply::redirect(&at("nav-302"))),
        ("nav-meta", Reply::page(meta)),
        (
            "nav-refresh",
            Reply::page("refresh").with("refresh", &format!("0; url={}", at("nav-refresh"))),
        ),
        (
            "nav-location",
            script(format!("location = '{}'", at("nav-location"))),
        ),
        (
            "nav-replace",
            script(format!("location.replace('{}')", at("nav-replace"))),
        ),
        ("nav-link", click("nav-link", "")),
        (
            "nav-download",
            click("nav-download", "a.download = 'x.bin';"),
        ),
        ("nav-post", Reply::page(form)),
        ("nav-userinfo", script(format!("location = '{userinfo}'"))),
        ("nav-backslash", script(format!("location = '{backslash}'"))),
        ("nav-rebind", script(format!("location = '{rebind}'"))),
    ];
    let serve = |(name, reply)| {
        let path = format!("/leave/{context}/{name}");
        site.serve(&path, reply);
        let url = site.url_on(ALLOWED, &path);
        (path, url)
    };
    pages.into_iter().map(serve).collect()
}
