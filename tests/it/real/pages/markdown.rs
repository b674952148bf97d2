//! Content as Markdown.

use super::read_page::ReadPage;
use crate::support::browsers::{TestBrowser, on_both_browsers};

on_both_browsers!(
    links_of_cards_and_icons_keep_their_address,
    code_keeps_its_lines_and_leaves_out_what_is_hidden,
    cells_are_under_their_header,
    lines_that_are_rendered_are_kept,
    items_have_the_numbers_that_are_rendered,
    text_does_not_become_markup,
);

/// Reads pages, and compares their Markdown.
async fn compare(browser: TestBrowser, cases: &[(&str, &str)]) {
    let page = ReadPage::with(browser, "").await;
    for (body, expected) in cases {
        page.load(body).await;
        assert_eq!(page.content("markdown").await, *expected, "{body}");
    }
    page.bridge.stop().await;
}

async fn links_of_cards_and_icons_keep_their_address(browser: TestBrowser) {
    compare(
        browser,
        &[
            ("<a href=/c><h3>Card</h3><p>Text</p></a>", "### [Card](/c)\n\nText"),
            ("<a href=/c><div><img src=/x.png alt=Picture></div><div>Price</div></a>", "[![Picture](/x.png)](/c)\n\nPrice"),
            ("<a href=/c><p>One</p><h2>Two</h2></a>", "One\n\n## [Two](/c)"),
            ("<a href=/c aria-label=All><ul><li>One</ul></a>", "- One\n\n[All](/c)"),
            ("<ul><li><a href=/c><div>One</div><div>Two</div></a></ul>", "- [One](/c)\n\n  Two"),
            ("<a href=/n aria-label=Named><svg width=9 height=9></svg></a>", "[Named](/n)"),
            ("<a href=/n><svg width=9 height=9><title>Drawn</title></svg></a>", "[Drawn](/n)"),
            ("<a href=/n title=Titled><i></i></a>", "[Titled](/n)"),
            ("<a href=/n><svg width=9 height=9></svg></a>", "</n>"),
            ("<a href=/n><div><svg width=9 height=9></svg></div></a>", "</n>"),
            ("x<a href=#top></a><a name=y></a>", "x"),
            ("<a href='/p(1)?a=(b)'>x</a> <img src='/a(1).png' alt='I (x)'>", "[x](/p%281%29?a=%28b%29) ![I (x)](/a%281%29.png)"),
            ("<a href='mailto:a b@c.d'>m</a> <a href=tel:+12>t</a> <a href='javascript:x()'>j</a>", "[m](mailto:a%20b@c.d) [t](tel:+12) j"),
            ("<x-a id=x></x-a><script>x.attachShadow({mode: 'open'}).innerHTML = '<a href=/s><h2>In</h2></a>'</script>", "## [In](/s)"),
        ],
    )
    .await;
}

async fn code_keeps_its_lines_and_leaves_out_what_is_hidden(browser: TestBrowser) {
    compare(
        browser,
        &[
            ("<pre>one<br>two</pre>", "```\none\ntwo\n```"),
            ("<pre><button hidden>Copy</button><i style='display:none'>no</i><b aria-hidden=true>1</b>code\n  more\n</pre>", "```\ncode\n  more\n```"),
            ("<pre><div>one</div><div>two</div></pre>", "```\none\ntwo\n```"),
            ("<pre><code>a\n\n  b</code></pre>", "```\na\n\n  b\n```"),
            ("<pre>```\nx</pre>", "````\n```\nx\n````"),
            ("<p>x <code>a<br>b</code></p>", "x `a`  \n`b`"),
            ("<code>a <i hidden>no</i><script>no</script>b</code>", "`a b`"),
            ("<code>a`b``c</code><code></code>", "``` a`b``c ```"),
        ],
    )
    .await;
}

async fn cells_are_under_their_header(browser: TestBrowser) {
    compare(
        browser,
        &[
            (
                "<table><tr><th rowspan=2>N<th colspan=2>AB<tr><th>A<th>B<tr><td>x<td>1<td>2<tr><td rowspan=2>y<td>3<td>4<tr><td>5<td>6</table>",
                "| N | AB |  |\n| --- | --- | --- |\n|  | A | B |\n| x | 1 | 2 |\n| y | 3 | 4 |\n|  | 5 | 6 |",
            ),
            ("<table><tr><td colspan=1000>w<tr><td>1<td>2</table>", "| w |  |\n| --- | --- |\n| 1 | 2 |"),
            (
                "<table><thead><tr><th rowspan=9>a<th>b</thead><tbody><tr><td rowspan=0>1<td>2<tr><td>3</table>",
                "| a | b |\n| --- | --- |\n| 1 | 2 |\n|  | 3 |",
            ),
            (
                "<table><caption>Cap</caption><tr><th>a<th style='display:none'>no<th>b<tr><td>1<td style='display:none'>no<td>2</table>",
                "Cap\n\n| a | b |\n| --- | --- |\n| 1 | 2 |",
            ),
        ],
    )
    .await;
}

async fn lines_that_are_rendered_are_kept(browser: TestBrowser) {
    compare(
        browser,
        &[
            (
                "<div style='white-space:pre-wrap'>one\n  two\n\nthree</div>",
                "one  \ntwo\n\nthree",
            ),
            ("<p style='white-space:pre-line'>\n a\n b\n</p>", "a  \nb"),
            (
                "<div style='white-space:pre-wrap'>a <b>b\nc</b></div>",
                "a **b  \nc**",
            ),
            ("<p>x\ny<br><br>z</p>", "x y\n\nz"),
            ("<span style='display:block'>a<br>b</span>c", "a  \nb\n\nc"),
        ],
    )
    .await;
}

async fn items_have_the_numbers_that_are_rendered(browser: TestBrowser) {
    compare(
        browser,
        &[
            ("<ol><li>a<li value=5>b<li>c</ol>", "1. a\n5. b\n6. c"),
            ("<ol reversed><li>a<li>b<li>c</ol>", "3. a\n2. b\n1. c"),
            ("<ol reversed start=10><li>a<li>b</ol>", "10. a\n9. b"),
            ("<ol start=0><li>a<li hidden>no<li>b</ol>", "0. a\n1. b"),
            (
                "<ul><li>a</li><ul><li>in</ul><li>b</ul>",
                "- a\n  - in\n- b",
            ),
        ],
    )
    .await;
}

async fn text_does_not_become_markup(browser: TestBrowser) {
    compare(
        browser,
        &[
            ("<p># x</p><p>- y</p><p>1. z</p><p>+ w</p>", "\\# x\n\n\\- y\n\n1\\. z\n\n\\+ w"),
            ("<p>a<br># b<br>---<br>===</p>", "a  \n\\# b  \n\\---  \n\\==="),
            ("<ul><li># x<li>2) y</ul>", "- \\# x\n- 2\\) y"),
            ("<p>#tag -5 1.5 a # b</p>", "#tag -5 1.5 a # b"),
            ("<p>~~~</p>", "\\~~~"),
            ("<video>no</video><progress>no</progress><details><summary>S</summary>no<p>no</p></details>", "S"),
        ],
    )
    .await;
}
