//! What follows from a connection: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission, Statement};
use lambda_with_alb::{Alb, Rule};
use lambda_with_testing::{definitions, delivered, function};
use serde_json::json;

fn connection(toml: &str) -> Alb {
    toml::from_str(toml).unwrap()
}

const ORDERS: &str = r#"
    target_group = "orders"
    listener = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
    multi_value_headers = true
    health_check = { path = "/health" }
    rules = [
        { priority = 10, paths = ["/orders", "/orders/*"], hosts = ["*.example.com"], methods = ["GET"] },
        { priority = 20 },
    ]
"#;

const GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/5c2e1f0a9b7d4386";

fn statements(alb: &Alb) -> Vec<Statement> {
    let resource_based = |permission| match permission {
        Permission::ResourceBased(statement) => statement,
        other => panic!("{other:?}"),
    };
    alb.permissions(&function("orders:live"))
        .into_iter()
        .map(resource_based)
        .collect()
}

#[test]
fn the_permission_names_target_group_and_account() {
    let policy = Policy::of_function(
        &function("orders:live").arn,
        &statements(&connection(ORDERS)),
    );
    expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "alb-orders",
              "Effect": "Allow",
              "Principal": {
                "Service": "elasticloadbalancing.amazonaws.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:orders:live",
              "Condition": {
                "StringEquals": {
                  "AWS:SourceAccount": "123456789012"
                },
                "ArnLike": {
                  "AWS:SourceArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/*"
                }
              }
            }
          ]
        }"#]].assert_eq(&serde_json::to_string_pretty(&policy).unwrap());
    let existing = statements(&Alb::new(GROUP)).remove(0);
    assert_eq!(existing.source_arn.unwrap().as_str(), GROUP);
    assert_eq!(existing.source_account.as_deref(), Some("123456789012"));
}

#[test]
fn a_name_that_would_admit_other_groups_grants_nothing() {
    let pattern = GROUP.replace("orders", "*");
    for group in [
        "",
        "*",
        "order?",
        "orders/*",
        pattern.as_str(),
        "arn:orders",
    ] {
        assert_eq!(
            Alb::new(group).permissions(&function("orders:live")),
            [],
            "{group}"
        );
    }
}

