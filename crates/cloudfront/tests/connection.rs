//! What follows from a behaviour: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{Function, Integration, Permission};
use lambda_with_cloudfront::CloudFront;
use lambda_with_cloudfront::Trigger;
use lambda_with_testing::{check, definitions, delivered};
use serde_json::json;

fn function() -> Function {
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:greeter:7";
    Function::new(arn.parse().unwrap()).unwrap()
}

fn connection(toml: &str) -> CloudFront {
    toml::from_str(toml).unwrap()
}

const EXISTING: &str = r#"
    distribution = "E2HARBOREXAMPL"
    event = "origin-request"
    include_body = true
    runtime = "nodejs24.x"
"#;

const NEW: &str = r#"
    distribution = "harbor"
    event = "viewer-request"
    path_pattern = "/bookings/*"
    include_body = true
    origin = "origin.harbor.example.com"
"#;

const BUCKET: &str = r#"
    distribution = "harbor"
    event = "viewer-response"
    origin = "harbor-site.s3.eu-west-1.amazonaws.com"
"#;

#[test]
fn the_role_writes_logs_in_every_region() {
    let permissions = connection(EXISTING).permissions(&function());
    let [Permission::ExecutionRole(logs), _] = permissions.as_slice() else {
        panic!("{permissions:?}")
    };
    check(
        &Policy::of_role([logs]),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:PutLogEvents"
              ],
              "Resource": [
                "arn:aws:logs:*:123456789012:log-group:/aws/lambda/us-east-1.greeter",
                "arn:aws:logs:*:123456789012:log-group:/aws/lambda/us-east-1.greeter:*"
              ]
            }
          ]
        }"#]],
    );
}

#[test]
fn the_role_is_trusted_to_both() {
    let services: Vec<String> = connection(EXISTING)
        .permissions(&function())
        .into_iter()
        .filter_map(|permission| match permission {
            Permission::ExecutionTrust { service } => Some(service),
            _ => None,
        })
        .collect();
    check(
        &Policy::execution_trust(services.iter().map(String::as_str)),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {
                "Service": "lambda.amazonaws.com"
              },
              "Action": "sts:AssumeRole"
            },
            {
              "Effect": "Allow",
              "Principal": {
                "Service": "edgelambda.amazonaws.com"
              },
              "Action": "sts:AssumeRole"
            }
          ]
        }"#]],
    );
}

#[test]
fn what_the_one_who_associates_needs() {
    let needed = CloudFront::needed_to_associate(&function());
    check(
        &Policy::of_role(&needed),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "lambda:EnableReplication*",
                "lambda:GetFunction"
              ],
              "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greeter:7"
            },
            {
              "Effect": "Allow",
              "Action": "iam:CreateServiceLinkedRole",
              "Resource": "arn:aws:iam::123456789012:role/*",
              "Condition": {
                "StringEquals": {
                  "iam:AWSServiceName": "replicator.lambda.amazonaws.com"
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": "iam:CreateServiceLinkedRole",
              "Resource": "arn:aws:iam::123456789012:role/*",
              "Condition": {
                "StringEquals": {
                  "iam:AWSServiceName": "logger.cloudfront.amazonaws.com"
                }
              }
            }
          ]
        }"#]],
    );
}

