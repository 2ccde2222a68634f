//! The connection: what it grants, what it sets up, and its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use expect_test::{Expect, expect};
use lambda_with::{Function, Integration};
use lambda_with_sqs::Sqs;
use lambda_with_testing::{definition, definitions, granted};

fn function() -> Function {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders:live";
    Function::new(arn.parse().unwrap()).unwrap()
}

fn plain() -> Sqs {
    Sqs::new("arn:aws:sqs:eu-west-1:123456789012:orders".parse().unwrap())
}

const FULL: &str = r#"
    queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
    batch_size = 500
    batching_window = 5
    report_batch_item_failures = true
    filters = ['{"body":{"kind":["placed"]}}']
    filter_key = "arn:aws:kms:eu-west-1:123456789012:key/1a"
    enabled = false
    event_count_metrics = true
    provisioned_pollers = { maximum = 20 }
    queue_key = "arn:aws:kms:eu-west-1:123456789012:key/2b"
    visibility_timeout = 180
    max_receive_count = 5
    tags = { team = "orders" }
"#;

#[test]
fn the_execution_role_reads_this_queue_alone() {
    expect![[r#"
        sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on arn:aws:sqs:eu-west-1:123456789012:orders
        kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/2b
    "#]].assert_eq(&granted(&definition::<Sqs>(FULL, ""), &function()));
    assert_eq!(plain().permissions(&function()).len(), 1);
}

#[test]
fn resources() {
    let check = |sqs: &Sqs, expected: Expect| {
        let resources = serde_json::to_string_pretty(&sqs.resources(&function())).unwrap();
        expected.assert_eq(&resources);
    };
    check(
        &plain(),
        expect![[r#"
        [
          {
            "id": "SqsOrders59026b21Mapping",
            "Type": "AWS::Lambda::EventSourceMapping",
            "properties": {
              "BatchSize": 10,
              "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders",
              "FunctionName": "${Function}"
            },
            "depends_on": []
          }
        ]"#]],
    );
    check(
        &toml::from_str(FULL).unwrap(),
        expect![[r#"
        [
          {
            "id": "SqsOrders59026b21Mapping",
            "Type": "AWS::Lambda::EventSourceMapping",
            "properties": {
              "BatchSize": 500,
              "Enabled": false,
              "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders",
              "FilterCriteria": {
                "Filters": [
                  {
                    "Pattern": "{\"body\":{\"kind\":[\"placed\"]}}"
                  }
                ]
              },
              "FunctionName": "${Function}",
              "FunctionResponseTypes": [
                "ReportBatchItemFailures"
              ],
              "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1a",
              "MaximumBatchingWindowInSeconds": 5,
              "MetricsConfig": {
                "Metrics": [
                  "EventCount"
                ]
              },
              "ProvisionedPollerConfig": {
                "MaximumPollers": 20,
                "MinimumPollers": 2
              },
              "Tags": [
                {
                  "Key": "team",
                  "Value": "orders"
                }
              ]
            },
            "depends_on": []
          }
        ]"#]],
    );
    check(
        &Sqs {
            maximum_concurrency: Some(7),
            ..plain()
        },
        expect![[r#"
        [
          {
            "id": "SqsOrders59026b21Mapping",
            "Type": "AWS::Lambda::EventSourceMapping",
            "properties": {
              "BatchSize": 10,
              "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders",
              "FunctionName": "${Function}",
              "ScalingConfig": {
                "MaximumConcurrency": 7
              }
            },
            "depends_on": []
          }
        ]"#]],
    );
}

#[test]
fn a_definition_is_read_and_written_back() {
    let least = "queue = 'arn:aws:sqs:eu-west-1:123456789012:orders'";
    definitions::<Sqs>(
        &[least, FULL],
        &[
            ("batch_size = 10", "missing field `queue`"),
            ("queue = 'orders'", "is not an ARN"),
            (&format!("{least}\nbatchsize = 1"), "unknown field"),
        ],
    );
    assert_eq!(definition::<Sqs>(least, ""), plain());
}

#[test]
fn names_are_readable_unique_and_short() {
    let long = "q".repeat(75);
    let mut seen = HashSet::new();
    for (queue, start) in [
        ("123456789012:orders", "sqs-orders-"),
        ("210987654321:orders", "sqs-orders-"),
        ("123456789012:orders.fifo", "sqs-orders-fifo-"),
        ("123456789012:orders-fifo", "sqs-orders-fifo-"),
        ("123456789012:orders_fifo", "sqs-orders-fifo-"),
        (&format!("123456789012:{long}.fifo"), "sqs-qqqqqqqq"),
    ] {
        let arn = format!("arn:aws:sqs:eu-west-1:{queue}");
        let name = Sqs::new(arn.parse().unwrap()).name();
        assert!(name.starts_with(start) && name.len() <= 80, "{name}");
        assert!(seen.insert(name));
    }
}
