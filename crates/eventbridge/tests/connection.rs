//! What follows from a connection: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{CallerRole, Integration, Permission};
use lambda_with_eventbridge::{Rule, RuleState, Schedule};
use lambda_with_testing::{check, function};

const BIG: &str = r#"
    name = "big-orders"
    bus = "shop"
    pattern = { source = ["shop.orders"], detail = { total = [{ numeric = [">", 100] }] } }
    state = "ENABLED"
    maximum_retry_attempts = 3
    maximum_event_age = 3600
    dead_letter_queue = "arn:aws:sqs:eu-west-1:123456789012:undelivered"

    [input_transformer]
    paths = { order = "$.detail.order" }
    template = '{"order": <order>}'
"#;

const MORNING: &str = r#"
    name = "morning-report"
    group = "reports"
    schedule = "cron(30 6 ? * MON-FRI *)"
    timezone = "Europe/Dublin"
    start = "2026-04-01T00:00:00Z"
    flexible_window = 15
    maximum_retry_attempts = 3
    dead_letter_queue = "arn:aws:sqs:eu-west-1:123456789012:undelivered"
    input = { due = "<aws.scheduler.scheduled-time>" }
"#;

fn rule(toml: &str) -> Rule {
    toml::from_str(toml).unwrap()
}

fn schedule(toml: &str) -> Schedule {
    toml::from_str(toml).unwrap()
}

fn source_arn(rule: &Rule) -> Option<String> {
    match rule.permissions(&function("orders")).as_slice() {
        [Permission::ResourceBased(statement)] => {
            assert_eq!(statement.source_account, None);
            statement.source_arn.as_ref().map(ToString::to_string)
        }
        [] => None,
        other => panic!("{other:?}"),
    }
}

