//! `export`, judged by AWS's own linter.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::run::{command, defined, run_with, workspace};

const FULL: &str = r#"
account = "123456789012"
region = "eu-west-1"

[functions.orders]
arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders:live"
bin = "orders"
timeout = 30
memory = 256
reserved_concurrency = 7
env = { TABLE = "orders" }
on_failure = "arn:aws:sqs:eu-west-1:123456789012:orders-failed"
maximum_retry_attempts = 1

[[functions.orders.with]]
service = "sqs"
queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
visibility_timeout = 180
report_batch_item_failures = true

[[functions.orders.with]]
service = "s3"
bucket = "order-files"
account = "123456789012"
prefix = "in/"

[[functions.orders.with]]
service = "api-gateway"
api = "http"
name = "shop"
routes = ["GET /orders", "POST /orders"]

[functions.archive]
arn = "arn:aws:lambda:eu-west-1:123456789012:function:archive"

[[functions.archive.with]]
service = "s3"
bucket = "order-files"
account = "123456789012"
prefix = "out/"

[[functions.archive.with]]
service = "sqs"
queue = "arn:aws:sqs:eu-west-1:123456789012:archive"
visibility_timeout = 180

[functions.pets]
bin = "pets"

[[functions.pets.with]]
service = "api-gateway"
api = "rest"
api_id = "a1b2c3d4e5"
routes = ["ANY /pets/{proxy+}"]

[[functions.pets.with]]
service = "api-gateway"
api = "http"
name = "shop"
routes = ["GET /pets"]
"#;

fn linter() -> PathBuf {
    let venv = std::env::var_os("LAMBDA_WITH_VENV")
        .map_or_else(|| workspace().join("target/venv"), PathBuf::from);
    let linter = venv.join("bin/cfn-lint");
    assert!(
        linter.exists(),
        "there is no {}: run `cargo xtask test`",
        linter.display()
    );
    linter
}

fn template(toml: &str) -> Value {
    defined(toml, ["export", "--format", "cloudformation"])
        .ok()
        .json()
}

#[track_caller]
fn lint(template: &Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.json");
    std::fs::write(&file, serde_json::to_string_pretty(template).unwrap()).unwrap();
    let output = Command::new(linter())
        .args(["--format", "parseable", "--"])
        .arg(&file)
        .output();
    let output = output.unwrap();
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{found}\n{template:#}");
}

#[test]
fn templates_pass_the_linter() {
    let full = template(FULL);
    lint(&full);
    let example = workspace().join("examples/orders/lambda-with.toml");
    let ran = run_with(command().args(["export", "--config"]).arg(example), "").ok();
    lint(&ran.json());
}

#[test]
fn the_order_is_the_one_aws_wants() {
    let full = template(FULL);
    let resources = full["Resources"].as_object().unwrap();
    let of = |kind: &str| -> Vec<(&String, &Value)> {
        resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == kind)
            .collect()
    };
    let buckets = of("AWS::S3::Bucket");
    let [(_, bucket)] = buckets.as_slice() else {
        panic!("one bucket, not {buckets:?}")
    };
    let notifications = &bucket["Properties"]["NotificationConfiguration"]["LambdaConfigurations"];
    let functions: Vec<&Value> = notifications
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["Function"])
        .collect();
    let archive = json!("arn:aws:lambda:eu-west-1:123456789012:function:archive");
    assert_eq!(functions, [&json!({ "Ref": "OrdersAlias" }), &archive]);
    let first: Vec<&str> = bucket["DependsOn"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert_eq!(first.len(), 2);
    for id in first {
        let permission = &resources[id];
        assert_eq!(permission["Type"], "AWS::Lambda::Permission");
        assert_eq!(permission["Properties"]["SourceAccount"], "123456789012");
    }
    for (_, mapping) in of("AWS::Lambda::EventSourceMapping") {
        let policy = mapping["DependsOn"][0].as_str().unwrap();
        assert_eq!(
            resources[policy]["Type"], "AWS::IAM::RolePolicy",
            "{mapping}"
        );
    }
    assert_eq!(of("AWS::ApiGatewayV2::Api").len(), 1);
    let parameters: Vec<&String> = full["Parameters"].as_object().unwrap().keys().collect();
    let expected = [
        "ArchiveRoleName",
        "OrdersCodeBucket",
        "OrdersCodeKey",
        "PetsCodeBucket",
        "PetsCodeKey",
    ];
    assert_eq!(parameters, expected);
    let text = full.to_string();
    assert!(!text.contains("${Function}"), "{text}");
}

#[test]
fn a_template_goes_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lambda-with.toml"), FULL).unwrap();
    let ran = run_with(
        command()
            .current_dir(folder.path())
            .args(["export", "--out", "template.json"]),
        "",
    )
    .ok();
    assert_eq!(ran.stdout, "");
    let written = std::fs::read_to_string(folder.path().join("template.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&written).unwrap(),
        template(FULL)
    );
}

#[test]
fn a_numbered_version_is_published_and_referred_to() {
    let toml = r#"
[functions.greeter]
arn = "arn:aws:lambda:us-east-1:123456789012:function:greeter:1"
bin = "greeter"
timeout = 5

[[functions.greeter.with]]
service = "cloudfront"
distribution = "harbor"
event = "viewer-request"
origin = "origin.harbor.example.com"
"#;
    let of = |format: &str| defined(toml, ["export", "--format", format]).ok().json();
    for format in ["cloudformation", "sam"] {
        let template = of(format);
        let resources = &template["Resources"];
        let version = &resources["GreeterVersion"]["Properties"]["FunctionName"];
        assert_eq!(*version, json!({ "Ref": "GreeterFunction" }));
        let config = &resources["HarborDistribution"]["Properties"]["DistributionConfig"];
        let association = &config["DefaultCacheBehavior"]["LambdaFunctionAssociations"][0];
        let reference = json!({ "Ref": "GreeterVersion" });
        assert_eq!(association["LambdaFunctionARN"], reference);
        let trust = &resources["GreeterRole"]["Properties"]["AssumeRolePolicyDocument"];
        assert!(trust.to_string().contains("edgelambda"), "{trust}");
    }
    lint(&of("cloudformation"));
    let resources = &of("terraform")["resource"];
    let distribution = &resources["aws_cloudfront_distribution"]["harbor_distribution"];
    let behaviour = &distribution["default_cache_behavior"];
    let arn = "${aws_lambda_function.greeter_function.qualified_arn}";
    assert_eq!(
        behaviour["lambda_function_association"][0]["lambda_arn"],
        arn
    );
    let function = &resources["aws_lambda_function"]["greeter_function"];
    assert_eq!(function["publish"], true);
}
