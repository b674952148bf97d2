//! The pages that are looked at, and a server for them.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// A server on the loopback interface. It serves until the process ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    address: SocketAddr,
}

/// The pages by path.
struct Pages {
    medium: String,
    large: String,
}

impl Site {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let pages = Arc::new(Pages {
            medium: page_of(218_000),
            large: page_of(5_700_000),
        });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let pages = Arc::clone(&pages);
                // A browser that goes away in the middle is no concern of the server's.
                std::thread::spawn(move || pages.serve(stream));
            }
        });
        Self { address }
    }

    fn url(self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A page of a few lines.
    pub(crate) fn small(self) -> String {
        self.url("/small")
    }

    /// 218 KB of text and elements.
    pub(crate) fn medium(self) -> String {
        self.url("/medium")
    }

    /// 5.7 MB of the same.
    pub(crate) fn large(self) -> String {
        self.url("/large")
    }

    /// One that moves all the time.
    pub(crate) fn animated(self) -> String {
        self.url("/animated")
    }

    /// One whose script never ends, on another host so that its process is its own.
    pub(crate) fn endless(self) -> String {
        format!("http://localhost:{}/endless", self.address.port())
    }
}

impl Pages {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut request = String::new();
        reader.read_line(&mut request)?;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let path = request.split(' ').nth(1).unwrap_or_default();
        let body = match path {
            "/small" => SMALL,
            "/medium" => &self.medium,
            "/large" => &self.large,
            "/animated" => ANIMATED,
            "/endless" => ENDLESS,
            _ => "",
        };
        let status = if body.is_empty() {
            "404 Not Found"
        } else {
            "200 OK"
        };
        let mut stream = reader.into_inner();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )?;
        stream.write_all(body.as_bytes())
    }
}

const SMALL: &str =
    "<!doctype html><meta charset=utf-8><title>small</title><h1>Small</h1><p>One paragraph.</p>";

const ANIMATED: &str = "<!doctype html><meta charset=utf-8><title>animated</title>\
    <style>@keyframes move{to{transform:translateX(1000px) rotate(1turn)}}\
    div{width:200px;height:200px;background:linear-gradient(#036,#fc0);\
    animation:move 1s linear infinite alternate}</style><h1>Animated</h1><div></div>";

const ENDLESS: &str = "<!doctype html><meta charset=utf-8><title>endless</title>\
    <script>onload = () => setTimeout(() => { while (1) {} }, 50)</script>";

/// Articles with the attributes, quotes and letters of ordinary pages.
fn page_of(bytes: usize) -> String {
    let mut page =
        "<!doctype html><html><head><meta charset=utf-8><title>page</title></head><body>"
            .to_owned();
    for number in 0.. {
        if page.len() >= bytes {
            break;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "<article class=\"card card-{}\" data-id=\"{number}\"><h2>Article {number}</h2>\
             <p>The quick brown fox jumps over the lazy dog; Grüße aus Köln. He said \"yes\" \
             and left at {}:{:02}.</p><a href=\"/article/{number}?ref=list&amp;x=1\">more</a></article>",
            number % 7,
            number % 24,
            number % 60,
        );
    }
    page.push_str("</body></html>");
    page
}
