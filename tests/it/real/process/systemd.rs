//! What systemd is told by a daemon that it starts as `Type=notify`.

use rustix::process::Signal;
use tokio::net::UnixDatagram;
use tokio::time::timeout;

use crate::support::browsers::TestBrowser;
use crate::support::daemon::Setup;
use crate::support::wait::LONGEST;

/// The next message, told apart from those of the watchdog.
async fn told(socket: &UnixDatagram, feeds: &mut usize) -> String {
    loop {
        let mut buffer = [0; 256];
        let length = timeout(LONGEST, socket.recv(&mut buffer)).await;
        let length = length.expect("systemd is told something").unwrap();
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if message != "WATCHDOG=1" {
            return message;
        }
        *feeds += 1;
    }
}

#[tokio::test]
async fn systemd_is_told_of_the_start_and_the_stop_and_in_between_that_it_is_alive() {
    let browser = TestBrowser::shell().await;
    let setup = Setup::serving(&browser);
    let path = setup.dir().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut feeds = 0;
    let mut daemon = setup
        .env("NOTIFY_SOCKET", path.to_str().unwrap())
        .env("WATCHDOG_USEC", "20000")
        .start()
        .await;
    let ready = told(&socket, &mut feeds).await;
    assert!(ready.starts_with("READY=1"), "{ready}");
    assert_eq!(feeds, 0, "before it serves it makes no promise");
    let mut buffer = [0; 256];
    for _ in 0..3 {
        let length = timeout(LONGEST, socket.recv(&mut buffer)).await;
        let length = length.expect("the watchdog is fed").unwrap();
        assert_eq!(&buffer[..length], b"WATCHDOG=1");
    }
    daemon.signal(Signal::TERM);
    let stopping = told(&socket, &mut feeds).await;
    assert!(stopping.starts_with("STOPPING=1"), "{stopping}");
    assert_eq!(daemon.ended().await.code(), Some(0), "{}", daemon.log());
}
