//! What follows from a connection: its permissions, its action, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission};
use lambda_with_codepipeline::CodePipeline;
use lambda_with_testing::{check, definitions, function};

const PLAIN: &str = r#"
    pipeline = "arn:aws:codepipeline:eu-west-1:123456789012:harbor"
    stage = "Staging"
    action = "SmokeTest"
    role = "arn:aws:iam::123456789012:role/pipelines"
"#;

const FULL: &str = r#"
    pipeline = "arn:aws:codepipeline:eu-west-2:210987654321:harbor"
    stage = "Staging"
    action = "SmokeTest"
    role = "arn:aws:iam::210987654321:role/pipelines"
    action_role = "arn:aws:iam::123456789012:role/smoke"
    input_artifacts = ["Source", "Charts"]
    output_artifacts = ["Report"]
    run_order = 2
    namespace = "Smoke"

    [user_parameters]
    url = "https://staging.example.com"
    expect = 200
"#;

fn connection(toml: &str) -> CodePipeline {
    toml::from_str(toml).unwrap()
}

/// Who may do what: roles by their name, `execution` for the function's.
fn granted(toml: &str, name: &str) -> Vec<(String, Policy)> {
    let permissions = connection(toml).permissions(&function(name));
    let grants = permissions.into_iter().map(|permission| match permission {
        Permission::ExecutionRole(statement) => {
            ("execution".to_owned(), Policy::of_role(&[statement]))
        }
        Permission::CallerRole(caller) => {
            assert_eq!(caller.trusts, "codepipeline.amazonaws.com");
            let role = caller.role.unwrap().resource().to_owned();
            (role, Policy::of_role(&caller.allows))
        }
        other => panic!("the function's policy needs nothing: {other:?}"),
    });
    grants.collect()
}

#[test]
fn the_pipelines_role_invokes_and_the_function_puts_its_result() {
    check(
        &granted(PLAIN, "smoke-test"),
        &expect![[r#"
        [
          [
            "execution",
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": [
                    "codepipeline:PutJobFailureResult",
                    "codepipeline:PutJobSuccessResult"
                  ],
                  "Resource": "*"
                }
              ]
            }
          ],
          [
            "role/pipelines",
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": "lambda:InvokeFunction",
                  "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:smoke-test"
                },
                {
                  "Effect": "Allow",
                  "Action": "lambda:ListFunctions",
                  "Resource": "*"
                }
              ]
            }
          ]
        ]"#]],
    );
    assert_eq!(
        granted(PLAIN, "smoke-test"),
        granted(PLAIN, "smoke-test:live")
    );
}

#[test]
fn a_role_of_the_actions_own_invokes_in_its_place() {
    check(
        &granted(FULL, "smoke-test"),
        &expect![[r#"
        [
          [
            "execution",
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": [
                    "codepipeline:PutJobFailureResult",
                    "codepipeline:PutJobSuccessResult"
                  ],
                  "Resource": "*"
                }
              ]
            }
          ],
          [
            "role/pipelines",
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": "sts:AssumeRole",
                  "Resource": "arn:aws:iam::123456789012:role/smoke"
                }
              ]
            }
          ],
          [
            "role/smoke",
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": "lambda:InvokeFunction",
                  "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:smoke-test"
                },
                {
                  "Effect": "Allow",
                  "Action": "lambda:ListFunctions",
                  "Resource": "*"
                }
              ]
            }
          ]
        ]"#]],
    );
}

#[test]
fn a_role_that_is_none_is_granted_nothing() {
    let role = |toml: &str, from: &str| toml.replace(from, "role/*");
    assert_eq!(
        granted(&role(PLAIN, "role/pipelines"), "smoke-test").len(),
        1
    );
    assert_eq!(granted(&role(FULL, "role/smoke"), "smoke-test").len(), 1);
}

#[test]
fn the_action_as_templates_have_it() {
    check(
        &connection(PLAIN).declaration(&function("smoke-test")),
        &expect![[r#"
            {
              "ActionTypeId": {
                "Category": "Invoke",
                "Owner": "AWS",
                "Provider": "Lambda",
                "Version": "1"
              },
              "Configuration": {
                "FunctionName": "smoke-test"
              },
              "InputArtifacts": [],
              "Name": "SmokeTest",
              "OutputArtifacts": [],
              "RunOrder": 1
            }"#]],
    );
    check(
        &connection(FULL).declaration(&function("smoke-test:live")),
        &expect![[r#"
            {
              "ActionTypeId": {
                "Category": "Invoke",
                "Owner": "AWS",
                "Provider": "Lambda",
                "Version": "1"
              },
              "Configuration": {
                "FunctionName": "smoke-test",
                "UserParameters": "{\"expect\":200,\"url\":\"https://staging.example.com\"}"
              },
              "InputArtifacts": [
                {
                  "Name": "Source"
                },
                {
                  "Name": "Charts"
                }
              ],
              "Name": "SmokeTest",
              "Namespace": "Smoke",
              "OutputArtifacts": [
                {
                  "Name": "Report"
                }
              ],
              "Region": "eu-west-1",
              "RoleArn": "arn:aws:iam::123456789012:role/smoke",
              "RunOrder": 2
            }"#]],
    );
    assert_eq!(connection(PLAIN).resources(&function("smoke-test")), []);
    assert_eq!(
        connection(PLAIN).name(),
        "codepipeline-harbor-SmokeTest-53b0b71a"
    );
}

#[test]
fn the_example_is_of_this_action() {
    let own = |toml: &str| {
        let example = connection(toml).example(&function("smoke-test")).unwrap();
        (
            example.sample.id,
            serde_json::to_value(example.own).unwrap(),
        )
    };
    let (id, full) = own(FULL);
    let parameters = r#"{"expect":200,"url":"https://staging.example.com"}"#;
    assert_eq!((id, &full[0][1]), ("job", &"210987654321".into()));
    assert_eq!(full[1][1]["UserParameters"], parameters);
    let (id, plain) = own(PLAIN);
    assert_eq!((id, plain[1][1].get("UserParameters")), ("job-bare", None));
    assert_eq!(plain[1][1]["FunctionName"], "smoke-test");
}

#[test]
fn a_definition_is_read_and_written_back() {
    let text = format!("{PLAIN}user_parameters = 'https://example.com'");
    definitions::<CodePipeline>(
        &[PLAIN, FULL, &text],
        &[
            (PLAIN.replace("stage", "stages"), "unknown field `stages`"),
            (
                PLAIN.replace("role =", "action_role ="),
                "missing field `role`",
            ),
            (
                PLAIN.replace("arn:aws:iam::123456789012:role/pipelines", "pipelines"),
                "not an ARN",
            ),
        ],
    );
}
