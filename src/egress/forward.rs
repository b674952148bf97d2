//! Plain HTTP: forwards requests in absolute form.

use http_body_util::Either;
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Request, Response, StatusCode, Uri, Version};

use super::connection::{
    CloseWithoutResponse, ProxyConnection, ResponseBody, bad_request, forbidden, text_response,
};
use super::dial::{DialError, Purpose};
use super::headers::drop_hop_by_hop;
use super::proxy_handshake::{basic, refusal};
use super::server_connection::ServerConnection;
use super::target::ProxyTarget;
use crate::policy::{ConnectFailure, Host, ProxyFailure, ProxyFault, UpstreamProxy};

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
    let Some(forms) = Forms::of(request.uri(), &target) else {
        let text = "the path of the URL is invalid\n".to_owned();
        return Ok(text_response(StatusCode::BAD_REQUEST, text));
    };
    *request.version_mut() = Version::HTTP_11;
    drop_hop_by_hop(request.headers_mut());
    let reporter = &connection.config.reporter;
    let mut kept = reusable(connection, &host, target.port);
    loop {
        let is_kept = kept.is_some();
        let mut server = match kept.take() {
            Some(server) => server,
            None => match reach(connection, &target, &host, &url).await {
                Ok(server) => server,
                Err(DialError::Denied(denied)) => return Ok(forbidden(&denied)),
                Err(DialError::Failed(_) | DialError::Proxy(_)) => {
                    return Err(CloseWithoutResponse);
                }
            },
        };
        let proxy = server.forwarding_proxy();
        forms.apply(&mut request, proxy.as_deref());
        match server.sender.try_send_request(request).await {
            Ok(response) => {
                connection.keep_server(server);
                let fault = proxy
                    .as_ref()
                    .and_then(|proxy| Some((proxy, fault_of(proxy, &response)?)));
                if let Some((proxy, fault)) = fault {
                    reporter.failed(&target, proxy_failure(proxy, fault));
                    return Err(CloseWithoutResponse);
                }
                return pass_back(response);
            }
            Err(mut error) => match error.take_message() {
                // The server closed the kept connection before it read anything: send it again.
                Some(unsent) if is_kept => request = unsent,
                _ => {
                    let is_invalid = error.error().is_parse();
                    match proxy {
                        Some(proxy) => {
                            let fault = fault_without_response(is_invalid);
                            reporter.failed(&target, proxy_failure(&proxy, fault));
                        }
                        None if is_invalid => {
                            reporter.failed(&target, ConnectFailure::Failed(INVALID_RESPONSE));
                        }
                        None => {}
                    }
                    return Err(CloseWithoutResponse);
                }
            },
        }
    }
}

/// The request target for a server and for a proxy.
struct Forms {
    origin: Uri,
    absolute: Uri,
    /// The host that was checked, not the one in the client's `Host` header.
    host: HeaderValue,
}

impl Forms {
    fn of(uri: &Uri, target: &ProxyTarget) -> Option<Self> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = target.authority();
        let origin = path.parse().ok()?;
        let absolute = Uri::builder()
            .scheme("http")
            .authority(authority.as_str())
            .path_and_query(path);
        Some(Self {
            origin,
            absolute: absolute.build().ok()?,
            host: HeaderValue::try_from(authority).ok()?,
        })
    }

    /// Makes it a request for a server, or for a proxy that is to forward it.
    fn apply(&self, request: &mut Request<Incoming>, proxy: Option<&UpstreamProxy>) {
        let form = match proxy {
            None => &self.origin,
            Some(_) => &self.absolute,
        };
        *request.uri_mut() = form.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.remove(PROXY_AUTHORIZATION);
        if let Some(proxy) = proxy {
            authorise(headers, proxy);
        }
    }
}

fn authorise(headers: &mut HeaderMap, proxy: &UpstreamProxy) {
    let value = proxy.credentials().map(basic);
    if let Some(Ok(mut value)) = value.map(HeaderValue::try_from) {
        value.set_sensitive(true);
        headers.insert(PROXY_AUTHORIZATION, value);
    }
}

/// What a proxy's own response says of it. A response that may as well be the server's is passed back.
fn fault_of(proxy: &UpstreamProxy, response: &Response<Incoming>) -> Option<ProxyFault> {
    let status = response.status();
    let is_own = |name: &str| {
        let value = response.headers().get(name);
        value.is_some_and(|value| name != "proxy-status" || is_error(value))
    };
    let is_of_proxy = status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
        || (status.is_client_error() || status.is_server_error())
            // RFC 9209, and what Squid sends.
            && (is_own("proxy-status") || is_own("x-squid-error"));
    is_of_proxy.then(|| refusal(status.as_u16(), proxy.credentials().is_some()))
}

fn is_error(proxy_status: &HeaderValue) -> bool {
    proxy_status
        .to_str()
        .is_ok_and(|text| text.contains("error="))
}

fn proxy_failure(proxy: &UpstreamProxy, fault: ProxyFault) -> ConnectFailure {
    let server = proxy.server();
    ConnectFailure::Proxy(ProxyFailure { server, fault })
}

fn fault_without_response(is_invalid: bool) -> ProxyFault {
    if is_invalid {
        ProxyFault::InvalidAnswer {
            what: "it is not HTTP/1, or its head is too long".to_owned(),
        }
    } else {
        ProxyFault::Closed
    }
}

/// The connection of the request before, if it goes to the same server and current policy permits
/// its addresses.
fn reusable(connection: &ProxyConnection, host: &Host, port: u16) -> Option<ServerConnection> {
    let policy = connection.config.policy.borrow().clone();
    let server = connection
        .take_server()
        .filter(|server| server.path.check(&policy, host).is_ok() && server.serves(host, port));
    if server.is_none() {
        connection.set_route(None);
    }
    server
}

async fn reach(
    connection: &ProxyConnection,
    target: &ProxyTarget,
    host: &Host,
    url: &str,
) -> Result<ServerConnection, DialError> {
    let dialled = connection.dial(Purpose::PlainRequests, target, host, url);
    let (dialled, _) = dialled.await?;
    ServerConnection::new(dialled, host.clone(), target.port)
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
