//! A web site for one test, which sets its responses and reads the recorded requests.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A recorded request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) cookies: String,
    /// The header of HTTP authentication.
    pub(crate) authorization: String,
    headers: HeaderMap,
}

impl Asked {
    /// The value of a header; empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |it| it.to_str().unwrap())
    }
}

/// How the site responds.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// With these headers.
    Now {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// The same, after a delay.
    After(Duration, Box<Reply>),
    /// Not at all, for as long as the client waits.
    Never,
}

impl Reply {
    pub(crate) fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
        Self::Now {
            status,
            headers,
            body: body.into(),
        }
    }

    pub(crate) fn page(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::status(302, "").with("location", to)
    }

    pub(crate) fn with(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Now {
                status,
                mut headers,
                body,
            } => {
                headers.retain(|(known, _)| *known != name);
                headers.push((name, value.to_owned()));
                Self::Now {
                    status,
                    headers,
                    body,
                }
            }
            other => other,
        }
    }
}

type Answer = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

#[derive(Default)]
struct Content {
    routes: Mutex<HashMap<String, Answer>>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

/// The site. It ends with the test.
pub(crate) struct Site {
    address: SocketAddr,
    content: Arc<Content>,
    task: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    /// A site on another local address.
    pub(crate) async fn start_on(address: IpAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let content = Arc::new(Content::default());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&content));
        let counting = Arc::clone(&content);
        let listener = listener.tap_io(move |_| {
            counting.connections.fetch_add(1, Ordering::Relaxed);
        });
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            content,
            task,
        }
    }

    /// Responds on a path by a function of the request.
    pub(crate) fn route(
        &self,
        path: &str,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) {
        let mut routes = self
            .content
            .routes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        routes.insert(path.to_owned(), Arc::new(answer));
    }

    /// Responds on a path always in the same way, and returns its URL.
    pub(crate) fn serve(&self, path: &str, reply: Reply) -> String {
        self.route(path, move |_| reply.clone());
        self.url(path)
    }

    /// Responds on a path with a page with this body, and returns its URL.
    pub(crate) fn page(&self, path: &str, body: &str) -> String {
        let title = path.trim_start_matches('/');
        let page = format!("<!doctype html><meta charset=utf-8><title>{title}</title><body>{body}");
        self.serve(path, Reply::page(page))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.url_on("127.0.0.1", path)
    }

    /// The same path under another name of this host.
    pub(crate) fn url_on(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.content.connections.load(Ordering::Relaxed)
    }

    /// The requests for this path, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self
            .content
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|it| it.path == path).cloned().collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(content): State<Arc<Content>>, request: Request) -> Response {
    let asked = Asked {
        path: request.uri().path().to_owned(),
        cookies: header(&request, COOKIE),
        authorization: header(&request, AUTHORIZATION),
        headers: request.headers().clone(),
    };
    let route = {
        let routes = content
            .routes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        routes.get(&asked.path).cloned()
    };
    let reply = match route {
        Some(route) => route(&asked),
        None => Reply::status(404, "<title>nothing here</title>"),
    };
    content
        .asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(asked);
    respond(reply).await
}

fn header(request: &Request, name: HeaderName) -> String {
    let value = request.headers().get(name);
    value.map_or_else(String::new, |it| it.to_str().unwrap().to_owned())
}

async fn respond(mut reply: Reply) -> Response {
    loop {
        match reply {
            Reply::Now {
                status,
                headers,
                body,
            } => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                return response.body(Body::from(body)).unwrap();
            }
            Reply::After(wait, next) => {
                tokio::time::sleep(wait).await;
                reply = *next;
            }
            Reply::Never => std::future::pending().await,
        }
    }
}
