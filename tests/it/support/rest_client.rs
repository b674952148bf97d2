//! A client of the REST door, for bodies that are bytes.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wait::LONGEST;

/// Where the door is, and as whom to ask.
#[derive(Debug, Clone)]
pub(crate) struct RestClient {
    address: SocketAddr,
    bearer: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct RestAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl RestAnswer {
    /// The value of a header; empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |it| it.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }
}

impl RestClient {
    pub(crate) fn new(address: SocketAddr, bearer: Option<String>) -> Self {
        Self { address, bearer }
    }

    pub(crate) async fn get(&self, path: &str) -> RestAnswer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> RestAnswer {
        self.send(Method::DELETE, path, &[], Body::empty()).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> RestAnswer {
        let json = [("content-type", "application/json")];
        self.send(Method::POST, path, &json, Body::from(body.to_string()))
            .await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> RestAnswer {
        let what = format!("{method} {path}");
        let exchange = async {
            let socket = TcpStream::connect(self.address).await.unwrap();
            let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
            let connection = tokio::spawn(connection);
            let mut request = Request::builder()
                .method(method)
                .uri(path)
                .header("host", self.address.to_string());
            if let Some(bearer) = &self.bearer {
                request = request.header("authorization", bearer);
            }
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = sender.send_request(request.body(body).unwrap()).await;
            let (head, body) = answer.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            connection.abort();
            RestAnswer {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            }
        };
        timeout(LONGEST, exchange)
            .await
            .unwrap_or_else(|_| panic!("{what} was not answered"))
    }
}
