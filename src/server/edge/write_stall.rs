//! A socket that knows for how long its peer has taken nothing of what is written to it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::lock::lock;

/// Since when a write has waited for the peer. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteStall(Arc<Mutex<Option<Instant>>>);

/// A socket whose writes are watched.
#[derive(Debug)]
pub(crate) struct WatchedSocket<S> {
    socket: S,
    stall: WriteStall,
}

impl WriteStall {
    pub(crate) fn watch<S>(&self, socket: S) -> WatchedSocket<S> {
        let stall = self.clone();
        WatchedSocket { socket, stall }
    }

    /// For how long a write has waited; zero where none waits.
    pub(crate) fn lasts(&self) -> Duration {
        lock(&self.0).map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn note<T>(&self, result: Poll<T>) -> Poll<T> {
        let mut since = lock(&self.0);
        *since = match result {
            Poll::Ready(_) => None,
            Poll::Pending => since.or_else(|| Some(Instant::now())),
        };
        drop(since);
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.stall.note(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_flush(cx);
        self.stall.note(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
