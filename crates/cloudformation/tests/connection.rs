//! What follows from a connection: its permissions, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission};
use lambda_with_cloudformation::CloudFormation;
use lambda_with_testing::{check, definitions, function};

const PLAIN: &str = r#"resource = "Berths""#;

const FULL: &str = r#"
    resource = "Berths"
    service_timeout = 120
    account = "123456789012"
    role = "arn:aws:iam::123456789012:role/stacks"

    [properties]
    Quay = "north"
    Count = 24
    Depths = [3.5, "4"]
    Tags = { winter = false }
"#;

fn connection(toml: &str) -> CloudFormation {
    toml::from_str(toml).unwrap()
}

#[test]
fn in_one_account_nothing_is_granted_but_to_the_stacks_role() {
    assert_eq!(connection(PLAIN).permissions(&function("berths")), []);
    let permissions = connection(FULL).permissions(&function("berths"));
    let [Permission::CallerRole(role)] = permissions.as_slice() else {
        panic!("{permissions:?}")
    };
    assert_eq!(role.role.as_ref(), connection(FULL).role.as_ref());
    assert_eq!(role.trusts, "cloudformation.amazonaws.com");
    check(
        &Policy::of_role(&role.allows),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:berths"
            }
          ]
        }"#]],
    );
}

#[test]
fn another_account_is_let_in() {
    let account = |account: &str| CloudFormation {
        account: Some(account.into()),
        ..connection(PLAIN)
    };
    let permissions = account("210987654321").permissions(&function("berths"));
    let [Permission::ResourceBased(statement)] = permissions.as_slice() else {
        panic!("{permissions:?}")
    };
    let policy = Policy::of_function(&function("berths").arn, [statement]);
    check(
        &policy,
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "cloudformation-Berths",
              "Effect": "Allow",
              "Principal": {
                "AWS": "arn:aws:iam::210987654321:root"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:berths"
            }
          ]
        }"#]],
    );
    assert_eq!(account("210987654321").resources(&function("berths")), []);
    for nobody in ["*", "", "21098765432"] {
        assert_eq!(
            account(nobody).permissions(&function("berths")),
            [],
            "{nobody}"
        );
    }
    let role = CloudFormation {
        role: Some("arn:aws:iam::123456789012:role/*".parse().unwrap()),
        ..connection(PLAIN)
    };
    assert_eq!(role.permissions(&function("berths")), []);
}

#[test]
fn the_resource() {
    check(
        &connection(PLAIN).resources(&function("berths")),
        &expect![[r#"
            [
              {
                "id": "Berths",
                "Type": "AWS::CloudFormation::CustomResource",
                "properties": {
                  "ServiceToken": "${Function}"
                },
                "depends_on": []
              }
            ]"#]],
    );
    check(
        &connection(FULL).resources(&function("berths")),
        &expect![[r#"
            [
              {
                "id": "Berths",
                "Type": "AWS::CloudFormation::CustomResource",
                "properties": {
                  "Count": 24,
                  "Depths": [
                    3.5,
                    "4"
                  ],
                  "Quay": "north",
                  "ServiceTimeout": 120,
                  "ServiceToken": "${Function}",
                  "Tags": {
                    "winter": false
                  }
                },
                "depends_on": []
              }
            ]"#]],
    );
    assert_eq!(connection(PLAIN).name(), "cloudformation-Berths");
}

#[test]
fn the_example_has_the_properties_as_they_are_sent() {
    let example = connection(FULL).example(&function("berths")).unwrap();
    assert_eq!(example.sample.id, "create");
    let own: serde_json::Map<String, serde_json::Value> = example.own.into_iter().collect();
    check(
        &own["/ResourceProperties"],
        &expect![[r#"
        {
          "Count": "24",
          "Depths": [
            "3.5",
            "4"
          ],
          "Quay": "north",
          "ServiceTimeout": "120",
          "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:berths",
          "Tags": {
            "winter": "false"
          }
        }"#]],
    );
    assert_eq!(own["/LogicalResourceId"], "Berths");
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<CloudFormation>(
        &[PLAIN, FULL],
        &[
            ("service_timeout = 60", "missing field `resource`"),
            ("resource = 'B'\nrole = 'stacks'", "not an ARN"),
            ("resource = 'B'\ntimeout = 60", "unknown field `timeout`"),
        ],
    );
}
