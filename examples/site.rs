//! Serves the sites of the examples on a free port of 127.0.0.1, for `scripts/demo` and for trying them
//! by hand. It prints its address as its first line and runs until it is ended. It uses the standard
//! library alone, so that `scripts/demo` can compile it without cargo.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

const HTML: &str = "text/html; charset=utf-8";

/// Path, file and media type of everything there is.
const FILES: [(&str, &str, &str); 7] = [
    ("/", "tour/site/index.html", HTML),
    ("/index.html", "tour/site/index.html", HTML),
    ("/second.html", "tour/site/second.html", HTML),
    (
        "/style.css",
        "tour/site/style.css",
        "text/css; charset=utf-8",
    ),
    ("/form.html", "page_actions/site/form.html", HTML),
    ("/frame.html", "page_actions/site/frame.html", HTML),
    ("/shop.html", "page_actions/site/shop.html", HTML),
];

/// A path with the body and the media type that answer it.
type Answer = (&'static str, String, &'static str);

fn main() -> Result<(), Box<dyn Error>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut answers: Vec<Answer> = Vec::new();
    for (path, file, media_type) in FILES {
        let file = dir.join(file);
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{} could not be read: {error}", file.display()))?;
        answers.push((path, text, media_type));
    }
    let answers = Arc::new(answers);

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = std::io::stdout();
    writeln!(out, "http://{}", listener.local_addr()?)?;
    out.flush()?;
    loop {
        let (socket, _) = listener.accept()?;
        let answers = Arc::clone(&answers);
        std::thread::spawn(move || {
            // A browser that hangs up early is of no interest to a site of a few files.
            let _ = serve(&socket, &answers);
        });
    }
}

/// Answers one request and closes the connection.
fn serve(mut socket: &TcpStream, answers: &[Answer]) -> std::io::Result<()> {
    let mut lines = BufReader::new(socket).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    // The rest of the head is read before the answer, or closing would reset the connection.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let target = request.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let found = answers.iter().find(|(known, ..)| *known == path);
    let (status, body, media_type) = match found {
        Some((_, body, media_type)) => ("200 OK", body.as_str(), *media_type),
        None => ("404 Not Found", "", "text/plain"),
    };
    let length = body.len();
    write!(
        socket,
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
