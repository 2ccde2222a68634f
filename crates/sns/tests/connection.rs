//! What follows from a subscription: its permission, its infrastructure, its form in a file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission, Statement};
use lambda_with_sns::{FilterScope, Sns};
use lambda_with_testing::{definitions, function};

const ORDERS: &str = r#"
    topic = "arn:aws:sns:eu-west-1:123456789012:harbor-orders"
    filter_policy = '{"kind":["placed"],"tonnes":[{"numeric":[">",40]}]}'
    filter_scope = "MessageBody"
    dead_letter_queue = "arn:aws:sqs:eu-west-1:123456789012:harbor-undelivered"
"#;

fn connection(toml: &str) -> Sns {
    toml::from_str(toml).unwrap()
}

fn statement(sns: &Sns) -> Statement {
    match sns.permissions(&function("orders")).remove(0) {
        Permission::ResourceBased(statement) => statement,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_permission_names_the_topic_and_no_account() {
    let policy = Policy::of_function(&function("orders").arn, &[statement(&connection(ORDERS))]);
    expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "sns-harbor-orders-51e05a79",
              "Effect": "Allow",
              "Principal": {
                "Service": "sns.amazonaws.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
              "Condition": {
                "ArnLike": {
                  "AWS:SourceArn": "arn:aws:sns:eu-west-1:123456789012:harbor-orders"
                }
              }
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&policy).unwrap());
}

#[test]
fn principals_of_regions_that_must_be_enabled() {
    for (topic, principal) in [
        (
            "arn:aws:sns:us-east-1:210987654321:orders",
            "sns.amazonaws.com",
        ),
        (
            "arn:aws:sns:ap-east-1:123456789012:orders",
            "sns.ap-east-1.amazonaws.com",
        ),
    ] {
        let sns = Sns::new(topic.parse().unwrap());
        assert_eq!(sns.principal(&function("orders")), principal);
        let statement = serde_json::to_string(&statement(&sns)).unwrap();
        assert!(
            statement.contains(principal) && !statement.contains("source_account"),
            "{statement}"
        );
    }
}

#[test]
fn infrastructure() {
    fn check(sns: &Sns, expected: &Expect) {
        let resources = sns.resources(&function("orders"));
        expected.assert_eq(&serde_json::to_string_pretty(&resources).unwrap());
    }
    check(
        &connection(ORDERS),
        &expect![[r#"
        [
          {
            "id": "SnsHarborOrders51e05a79Subscription",
            "Type": "AWS::SNS::Subscription",
            "properties": {
              "Endpoint": "${Function}",
              "FilterPolicy": {
                "kind": [
                  "placed"
                ],
                "tonnes": [
                  {
                    "numeric": [
                      ">",
                      40
                    ]
                  }
                ]
              },
              "FilterPolicyScope": "MessageBody",
              "Protocol": "lambda",
              "RedrivePolicy": {
                "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:harbor-undelivered"
              },
              "TopicArn": "arn:aws:sns:eu-west-1:123456789012:harbor-orders"
            },
            "depends_on": []
          }
        ]"#]],
    );
    let elsewhere = Sns::new("arn:aws:sns:us-east-1:123456789012:orders".parse().unwrap());
    check(
        &elsewhere,
        &expect![[r#"
        [
          {
            "id": "SnsOrders4aa57eaaSubscription",
            "Type": "AWS::SNS::Subscription",
            "properties": {
              "Endpoint": "${Function}",
              "Protocol": "lambda",
              "Region": "us-east-1",
              "TopicArn": "arn:aws:sns:us-east-1:123456789012:orders"
            },
            "depends_on": []
          }
        ]"#]],
    );
}

#[test]
fn a_definition_is_read_and_written_back() {
    let orders = connection(ORDERS);
    assert_eq!(orders.filter_scope, FilterScope::MessageBody);
    let plain = connection("topic = 'arn:aws:sns:eu-west-1:123456789012:orders'");
    assert_eq!(toml::to_string(&plain).unwrap().lines().count(), 1);
    definitions::<Sns>(
        &[ORDERS],
        &[
            ("filter_policy = '{}'", "missing field `topic`"),
            ("topic = 'orders'", "`orders` is not an ARN"),
            (
                "topic = 'arn:aws:sns:eu-west-1:1:o'\nraw = true",
                "unknown field `raw`",
            ),
            (
                "topic = 'arn:aws:sns:eu-west-1:1:o'\nfilter_scope = 'Body'",
                "unknown variant `Body`",
            ),
        ],
    );
}