fn caller(permissions: &[Permission]) -> &CallerRole {
    match permissions {
        [Permission::CallerRole(role)] => role,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_permission_names_the_rule() {
    for (bus, name, expected) in [
        (None, "nightly", Some("rule/nightly")),
        (Some("default"), "nightly", Some("rule/nightly")),
        (Some("shop"), "nightly", Some("rule/shop/nightly")),
        (
            Some("aws.partner/example.com/1"),
            "n",
            Some("rule/aws.partner/example.com/1/n"),
        ),
        // Names that would admit other rules.
        (None, "*", None),
        (None, "", None),
        (Some("*"), "nightly", None),
        (None, "a/b", None),
    ] {
        let mut rule = Rule::scheduled(name, "rate(1 day)");
        rule.bus = bus.map(Into::into);
        let expected =
            expected.map(|resource| format!("arn:aws:events:eu-west-1:123456789012:{resource}"));
        assert_eq!(source_arn(&rule), expected, "{bus:?} {name}");
    }
    let statements = rule(BIG).permissions(&function("orders:live"));
    let [Permission::ResourceBased(statement)] = statements.as_slice() else {
        panic!("{statements:?}")
    };
    check(
        &Policy::of_function(
            &function("orders:live").arn,
            std::slice::from_ref(statement),
        )
        .statements,
        &expect![[r#"
            [
              {
                "Sid": "rule-shop-big-orders-0db0fe4b",
                "Effect": "Allow",
                "Principal": {
                  "Service": "events.amazonaws.com"
                },
                "Action": "lambda:InvokeFunction",
                "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:orders:live",
                "Condition": {
                  "ArnLike": {
                    "AWS:SourceArn": "arn:aws:events:eu-west-1:123456789012:rule/shop/big-orders"
                  }
                }
              }
            ]"#]],
    );
}

#[test]
fn a_role_takes_the_permissions_place() {
    let role = "arn:aws:iam::123456789012:role/events-to-orders";
    let rule = Rule {
        role: Some(role.parse().unwrap()),
        ..rule(BIG)
    };
    let permissions = rule.permissions(&function("orders"));
    let caller = caller(&permissions);
    assert_eq!(
        (caller.trusts.as_str(), &caller.role),
        ("events.amazonaws.com", &rule.role)
    );
    assert_eq!(
        caller.allows[0].resources,
        [function("orders").arn.to_string()]
    );
    let resources = rule.resources(&function("orders"));
    assert_eq!(resources[0].properties["Targets"][0]["RoleArn"], role);
}

#[test]
fn scheduler_has_a_role_for_this_account() {
    let permissions = schedule(MORNING).permissions(&function("reports:live"));
    let caller = caller(&permissions);
    check(
        &Policy::trust(caller).statements,
        &expect![[r#"
        [
          {
            "Effect": "Allow",
            "Principal": {
              "Service": "scheduler.amazonaws.com"
            },
            "Action": "sts:AssumeRole",
            "Condition": {
              "StringEquals": {
                "aws:SourceAccount": "123456789012"
              }
            }
          }
        ]"#]],
    );
    check(
        &Policy::of_role(&caller.allows).statements,
        &expect![[r#"
        [
          {
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:reports:live"
          },
          {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:eu-west-1:123456789012:undelivered"
          }
        ]"#]],
    );
    let own = Schedule {
        role: "arn:aws:iam::123456789012:role/own".parse().ok(),
        ..schedule(MORNING)
    };
    let permissions = own.permissions(&function("reports"));
    assert_eq!(self::caller(&permissions).role, own.role);
}

#[test]
fn resources_of_rules() {
    check(
        &rule(BIG).resources(&function("orders")),
        &expect![[r#"
        [
          {
            "id": "RuleShopBigOrders0db0fe4b",
            "Type": "AWS::Events::Rule",
            "properties": {
              "EventBusName": "shop",
              "EventPattern": {
                "detail": {
                  "total": [
                    {
                      "numeric": [
                        ">",
                        100
                      ]
                    }
                  ]
                },
                "source": [
                  "shop.orders"
                ]
              },
              "Name": "big-orders",
              "State": "ENABLED",
              "Targets": [
                {
                  "Arn": "${Function}",
                  "DeadLetterConfig": {
                    "Arn": "arn:aws:sqs:eu-west-1:123456789012:undelivered"
                  },
                  "Id": "orders-84cf1e5b",
                  "InputTransformer": {
                    "InputPathsMap": {
                      "order": "$.detail.order"
                    },
                    "InputTemplate": "{\"order\": <order>}"
                  },
                  "RetryPolicy": {
                    "MaximumEventAgeInSeconds": 3600,
                    "MaximumRetryAttempts": 3
                  }
                }
              ]
            },
            "depends_on": []
          }
        ]"#]],
    );
    let nightly = Rule {
        state: Some(RuleState::EnabledWithAllCloudtrailManagementEvents),
        description: Some("Every night".into()),
        input: Some(serde_json::json!({"job": "nightly"})),
        ..Rule::scheduled("nightly.report", "cron(0 2 * * ? *)")
    };
    check(
        &nightly.resources(&function("reports")),
        &expect![[r#"
        [
          {
            "id": "RuleNightlyReportCce90cb8",
            "Type": "AWS::Events::Rule",
            "properties": {
              "Description": "Every night",
              "Name": "nightly.report",
              "ScheduleExpression": "cron(0 2 * * ? *)",
              "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
              "Targets": [
                {
                  "Arn": "${Function}",
                  "Id": "reports-317cbfae",
                  "Input": "{\"job\":\"nightly\"}"
                }
              ]
            },
            "depends_on": []
          }
        ]"#]],
    );
}

#[test]
fn one_rule_is_one_resource_with_several_targets() {
    let one = rule(BIG).resources(&function("orders"));
    let other = rule(BIG).resources(&function("stock"));
    assert_eq!((&one[0].id, one[0].kind), (&other[0].id, other[0].kind));
    let id =
        |resources: &[lambda_with::Resource]| resources[0].properties["Targets"][0]["Id"].clone();
    assert_ne!(id(&one), id(&other));
    let second = Rule {
        target_id: Some("again".into()),
        ..rule(BIG)
    };
    assert_eq!(second.resources(&function("orders"))[0].id, one[0].id);
    assert_eq!(id(&second.resources(&function("orders"))), "again");
    assert_ne!(second.name(), rule(BIG).name());
}

#[test]
fn resources_of_schedules() {
    check(
        &schedule(MORNING).resources(&function("reports")),
        &expect![[r#"
            [
              {
                "id": "ScheduleReportsMorningReport8e1d0bb1",
                "Type": "AWS::Scheduler::Schedule",
                "properties": {
                  "FlexibleTimeWindow": {
                    "MaximumWindowInMinutes": 15,
                    "Mode": "FLEXIBLE"
                  },
                  "GroupName": "reports",
                  "Name": "morning-report",
                  "ScheduleExpression": "cron(30 6 ? * MON-FRI *)",
                  "ScheduleExpressionTimezone": "Europe/Dublin",
                  "StartDate": "2026-04-01T00:00:00Z",
                  "State": "ENABLED",
                  "Target": {
                    "Arn": "${Function}",
                    "DeadLetterConfig": {
                      "Arn": "arn:aws:sqs:eu-west-1:123456789012:undelivered"
                    },
                    "Input": "{\"due\":\"<aws.scheduler.scheduled-time>\"}",
                    "RetryPolicy": {
                      "MaximumRetryAttempts": 3
                    },
                    "RoleArn": "${ScheduleReportsMorningReport8e1d0bb1Role.Arn}"
                  }
                },
                "depends_on": []
              }
            ]"#]],
    );
    let plain = Schedule {
        enabled: false,
        role: "arn:aws:iam::123456789012:role/own".parse().ok(),
        ..Schedule::new("tides", "rate(6 hours)")
    };
    check(
        &plain.resources(&function("reports")),
        &expect![[r#"
        [
          {
            "id": "ScheduleTides",
            "Type": "AWS::Scheduler::Schedule",
            "properties": {
              "FlexibleTimeWindow": {
                "Mode": "OFF"
              },
              "Name": "tides",
              "ScheduleExpression": "rate(6 hours)",
              "State": "DISABLED",
              "Target": {
                "Arn": "${Function}",
                "RoleArn": "arn:aws:iam::123456789012:role/own"
              }
            },
            "depends_on": []
          }
        ]"#]],
    );
}

#[test]
fn patterns_are_tested_here_as_tables_and_as_text() {
    let table = rule(BIG);
    let text = Rule::matching(
        "big-orders",
        r#"{"source":["shop.orders"],"detail":{"total":[{"numeric":[">",100]}]}}"#,
    );
    for (event, expected) in [
        (r#"{"source":"shop.orders","detail":{"total":101}}"#, true),
        (r#"{"source":"shop.orders","detail":{"total":100}}"#, false),
        (r#"{"source":"shop","detail":{"total":101}}"#, false),
    ] {
        assert_eq!(table.matches(event).unwrap(), expected, "{event}");
        assert_eq!(text.matches(event).unwrap(), expected, "{event}");
    }
    assert!(
        !Rule::scheduled("nightly", "rate(1 day)")
            .matches("{}")
            .unwrap()
    );
    assert!(Rule::matching("a", "{").matches("{}").is_err());
    assert!(table.matches("[]").is_err());
}

#[test]
fn files_know_no_other_fields() {
    for toml in [
        "name = \"a\"\nprefix = \"b\"",
        "bus = \"a\"",
        "name = \"a\"\nstate = \"ON\"",
    ] {
        assert!(toml::from_str::<Rule>(toml).is_err(), "{toml}");
    }
    assert!(toml::from_str::<Schedule>("name = \"a\"").is_err());
    for toml in [BIG, "name = \"a\""] {
        let rule = rule(toml);
        let again: Rule = toml::from_str(&toml::to_string(&rule).unwrap()).unwrap();
        assert_eq!(again, rule);
    }
    let schedule = schedule(MORNING);
    let again: Schedule = toml::from_str(&toml::to_string(&schedule).unwrap()).unwrap();
    assert_eq!(again, schedule);
}
