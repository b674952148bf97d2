//! The pages of both clients, and the names they are reached by.

use crate::support::site::{Reply, Site};

/// Pages whose requests are never answered have a name each: a browser opens six connections to one.
pub(crate) const NAMES: usize = 20;

pub(crate) struct Pages {
    site: Site,
}

impl Pages {
    pub(crate) async fn start() -> Self {
        let site = Site::start().await;
        site.serve("/never", Reply::Never);
        site.page("/plain", "<h1>plain</h1><p>One paragraph.</p>");
        site.page("/style", "<link rel=stylesheet href=/never><h1>late</h1>");
        // Again and again, because the bridge terminates a script that hangs.
        site.page(
            "/synchronous",
            "<h1>hangs</h1><script>setInterval(() => {
                const asked = new XMLHttpRequest(); asked.open('GET', '/never', false); asked.send();
            }, 300)</script>",
        );
        site.page(
            "/windows",
            "<script>setInterval(() => { for (let i = 0; i < 5; i++) open('/plain') }, 50)</script>",
        );
        site.page(
            "/unknown",
            "<script>setInterval(() => {
                const name = Math.random().toString(36).slice(2);
                fetch(`http://${name}.unanswered.test/`).catch(() => {});
            }, 250)</script>",
        );
        site.page(
            "/large",
            "<div style='width:9000px;height:10000px;background:linear-gradient(45deg,red,blue)'>",
        );
        Self { site }
    }

    /// A page by the name of this number.
    pub(crate) fn named(&self, number: usize, path: &str) -> String {
        self.site.url_on(&format!("n{number}.test"), path)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.site.url(path)
    }

    /// The addresses of the names, as inline TOML.
    pub(crate) fn names() -> String {
        let names = (0..NAMES).map(|number| format!("\"n{number}.test\" = \"127.0.0.1\""));
        format!("{{ {} }}", names.collect::<Vec<_>>().join(", "))
    }
}
