//! What follows from a notification: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission, Statement};
use lambda_with_s3::S3;
use lambda_with_testing::{definitions, function};

fn connection(toml: &str) -> S3 {
    toml::from_str(toml).unwrap()
}

const IMAGES: &str = r#"
    bucket = "harbor-uploads"
    account = "123456789012"
    prefix = "images/"
    suffix = ".jpg"
"#;

#[test]
fn the_permission_names_bucket_and_account() {
    let statements: Vec<Statement> = connection(IMAGES)
        .permissions(&function("thumbnails:live"))
        .into_iter()
        .map(|permission| match permission {
            Permission::ResourceBased(statement) => statement,
            other => panic!("{other:?}"),
        })
        .collect();
    let policy = Policy::of_function(&function("thumbnails:live").arn, &statements);
    expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "s3-harbor-uploads-images-jpg-c9eb6faf",
              "Effect": "Allow",
              "Principal": {
                "Service": "s3.amazonaws.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails:live",
              "Condition": {
                "StringEquals": {
                  "AWS:SourceAccount": "123456789012"
                },
                "ArnLike": {
                  "AWS:SourceArn": "arn:aws:s3:::harbor-uploads"
                }
              }
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&policy).unwrap());
}

#[test]
fn a_name_that_would_admit_other_buckets_grants_nothing() {
    for bucket in ["", "*", "harbor-upload?"] {
        let s3 = S3 {
            bucket: bucket.into(),
            ..connection(IMAGES)
        };
        assert_eq!(s3.permissions(&function("thumbnails:live")), [], "{bucket}");
    }
}

#[test]
fn resources() {
    let check = |s3: &S3, expected: Expect| {
        expected.assert_eq(
            &serde_json::to_string_pretty(&s3.resources(&function("thumbnails:live"))).unwrap(),
        );
    };
    check(
        &connection(IMAGES),
        expect![[r#"
        [
          {
            "id": "HarborUploadsBucket",
            "Type": "AWS::S3::Bucket",
            "properties": {
              "BucketName": "harbor-uploads",
              "NotificationConfiguration": {
                "LambdaConfigurations": [
                  {
                    "Event": "s3:ObjectCreated:*",
                    "Filter": {
                      "S3Key": {
                        "Rules": [
                          {
                            "Name": "prefix",
                            "Value": "images/"
                          },
                          {
                            "Name": "suffix",
                            "Value": ".jpg"
                          }
                        ]
                      }
                    },
                    "Function": "${Function}"
                  }
                ]
              }
            },
            "depends_on": [
              "S3HarborUploadsImagesJpgC9eb6fafPermission"
            ]
          }
        ]"#]],
    );
    let elsewhere = S3 {
        account: Some("210987654321".into()),
        ..connection(IMAGES)
    };
    check(&elsewhere, expect!["[]"]);
}

#[test]
fn the_bucket_is_in_the_functions_account_unless_said() {
    let thumbnails = function("thumbnails");
    let (said, unsaid) = (
        connection(IMAGES),
        connection(&IMAGES.replace("account", "#")),
    );
    assert_eq!(unsaid.account, None);
    assert_eq!(
        unsaid.permissions(&thumbnails),
        said.permissions(&thumbnails)
    );
    assert_eq!(unsaid.check(&thumbnails), said.check(&thumbnails));
    assert_eq!(unsaid.resources(&thumbnails).len(), 1);
}

#[test]
fn a_definition_is_read_and_written_back() {
    let images = connection(IMAGES);
    assert_eq!(images.events, ["s3:ObjectCreated:*"]);
    definitions::<S3>(
        &[IMAGES],
        &[
            ("account = '123456789012'", "missing field `bucket`"),
            (
                "bucket = 'b'\naccount = 'a'\nprefx = 'images/'",
                "unknown field `prefx`",
            ),
        ],
    );
}
