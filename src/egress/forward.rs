//! Plain HTTP: forwards requests in absolute form.

use http_body_util::Either;
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri, Version};

use super::connection::{
    CloseWithoutResponse, ProxyConnection, ResponseBody, bad_request, forbidden, text_response,
};
use super::dial::DialError;
use super::headers::drop_hop_by_hop;
use super::target::ProxyTarget;
use super::upstream::Upstream;
use crate::policy::Host;

const INVALID_RESPONSE: &str = "net::ERR_INVALID_HTTP_RESPONSE";

pub(super) async fn forward(
    connection: &ProxyConnection,
    mut request: Request<Incoming>,
) -> Result<Response<ResponseBody>, CloseWithoutResponse> {
    let target = match ProxyTarget::from_absolute(request.uri()) {
        Ok(target) => target,
        Err(error) => return Ok(bad_request(error)),
    };
    let url = request.uri().to_string();
    let host = match connection.check_host(&target, &url) {
        Ok(host) => host,
        Err(denied) => return Ok(forbidden(&denied)),
    };
    if !to_origin_form(&mut request, &target) {
        let text = "the path of the URL is invalid\n".to_owned();
        return Ok(text_response(StatusCode::BAD_REQUEST, text));
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
                // The server closed the kept connection before it read anything: send it again.
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

/// Turns a request in absolute form into one for the origin server.
fn to_origin_form(request: &mut Request<Incoming>, target: &ProxyTarget) -> bool {
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
    // The host that was checked, not the one in the client's `Host` header.
    request.headers_mut().insert(HOST, authority);
    true
}

/// The connection of the request before, if it goes to the same server and current policy permits
/// its address.
fn reusable(connection: &ProxyConnection, host: &Host, port: u16) -> Option<Upstream> {
    let policy = connection.config.policy.borrow().clone();
    let upstream = connection.take_upstream().filter(|upstream| {
        policy.permits(host, upstream.destination).is_ok() && upstream.serves(host, port)
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

fn pass_back(response: Response<Incoming>) -> Result<Response<ResponseBody>, CloseWithoutResponse> {
    let (mut head, body) = response.into_parts();
    // The `Upgrade` header was dropped, so the server has no reason to switch protocols.
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(CloseWithoutResponse);
    }
    drop_hop_by_hop(&mut head.headers);
    head.version = Version::HTTP_11;
    Ok(Response::from_parts(head, Either::Left(body)))
}
