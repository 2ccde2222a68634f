//! What follows from a rule: its permissions, its infrastructure, its name.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::Integration;
use lambda_with_config::Config;
use lambda_with_testing::{definitions, function};

const VOLUMES: &str = r#"
    rule = "volumes-encrypted"
    resource_types = ["AWS::EC2::Volume"]
    triggers = ["changes", "schedule", "snapshots"]
    frequency = "Twelve_Hours"
    parameters = { minimumSize = "40" }
    description = "volumes are encrypted"
    proactive = true
    snapshot_bucket = "harbor-config"
"#;

fn volumes() -> Config {
    toml::from_str(VOLUMES).unwrap()
}

#[test]
fn permissions() {
    let permissions = volumes().permissions(&function("volumes"));
    expect![[r#"
        [
          {
            "kind": "resource-based",
            "sid": "config-volumes-encrypted",
            "principal": {
              "service": "config.amazonaws.com"
            },
            "action": "lambda:InvokeFunction",
            "source_account": "123456789012"
          },
          {
            "kind": "execution-role",
            "actions": [
              "config:PutEvaluations"
            ],
            "resources": [
              "*"
            ],
            "reason": "the function answers; the action knows no resources"
          },
          {
            "kind": "execution-role",
            "actions": [
              "config:GetResourceConfigHistory"
            ],
            "resources": [
              "*"
            ],
            "reason": "items too large for an event are read; the action knows no resources"
          },
          {
            "kind": "execution-role",
            "actions": [
              "s3:GetObject"
            ],
            "resources": [
              "arn:aws:s3:::harbor-config/*/Config/*"
            ],
            "reason": "the function reads snapshots"
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&permissions).unwrap());
    let elsewhere = Config {
        account: Some("210987654321".into()),
        ..Config::new("x")
    };
    let shown = serde_json::to_value(elsewhere.permissions(&function("volumes"))).unwrap();
    assert_eq!(shown[0]["source_account"], "210987654321");
    assert_eq!(elsewhere.resources(&function("volumes")), []);
    for account in ["", "*", "12345678901?"] {
        let wide = Config {
            account: Some(account.into()),
            ..Config::new("x")
        };
        assert_eq!(wide.permissions(&function("volumes")), [], "{account}");
    }
}

#[test]
fn resources() {
    let resources = volumes().resources(&function("volumes"));
    expect![[r#"
        [
          {
            "id": "ConfigVolumesEncryptedRule",
            "Type": "AWS::Config::ConfigRule",
            "properties": {
              "ConfigRuleName": "volumes-encrypted",
              "Description": "volumes are encrypted",
              "EvaluationModes": [
                {
                  "Mode": "DETECTIVE"
                },
                {
                  "Mode": "PROACTIVE"
                }
              ],
              "InputParameters": {
                "minimumSize": "40"
              },
              "MaximumExecutionFrequency": "Twelve_Hours",
              "Scope": {
                "ComplianceResourceTypes": [
                  "AWS::EC2::Volume"
                ]
              },
              "Source": {
                "Owner": "CUSTOM_LAMBDA",
                "SourceDetails": [
                  {
                    "EventSource": "aws.config",
                    "MessageType": "ConfigurationItemChangeNotification"
                  },
                  {
                    "EventSource": "aws.config",
                    "MessageType": "OversizedConfigurationItemChangeNotification"
                  },
                  {
                    "EventSource": "aws.config",
                    "MaximumExecutionFrequency": "Twelve_Hours",
                    "MessageType": "ScheduledNotification"
                  },
                  {
                    "EventSource": "aws.config",
                    "MessageType": "ConfigurationSnapshotDeliveryCompleted"
                  }
                ],
                "SourceIdentifier": "${Function}"
              }
            },
            "depends_on": [
              "ConfigVolumesEncryptedPermission"
            ]
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&resources).unwrap());
    let plain = Config::new("all").resources(&function("volumes"));
    expect![[r#"
        {
          "ConfigRuleName": "all",
          "Source": {
            "Owner": "CUSTOM_LAMBDA",
            "SourceDetails": [
              {
                "EventSource": "aws.config",
                "MessageType": "ConfigurationItemChangeNotification"
              },
              {
                "EventSource": "aws.config",
                "MessageType": "OversizedConfigurationItemChangeNotification"
              }
            ],
            "SourceIdentifier": "${Function}"
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&plain[0].properties).unwrap());
}

#[test]
fn names() {
    let elsewhere = Config {
        account: Some("210987654321".into()),
        ..volumes()
    };
    let rules = [
        volumes(),
        elsewhere,
        Config::new("volumes encrypted"),
        Config::new("*"),
        Config::new("x".repeat(128)),
    ];
    let names: Vec<String> = rules.iter().map(Integration::name).collect();
    expect![[r#"
        config-volumes-encrypted
        config-210987654321-volumes-encrypted-2ebd8c91
        config-volumes-encrypted-9187583c
        config-2f0c9f3d
        config-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-2f5e97c5"#]]
    .assert_eq(&names.join("\n"));
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    assert!(names.iter().all(|name| name.len() <= 80));
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<Config>(
        &[VOLUMES],
        &[
            ("triggers = []", "missing field `rule`"),
            (
                "rule = 'x'\ntriggers = ['change']",
                "unknown variant `change`",
            ),
            ("rule = 'x'\nscope = 'y'", "unknown field `scope`"),
        ],
    );
}
