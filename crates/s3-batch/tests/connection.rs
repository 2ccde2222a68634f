//! What follows from a definition of jobs: their role, their operation, their form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{CallerRole, Function, Integration, Permission};
use lambda_with_s3_batch::S3Batch;
use lambda_with_testing::{check, definitions, delivered};

fn function(arn: &str) -> Function {
    Function::new(arn.parse().unwrap()).unwrap()
}

fn thumbnails() -> Function {
    function("arn:aws:lambda:eu-west-1:123456789012:function:thumbnails:7")
}

fn connection(toml: &str) -> S3Batch {
    toml::from_str(toml).unwrap()
}

const PLAIN: &str = r#"
    job = "thumbnails"
    manifest = "harbor-manifests/thumbnails.csv"
"#;

const ARGUMENTS: &str = r#"
    job = "thumbnails"
    manifest = "harbor-manifests/thumbnails/"
    report = "harbor-reports"
    schema = "2.0"
    user_arguments = { format = "webp", width = "640" }
"#;

fn role(batch: &S3Batch, function: &Function) -> Policy {
    let permissions = batch.permissions(function);
    let Permission::CallerRole(CallerRole { trusts, allows, .. }) = &permissions[0] else {
        panic!("{permissions:?}")
    };
    assert_eq!(trusts, "batchoperations.s3.amazonaws.com");
    Policy::of_role(allows)
}

#[test]
fn the_role_invokes_reads_the_manifest_and_writes_the_report() {
    check(
        &role(&connection(ARGUMENTS), &thumbnails()),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails:7"
            },
            {
              "Effect": "Allow",
              "Action": [
                "s3:GetObject",
                "s3:GetObjectVersion"
              ],
              "Resource": "arn:aws:s3:::harbor-manifests/thumbnails/*"
            },
            {
              "Effect": "Allow",
              "Action": "s3:PutObject",
              "Resource": "arn:aws:s3:::harbor-reports/*"
            }
          ]
        }"#]],
    );
}

#[test]
fn the_role_reads_one_manifest() {
    let unqualified = function("arn:aws:lambda:eu-west-1:123456789012:function:thumbnails");
    check(
        &role(&connection(PLAIN), &unqualified),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": "lambda:InvokeFunction",
              "Resource": [
                "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails",
                "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails:*"
              ]
            },
            {
              "Effect": "Allow",
              "Action": [
                "s3:GetObject",
                "s3:GetObjectVersion"
              ],
              "Resource": "arn:aws:s3:::harbor-manifests/thumbnails.csv"
            }
          ]
        }"#]],
    );
}

#[test]
fn a_place_that_would_admit_other_objects_grants_nothing() {
    for manifest in [
        "*",
        "",
        "harbor-manifest?/a.csv",
        "harbor-manifests/${aws:username}/",
    ] {
        let batch = S3Batch {
            manifest: manifest.into(),
            report: Some(manifest.into()),
            ..connection(PLAIN)
        };
        let permissions = batch.permissions(&thumbnails());
        let [Permission::CallerRole(CallerRole { allows, .. })] = permissions.as_slice() else {
            panic!("{permissions:?}")
        };
        assert_eq!(allows.len(), 1, "{manifest}: {allows:?}");
    }
}

#[test]
fn a_function_of_another_account_lets_the_role_in() {
    let batch = |role: &str| S3Batch {
        role: Some(role.parse().unwrap()),
        ..connection(PLAIN)
    };
    let other = batch("arn:aws:iam::210987654321:role/batch").permissions(&thumbnails());
    let [_, Permission::ResourceBased(statement)] = other.as_slice() else {
        panic!("{other:?}")
    };
    check(
        &Policy::of_function(&thumbnails().arn, [statement]),
        &expect![[r#"
            {
              "Version": "2012-10-17",
              "Id": "default",
              "Statement": [
                {
                  "Sid": "s3-batch-thumbnails",
                  "Effect": "Allow",
                  "Principal": {
                    "AWS": "arn:aws:iam::210987654321:role/batch"
                  },
                  "Action": "lambda:InvokeFunction",
                  "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails:7"
                }
              ]
            }"#]],
    );
    for role in [
        "arn:aws:iam::123456789012:role/batch",
        "arn:aws:iam::210987654321:role/*",
    ] {
        assert_eq!(batch(role).permissions(&thumbnails()).len(), 1, "{role}");
    }
}

#[test]
fn the_operation() {
    check(
        &connection(ARGUMENTS).operation(&thumbnails()),
        &expect![[r#"
        {
          "LambdaInvoke": {
            "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails:7",
            "InvocationSchemaVersion": "2.0",
            "UserArguments": {
              "format": "webp",
              "width": "640"
            }
          }
        }"#]],
    );
    check(
        &connection(PLAIN).operation(&thumbnails()),
        &expect![[r#"
        {
          "LambdaInvoke": {
            "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails:7",
            "InvocationSchemaVersion": "1.0"
          }
        }"#]],
    );
    assert_eq!(connection(PLAIN).resources(&thumbnails()), []);
    assert_eq!(connection(PLAIN).name(), "s3-batch-thumbnails");
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<S3Batch>(
        &[PLAIN, ARGUMENTS],
        &[
            ("manifest = 'm'", "missing field `job`"),
            ("job = 'j'", "missing field `manifest`"),
            (
                "job = 'j'\nmanifest = 'm'\nschema = '3.0'",
                "unknown variant `3.0`",
            ),
            (
                "job = 'j'\nmanifest = 'm'\narguments = {}",
                "unknown field `arguments`",
            ),
        ],
    );
}

#[test]
fn a_task_in_the_schema_of_the_job() {
    let event = |batch: &S3Batch| delivered(batch.example(&thumbnails()));
    let plain = event(&connection(PLAIN));
    assert_eq!(plain["invocationSchemaVersion"], "1.0");
    let told = connection(ARGUMENTS);
    let sent = event(&told);
    assert_eq!(sent["invocationSchemaVersion"], "2.0");
    let arguments = serde_json::to_value(&told.user_arguments).unwrap();
    assert_eq!(sent["job"]["userArguments"], arguments);
    let silent = S3Batch {
        user_arguments: Default::default(),
        ..told
    };
    assert!(event(&silent)["job"]["userArguments"].is_null());
}
