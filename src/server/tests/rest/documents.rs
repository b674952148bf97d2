//! The description of the door.

use serde_json::Value;

use super::exchange::{get, header};
use crate::server::tests::harness::Bridge;

#[tokio::test]
async fn the_document_is_served_as_json_as_yaml_and_as_a_page() {
    let bridge = Bridge::start().await;
    let json = get("/v1/openapi.json").send(&bridge).await;
    let yaml = get("/openapi.yaml").send(&bridge).await;
    assert_eq!(header(&yaml, "content-type"), Some("application/yaml"));
    let read: Value = serde_saphyr::from_str(&yaml.body).unwrap();
    assert_eq!(read, json.json());
    assert_eq!(read["openapi"], "3.1.0");
    let page = get("/docs").send(&bridge).await;
    assert!(page.body.contains("/v1/pages/{pageId}/command"));
    let policy = header(&page, "content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"));
}
