//! What a bus does not take. What it takes is read back by the tests of the command.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::rules::destination::{Kind, Message};
use lambda_with::rules::stream::Destination;
use lambda_with::{Arn, ErrorKind};
use lambda_with_eventbridge::send::to_bus;
use lambda_with_testing::fake;
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
const BUS: &str = "arn:aws:events:eu-west-1:123456789012:event-bus/harbor";

fn record(to: &Arn) -> Message {
    Message {
        kind: Kind::OnFailure,
        function: FUNCTION.parse().unwrap(),
        to: Destination::Arn(to.clone()),
        key: None,
        body: r#"{"version":"1.0"}"#.into(),
        attributes: Vec::new(),
        trace_header: Some("Root=1-69a56802-0f1e2d3c4b5a69788796a5b4".into()),
    }
}

#[tokio::test]
async fn an_entry_that_is_not_taken_is_an_error() {
    let bus: Arn = BUS.parse().unwrap();
    for (entry, expected) in [
        (json!({ "EventId": "1" }), None),
        (
            json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded" }),
            Some((ErrorKind::Throttled, "Rate exceeded")),
        ),
        (
            json!({ "ErrorCode": "InternalFailure" }),
            Some((ErrorKind::Unavailable, "InternalFailure")),
        ),
        (
            json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." }),
            Some((ErrorKind::Invalid, "Detail is malformed.")),
        ),
    ] {
        let failed = u8::from(expected.is_some());
        let answer = json!({ "FailedEntryCount": failed, "Entries": [entry] }).to_string();
        let (session, log) = fake::session(move |_, _, _| (200, answer.clone()));
        let error = to_bus(&session, &bus, &record(&bus)).await.err();
        match expected {
            None => assert!(error.is_none(), "{error:?}"),
            Some((kind, why)) => {
                let error = error.unwrap();
                assert_eq!(error.kind(), kind, "{error}");
                assert!(error.to_string().contains(why), "{error}");
            }
        }
        let asked: Value = serde_json::from_str(&log.lock().unwrap()[0].2).unwrap();
        assert_eq!(
            asked["Entries"],
            json!([{
                "Source": "lambda",
                "Resources": [BUS, format!("{FUNCTION}:$LATEST")],
                "DetailType": "Lambda Function Invocation Result - Failure",
                "Detail": r#"{"version":"1.0"}"#,
                "EventBusName": BUS,
                "TraceHeader": "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4",
            }])
        );
    }
}
