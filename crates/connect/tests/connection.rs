//! What follows from an instance: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{Function, Integration, Permission};
use lambda_with_connect::Connect;
use lambda_with_testing::{check, definitions, delivered};
use serde_json::json;

fn function() -> Function {
    let arn = "arn:aws:lambda:eu-west-2:123456789012:function:balance:live";
    Function::new(arn.parse().unwrap()).unwrap()
}

fn connection(toml: &str) -> Connect {
    toml::from_str(toml).unwrap()
}

const PLAIN: &str = r#"
    instance = "arn:aws:connect:eu-west-2:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
"#;

const FULL: &str = r#"
    instance = "arn:aws:connect:eu-west-2:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
    time_limit = 30
    asynchronous = true
    response = "json"
    attributes = { lookup = "balance", tier = "$.Attributes.tier" }
"#;

#[test]
fn the_permission_names_instance_and_account() {
    let permissions = connection(PLAIN).permissions(&function());
    let [Permission::ResourceBased(statement)] = permissions.as_slice() else {
        panic!("{permissions:?}")
    };
    check(
        &Policy::of_function(&function().arn, [statement]),
        &expect![[r#"
            {
              "Version": "2012-10-17",
              "Id": "default",
              "Statement": [
                {
                  "Sid": "connect-2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
                  "Effect": "Allow",
                  "Principal": {
                    "Service": "connect.amazonaws.com"
                  },
                  "Action": "lambda:InvokeFunction",
                  "Resource": "arn:aws:lambda:eu-west-2:123456789012:function:balance:live",
                  "Condition": {
                    "StringEquals": {
                      "AWS:SourceAccount": "123456789012"
                    },
                    "ArnLike": {
                      "AWS:SourceArn": "arn:aws:connect:eu-west-2:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
                    }
                  }
                }
              ]
            }"#]],
    );
}

#[test]
fn an_arn_that_would_admit_other_instances_grants_nothing() {
    for instance in ["instance/*", "instance/2b7c9f30", "*"] {
        let arn = format!("arn:aws:connect:eu-west-2:123456789012:{instance}");
        let connect = Connect::new(arn.parse().unwrap());
        assert_eq!(connect.permissions(&function()), [], "{instance}");
    }
}

#[test]
fn the_association() {
    check(
        &connection(PLAIN).resources(&function()),
        &expect![[r#"
        [
          {
            "id": "Connect2b7c9f301a2b4c3d8e4f5a6b7c8d9e0fAssociation",
            "Type": "AWS::Connect::IntegrationAssociation",
            "properties": {
              "InstanceId": "arn:aws:connect:eu-west-2:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
              "IntegrationArn": "${Function}",
              "IntegrationType": "LAMBDA_FUNCTION"
            },
            "depends_on": [
              "Connect2b7c9f301a2b4c3d8e4f5a6b7c8d9e0fPermission"
            ]
          }
        ]"#]],
    );
    for (from, to) in [("eu-west-2", "us-east-1"), ("123456789012", "210987654321")] {
        let elsewhere = connection(&PLAIN.replace(from, to));
        assert_eq!(elsewhere.resources(&function()), []);
        assert_eq!(elsewhere.permissions(&function()).len(), 1);
    }
}

#[test]
fn the_parameters_of_the_block() {
    check(
        &connection(PLAIN).parameters(&function()),
        &expect![[r#"
        {
          "InvocationTimeLimitSeconds": "8",
          "LambdaFunctionARN": "arn:aws:lambda:eu-west-2:123456789012:function:balance:live",
          "ResponseValidation": {
            "ResponseType": "STRING_MAP"
          }
        }"#]],
    );
    check(
        &connection(FULL).parameters(&function()),
        &expect![[r#"
        {
          "InvocationTimeLimitSeconds": "30",
          "InvocationType": "ASYNCHRONOUS",
          "LambdaFunctionARN": "arn:aws:lambda:eu-west-2:123456789012:function:balance:live",
          "LambdaInvocationAttributes": {
            "lookup": "balance",
            "tier": "$.Attributes.tier"
          },
          "ResponseValidation": {
            "ResponseType": "JSON"
          }
        }"#]],
    );
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<Connect>(
        &[PLAIN, FULL],
        &[
            ("time_limit = 8", "missing field `instance`"),
            ("instance = 'harbor'", "not an ARN"),
            (&format!("{PLAIN}timeout = 8"), "unknown field `timeout`"),
            (&format!("{PLAIN}response = 'xml'"), "unknown variant `xml`"),
        ],
    );
}

#[test]
fn a_contact_of_the_instance() {
    let instance =
        "arn:aws:connect:us-west-2:210987654321:instance/00000000-1a2b-4c3d-8e4f-5a6b7c8d9e0f";
    let plain = Connect::new(instance.parse().unwrap());
    let event = delivered(plain.example(&function()));
    let contact = &event["Details"]["ContactData"];
    assert_eq!(contact["InstanceARN"], instance);
    assert_eq!(contact["AwsRegion"], "us-west-2");
    let queue = contact["Queue"]["ARN"].as_str().unwrap();
    assert!(queue.starts_with(&format!("{instance}/queue/")), "{queue}");
    assert_eq!(
        contact["Tags"]["aws:connect:instanceId"],
        "00000000-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
    );

    let full = connection(FULL);
    let event = delivered(full.example(&function()));
    assert_eq!(event["Details"]["Parameters"], json!(full.attributes));
    let patience = full.patience();
    assert_eq!(patience.timeout.unwrap().as_secs(), 30);
    assert!(patience.together && patience.errors);
}
