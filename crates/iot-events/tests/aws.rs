//! Connecting is refused before anything is written; disconnecting takes away what is left.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Integration, Permission, Principal};
use lambda_with_aws::{Action, Wiring};
use lambda_with_iot_events::IotEvents;
use lambda_with_testing::moto;

#[tokio::test]
async fn connect_is_refused_and_disconnect_cleans_up() {
    let session = moto::session();
    let function = moto::function(&session, "cranes").await;
    let model = IotEvents::new("crane-load");
    let mut wiring = Wiring::new(&session, function.clone()).unwrap();
    wiring.wire(&model).unwrap();

    let diff = wiring.diff().await.unwrap();
    assert_eq!(diff.refusals.len(), 1, "{diff}");
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert!(error.message().contains("ended on 20 May 2026"), "{error}");
    assert_eq!(error.context("standing"), Some("nothing was written"));
    let policy = session.lambda().get_policy().function_name(function.name());
    assert!(policy.send().await.is_err(), "nothing was granted");

    // What an earlier connect left behind.
    for permission in model.permissions(&function) {
        let Permission::ResourceBased(statement) = permission else {
            continue;
        };
        let Principal::Service(principal) = statement.principal else {
            panic!();
        };
        let request = session.lambda().add_permission();
        let request = request
            .function_name(function.name())
            .statement_id(statement.sid)
            .action(statement.action)
            .principal(principal)
            .set_source_account(statement.source_account);
        request.send().await.unwrap();
    }
    let gone = wiring.disconnect(|_| ()).await.unwrap();
    let actions: Vec<Action> = gone.changes.iter().map(|change| change.action).collect();
    assert_eq!(actions, [Action::Remove], "{gone}");
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}
