//! Checks what a tab's pages shall be allowed.

use cdp_bridge_protocol::request::{PagePermission, SetPermissions};

use super::OperationError;
use crate::policy::origin_of;
use crate::tabs::{PermissionGrant, SetupRequest};

/// The grant of a request, if the configuration allows all of it.
pub(super) fn permissions(
    allowed: &[PagePermission],
    request: SetPermissions,
) -> Result<SetupRequest, OperationError> {
    let SetPermissions {
        origin,
        mut permissions,
        ..
    } = request;
    if let Some(permission) = permissions.iter().find(|it| !allowed.contains(it)) {
        let permission = *permission;
        return Err(OperationError::PermissionForbidden { permission });
    }
    let origin = match origin {
        None => None,
        Some(text) => Some(origin_of(&text).ok_or_else(|| OperationError::BadOrigin {
            field: "origin".to_owned(),
        })?),
    };
    permissions.sort_unstable();
    permissions.dedup();
    let grant = PermissionGrant {
        origin,
        permissions,
    };
    Ok(SetupRequest::SetPermissions(Box::new(grant)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyConfig;

    fn grant(
        origin: Option<&str>,
        permissions: &[PagePermission],
    ) -> Result<PermissionGrant, OperationError> {
        let request = SetPermissions {
            tab_id: cdp_bridge_protocol::TabId::new(1).into(),
            origin: origin.map(str::to_owned),
            permissions: permissions.to_vec(),
        };
        match super::permissions(&PolicyConfig::default().permissions, request)? {
            SetupRequest::SetPermissions(grant) => Ok(*grant),
            other => panic!("not a grant: {other:?}"),
        }
    }

    #[test]
    fn only_what_the_configuration_allows_is_granted() {
        let error = grant(None, &[PagePermission::Geolocation, PagePermission::Camera]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("camera") && error.contains("policy.permissions"));
        assert_eq!(grant(None, &[]).unwrap().permissions, []);
    }

    #[test]
    fn an_origin_is_brought_into_one_form() {
        for (text, origin) in [
            ("https://A.test", "https://a.test"),
            ("https://a.test:443/path?q", "https://a.test"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ] {
            assert_eq!(
                grant(Some(text), &[]).unwrap().origin.as_deref(),
                Some(origin)
            );
        }
        for text in [
            "",
            "a.test",
            "data:text/html,x",
            "file:///etc",
            "about:blank",
        ] {
            assert!(grant(Some(text), &[]).is_err(), "{text}");
        }
    }
}
