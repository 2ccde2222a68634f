//! The connection: what it grants, what it sets up, and its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::{Function, Integration};
use lambda_with_sqs::Sqs;

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
    let full: Sqs = toml::from_str(FULL).unwrap();
    expect![[r#"
        [
          {
            "kind": "execution-role",
            "actions": [
              "sqs:ReceiveMessage",
              "sqs:DeleteMessage",
              "sqs:GetQueueAttributes"
            ],
            "resources": [
              "arn:aws:sqs:eu-west-1:123456789012:orders"
            ],
            "reason": "Lambda polls the queue as the function's execution role"
          },
          {
            "kind": "execution-role",
            "actions": [
              "kms:Decrypt"
            ],
            "resources": [
              "arn:aws:kms:eu-west-1:123456789012:key/2b"
            ],
            "reason": "the queue is encrypted with this key"
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&full.permissions(&function())).unwrap());
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
    for toml in ["queue = 'arn:aws:sqs:eu-west-1:123456789012:orders'", FULL] {
        let sqs: Sqs = toml::from_str(toml).unwrap();
        assert_eq!(
            toml::from_str::<Sqs>(&toml::to_string(&sqs).unwrap()).unwrap(),
            sqs
        );
    }
    let sqs: Sqs = toml::from_str("queue = 'arn:aws:sqs:eu-west-1:123456789012:q'").unwrap();
    assert_eq!(sqs, Sqs::new(sqs.queue.clone()));
    for (toml, reason) in [
        ("batch_size = 10", "missing field `queue`"),
        ("queue = 'orders'", "is not an ARN"),
        (
            "queue = 'arn:aws:sqs:eu-west-1:123456789012:q'\nbatchsize = 1",
            "unknown field",
        ),
    ] {
        let error = toml::from_str::<Sqs>(toml).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
