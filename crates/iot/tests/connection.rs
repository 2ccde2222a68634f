//! What follows from a connection: its name, its permission, its infrastructure.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::{Integration, Mode};
use lambda_with_iot::{Authorizer, Provisioning, Rule};
use lambda_with_testing::{definitions, function};
use serde::de::DeserializeOwned;

const RULE: &str = "rule = 'crane_load'\nsql = \"SELECT * FROM 'harbor/+/load'\"";
const FAILURES: &str = "rule = 'crane_load'\non = 'error'";
const EXISTING: &str = "rule = 'crane_load'";
const KEYS: &str = "name = 'harbor'\ntoken_key_name = 'harbor-token'\ntoken_signing_public_keys = { a = 'PEM' }\ncache_for_http = true";
const HOOK: &str = "template = 'harbor-cranes'";

fn read<T: DeserializeOwned>(toml: &str) -> T {
    toml::from_str(toml).unwrap()
}

fn permission<T: DeserializeOwned + Integration>(toml: &str) -> String {
    let connection: T = read(toml);
    let granted = connection.permissions(&function("loads"));
    let [lambda_with::Permission::ResourceBased(statement)] = granted.as_slice() else {
        panic!("{granted:?}");
    };
    let arn = statement.source_arn.as_ref().unwrap();
    let account = statement.source_account.as_ref().unwrap();
    assert_eq!(statement.sid, connection.name());
    assert_eq!(
        statement.principal,
        lambda_with::Principal::Service("iot.amazonaws.com".into())
    );
    format!("{} {arn} {account}", statement.sid)
}

