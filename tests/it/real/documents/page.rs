//! The page of the documents, which no test fetches from where it is.

use crate::support::browsers::TestBrowser;
use crate::support::daemon::{Daemon, Setup};
use crate::support::site::{Reply, Site};

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><title>Example Domain</title><meta \
    name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>body{background:#eee;\
    width:60vw;margin:15vh auto;font-family:system-ui,sans-serif}h1{font-size:1.5em}div{opacity:0.8}\
    a:link,a:visited{color:#348}</style></head>";
const BODY: &str = "<body><div><h1>Example Domain</h1><p>This domain is for use in documentation \
    examples without needing permission.</p><p><a href=\"LINK\">Learn more</a></p></div></body></html>";

/// A bridge, and a site that stands in for those of the documents.
pub(super) struct Stage {
    pub(super) daemon: Daemon,
    pub(super) page: String,
    linked: String,
    _site: Site,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let site = Site::start().await;
        let linked = site.page("/help/example-domains", "<h1>Example Domains</h1>");
        let html = format!("{HEAD}{}", BODY.replace("LINK", &linked));
        let page = site.serve("/", Reply::page(html));
        let browser = TestBrowser::shell().await;
        Self {
            daemon: Setup::serving(&browser).start().await,
            page,
            linked,
            _site: site,
        }
    }

    /// A text of the documents with the addresses of this stage.
    pub(super) fn here(&self, text: &str) -> String {
        text.replace("https://www.iana.org/help/example-domains", &self.linked)
            .replace("https://iana.org/domains/example", &self.linked)
            .replace("https://example.com/", &self.page)
            .replace("127.0.0.1:9333", &self.daemon.address().to_string())
    }
}
