//! Clients are replaced while the server runs.

use super::harness::{Bridge, client_token, soon, with_tokens};
use crate::server::{Credentials, ReplaceError};
use crate::tabs::TabMessage;

const ALPHA: &[&str] = &["Authorization: Bearer alpha"];
const BETA: &[&str] = &["Authorization: Bearer beta"];

#[tokio::test]
async fn connections_of_tokens_that_are_still_there_stay_and_the_others_are_closed() {
    let bridge = Bridge::with(with_tokens).await;
    let mut removed = bridge.connect_with(ALPHA).await;
    let mut kept = bridge.connect_with(BETA).await;
    let clients = vec![client_token("b", "beta"), client_token("a", "next")];
    bridge.replace(clients);
    assert_eq!(removed.closed().await, 1008);
    assert_eq!(kept.ask(r#"{"type":"ping"}"#).await["type"], "pong");
    assert_eq!(bridge.upgrade(ALPHA).await.status, 401);
    let mut back = bridge.connect_with(&["Authorization: Bearer next"]).await;
    assert_eq!(back.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn a_client_with_a_new_token_keeps_its_tabs_and_one_that_is_gone_loses_them() {
    let bridge = Bridge::with(with_tokens).await;
    let (mut of_a, mut of_b) = (bridge.tab("a", 1), bridge.tab("b", 2));
    let clients = vec![client_token("a", "next")];
    bridge.replace(clients);
    let message = soon("the end of the tab", of_b.recv()).await.unwrap();
    assert!(matches!(message, TabMessage::Close(..)));
    assert!(of_a.try_recv().is_err());
}

#[tokio::test]
async fn where_a_first_token_comes_everybody_without_one_has_to_go() {
    let bridge = Bridge::start().await;
    let mut anybody = bridge.connect().await;
    let clients = vec![client_token("a", "alpha")];
    bridge.replace(clients);
    assert_eq!(anybody.closed().await, 1008);
    assert_eq!(bridge.upgrade(&[]).await.status, 401);
}

#[tokio::test]
async fn the_last_token_of_a_server_that_others_reach_is_not_taken_away() {
    let bridge = Bridge::with(|settings| {
        with_tokens(settings);
        settings.config.listen = crate::server::Listen::Tcp("0.0.0.0:0".parse().unwrap());
    })
    .await;
    let error = bridge
        .replacer
        .prepare(Credentials::default(), None)
        .unwrap_err();
    assert!(matches!(error, ReplaceError::Open { .. }), "{error}");
    bridge.connect_with(ALPHA).await;
}