#[test]
fn permissions_name_source_and_account() {
    let other = format!("{RULE}\naccount = '210987654321'");
    let all = [
        permission::<Rule>(RULE),
        permission::<Rule>(FAILURES),
        permission::<Rule>(EXISTING),
        permission::<Rule>(&other),
        permission::<Authorizer>(KEYS),
        permission::<Provisioning>(HOOK),
    ];
    expect![[r#"
        iot-rule-crane-load-7289b841 arn:aws:iot:eu-west-1:123456789012:rule/crane_load 123456789012
        iot-rule-crane-load-78b54f7f arn:aws:iot:eu-west-1:123456789012:rule/crane_load 123456789012
        iot-rule-crane-load-7289b841 arn:aws:iot:eu-west-1:123456789012:rule/crane_load 123456789012
        iot-rule-crane-load-0ed029d1 arn:aws:iot:eu-west-1:210987654321:rule/crane_load 210987654321
        iot-authorizer-harbor arn:aws:iot:eu-west-1:123456789012:authorizer/harbor 123456789012
        iot-provisioning-harbor-cranes arn:aws:iot:eu-west-1:123456789012:provisioningtemplate/harbor-cranes 123456789012"#]].assert_eq(&all.join("\n"));
}

#[test]
fn a_name_that_would_admit_others_grants_nothing() {
    for name in ["", "*", "crane?", "a*b"] {
        let sql = "SELECT * FROM 'x'";
        assert!(
            Rule::new(name, sql)
                .permissions(&function("loads"))
                .is_empty()
        );
        assert!(
            Authorizer::new(name)
                .permissions(&function("loads"))
                .is_empty()
        );
        assert!(
            Provisioning::new(name)
                .permissions(&function("loads"))
                .is_empty()
        );
        let mut rule = Rule::new("crane_load", sql);
        rule.account = Some(name.into());
        assert!(rule.permissions(&function("loads")).is_empty());
    }
}

fn resources<T: DeserializeOwned + Integration>(toml: &str, expected: &Expect) {
    let resources = read::<T>(toml).resources(&function("loads"));
    expected.assert_eq(&serde_json::to_string_pretty(&resources).unwrap());
}

#[test]
fn rules() {
    resources::<Rule>(EXISTING, &expect!["[]"]);
    resources::<Rule>(&format!("{RULE}\naccount = '210987654321'"), &expect!["[]"]);
    let with_queue = format!(
        "{RULE}\ndisabled = true\ndescription = 'Loads'\n[error_action.sqs]\nqueueUrl = 'u'\nroleArn = 'r'\nuseBase64 = false"
    );
    resources::<Rule>(
        &with_queue,
        &expect![[r#"
        [
          {
            "id": "IotRuleCraneLoad7289b841",
            "Type": "AWS::IoT::TopicRule",
            "properties": {
              "RuleName": "crane_load",
              "TopicRulePayload": {
                "Actions": [
                  {
                    "Lambda": {
                      "FunctionArn": "${Function}"
                    }
                  }
                ],
                "AwsIotSqlVersion": "2016-03-23",
                "Description": "Loads",
                "ErrorAction": {
                  "Sqs": {
                    "QueueUrl": "u",
                    "RoleArn": "r",
                    "UseBase64": false
                  }
                },
                "RuleDisabled": true,
                "Sql": "SELECT * FROM 'harbor/+/load'"
              }
            },
            "depends_on": []
          }
        ]"#]],
    );
    resources::<Rule>(
        &format!("{RULE}\non = 'error'"),
        &expect![[r#"
        [
          {
            "id": "IotRuleCraneLoad7289b841",
            "Type": "AWS::IoT::TopicRule",
            "properties": {
              "RuleName": "crane_load",
              "TopicRulePayload": {
                "Actions": [],
                "AwsIotSqlVersion": "2016-03-23",
                "ErrorAction": {
                  "Lambda": {
                    "FunctionArn": "${Function}"
                  }
                },
                "Sql": "SELECT * FROM 'harbor/+/load'"
              }
            },
            "depends_on": []
          }
        ]"#]],
    );
}

#[test]
fn authorizers() {
    resources::<Authorizer>(
        KEYS,
        &expect![[r#"
        [
          {
            "id": "IotAuthorizerHarbor",
            "Type": "AWS::IoT::Authorizer",
            "properties": {
              "AuthorizerFunctionArn": "${Function}",
              "AuthorizerName": "harbor",
              "EnableCachingForHttp": true,
              "SigningDisabled": false,
              "Status": "ACTIVE",
              "TokenKeyName": "harbor-token",
              "TokenSigningPublicKeys": {
                "a": "PEM"
              }
            },
            "depends_on": []
          }
        ]"#]],
    );
}

#[test]
fn templates() {
    resources::<Provisioning>(HOOK, &expect!["[]"]);
    let whole = format!("{HOOK}\nbody = '{{}}'\nrole = 'arn:aws:iam::123456789012:role/enrol'");
    resources::<Provisioning>(
        &whole,
        &expect![[r#"
        [
          {
            "id": "IotProvisioningHarborCranes",
            "Type": "AWS::IoT::ProvisioningTemplate",
            "properties": {
              "Enabled": true,
              "PreProvisioningHook": {
                "PayloadVersion": "2020-04-01",
                "TargetArn": "${Function}"
              },
              "ProvisioningRoleArn": "arn:aws:iam::123456789012:role/enrol",
              "TemplateBody": "{}",
              "TemplateName": "harbor-cranes",
              "TemplateType": "FLEET_PROVISIONING"
            },
            "depends_on": [
              "IotProvisioningHarborCranesPermission"
            ]
          }
        ]"#]],
    );
}

#[test]
fn two_connections_share_a_rule() {
    let (messages, failures): (Rule, Rule) = (read(RULE), read(&format!("{RULE}\non = 'error'")));
    let [one, other] = [&messages, &failures].map(|rule| rule.resources(&function("loads")));
    assert_eq!((&one[0].id, one[0].kind), (&other[0].id, other[0].kind));
    assert_ne!(messages.name(), failures.name());
}

#[test]
fn modes() {
    assert_eq!(Rule::SERVICE.mode, Mode::Asynchronous);
    assert_eq!(Authorizer::SERVICE.mode, Mode::Synchronous);
    assert_eq!(Provisioning::SERVICE.mode, Mode::Synchronous);
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<Rule>(
        &[RULE, FAILURES, EXISTING],
        &[
            ("sql = ''", "missing field `rule`"),
            ("rule = ''\non = 'x'", "unknown variant `x`"),
        ],
    );
    definitions::<Authorizer>(&[KEYS], &[("nam = ''", "unknown field `nam`")]);
    definitions::<Provisioning>(&[HOOK], &[("hook = ''", "unknown field `hook`")]);
}

#[test]
fn examples() {
    let of = |connection: &dyn Fn() -> Option<lambda_with::Example>| {
        let example = connection()?;
        Some((example.sample.id, example.own.len()))
    };
    let rule = |filter: &str| {
        let rule = Rule::new("crane_load", format!("SELECT * FROM '{filter}'"));
        of(&|| rule.example(&function("loads")))
    };
    assert_eq!(rule("harbor/+/load"), None);
    assert_eq!(rule("$aws/events/#"), Some(("connected", 0)));
    assert_eq!(
        rule("$aws/events/presence/+/crane-7"),
        Some(("connected", 0))
    );
    assert_eq!(
        rule("$aws/events/presence/disconnected/#"),
        Some(("disconnected", 0))
    );
    assert_eq!(
        rule("$aws/events/subscriptions/unsubscribed/+"),
        Some(("unsubscribed", 0))
    );
    let failures: Rule = read(FAILURES);
    assert_eq!(
        of(&|| failures.example(&function("loads"))),
        Some(("rule-error", 1))
    );
    let keys: Authorizer = read(KEYS);
    assert_eq!(
        of(&|| keys.example(&function("loads"))),
        Some(("authorizer-websocket", 0))
    );
    let hook: Provisioning = read(HOOK);
    assert_eq!(
        of(&|| hook.example(&function("loads"))),
        Some(("provisioning", 1))
    );
}