#[test]
fn resources() {
    assert_eq!(connection(EXISTING).resources(&function()), []);
    check(
        &connection(NEW).resources(&function()),
        &expect![[r#"
            [
              {
                "id": "HarborDistribution",
                "Type": "AWS::CloudFront::Distribution",
                "properties": {
                  "DistributionConfig": {
                    "CacheBehaviors": [
                      {
                        "AllowedMethods": [
                          "DELETE",
                          "GET",
                          "HEAD",
                          "OPTIONS",
                          "PATCH",
                          "POST",
                          "PUT"
                        ],
                        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                        "CachedMethods": [
                          "GET",
                          "HEAD"
                        ],
                        "LambdaFunctionAssociations": [
                          {
                            "EventType": "viewer-request",
                            "IncludeBody": true,
                            "LambdaFunctionARN": "${Function}"
                          }
                        ],
                        "PathPattern": "/bookings/*",
                        "TargetOriginId": "origin.harbor.example.com",
                        "ViewerProtocolPolicy": "redirect-to-https"
                      }
                    ],
                    "Comment": "harbor",
                    "DefaultCacheBehavior": {
                      "AllowedMethods": [
                        "GET",
                        "HEAD"
                      ],
                      "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                      "CachedMethods": [
                        "GET",
                        "HEAD"
                      ],
                      "TargetOriginId": "origin.harbor.example.com",
                      "ViewerProtocolPolicy": "redirect-to-https"
                    },
                    "Enabled": true,
                    "Origins": [
                      {
                        "CustomOriginConfig": {
                          "HTTPPort": 80,
                          "HTTPSPort": 443,
                          "OriginProtocolPolicy": "https-only",
                          "OriginSSLProtocols": [
                            "TLSv1.2"
                          ]
                        },
                        "DomainName": "origin.harbor.example.com",
                        "Id": "origin.harbor.example.com"
                      }
                    ],
                    "Restrictions": {
                      "GeoRestriction": {
                        "RestrictionType": "none"
                      }
                    },
                    "ViewerCertificate": {
                      "CloudFrontDefaultCertificate": true
                    }
                  }
                },
                "depends_on": []
              }
            ]"#]],
    );
    check(
        &connection(BUCKET).resources(&function()),
        &expect![[r#"
            [
              {
                "id": "HarborDistribution",
                "Type": "AWS::CloudFront::Distribution",
                "properties": {
                  "DistributionConfig": {
                    "Comment": "harbor",
                    "DefaultCacheBehavior": {
                      "AllowedMethods": [
                        "GET",
                        "HEAD"
                      ],
                      "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                      "CachedMethods": [
                        "GET",
                        "HEAD"
                      ],
                      "LambdaFunctionAssociations": [
                        {
                          "EventType": "viewer-response",
                          "LambdaFunctionARN": "${Function}"
                        }
                      ],
                      "TargetOriginId": "harbor-site.s3.eu-west-1.amazonaws.com",
                      "ViewerProtocolPolicy": "redirect-to-https"
                    },
                    "Enabled": true,
                    "Origins": [
                      {
                        "DomainName": "harbor-site.s3.eu-west-1.amazonaws.com",
                        "Id": "harbor-site.s3.eu-west-1.amazonaws.com",
                        "S3OriginConfig": {}
                      }
                    ],
                    "Restrictions": {
                      "GeoRestriction": {
                        "RestrictionType": "none"
                      }
                    },
                    "ViewerCertificate": {
                      "CloudFrontDefaultCertificate": true
                    }
                  }
                },
                "depends_on": []
              }
            ]"#]],
    );
}

#[test]
fn the_association_of_the_api() {
    check(
        &connection(EXISTING).association(&function()),
        &expect![[r#"
            {
              "EventType": "origin-request",
              "IncludeBody": true,
              "LambdaFunctionARN": "arn:aws:lambda:us-east-1:123456789012:function:greeter:7"
            }"#]],
    );
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<CloudFront>(
        &[EXISTING, NEW, BUCKET],
        &[
            (
                "event = 'viewer-request'".to_owned(),
                "missing field `distribution`",
            ),
            (
                EXISTING.replace("origin-request", "request"),
                "unknown variant `request`",
            ),
            (
                EXISTING.replace("include_body", "body"),
                "unknown field `body`",
            ),
        ],
    );
}

#[test]
fn an_event_of_the_point() {
    for event in Trigger::ALL {
        for include_body in [false, true] {
            let at = CloudFront {
                include_body: include_body && event.is_request(),
                path_pattern: Some("images/*.jp?".into()),
                ..CloudFront::new("E0OTHEREXAMPLE", event)
            };
            let sent = delivered(at.example(&function()));
            let edge = &sent["Records"][0]["cf"];
            assert_eq!(edge["config"]["distributionId"], "E0OTHEREXAMPLE");
            assert_eq!(edge["config"]["eventType"], json!(event));
            assert_eq!(edge["request"]["uri"], "/images/harbor.jph");
            assert_eq!(edge["request"].get("body").is_some(), at.include_body);
        }
    }
    let new = delivered(connection(NEW).example(&function()));
    assert_ne!(
        new["Records"][0]["cf"]["config"]["distributionId"],
        "harbor"
    );
}
