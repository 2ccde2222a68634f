//! What follows from an action: its permission, its infrastructure, its form in a file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission};
use lambda_with_ses::{Ses, SesInvocation};
use lambda_with_testing::{definitions, function};

const INBOX: &str = r#"
    rule_set = "harbor"
    rule = "berths"
    invocation = "RequestResponse"
    recipients = ["harbor@example.org", ".berths.example.org"]
    bucket = "harbor-mail"
    prefix = "in/"
    topic = "arn:aws:sns:eu-west-1:123456789012:harbor-mail"
    scan = true
    require_tls = true
    after = "junk"
"#;

fn connection(toml: &str) -> Ses {
    toml::from_str(toml).unwrap()
}

#[test]
fn the_permission_names_rule_and_account() {
    let Permission::ResourceBased(statement) =
        connection(INBOX).permissions(&function("inbox")).remove(0)
    else {
        panic!("not a statement");
    };
    let policy = Policy::of_function(&function("inbox").arn, &[statement]);
    expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "ses-harbor-berths-86ac49f5",
              "Effect": "Allow",
              "Principal": {
                "Service": "ses.amazonaws.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:inbox",
              "Condition": {
                "StringEquals": {
                  "AWS:SourceAccount": "123456789012"
                },
                "ArnLike": {
                  "AWS:SourceArn": "arn:aws:ses:eu-west-1:123456789012:receipt-rule-set/harbor:receipt-rule/berths"
                }
              }
            }
          ]
        }"#]].assert_eq(&serde_json::to_string_pretty(&policy).unwrap());
}

#[test]
fn infrastructure() {
    fn check(ses: &Ses, expected: &Expect) {
        let resources = ses.resources(&function("inbox"));
        expected.assert_eq(&serde_json::to_string_pretty(&resources).unwrap());
    }
    check(
        &connection(INBOX),
        &expect![[r#"
        [
          {
            "id": "SesHarborBerths86ac49f5Rule",
            "Type": "AWS::SES::ReceiptRule",
            "properties": {
              "After": "junk",
              "Rule": {
                "Actions": [
                  {
                    "S3Action": {
                      "BucketName": "harbor-mail",
                      "ObjectKeyPrefix": "in/"
                    }
                  },
                  {
                    "LambdaAction": {
                      "FunctionArn": "${Function}",
                      "InvocationType": "RequestResponse",
                      "TopicArn": "arn:aws:sns:eu-west-1:123456789012:harbor-mail"
                    }
                  }
                ],
                "Enabled": true,
                "Name": "berths",
                "Recipients": [
                  "harbor@example.org",
                  ".berths.example.org"
                ],
                "ScanEnabled": true,
                "TlsPolicy": "Require"
              },
              "RuleSetName": "harbor"
            },
            "depends_on": [
              "SesHarborBerths86ac49f5Permission"
            ]
          }
        ]"#]],
    );
    let existing = Ses {
        existing: true,
        ..Ses::new("harbor", "berths")
    };
    check(&existing, &expect!["[]"]);
}

#[test]
fn a_definition_is_read_and_written_back() {
    let inbox = connection(INBOX);
    assert_eq!(inbox.invocation, SesInvocation::RequestResponse);
    let plain = connection("rule_set = 'harbor'\nrule = 'berths'");
    assert_eq!(plain, Ses::new("harbor", "berths"));
    assert_eq!(toml::to_string(&plain).unwrap().lines().count(), 2);
    definitions::<Ses>(
        &[INBOX],
        &[
            ("rule = 'berths'", "missing field `rule_set`"),
            ("rule_set = 'harbor'", "missing field `rule`"),
            (
                "rule_set = 'h'\nrule = 'b'\nactions = []",
                "unknown field `actions`",
            ),
            (
                "rule_set = 'h'\nrule = 'b'\ninvocation = 'DryRun'",
                "unknown variant `DryRun`",
            ),
        ],
    );
}
