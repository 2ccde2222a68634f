//! What follows from a subscription: its permission, its infrastructure, its name.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::policy::Policy;
use lambda_with::{Function, Integration, Permission, Statement};
use lambda_with_cloudwatch_logs::{AccountPolicy, SubscriptionFilter};
use lambda_with_testing::{definitions, function};

fn late() -> SubscriptionFilter {
    SubscriptionFilter {
        pattern: r#"{ $.level = "error" }"#.into(),
        ..SubscriptionFilter::new("/harbor/ferries")
    }
}

fn statements(connection: &impl Integration, function: &Function) -> Vec<Statement> {
    let only = |permission| match permission {
        Permission::ResourceBased(statement) => statement,
        other => panic!("{other:?}"),
    };
    connection
        .permissions(function)
        .into_iter()
        .map(only)
        .collect()
}

fn check(connection: &impl Integration, policy: &Expect, resources: &Expect) {
    let function = function("alerts");
    let statements = Policy::of_function(&function.arn, &statements(connection, &function));
    policy.assert_eq(&serde_json::to_string_pretty(&statements).unwrap());
    let standing = connection.resources(&function);
    resources.assert_eq(&serde_json::to_string_pretty(&standing).unwrap());
}

#[test]
fn a_filter() {
    check(
        &late(),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "logs-harbor-ferries-c5511525",
              "Effect": "Allow",
              "Principal": {
                "Service": "logs.amazonaws.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:alerts",
              "Condition": {
                "StringEquals": {
                  "AWS:SourceAccount": "123456789012"
                },
                "ArnLike": {
                  "AWS:SourceArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/harbor/ferries:*"
                }
              }
            }
          ]
        }"#]],
        &expect![[r#"
        [
          {
            "id": "LogsHarborFerriesC5511525Filter",
            "Type": "AWS::Logs::SubscriptionFilter",
            "properties": {
              "DestinationArn": "${Function}",
              "FilterName": "logs-harbor-ferries-c5511525-alerts",
              "FilterPattern": "{ $.level = \"error\" }",
              "LogGroupName": "/harbor/ferries"
            },
            "depends_on": [
              "LogsHarborFerriesC5511525Permission"
            ]
          }
        ]"#]],
    );
}

#[test]
fn a_policy() {
    let policy = AccountPolicy {
        pattern: "ERROR".into(),
        exclude: vec!["/harbor/audit".into(), "/harbor/gate".into()],
        policy_name: None,
    };
    check(
        &policy,
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "logs-account-policy",
              "Effect": "Allow",
              "Principal": {
                "Service": "logs.amazonaws.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:alerts",
              "Condition": {
                "StringEquals": {
                  "AWS:SourceAccount": "123456789012"
                },
                "ArnLike": {
                  "AWS:SourceArn": "arn:aws:logs:eu-west-1:123456789012:log-group:*"
                }
              }
            }
          ]
        }"#]],
        &expect![[r#"
            [
              {
                "id": "LogsAccountPolicy",
                "Type": "AWS::Logs::AccountPolicy",
                "properties": {
                  "PolicyDocument": "{\"DestinationArn\":\"${Function}\",\"FilterPattern\":\"ERROR\"}",
                  "PolicyName": "lambda-with-account-policy",
                  "PolicyType": "SUBSCRIPTION_FILTER_POLICY",
                  "Scope": "ALL",
                  "SelectionCriteria": "LogGroupName NOT IN [\"/harbor/audit\",\"/harbor/gate\"]"
                },
                "depends_on": [
                  "LogsAccountPolicyPermission"
                ]
              }
            ]"#]],
    );
}

#[test]
fn settings_that_are_seldom_set() {
    let filter: SubscriptionFilter = toml::from_str(
        r#"
        log_group = "/harbor/ferries"
        filter_name = "errors"
        transformed = true
        field_selection = '@aws.account = "123456789012"'
        system_fields = ["@aws.account", "@aws.region"]
        "#,
    )
    .unwrap();
    let resources = filter.resources(&function("alerts"));
    expect![[r#"
        {
          "ApplyOnTransformedLogs": true,
          "DestinationArn": "${Function}",
          "EmitSystemFields": [
            "@aws.account",
            "@aws.region"
          ],
          "FieldSelectionCriteria": "@aws.account = \"123456789012\"",
          "FilterName": "errors",
          "FilterPattern": "",
          "LogGroupName": "/harbor/ferries"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&resources[0].properties).unwrap());
    let written = toml::to_string(&filter).unwrap();
    assert_eq!(
        toml::from_str::<SubscriptionFilter>(&written).unwrap(),
        filter
    );
}

#[test]
fn a_name_that_would_admit_other_log_groups_grants_nothing() {
    for group in ["", "*", "/harbor/*", "/harbor/?", "a:b"] {
        let filter = SubscriptionFilter::new(group);
        assert_eq!(filter.permissions(&function("alerts")), [], "{group}");
    }
}

#[test]
fn other_partitions() {
    let arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:alerts:live";
    let function = Function::new(arn.parse().unwrap()).unwrap();
    let statement = statements(&late(), &function).remove(0);
    let source = statement.source_arn.unwrap();
    assert_eq!(
        source.as_str(),
        "arn:aws-cn:logs:cn-north-1:123456789012:log-group:/harbor/ferries:*"
    );
}

#[test]
fn names() {
    let named = |name: &str| SubscriptionFilter {
        filter_name: Some(name.into()),
        ..late()
    };
    let filters = [
        late(),
        SubscriptionFilter::new("/harbor/ferries"),
        SubscriptionFilter::new("harbor-ferries"),
        SubscriptionFilter {
            transformed: true,
            ..SubscriptionFilter::new("/harbor/ferries")
        },
        SubscriptionFilter {
            system_fields: vec!["@aws.region".into()],
            ..SubscriptionFilter::new("/harbor/ferries")
        },
        named("late"),
        SubscriptionFilter::new("g/".repeat(200)),
    ];
    let names: Vec<String> = filters.iter().map(Integration::name).collect();
    expect![[r#"
        logs-harbor-ferries-c5511525
        logs-harbor-ferries-97aab0ae
        logs-harbor-ferries-559fe1bf
        logs-harbor-ferries-b22d63d5
        logs-harbor-ferries-e88b67dd
        logs-harbor-ferries-late-02c9b7e7
        logs-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-g-aa21a070"#]]
    .assert_eq(&names.join("\n"));
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    assert!(names.iter().all(|name| name.len() <= 80));
    let moved = SubscriptionFilter {
        pattern: String::new(),
        ..named("late")
    };
    assert_eq!(moved.name(), names[5], "a name outlives other changes");
}

#[test]
fn a_definition_is_read_and_written_back() {
    let filter =
        "log_group = '/harbor/ferries'\npattern = 'ERROR'\nsystem_fields = ['@aws.account']";
    definitions::<SubscriptionFilter>(
        &[filter],
        &[
            ("pattern = 'x'", "missing field `log_group`"),
            (
                "log_group = 'x'\nlog_stream = 'y'",
                "unknown field `log_stream`",
            ),
        ],
    );
    let policy = "pattern = 'ERROR'\nexclude = ['/harbor/audit']";
    definitions::<AccountPolicy>(
        &[policy],
        &[("log_group = 'x'", "unknown field `log_group`")],
    );
}
