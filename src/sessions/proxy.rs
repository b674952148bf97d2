//! The upstream proxy that a client asks for.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::UpstreamProxyOptions;

use super::options::BadOption;
use crate::policy::{UpstreamProxy, UpstreamProxyError};

/// Reads the option `proxy`. Whether policy allows it is asked when the session begins.
pub fn upstream_proxy(options: &UpstreamProxyOptions) -> Result<UpstreamProxy, BadOption> {
    parse(options)
        .map_err(|error| BadOption::new(format!("proxy.{}", error.field()), error.to_string()))
}

fn parse(options: &UpstreamProxyOptions) -> Result<UpstreamProxy, UpstreamProxyError> {
    let password = options.password.as_ref().map(TypedText::expose);
    let proxy = UpstreamProxy::parse(&options.server)?
        .with_credentials(options.username.as_deref(), password)?
        .with_bypass(&options.bypass)?;
    Ok(proxy.with_resolution(options.resolve.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<UpstreamProxy, BadOption> {
        upstream_proxy(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_proxy_is_read_with_all_of_its_fields() {
        let proxy = read(
            r#"{"server": "http://proxy.test:3128", "username": "u", "password": "w",
                "bypass": ["near.test"], "resolve": "remote"}"#,
        );
        let proxy = proxy.unwrap();
        assert_eq!(proxy.server(), "http://proxy.test:3128");
        assert_eq!(proxy.credentials().unwrap().password.expose(), "w");
        assert!(read(r#"{"server": "socks5://proxy.test"}"#).is_ok());
    }

    #[test]
    fn an_error_names_the_field_and_shows_no_password() {
        for (json, field) in [
            (
                r#"{"server": "http://u:canary@proxy.test"}"#,
                "proxy.server",
            ),
            (
                r#"{"server": "http://proxy.test", "password": "canary"}"#,
                "proxy.password",
            ),
            (
                r#"{"server": "http://proxy.test", "bypass": ["*.a.test"]}"#,
                "proxy.bypass[0]",
            ),
        ] {
            let error = read(json).unwrap_err();
            assert_eq!(error.field, field);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_options_show_no_password() {
        let json = r#"{"server": "http://proxy.test", "username": "u", "password": "canary"}"#;
        let options: UpstreamProxyOptions = serde_json::from_str(json).unwrap();
        let proxy = upstream_proxy(&options).unwrap();
        assert!(!format!("{options:?} {proxy:?}").contains("canary"));
    }
}
