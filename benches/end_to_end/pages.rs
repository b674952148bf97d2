//! The pages of the benchmark, and their server.

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
    images: String,
}

impl Site {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let pages = Arc::new(Pages {
            medium: page_of(218_000),
            large: page_of(5_700_000),
            images: page_of_images(),
        });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let pages = Arc::clone(&pages);
                // A browser that disconnects is not an error of the server.
                std::thread::spawn(move || pages.serve(stream));
            }
        });
        Self { address }
    }

    fn url(self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A short page.
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

    /// A page with many small images that are never cached.
    pub(crate) fn images(self) -> String {
        self.url("/images")
    }

    /// An animated page.
    pub(crate) fn animated(self) -> String {
        self.url("/animated")
    }

    /// A page with an endless script, on another host so that it has its own process.
    pub(crate) fn endless(self) -> String {
        format!("http://localhost:{}/endless", self.address.port())
    }
}

impl Pages {
    /// Answers one request, and further ones of the same connection while images are requested.
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        loop {
            let mut request = String::new();
            if reader.read_line(&mut request)? == 0 {
                return Ok(());
            }
            let mut line = String::new();
            while reader.read_line(&mut line)? > 2 {
                line.clear();
            }
            let path = request.split(' ').nth(1).unwrap_or_default();
            let stays = path.starts_with("/image");
            // One write, so that Nagle's algorithm delays nothing.
            let answer = self.answer(path, stays);
            reader.get_mut().write_all(&answer)?;
            if !stays {
                return Ok(());
            }
        }
    }

    fn answer(&self, path: &str, stays: bool) -> Vec<u8> {
        let (kind, body) = match path {
            "/small" => (HTML, SMALL.as_bytes()),
            "/medium" => (HTML, self.medium.as_bytes()),
            "/large" => (HTML, self.large.as_bytes()),
            "/images" => (HTML, self.images.as_bytes()),
            "/animated" => (HTML, ANIMATED.as_bytes()),
            "/endless" => (HTML, ENDLESS.as_bytes()),
            path if path.starts_with("/image/") => ("image/gif", IMAGE),
            _ => (HTML, &b""[..]),
        };
        let status = if body.is_empty() {
            "404 Not Found"
        } else {
            "200 OK"
        };
        // Cached images would not be loaded again.
        let more = if stays {
            "keep-alive\r\nCache-Control: no-store"
        } else {
            "close"
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Connection: {more}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }
}

const HTML: &str = "text/html; charset=utf-8";

/// The number of images.
pub(crate) const IMAGES: usize = 300;

/// One transparent pixel.
const IMAGE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\
    \0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

fn page_of_images() -> String {
    let mut page =
        "<!doctype html><meta charset=utf-8><title>images</title><h1>Images</h1>".to_owned();
    for number in 0..IMAGES {
        // Writing to a string cannot fail.
        let _ = write!(page, "<img src=/image/{number} width=8 height=8>");
    }
    page
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