#[test]
fn resources() {
    let check = |alb: &Alb, expected: Expect| {
        expected.assert_eq(
            &serde_json::to_string_pretty(&alb.resources(&function("orders:live"))).unwrap(),
        );
    };
    check(
        &connection(ORDERS),
        expect![[r#"
        [
          {
            "id": "AlbOrdersTargetGroup",
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "properties": {
              "HealthCheckEnabled": true,
              "HealthCheckIntervalSeconds": 35,
              "HealthCheckPath": "/health",
              "HealthCheckTimeoutSeconds": 30,
              "HealthyThresholdCount": 5,
              "Matcher": {
                "HttpCode": "200"
              },
              "Name": "orders",
              "TargetGroupAttributes": [
                {
                  "Key": "lambda.multi_value_headers.enabled",
                  "Value": "true"
                }
              ],
              "TargetType": "lambda",
              "Targets": [
                {
                  "Id": "${Function}"
                }
              ],
              "UnhealthyThresholdCount": 2
            },
            "depends_on": [
              "AlbOrdersPermission"
            ]
          },
          {
            "id": "AlbOrdersRule10",
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "properties": {
              "Actions": [
                {
                  "TargetGroupArn": "${AlbOrdersTargetGroup}",
                  "Type": "forward"
                }
              ],
              "Conditions": [
                {
                  "Field": "path-pattern",
                  "PathPatternConfig": {
                    "Values": [
                      "/orders",
                      "/orders/*"
                    ]
                  }
                },
                {
                  "Field": "host-header",
                  "HostHeaderConfig": {
                    "Values": [
                      "*.example.com"
                    ]
                  }
                },
                {
                  "Field": "http-request-method",
                  "HttpRequestMethodConfig": {
                    "Values": [
                      "GET"
                    ]
                  }
                }
              ],
              "ListenerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2",
              "Priority": 10
            },
            "depends_on": []
          },
          {
            "id": "AlbOrdersRule20",
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "properties": {
              "Actions": [
                {
                  "TargetGroupArn": "${AlbOrdersTargetGroup}",
                  "Type": "forward"
                }
              ],
              "Conditions": [
                {
                  "Field": "path-pattern",
                  "PathPatternConfig": {
                    "Values": [
                      "*"
                    ]
                  }
                }
              ],
              "ListenerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2",
              "Priority": 20
            },
            "depends_on": []
          }
        ]"#]],
    );
    check(
        &Alb::new("orders"),
        expect![[r#"
        [
          {
            "id": "AlbOrdersTargetGroup",
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "properties": {
              "HealthCheckEnabled": false,
              "Name": "orders",
              "TargetGroupAttributes": [
                {
                  "Key": "lambda.multi_value_headers.enabled",
                  "Value": "false"
                }
              ],
              "TargetType": "lambda",
              "Targets": [
                {
                  "Id": "${Function}"
                }
              ]
            },
            "depends_on": [
              "AlbOrdersPermission"
            ]
          }
        ]"#]],
    );
    let existing = Alb {
        target_group: GROUP.into(),
        rules: vec![Rule::new(7)],
        ..connection(ORDERS)
    };
    check(
        &existing,
        expect![[r#"
        [
          {
            "id": "AlbOrdersA79dbeacRule7",
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "properties": {
              "Actions": [
                {
                  "TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/5c2e1f0a9b7d4386",
                  "Type": "forward"
                }
              ],
              "Conditions": [
                {
                  "Field": "path-pattern",
                  "PathPatternConfig": {
                    "Values": [
                      "*"
                    ]
                  }
                }
              ],
              "ListenerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2",
              "Priority": 7
            },
            "depends_on": []
          }
        ]"#]],
    );
}

#[test]
fn a_definition_is_read_and_written_back() {
    let orders = connection(ORDERS);
    let check = orders.health_check.unwrap();
    assert_eq!(
        (check.interval, check.timeout, check.success.as_str()),
        (35, 30, "200")
    );
    definitions::<Alb>(
        &[ORDERS],
        &[
            ("multi_value_headers = true", "missing field `target_group`"),
            (
                "target_group = 'orders'\nlistner = 'x'",
                "unknown field `listner`",
            ),
            (
                "target_group = 'orders'\nrules = [{}]",
                "missing field `priority`",
            ),
            (
                "target_group = 'orders'\nrules = [{ priority = 1, path = '/' }]",
                "unknown field `path`",
            ),
            (
                "target_group = 'orders'\nhealth_check = { url = '/' }",
                "unknown field `url`",
            ),
            ("target_group = 'orders'\nlistener = 'shop'", "not an ARN"),
        ],
    );
}

#[test]
fn a_request_of_the_group() {
    let check = |alb: &Alb, pairs: &[(&str, &str)]| {
        let event = delivered(alb.example(&function("orders:live")));
        for (pointer, expected) in pairs {
            assert_eq!(event.pointer(pointer), Some(&json!(expected)), "{pointer}");
        }
    };
    let group = "/requestContext/elb/targetGroupArn";
    check(
        &connection(ORDERS),
        &[
            (
                group,
                "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/0123456789abcdef",
            ),
            ("/path", "/orders"),
            ("/multiValueHeaders/host/0", "harbor.example.com"),
            ("/httpMethod", "GET"),
        ],
    );
    check(
        &Alb::new(GROUP),
        &[(group, GROUP), ("/path", "/tides/caf%C3%A9")],
    );
    let jobs = Rule {
        paths: vec!["*/jobs/?".into()],
        methods: vec!["PUT".into()],
        ..Rule::new(1)
    };
    let jobs = Alb {
        rules: vec![jobs],
        ..Alb::new(GROUP)
    };
    check(
        &jobs,
        &[("/path", "/harbor/jobs/h"), ("/httpMethod", "PUT")],
    );
}
