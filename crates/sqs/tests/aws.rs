//! A queue connected for real, against a moto server: all of it follows from the definition.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Integration;
use lambda_with_aws::{Wiring, may_poll};
use lambda_with_sqs::Sqs;
use lambda_with_testing::{ACCOUNT, moto, unique};

#[tokio::test]
async fn a_queue_is_connected_changed_and_disconnected() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let name = unique("orders");
    let queues = aws_sdk_sqs::Client::new(session.config());
    queues
        .create_queue()
        .queue_name(&name)
        .send()
        .await
        .unwrap();
    let arn = format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}");
    let plain = Sqs::new(arn.parse().unwrap());
    let wiring = |sqs: &Sqs| {
        let mut wiring = Wiring::new(&session, function.clone()).unwrap();
        wiring.add(sqs).unwrap();
        wiring
    };
    let needed: Vec<_> = plain
        .permissions(&function)
        .into_iter()
        .filter_map(|permission| match permission {
            lambda_with::Permission::ExecutionRole(statement) => Some(statement),
            _ => None,
        })
        .collect();
    assert_eq!(
        may_poll(&session, &function, &needed).await.unwrap().len(),
        3
    );

    let first = wiring(&plain);
    first.connect(|_| ()).await.unwrap();
    assert!(first.status().await.unwrap().is_clean());
    assert!(first.connect(|_| ()).await.unwrap().is_empty());
    assert!(
        may_poll(&session, &function, &needed)
            .await
            .unwrap()
            .is_empty()
    );

    let changed = Sqs {
        batch_size: 3,
        report_batch_item_failures: true,
        enabled: false,
        ..plain
    };
    let second = wiring(&changed);
    let diff = second.diff().await.unwrap().to_string();
    for expected in [
        "BatchSize: 10 → 3",
        "Enabled: true → false",
        "FunctionResponseTypes: ",
    ] {
        assert!(diff.contains(expected), "{diff}");
    }
    second.connect(|_| ()).await.unwrap();
    assert!(second.status().await.unwrap().is_clean());
    assert!(!first.status().await.unwrap().is_clean());

    let none = Wiring::new(&session, function.clone()).unwrap();
    let orphans = none.status().await.unwrap().orphans;
    assert!(
        orphans.len() == 1 && orphans[0].what.contains(&arn),
        "{orphans:?}"
    );

    second.disconnect(|_| ()).await.unwrap();
    let request = session
        .lambda()
        .list_event_source_mappings()
        .event_source_arn(&arn);
    assert!(
        request
            .send()
            .await
            .unwrap()
            .event_source_mappings()
            .is_empty()
    );
    assert_eq!(
        may_poll(&session, &function, &needed).await.unwrap().len(),
        3
    );
}
