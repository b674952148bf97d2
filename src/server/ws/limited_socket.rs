//! The socket below a WebSocket, on which messages over the limit are shortened.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::message_limit::MessageLimiter;

/// What is read at once.
const READ: usize = 4 * 1024;

/// A socket whose reads pass a [`MessageLimiter`].
#[derive(Debug)]
pub struct LimitedSocket<S> {
    socket: S,
    limiter: MessageLimiter,
    /// Filtered, and not read yet: what one read brought, at most.
    filtered: BytesMut,
}

impl<S> LimitedSocket<S> {
    /// The opening handshake is done on this socket.
    pub fn new(socket: S, limiter: MessageLimiter) -> Self {
        Self {
            socket,
            limiter,
            filtered: BytesMut::new(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LimitedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // A read that yields nothing is the end; so skipped bytes are read on. The socket ends the time slice.
        while this.filtered.is_empty() {
            let mut space = [MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut this.socket).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.limiter.filter(read.filled(), &mut this.filtered);
        }
        let length = buffer.remaining().min(this.filtered.len());
        buffer.put_slice(&this.filtered[..length]);
        this.filtered.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LimitedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
