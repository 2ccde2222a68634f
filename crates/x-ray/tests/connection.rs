//! What follows from tracing a function: permission, configuration, its form in a file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission, RoleStatement};
use lambda_with_testing::{definitions, function};
use lambda_with_x_ray::{SERVICE, TracingMode, XRay};
use serde_json::json;

fn tracing(toml: &str) -> XRay {
    toml::from_str(toml).unwrap()
}

#[test]
fn permissions() {
    let statements = |tracing: &XRay| -> Vec<RoleStatement> {
        let permissions = tracing.permissions(&function("orders")).into_iter();
        permissions
            .map(|permission| match permission {
                Permission::ExecutionRole(statement) => statement,
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let policy = Policy::of_role(&statements(&tracing("sampling_rules = true")));
    expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "xray:GetSamplingRules",
                "xray:GetSamplingStatisticSummaries",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments"
              ],
              "Resource": "*"
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&policy).unwrap());
    let [only] = &statements(&tracing(""))[..] else {
        panic!()
    };
    assert_eq!(
        only.actions,
        ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    );
    for statement in statements(&tracing("sampling_rules = true")) {
        assert!(statement.reason.contains("no resource-level permission"));
    }
}

#[test]
fn the_function_is_configured_and_nothing_is_made_or_invoked() {
    for (toml, mode) in [
        ("", "Active"),
        ("mode = 'active'", "Active"),
        ("mode = 'pass-through'", "PassThrough"),
    ] {
        let connection = tracing(toml);
        let configuration = connection.configuration(&function("orders")).unwrap();
        assert_eq!(configuration, json!({ "TracingConfig": { "Mode": mode } }));
        assert_eq!(connection.resources(&function("orders")), []);
        assert!(connection.example(&function("orders")).is_none());
    }
    assert_eq!(XRay::default().name(), "x-ray");
    assert_eq!(SERVICE.principal, None);
    assert_eq!(tracing("").mode, TracingMode::Active);
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<XRay>(
        &[
            "",
            "mode = 'active'",
            "mode = 'pass-through'\nsampling_rules = true",
        ],
        &[
            ("mode = 'Active'", "unknown variant `Active`"),
            ("rate = 1", "unknown field `rate`"),
        ],
    );
}
