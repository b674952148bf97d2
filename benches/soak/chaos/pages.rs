//! The site of a run: pages that are good, slow, large, and hostile.

use std::time::Duration;

use crate::support::pages::{ENDLESS, large};
use crate::support::site::{Reply, Site};

pub(crate) async fn start() -> Site {
    let site = Site::start().await;
    site.page("/small", "<p>small</p>");
    site.serve("/large", Reply::page(large(1 << 20)));
    site.page(
        "/moving",
        "<style>@keyframes a{to{transform:translateX(300px)}} \
         div{width:99px;height:99px;background:#a2c;animation:a 1s infinite}</style><div></div>",
    );
    site.page("/endless", ENDLESS);
    site.page(
        "/dialogs",
        "<script>onload = () => setTimeout(() => { alert(1); confirm(2) }, 9)</script>",
    );
    site.page("/popup", "<script>open('/small')</script>");
    site.page(
        "/frames",
        "<iframe src=/small></iframe><iframe src=/never></iframe>",
    );
    site.page(
        "/restless",
        "<script>setTimeout(() => location.reload(), 300)</script>",
    );
    site.page(ACTING, ACTING_BODY);
    site.serve("/moved", Reply::redirect("/small"));
    site.serve("/never", Reply::Never);
    let slow = Reply::After(Duration::from_millis(700), Box::new(Reply::page("slow")));
    site.serve("/slow", slow);
    site
}

/// Where elements appear after a while that tell the site once they were acted on. The number of the one action that
/// may do so is the query.
pub(crate) const ACTING: &str = "/acting";

const ACTING_BODY: &str = "<script>
    const number = location.search.slice(1);
    const acted = () => navigator.sendBeacon('/acted/' + number);
    setTimeout(() => {
        document.body.innerHTML = `<button id=b${number}>B</button><input id=i${number}>`;
        document.querySelector('button').onclick = acted;
        document.querySelector('input').onfocus = acted;
    }, Math.random() * 1500);
</script>";

/// Whether the element of this action was acted on.
pub(crate) fn was_acted_on(site: &Site, number: u64) -> bool {
    !site.asked(&format!("/acted/{number}")).is_empty()
}

/// The paths, the normal ones more often.
pub(crate) const PATHS: [&str; 16] = [
    "/small",
    "/small",
    "/small",
    "/small",
    "/large",
    "/moving",
    "/moving",
    "/moved",
    "/slow",
    "/never",
    "/endless",
    "/dialogs",
    "/popup",
    "/frames",
    "/restless",
    "/missing",
];
