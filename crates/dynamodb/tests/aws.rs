//! A table's stream connected for real, against a moto server: all of it follows from the
//! definition.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod table;

use lambda_with::rules::mapping::StartingPosition;
use lambda_with_aws::Wiring;
use lambda_with_dynamodb::DynamoDb;
use lambda_with_testing::{ACCOUNT, moto, unique};

#[tokio::test]
async fn a_stream_is_connected_changed_and_disconnected() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let (stream, foreign) = (
        table::create(&session, &unique("orders")).await,
        table::create(&session, &unique("foreign")).await,
    );
    let theirs = session
        .lambda()
        .create_event_source_mapping()
        .event_source_arn(foreign)
        .function_name(function.name())
        .starting_position("LATEST".into())
        .batch_size(7);
    let theirs = theirs.send().await.unwrap().uuid.unwrap();

    let plain = DynamoDb {
        maximum_retry_attempts: Some(3),
        ..DynamoDb::new(stream.parse().unwrap(), StartingPosition::TrimHorizon)
    };
    let wiring = |dynamodb: &DynamoDb| {
        let mut wiring = Wiring::new(&session, function.clone()).unwrap();
        wiring.add(dynamodb).unwrap();
        wiring
    };
    let first = wiring(&plain);
    first.connect(|_| ()).await.unwrap();
    assert!(first.status().await.unwrap().is_clean());
    assert!(first.connect(|_| ()).await.unwrap().is_empty());

    let second = wiring(&DynamoDb {
        batch_size: Some(3),
        report_batch_item_failures: true,
        on_failure: Some(
            format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:failed")
                .parse()
                .unwrap(),
        ),
        ..plain
    });
    let diff = second.diff().await.unwrap().to_string();
    for expected in [
        "BatchSize: 100 → 3",
        "FunctionResponseTypes: ",
        "DestinationConfig: ",
    ] {
        assert!(diff.contains(expected), "{diff}");
    }
    second.connect(|_| ()).await.unwrap();
    assert!(second.connect(|_| ()).await.unwrap().is_empty());
    assert!(!first.status().await.unwrap().is_clean());

    second.disconnect(|_| ()).await.unwrap();
    let left = session
        .lambda()
        .list_event_source_mappings()
        .function_name(function.name());
    let left = left.send().await.unwrap().event_source_mappings.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].uuid(), left[0].batch_size),
        (Some(theirs.as_str()), Some(7))
    );
}
