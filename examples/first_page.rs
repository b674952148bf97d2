//! A Coordinator in Rust: opens a page, waits until it has loaded, and writes its picture to a file.
//!
//! `cargo run --example first_page -- https://example.com/ page.png`

use std::error::Error;
use std::io::Write as _;

use cdp_bridge::client::{Bridge, Options, Received};
use cdp_bridge_protocol::Event;
use cdp_bridge_protocol::request::{CloseTab, CreateTab, GetScreenshot, ImageFormat};
use futures::StreamExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let page = arguments
        .next()
        .unwrap_or("https://example.com/".to_owned());
    let file = arguments.next().unwrap_or("page.png".to_owned());
    let bridge = std::env::var("CDP_BRIDGE_URL").unwrap_or("ws://127.0.0.1:9333/ws".to_owned());

    let bridge = Bridge::connect(&bridge, Options::default()).await?;
    let mut events = bridge.events();
    let tab = bridge
        .ask(CreateTab {
            url: Some(page),
            ..CreateTab::default()
        })
        .await?;
    while let Some(event) = events.next().await {
        if let Received::Message(message) = &*event? {
            match &message.event {
                Event::LoadEventFired(fired) if fired.id == tab.id => break,
                Event::Error(error) if error.id == Some(tab.id) => {
                    return Err(error.message.clone().into());
                }
                _ => {}
            }
        }
    }
    let picture = bridge
        .ask(GetScreenshot {
            format: Some(ImageFormat::Png),
            ..GetScreenshot::of(tab.id)
        })
        .await?;
    std::fs::write(&file, &picture.bytes)?;
    bridge
        .ask(CloseTab {
            tab_id: tab.id.into(),
        })
        .await?;
    bridge.close().await;
    let size = format!("{}×{}", picture.head.width, picture.head.height);
    writeln!(
        std::io::stdout(),
        "{file}: {size}, {} bytes",
        picture.bytes.len()
    )?;
    Ok(())
}
