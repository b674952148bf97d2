//! Requests to the proxy: a request line and headers are either unambiguous or rejected.
#![no_main]

use cdp_bridge::egress::headers::{drop_hop_by_hop, is_framed_once};
use cdp_bridge::egress::target::ProxyTarget;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Uri};
use libfuzzer_sys::fuzz_target;

fn headers(lines: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((name, value)) = colon.map(|at| (&line[..at], &line[at + 1..])) else {
            continue;
        };
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name),
            HeaderValue::from_bytes(value.trim_ascii()),
        ) {
            headers.append(name, value);
        }
    }
    headers
}

fn of_line(line: &[u8]) {
    let Ok(uri) = Uri::try_from(line) else {
        return;
    };
    if let Ok(target) = ProxyTarget::from_connect(&uri) {
        assert_ne!(target.port, 0);
        // Its canonical text parses to the same target.
        let again = format!("{}:{}", target.host, target.port).parse().unwrap();
        assert_eq!(ProxyTarget::from_connect(&again), Ok(target.clone()));
        let url: url::Url = target.tunnel_url().parse().unwrap();
        assert_eq!(url.host().map(|host| host.to_owned()), Some(target.host));
    }
    if let Ok(target) = ProxyTarget::from_absolute(&uri) {
        assert_ne!(target.port, 0);
        let again = format!("http://{}/", target.authority()).parse().unwrap();
        assert_eq!(ProxyTarget::from_absolute(&again), Ok(target));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    of_line(line);
    let mut headers = headers(&bytes[line.len()..]);
    let lengths = headers.get_all(CONTENT_LENGTH).iter().count();
    let encodings = headers.get_all(TRANSFER_ENCODING).iter().count();
    assert_eq!(is_framed_once(&headers), lengths + encodings <= 1);
    drop_hop_by_hop(&mut headers);
    for name in [
        "connection",
        "transfer-encoding",
        "upgrade",
        "proxy-authorization",
    ] {
        assert!(!headers.contains_key(name), "{name}");
    }
    assert!(!headers.contains_key(CONNECTION));
    assert_eq!(headers.get_all(CONTENT_LENGTH).iter().count(), lengths);
});
