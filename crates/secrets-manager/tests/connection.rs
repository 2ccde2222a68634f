//! What follows from a rotation: its permissions, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission, RoleStatement, Statement};
use lambda_with_secrets_manager::SecretsManager;
use lambda_with_testing::{check, definitions, delivered, function};

fn connection(toml: &str) -> SecretsManager {
    toml::from_str(toml).unwrap()
}

const PLAIN: &str = r#"
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-AbC1d2"
    after_days = 30
"#;

const FULL: &str = r#"
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-??????"
    schedule = "cron(0 3 ? * SUN *)"
    duration = 2
    rotate_immediately = false
    kms_key = "arn:aws:kms:eu-west-1:123456789012:key/1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
    superuser = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/root-X9y8Z7"
    random_password = false
"#;

fn permissions(rotation: &SecretsManager) -> (Vec<Statement>, Vec<RoleStatement>) {
    let (mut statements, mut role) = (Vec::new(), Vec::new());
    for permission in rotation.permissions(&function("rotate")) {
        match permission {
            Permission::ResourceBased(statement) => statements.push(statement),
            Permission::ExecutionRole(statement) => role.push(statement),
            other => panic!("{other:?}"),
        }
    }
    (statements, role)
}

#[test]
fn secrets_manager_invokes_for_one_secret() {
    let (statements, _) = permissions(&connection(PLAIN));
    check(
        &Policy::of_function(&function("rotate").arn, &statements),
        &expect![[r#"
            {
              "Version": "2012-10-17",
              "Id": "default",
              "Statement": [
                {
                  "Sid": "secrets-manager-harbor-ferries-20f24118",
                  "Effect": "Allow",
                  "Principal": {
                    "Service": "secretsmanager.amazonaws.com"
                  },
                  "Action": "lambda:InvokeFunction",
                  "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:rotate",
                  "Condition": {
                    "StringEquals": {
                      "AWS:SourceAccount": "123456789012"
                    },
                    "ArnLike": {
                      "AWS:SourceArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-AbC1d2"
                    }
                  }
                }
              ]
            }"#]],
    );
}

#[test]
fn the_function_rotates_one_secret() {
    let (_, role) = permissions(&connection(PLAIN));
    check(
        &Policy::of_role(&role),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage"
              ],
              "Resource": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-AbC1d2"
            },
            {
              "Effect": "Allow",
              "Action": "secretsmanager:GetRandomPassword",
              "Resource": "*"
            }
          ]
        }"#]],
    );
}

#[test]
fn the_function_uses_the_key_for_the_secret_and_reads_the_superuser() {
    let (_, role) = permissions(&connection(FULL));
    check(
        &Policy::of_role(&role),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage"
              ],
              "Resource": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-??????"
            },
            {
              "Effect": "Allow",
              "Action": "secretsmanager:GetSecretValue",
              "Resource": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/root-X9y8Z7"
            },
            {
              "Effect": "Allow",
              "Action": [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:GenerateDataKey"
              ],
              "Resource": "arn:aws:kms:eu-west-1:123456789012:key/1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
              "Condition": {
                "StringLike": {
                  "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-??????"
                }
              }
            }
          ]
        }"#]],
    );
    let exact = SecretsManager {
        secret: connection(PLAIN).secret,
        ..connection(FULL)
    };
    let (_, role) = permissions(&exact);
    assert_eq!(role[2].conditions[0].0, "StringEquals");
}

#[test]
fn an_arn_that_would_admit_other_secrets_grants_nothing() {
    for secret in [
        "secret:*",
        "secret:ferries-*",
        "secret:ferries",
        "secret:f?-AbC1d2",
    ] {
        let arn = format!("arn:aws:secretsmanager:eu-west-1:123456789012:{secret}");
        let rotation = SecretsManager::new(arn.parse().unwrap());
        assert_eq!(rotation.permissions(&function("rotate")), [], "{secret}");
    }
}

#[test]
fn the_schedule_waits_for_the_permission() {
    check(
        &connection(PLAIN).resources(&function("rotate")),
        &expect![[r#"
        [
          {
            "id": "SecretsManagerHarborFerries20f24118Rotation",
            "Type": "AWS::SecretsManager::RotationSchedule",
            "properties": {
              "RotateImmediatelyOnUpdate": true,
              "RotationLambdaARN": "${Function}",
              "RotationRules": {
                "AutomaticallyAfterDays": 30
              },
              "SecretId": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-AbC1d2"
            },
            "depends_on": [
              "SecretsManagerHarborFerries20f24118Permission"
            ]
          }
        ]"#]],
    );
    check(
        &connection(FULL).resources(&function("rotate")),
        &expect![[r#"
        [
          {
            "id": "SecretsManagerHarborFerries087b11bbRotation",
            "Type": "AWS::SecretsManager::RotationSchedule",
            "properties": {
              "RotateImmediatelyOnUpdate": false,
              "RotationLambdaARN": "${Function}",
              "RotationRules": {
                "Duration": "2h",
                "ScheduleExpression": "cron(0 3 ? * SUN *)"
              },
              "SecretId": "harbor/ferries"
            },
            "depends_on": [
              "SecretsManagerHarborFerries087b11bbPermission"
            ]
          }
        ]"#]],
    );
    let elsewhere = PLAIN.replace("123456789012", "210987654321");
    assert_eq!(connection(&elsewhere).resources(&function("rotate")), []);
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<SecretsManager>(
        &[PLAIN, FULL],
        &[
            ("after_days = 30", "missing field `secret`"),
            ("secret = 'harbor/ferries'", "not an ARN"),
            (&format!("{PLAIN}days = 30"), "unknown field `days`"),
        ],
    );
}

#[test]
fn the_first_step_for_the_secret() {
    for (toml, expected) in [(PLAIN, "ferries-AbC1d2"), (FULL, "ferries-AbC1d2")] {
        let event = delivered(connection(toml).example(&function("rotate")));
        assert_eq!(event["Step"], "createSecret");
        let secret = event["SecretId"].as_str().unwrap();
        assert!(
            secret.ends_with(&format!(":secret:harbor/{expected}")),
            "{secret}"
        );
    }
}
