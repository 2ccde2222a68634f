use expect_test::{Expect, expect};

use super::*;

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111111111111:function:f";

fn check(function: &str, statement: &Statement, expected: &Expect) {
    let written = PolicyStatement::of_function(statement, &function.parse().unwrap());
    expected.assert_eq(&serde_json::to_string(&written).unwrap());
}

#[test]
fn statements_are_what_add_permission_writes() {
    check(
        FUNCTION,
        &Statement::service("s3", "s3.amazonaws.com").source_arn("arn:aws:s3:::b".parse().unwrap()),
        &expect![[
            r#"{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}}"#
        ]],
    );
    check(
        FUNCTION,
        &Statement::service("logs", "logs.amazonaws.com"),
        &expect![[
            r#"{"Sid":"logs","Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f"}"#
        ]],
    );
    check(
        FUNCTION,
        &Statement::new("account", Principal::Anyone).source_account("111111111111"),
        &expect![[
            r#"{"Sid":"account","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f","Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111"}}}"#
        ]],
    );
    check(
        FUNCTION,
        &Statement::new("root", Principal::Aws("111111111111".into())),
        &expect![[
            r#"{"Sid":"root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f"}"#
        ]],
    );
    check(
        &FUNCTION.replace("arn:aws:", "arn:aws-cn:"),
        &Statement::new("root", Principal::Aws("111111111111".into())),
        &expect![[
            r#"{"Sid":"root","Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::111111111111:root"},"Action":"lambda:InvokeFunction","Resource":"arn:aws-cn:lambda:eu-west-1:111111111111:function:f"}"#
        ]],
    );
    check(
        FUNCTION,
        &Statement::new(
            "user",
            Principal::Aws("arn:aws:iam::111111111111:user/u".into()),
        ),
        &expect![[
            r#"{"Sid":"user","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/u"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f"}"#
        ]],
    );
    check(
        FUNCTION,
        &Statement {
            action: "lambda:InvokeFunctionUrl",
            principal_org_id: Some("o-1234567890".into()),
            function_url_auth_type: Some(FunctionUrlAuthType::None),
            ..Statement::new("url", Principal::Anyone)
                .source_account("111111111111")
                .source_arn("arn:aws:s3:::b".parse().unwrap())
        },
        &expect![[
            r#"{"Sid":"url","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f","Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111","lambda:FunctionUrlAuthType":"NONE","aws:PrincipalOrgID":"o-1234567890"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}}"#
        ]],
    );
    check(
        FUNCTION,
        &Statement {
            invoked_via_function_url: Some(true),
            ..Statement::new("FunctionURLInvokeAllowPublicAccess", Principal::Anyone)
        },
        &expect![[
            r#"{"Sid":"FunctionURLInvokeAllowPublicAccess","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}}"#
        ]],
    );
    check(
        &format!("{FUNCTION}:alias"),
        &Statement {
            event_source_token: Some("amzn1.ask.skill.1".into()),
            ..Statement::new("alexa", Principal::Anyone)
        },
        &expect![[
            r#"{"Sid":"alexa","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f:alias","Condition":{"StringEquals":{"lambda:EventSourceToken":"amzn1.ask.skill.1"}}}"#
        ]],
    );
}

#[test]
fn role_policies_merge_what_is_alike() {
    let statements = [
        RoleStatement::new(
            ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
            "arn:a",
            "to read",
        ),
        RoleStatement::new(
            ["sqs:DeleteMessage", "sqs:ReceiveMessage"],
            "arn:b",
            "to read",
        ),
        RoleStatement::new(["sqs:GetQueueAttributes"], "arn:a", "to look"),
        RoleStatement::new(["sqs:ChangeMessageVisibility"], "arn:a", "to wait"),
        RoleStatement::new(["sqs:ReceiveMessage", "sqs:DeleteMessage"], "arn:c", "x").when(
            "Bool",
            "aws:SecureTransport",
            "true",
        ),
        RoleStatement::new(["sqs:SendMessage"], "arn:a", "x").when(
            "Bool",
            "aws:SecureTransport",
            "true",
        ),
        RoleStatement::new(["kms:Decrypt"], "*", "to decrypt")
            .when(
                "StringEquals",
                "kms:ViaService",
                "sqs.eu-west-1.amazonaws.com",
            )
            .when(
                "StringEquals",
                "kms:ViaService",
                "sns.eu-west-1.amazonaws.com",
            )
            .when("StringLike", "kms:EncryptionContext:a", "b*"),
    ];
    expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "sqs:DeleteMessage",
                "sqs:ReceiveMessage"
              ],
              "Resource": [
                "arn:a",
                "arn:b"
              ]
            },
            {
              "Effect": "Allow",
              "Action": [
                "sqs:ChangeMessageVisibility",
                "sqs:GetQueueAttributes"
              ],
              "Resource": "arn:a"
            },
            {
              "Effect": "Allow",
              "Action": [
                "sqs:DeleteMessage",
                "sqs:ReceiveMessage"
              ],
              "Resource": "arn:c",
              "Condition": {
                "Bool": {
                  "aws:SecureTransport": "true"
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": "sqs:SendMessage",
              "Resource": "arn:a",
              "Condition": {
                "Bool": {
                  "aws:SecureTransport": "true"
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": "kms:Decrypt",
              "Resource": "*",
              "Condition": {
                "StringEquals": {
                  "kms:ViaService": [
                    "sqs.eu-west-1.amazonaws.com",
                    "sns.eu-west-1.amazonaws.com"
                  ]
                },
                "StringLike": {
                  "kms:EncryptionContext:a": "b*"
                }
              }
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&Policy::of_role(&statements)).unwrap());
}

#[test]
fn trust_policies() {
    expect![[r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#]].assert_eq(&Policy::execution_trust([]).to_json());
    let stream = "arn:aws:firehose:eu-west-1:111111111111:deliverystream/*"
        .parse()
        .unwrap();
    let mut role = CallerRole::new("firehose.amazonaws.com", []);
    role.source_arn = Some(stream);
    role.source_account = Some("111111111111".into());
    let policy = Policy::trust(&role);
    expect![[r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"firehose.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"},"ArnLike":{"aws:SourceArn":"arn:aws:firehose:eu-west-1:111111111111:deliverystream/*"}}}]}"#]].assert_eq(&policy.to_json());
    role.source_arn = None;
    role.external_id = Some("clicks".into());
    expect![[r#"{"StringEquals":{"aws:SourceAccount":"111111111111","sts:ExternalId":"clicks"}}"#]]
        .assert_eq(&serde_json::to_string(&Policy::trust(&role).statements[0].condition).unwrap());
}
