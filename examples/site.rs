//! Serves the sites of the examples on a free port of 127.0.0.1, for `scripts/demo` and for a try by
//! hand. It prints its address as its first line and runs until it is ended.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::routing::get;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// Path, file and media type of everything there is.
const FILES: [(&str, &str, &str); 7] = [
    ("/", "tour/site/index.html", "text/html; charset=utf-8"),
    (
        "/index.html",
        "tour/site/index.html",
        "text/html; charset=utf-8",
    ),
    (
        "/second.html",
        "tour/site/second.html",
        "text/html; charset=utf-8",
    ),
    (
        "/style.css",
        "tour/site/style.css",
        "text/css; charset=utf-8",
    ),
    (
        "/form.html",
        "hands/site/form.html",
        "text/html; charset=utf-8",
    ),
    (
        "/frame.html",
        "hands/site/frame.html",
        "text/html; charset=utf-8",
    ),
    (
        "/shop.html",
        "hands/site/shop.html",
        "text/html; charset=utf-8",
    ),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut router = Router::new();
    for (path, file, mime) in FILES {
        let file = dir.join(file);
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{} could not be read: {error}", file.display()))?;
        let serve = move || async move { ([(CONTENT_TYPE, mime)], text).into_response() };
        router = router.route(path, get(serve));
    }

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut out = std::io::stdout();
    writeln!(out, "http://{}", listener.local_addr()?)?;
    out.flush()?;
    loop {
        let (socket, _) = listener.accept().await?;
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            // A browser that hangs up early is no news to a site of a few files.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}
