//! The connection: what it grants, what it sets up, and its form in a file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use expect_test::expect;
use lambda_with::Integration;
use lambda_with::rules::mapping::StartingPosition;
use lambda_with_dynamodb::DynamoDb;
use lambda_with_testing::{definitions, function, granted};

const STREAM: &str =
    "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123";
const FULL: &str = r#"
    stream = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123"
    starting_position = "TRIM_HORIZON"
    batch_size = 500
    batching_window = 5
    parallelization_factor = 2
    maximum_record_age = 3600
    maximum_retry_attempts = 3
    bisect_batch_on_function_error = true
    tumbling_window = 60
    report_batch_item_failures = true
    filters = ['{"dynamodb":{"NewImage":{"status":{"S":["PAID"]}}}}']
    filter_key = "arn:aws:kms:eu-west-1:123456789012:key/1a"
    on_failure = "arn:aws:sqs:eu-west-1:123456789012:telemetry-failed"
    on_failure_key = "arn:aws:kms:eu-west-1:123456789012:key/2b"
    enabled = false
    event_count_metrics = true
    tags = { team = "harbor" }
    view_type = "NEW_IMAGE"
    table_key = "arn:aws:kms:eu-west-1:123456789012:key/3c"
"#;

fn plain() -> DynamoDb {
    DynamoDb::new(STREAM.parse().unwrap(), StartingPosition::Latest)
}

#[test]
fn the_execution_role_reads_this_stream_alone() {
    expect![[r#"
        dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator on arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123
        dynamodb:ListStreams on *
    "#]].assert_eq(&granted(&plain(), &function("orders")));
    expect![[r#"
        dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator on arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123
        dynamodb:ListStreams on *
        kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/3c
        sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:telemetry-failed
        kms:Decrypt kms:GenerateDataKey on arn:aws:kms:eu-west-1:123456789012:key/2b
    "#]].assert_eq(&granted(&toml::from_str::<DynamoDb>(FULL).unwrap(), &function("orders")));
    let to = |arn: &str| DynamoDb {
        on_failure: Some(arn.parse().unwrap()),
        ..plain()
    };
    expect![[r#"
        dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator on arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123
        dynamodb:ListStreams on *
        sns:Publish on arn:aws:sns:eu-west-1:123456789012:failed
    "#]].assert_eq(&granted(&to("arn:aws:sns:eu-west-1:123456789012:failed"), &function("orders")));
    expect![[r#"
        dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator on arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123
        dynamodb:ListStreams on *
        s3:PutObject s3:ListBucket on arn:aws:s3:::failed arn:aws:s3:::failed/* when StringEquals s3:ResourceAccount 123456789012
    "#]].assert_eq(&granted(&to("arn:aws:s3:::failed"), &function("orders")));
}

#[test]
fn resources() {
    let resources = |kinesis: &DynamoDb| {
        serde_json::to_string_pretty(&kinesis.resources(&function("orders"))).unwrap()
    };
    expect![[r#"
        [
          {
            "id": "DynamodbOrdersF31b4b9bMapping",
            "Type": "AWS::Lambda::EventSourceMapping",
            "properties": {
              "EventSourceArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123",
              "FunctionName": "${Function}",
              "StartingPosition": "LATEST"
            },
            "depends_on": []
          }
        ]"#]].assert_eq(&resources(&plain()));
    expect![[r#"
        [
          {
            "id": "DynamodbOrdersF31b4b9bMapping",
            "Type": "AWS::Lambda::EventSourceMapping",
            "properties": {
              "BatchSize": 500,
              "BisectBatchOnFunctionError": true,
              "DestinationConfig": {
                "OnFailure": {
                  "Destination": "arn:aws:sqs:eu-west-1:123456789012:telemetry-failed"
                }
              },
              "Enabled": false,
              "EventSourceArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123",
              "FilterCriteria": {
                "Filters": [
                  {
                    "Pattern": "{\"dynamodb\":{\"NewImage\":{\"status\":{\"S\":[\"PAID\"]}}}}"
                  }
                ]
              },
              "FunctionName": "${Function}",
              "FunctionResponseTypes": [
                "ReportBatchItemFailures"
              ],
              "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1a",
              "MaximumBatchingWindowInSeconds": 5,
              "MaximumRecordAgeInSeconds": 3600,
              "MaximumRetryAttempts": 3,
              "MetricsConfig": {
                "Metrics": [
                  "EventCount"
                ]
              },
              "ParallelizationFactor": 2,
              "StartingPosition": "TRIM_HORIZON",
              "Tags": [
                {
                  "Key": "team",
                  "Value": "harbor"
                }
              ],
              "TumblingWindowInSeconds": 60
            },
            "depends_on": []
          }
        ]"#]].assert_eq(&resources(&toml::from_str(FULL).unwrap()));
}

#[test]
fn a_definition_is_read_and_written_back() {
    let least = format!("stream = '{STREAM}'\nstarting_position = 'LATEST'");
    assert_eq!(toml::from_str::<DynamoDb>(&least).unwrap(), plain());
    let refused = [
        ("", "missing field `starting_position`"),
        ("starting_position = 'NOW'", "unknown variant `NOW`"),
        (
            "starting_position = 'LATEST'\nstarting_position_timestamp = '2026-03-02T10:00:00Z'",
            "unknown field",
        ),
        (
            "starting_position = 'LATEST'\non_failure = 'kafka://failed'",
            "is not an ARN",
        ),
    ];
    let refused =
        refused.map(|(change, reason)| (format!("stream = '{STREAM}'\n{change}"), reason));
    let refused = refused
        .each_ref()
        .map(|(text, reason)| (text.as_str(), *reason));
    definitions::<DynamoDb>(&[&least, FULL], &refused);
}

#[test]
fn names_are_readable_unique_and_short() {
    let long = "t".repeat(255);
    let mut seen = HashSet::new();
    for (table, start) in [
        ("orders", "dynamodb-orders-"),
        ("or.ders", "dynamodb-or-ders-"),
        ("or_ders", "dynamodb-or-ders-"),
        (&long, "dynamodb-tttt"),
    ] {
        for label in ["2026-03-02T10:00:00.123", "2026-04-02T10:00:00.123"] {
            let arn =
                format!("arn:aws:dynamodb:eu-west-1:123456789012:table/{table}/stream/{label}");
            let name = DynamoDb::new(arn.parse().unwrap(), StartingPosition::Latest).name();
            assert!(name.starts_with(start) && name.len() <= 80, "{name}");
            assert!(seen.insert(name));
        }
    }
}

#[test]
fn an_example_comes_from_this_stream_and_fits_the_window() {
    let function = function("orders");
    let full: DynamoDb = toml::from_str(FULL).unwrap();
    for (connection, of) in [(plain(), "DynamoDbEvent"), (full, "DynamoDbWindowEvent")] {
        let example = connection.example(&function).unwrap();
        assert_eq!(example.sample.of, of);
        for (pointer, value) in &example.own {
            assert!(example.sample.at(pointer).is_some(), "{pointer}");
            let expected = match pointer.ends_with("ARN") {
                true => connection.stream.as_str(),
                false => "eu-west-1",
            };
            assert_eq!(value, expected);
        }
        let last = &example.own.last().unwrap().0;
        assert!(last.starts_with("/Records/"), "{last}");
    }
}
