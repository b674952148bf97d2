//! chromiumoxide as a contender: reads one command a line, and answers each with the milliseconds
//! that it took. It measures itself, because its user is a Rust program and not the driver.
//!
//! `new`, `go TAB URL`, `html TAB`, `screenshot TAB`, `close TAB`, `stop`; tabs are numbered from 0.

use std::error::Error;
use std::time::Instant;

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::handler::viewport::Viewport;
use chromiumoxide::page::{Page, ScreenshotParams};
use futures::StreamExt as _;
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let executable = arguments.next().ok_or("usage: peer-chromiumoxide BROWSER [--no-sandbox]")?;
    let viewport = Viewport { width: 1280, height: 720, ..Viewport::default() };
    let mut config = BrowserConfig::builder()
        .chrome_executable(executable)
        .new_headless_mode()
        .window_size(1280, 720)
        .viewport(viewport);
    if arguments.next().is_some() {
        config = config.no_sandbox();
    }
    let (mut browser, mut handler) = Browser::launch(config.build()?).await?;
    let handler = tokio::spawn(async move { while handler.next().await.is_some() {} });
    let mut tabs = Vec::new();
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        if line == "stop" {
            break;
        }
        let start = Instant::now();
        obey(&browser, &mut tabs, &line).await?;
        println!("{}", start.elapsed().as_secs_f64() * 1000.0);
    }
    browser.close().await?;
    browser.wait().await?;
    handler.abort();
    Ok(())
}

async fn obey(browser: &Browser, tabs: &mut Vec<Option<Page>>, line: &str) -> Outcome<()> {
    let mut words = line.split(' ');
    let command = words.next().unwrap_or_default();
    if command == "new" {
        tabs.push(Some(browser.new_page("about:blank").await?));
        return Ok(());
    }
    let number: usize = words.next().ok_or("which tab?")?.parse()?;
    let slot = tabs.get_mut(number).ok_or("no such tab")?;
    let page = slot.as_ref().ok_or("that tab is closed")?;
    match command {
        "go" => {
            page.goto(words.next().ok_or("where to?")?).await?;
            page.wait_for_navigation().await?;
        }
        "html" => {
            page.content().await?;
        }
        "screenshot" => {
            let format = CaptureScreenshotFormat::Jpeg;
            let params = ScreenshotParams::builder().format(format).quality(70).build();
            page.screenshot(params).await?;
        }
        "close" => {
            if let Some(page) = slot.take() {
                page.close().await?;
            }
        }
        _ => return Err(format!("unknown command {command}").into()),
    }
    Ok(())
}
