//! Plain HTTP: a request in its absolute form is passed on.

use http_body_util::Either;
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri, Version};

use super::connection::{Body, CloseWithoutResponse, ProxyConnection, forbidden, refuse_bad, said};
use super::dial::DialError;
use super::headers::{drop_hop_by_hop, is_framed_once};
use super::target::ProxyTarget;
use super::upstream::Upstream;
use crate::policy::Host;

const INVALID_RESPONSE: &str = "net::ERR_INVALID_HTTP_RESPONSE";

/// Answers a plain request.
pub(super) async fn answer(
    connection: &ProxyConnection,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, CloseWithoutResponse> {
    let target = match ProxyTarget::of_absolute(request.uri()) {
        Ok(target) => target,
        Err(bad) => return Ok(refuse_bad(bad)),
    };
    if !is_framed_once(request.headers()) {
        let text = "the length of the body is said in more than one way\n".to_owned();
        return Ok(said(StatusCode::BAD_REQUEST, text));
    }
    let url = request.uri().to_string();
    let host = match connection.judge(&target, &url) {
        Ok(host) => host,
        Err(denied) => return Ok(forbidden(&denied)),
    };
    if !make_direct(&mut request, &target) {
        let text = "the path cannot be read\n".to_owned();
        return Ok(said(StatusCode::BAD_REQUEST, text));
    }
    let mut kept = reusable(connection, &host, target.port);
    loop {
        let is_kept = kept.is_some();
        let mut upstream = match kept.take() {
            Some(upstream) => upstream,
            None => match reach(connection, &target, &host, &url).await {
                Ok(upstream) => upstream,
                Err(DialError::Denied(denied)) => return Ok(forbidden(&denied)),
                Err(DialError::Failed(_)) => return Err(CloseWithoutResponse),
            },
        };
        match upstream.sender.try_send_request(request).await {
            Ok(response) => {
                connection.keep_upstream(upstream);
                return pass_back(response);
            }
            Err(mut error) => match error.take_message() {
                // The server closed the kept connection just now, and has seen nothing of it.
                Some(unsent) if is_kept => request = unsent,
                _ => {
                    if error.error().is_parse() {
                        connection.config.reporter.failed(&target, INVALID_RESPONSE);
                    }
                    return Err(CloseWithoutResponse);
                }
            },
        }
    }
}

/// Turns a request to a proxy into one to the server itself.
fn make_direct(request: &mut Request<Incoming>, target: &ProxyTarget) -> bool {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let (Ok(path), Ok(authority)) = (
        path.parse::<Uri>(),
        HeaderValue::try_from(target.authority()),
    ) else {
        return false;
    };
    *request.uri_mut() = path;
    *request.version_mut() = Version::HTTP_11;
    drop_hop_by_hop(request.headers_mut());
    // The host that was checked, whatever the request says besides.
    request.headers_mut().insert(HOST, authority);
    true
}

/// The connection of the request before, if it leads to the same server and policy, which may
/// have changed since, still permits its address.
fn reusable(connection: &ProxyConnection, host: &Host, port: u16) -> Option<Upstream> {
    let policy = connection.config.policy.borrow().clone();
    let upstream = connection.take_upstream().filter(|upstream| {
        policy.permits(host, upstream.address).is_ok() && upstream.serves(host, port)
    });
    if upstream.is_none() {
        connection.set_route(None);
    }
    upstream
}

async fn reach(
    connection: &ProxyConnection,
    target: &ProxyTarget,
    host: &Host,
    url: &str,
) -> Result<Upstream, DialError> {
    let (dialled, _) = connection.dial(target, host, url).await?;
    Upstream::new(dialled, host.clone(), target.port)
        .await
        .map_err(|_| DialError::Failed("net::ERR_CONNECTION_RESET"))
}

fn pass_back(response: Response<Incoming>) -> Result<Response<Body>, CloseWithoutResponse> {
    let (mut head, body) = response.into_parts();
    // Nothing was offered to switch to.
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(CloseWithoutResponse);
    }
    drop_hop_by_hop(&mut head.headers);
    head.version = Version::HTTP_11;
    Ok(Response::from_parts(head, Either::Left(body)))
}
