//! Requests of a client that has nothing but HTTP.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::http::{self, Response};

/// A client of the REST door.
pub(super) struct Http {
    address: SocketAddr,
    pub(super) token: Option<String>,
}

impl Http {
    pub(super) fn to(address: SocketAddr) -> Self {
        let token = None;
        Self { address, token }
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        self.send_with(method, path, body, &[]).await
    }

    pub(super) async fn send_with(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Response {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = headers.to_vec();
        headers.extend(bearer.as_deref().map(|it| ("Authorization", it)));
        http::send(self.address, method, path, &headers, body).await
    }

    /// The answer to a request that succeeds.
    pub(super) async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.send(method, path, Some(body)).await;
        assert!(
            (200..300).contains(&answer.status),
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
        answer.json()
    }

    /// The result of a command in a page.
    pub(super) async fn command(&self, page: &str, command: &Value) -> Value {
        let path = format!("/v1/pages/{page}/command");
        self.ask("POST", &path, command).await["result"].take()
    }
}
