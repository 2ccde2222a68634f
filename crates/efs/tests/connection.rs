//! What follows from a mount: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission, RoleStatement};
use lambda_with_efs::{DirectS3Read, Efs};
use lambda_with_testing::{definitions, function};

const MODELS: &str = r#"
    access_point = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0c1d2e3f4a5b60718"
    file_system = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718"
    mount_path = "/mnt/models"
"#;
const RECORDS: &str = r#"
    access_point = "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718/access-point/fsap-0c1d2e3f4a5b60718"
    mount_path = "/mnt/records"
    root_access = true
    read_only = true
    direct_s3_read = "enabled"
    bucket = "harbor-records"
"#;

fn mount(toml: &str) -> Efs {
    toml::from_str(toml).unwrap()
}

#[test]
fn permissions() {
    let check = |efs: &Efs, expected: Expect| {
        let statements: Vec<RoleStatement> = efs
            .permissions(&function("classify"))
            .into_iter()
            .map(|permission| match permission {
                Permission::ExecutionRole(statement) => statement,
                other => panic!("{other:?}"),
            })
            .collect();
        expected.assert_eq(&serde_json::to_string_pretty(&Policy::of_role(&statements)).unwrap());
    };
    check(
        &mount(MODELS),
        expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "elasticfilesystem:ClientMount",
                "elasticfilesystem:ClientWrite"
              ],
              "Resource": "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718",
              "Condition": {
                "StringEquals": {
                  "elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0c1d2e3f4a5b60718"
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": [
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets"
              ],
              "Resource": "*"
            },
            {
              "Effect": "Allow",
              "Action": [
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses"
              ],
              "Resource": [
                "arn:aws:ec2:eu-west-1:*:network-interface/*",
                "arn:aws:ec2:eu-west-1:*:security-group/*",
                "arn:aws:ec2:eu-west-1:*:subnet/*"
              ]
            }
          ]
        }"#]],
    );
    check(
        &mount(RECORDS),
        expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "s3files:ClientMount",
                "s3files:ClientRootAccess"
              ],
              "Resource": "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718",
              "Condition": {
                "StringEquals": {
                  "s3files:AccessPointArn": "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718/access-point/fsap-0c1d2e3f4a5b60718"
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": [
                "s3:GetObject",
                "s3:GetObjectVersion"
              ],
              "Resource": "arn:aws:s3:::harbor-records/*"
            },
            {
              "Effect": "Allow",
              "Action": [
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets"
              ],
              "Resource": "*"
            },
            {
              "Effect": "Allow",
              "Action": [
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses"
              ],
              "Resource": [
                "arn:aws:ec2:eu-west-1:*:network-interface/*",
                "arn:aws:ec2:eu-west-1:*:security-group/*",
                "arn:aws:ec2:eu-west-1:*:subnet/*"
              ]
            }
          ]
        }"#]],
    );
}

#[test]
fn what_is_not_wanted_is_not_granted() {
    let actions = |efs: &Efs| -> Vec<&'static str> {
        let permissions = efs.permissions(&function("classify")).into_iter();
        permissions
            .flat_map(|permission| match permission {
                Permission::ExecutionRole(statement) => statement.actions,
                other => panic!("{other:?}"),
            })
            .filter(|action| !action.starts_with("ec2:"))
            .collect()
    };
    let models = mount(MODELS);
    let records = mount(RECORDS);
    for (efs, expected) in [
        (
            Efs {
                read_only: true,
                ..models.clone()
            },
            &["elasticfilesystem:ClientMount"][..],
        ),
        (
            Efs {
                file_system: None,
                ..models
            },
            &[],
        ),
        (
            Efs {
                direct_s3_read: Some(DirectS3Read::Disabled),
                ..records.clone()
            },
            &["s3files:ClientMount", "s3files:ClientRootAccess"],
        ),
        (
            Efs {
                direct_s3_read: None,
                root_access: false,
                ..records.clone()
            },
            &["s3files:ClientMount"],
        ),
        (
            Efs {
                bucket: None,
                root_access: false,
                read_only: false,
                ..records
            },
            &["s3files:ClientMount", "s3files:ClientWrite"],
        ),
    ] {
        assert_eq!(actions(&efs), expected, "{efs:?}");
    }
}

#[test]
fn the_function_is_configured_and_nothing_is_made() {
    let check = |efs: &Efs, expected: Expect| {
        assert_eq!(efs.resources(&function("classify")), []);
        let configuration = efs.configuration(&function("classify")).unwrap();
        expected.assert_eq(&serde_json::to_string_pretty(&configuration).unwrap());
    };
    check(
        &mount(MODELS),
        expect![[r#"
        {
          "FileSystemConfigs": [
            {
              "Arn": "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0c1d2e3f4a5b60718",
              "LocalMountPath": "/mnt/models"
            }
          ]
        }"#]],
    );
    check(
        &mount(RECORDS),
        expect![[r#"
        {
          "FileSystemConfigs": [
            {
              "Arn": "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718/access-point/fsap-0c1d2e3f4a5b60718",
              "LocalMountPath": "/mnt/records",
              "S3FilesConfig": {
                "DirectS3Read": "ENABLED"
              }
            }
          ]
        }"#]],
    );
}

#[test]
fn names() {
    for (path, name) in [
        ("/mnt/models", "efs-models"),
        ("/mnt/my_models.v2", "efs-my-models-v2"),
        ("models", "efs-models"),
        ("/mnt/", "efs"),
    ] {
        assert_eq!(
            Efs {
                mount_path: path.into(),
                ..mount(MODELS)
            }
            .name(),
            name
        );
    }
    let long = Efs {
        mount_path: format!("/mnt/{}", "m".repeat(150)),
        ..mount(MODELS)
    };
    assert_eq!(long.name().len(), 80);
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<Efs>(
        &[MODELS, RECORDS],
        &[
            ("mount_path = '/mnt/models'", "missing field `access_point`"),
            (
                "access_point = 'fsap-1'\nmount_path = '/mnt/models'",
                "is not an ARN",
            ),
            (
                "access_point = 'arn:aws:a:b:c:d'\nmount_path = ''\npath = ''",
                "unknown field `path`",
            ),
        ],
    );
}
