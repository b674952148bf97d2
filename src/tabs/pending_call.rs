//! A call that may be pending.

use futures::future::BoxFuture;

/// Waits for the call and removes it; never ends while none is pending. For a branch of `select!`.
pub(super) async fn take_done<T>(call: &mut Option<BoxFuture<'static, T>>) -> T {
    let Some(pending) = call else {
        return std::future::pending().await;
    };
    let done = pending.await;
    *call = None;
    done
}
