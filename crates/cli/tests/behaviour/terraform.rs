//! `export --format terraform`, judged by the provider's argument names: there is no Terraform here.

use serde_json::{Value, json};

use crate::formats::{EVERYTHING, exported};
use crate::run::defined;

/// Arguments of `hashicorp/aws` 6, as its documentation lists them: those that exports may use.
const ARGUMENTS: &[(&str, &str)] = &[
    (
        "aws_api_gateway_authorizer",
        "authorizer_result_ttl_in_seconds authorizer_uri identity_source identity_validation_expression name rest_api_id type",
    ),
    ("aws_api_gateway_deployment", "rest_api_id triggers"),
    (
        "aws_api_gateway_integration",
        "http_method integration_http_method resource_id response_transfer_mode rest_api_id timeout_milliseconds type uri",
    ),
    (
        "aws_api_gateway_method",
        "authorization authorizer_id http_method resource_id rest_api_id",
    ),
    (
        "aws_api_gateway_resource",
        "parent_id path_part rest_api_id",
    ),
    (
        "aws_api_gateway_rest_api",
        "binary_media_types endpoint_configuration name",
    ),
    (
        "aws_api_gateway_stage",
        "deployment_id rest_api_id stage_name variables",
    ),
    (
        "aws_apigatewayv2_api",
        "name protocol_type route_selection_expression",
    ),
    (
        "aws_apigatewayv2_authorizer",
        "api_id authorizer_payload_format_version authorizer_result_ttl_in_seconds authorizer_type authorizer_uri enable_simple_responses identity_sources name",
    ),
    (
        "aws_apigatewayv2_integration",
        "api_id integration_method integration_type integration_uri payload_format_version timeout_milliseconds",
    ),
    (
        "aws_apigatewayv2_route",
        "api_id authorization_type authorizer_id route_key target",
    ),
    (
        "aws_apigatewayv2_stage",
        "api_id auto_deploy name stage_variables",
    ),
    ("aws_iam_role", "assume_role_policy"),
    ("aws_iam_role_policy", "name policy role"),
    ("aws_iam_role_policy_attachment", "policy_arn role"),
    ("aws_lambda_alias", "function_name function_version name"),
    (
        "aws_lambda_event_source_mapping",
        "batch_size enabled event_source_arn filter_criteria function_name function_response_types kms_key_arn maximum_batching_window_in_seconds metrics_config provisioned_poller_config scaling_config tags",
    ),
    (
        "aws_lambda_function",
        "environment file_system_config filename function_name handler memory_size publish reserved_concurrent_executions role runtime source_code_hash timeout vpc_config",
    ),
    (
        "aws_lambda_function_event_invoke_config",
        "destination_config function_name maximum_event_age_in_seconds maximum_retry_attempts qualifier",
    ),
    (
        "aws_lambda_permission",
        "action function_name principal qualifier source_account source_arn statement_id",
    ),
    ("aws_s3_bucket_notification", "bucket lambda_function"),
];

/// What Terraform itself has in every block.
const META: [&str; 3] = ["//", "depends_on", "lifecycle"];

fn texts<'a>(value: &'a Value, all: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => all.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
        Value::Object(members) => members.values().for_each(|value| texts(value, all)),
        _ => {}
    }
}

/// The addresses a text refers to, and what of them.
fn references(text: &str) -> Vec<String> {
    let mut rest = text.replace("$${", "");
    let mut found = Vec::new();
    while let Some((_, after)) = rest.clone().split_once("${") {
        let (expression, after) = after.split_once('}').unwrap();
        let inner = expression.rsplit('(').next().unwrap().trim_end_matches(')');
        found.push(inner.to_owned());
        rest = after.to_owned();
    }
    found
}

#[test]
fn blocks_have_the_providers_arguments() {
    let document = exported(EVERYTHING, "terraform");
    let resources = document["resource"].as_object().unwrap();
    let kinds: Vec<&str> = resources.keys().map(String::as_str).collect();
    let known: Vec<&str> = ARGUMENTS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, known, "every type of the table occurs, and no other");
    for (kind, arguments) in ARGUMENTS {
        let arguments: Vec<&str> = arguments.split(' ').chain(META).collect();
        for (name, block) in resources[*kind].as_object().unwrap() {
            for argument in block.as_object().unwrap().keys() {
                assert!(
                    arguments.contains(&argument.as_str()),
                    "{kind}.{name}.{argument}"
                );
            }
            assert!(
                block["//"].as_str().unwrap().starts_with("lambda-with"),
                "{kind}.{name}"
            );
        }
    }
}

#[test]
fn references_lead_somewhere() {
    let document = exported(EVERYTHING, "terraform");
    let mut all = Vec::new();
    texts(&document["resource"], &mut all);
    let mut seen = 0;
    for reference in all.iter().flat_map(|text| references(text)) {
        let parts: Vec<&str> = reference.split('.').collect();
        let target = match parts.as_slice() {
            ["var", name] => &document["variable"][name],
            ["data", kind, name, _] => &document["data"][kind][name],
            [kind, name, _] => &document["resource"][kind][name],
            _ => panic!("{reference}"),
        };
        assert!(target.is_object(), "{reference}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
    for (kind, blocks) in document["resource"].as_object().unwrap() {
        for (name, block) in blocks.as_object().unwrap() {
            for before in block["depends_on"].as_array().into_iter().flatten() {
                let (kind, name) = before
                    .as_str()
                    .and_then(|before| before.split_once('.'))
                    .unwrap();
                assert!(document["resource"][kind][name].is_object(), "{before}");
            }
            assert_ne!(block["depends_on"], json!([]), "{kind}.{name}");
        }
    }
}

#[test]
fn one_bucket_has_one_notification() {
    let ran = defined(EVERYTHING, ["export", "--format", "terraform"]).ok();
    assert!(
        ran.stderr
            .contains("replaces all notifications of the bucket `order-files`"),
        "{}",
        ran.stderr
    );
    let document = ran.json();
    let blocks = document["resource"]["aws_s3_bucket_notification"]
        .as_object()
        .unwrap();
    let [block] = blocks.values().collect::<Vec<_>>()[..] else {
        panic!("{blocks:#?}")
    };
    let entries = json!([
        {
            "events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"],
            "filter_prefix": "in/",
            "filter_suffix": ".json",
            "id": "s3-order-files-in-json-eedaf1bf",
            "lambda_function_arn": "${aws_lambda_alias.orders_alias.arn}",
        },
        {
            "events": ["s3:ObjectCreated:*"],
            "filter_prefix": "out/",
            "id": "archived",
            "lambda_function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:archive:7",
        },
    ]);
    assert_eq!(block["lambda_function"], entries);
    assert_eq!(block["depends_on"].as_array().unwrap().len(), 2);
}

#[test]
fn functions_elsewhere_are_data() {
    let document = exported(EVERYTHING, "terraform");
    let data = json!({ "//": "lambda-with", "function_name": "archive", "qualifier": "7" });
    assert_eq!(document["data"]["aws_lambda_function"]["archive"], data);
    assert!(
        document["resource"]["aws_lambda_function"]
            .get("archive")
            .is_none()
    );
    let permissions = document["resource"]["aws_lambda_permission"]
        .as_object()
        .unwrap();
    let archive = "${data.aws_lambda_function.archive.function_name}";
    let mut of_archive = permissions
        .values()
        .filter(|block| block["function_name"] == archive);
    let permission = of_archive.next().unwrap();
    assert_eq!(of_archive.count(), 0);
    let sid = permission["statement_id"].as_str().unwrap();
    assert!(sid.starts_with("s3-order-files-archived-"), "{sid}");
    assert_eq!(permission["qualifier"], "7");
    assert_eq!(permission["source_account"], "123456789012");
    let role = &document["resource"]["aws_iam_role_policy"]["archive_role_policy"]["role"];
    assert_eq!(*role, "${basename(data.aws_lambda_function.archive.role)}");
}

#[test]
fn functions_whose_names_look_alike_are_two() {
    let function = |name: &str| {
        format!(
            "[functions.{name}]\narn = \"arn:aws:lambda:us-east-1:123456789012:function:{name}\"\n\
             [[functions.{name}.with]]\nservice = \"sqs\"\n\
             queue = \"arn:aws:sqs:us-east-1:123456789012:{name}\"\n"
        )
    };
    let document = exported(&(function("a-b") + &function("a_b")), "terraform");
    for block in document["resource"]["aws_iam_role_policy"]
        .as_object()
        .unwrap()
        .values()
    {
        let role = block["role"].as_str().unwrap();
        let data = role.split('.').nth(2).unwrap();
        let function = &document["data"]["aws_lambda_function"][data]["function_name"];
        let policy = block["policy"].as_str().unwrap();
        assert!(
            policy.contains(&format!(":{}\"", function.as_str().unwrap())),
            "{block}"
        );
    }
    assert_eq!(
        document["data"]["aws_lambda_function"]
            .as_object()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn text_stays_text() {
    let document = exported(EVERYTHING, "terraform");
    let variables =
        &document["resource"]["aws_lambda_function"]["orders_function"]["environment"]["variables"];
    assert_eq!(variables["ODD"], "$${not.a.reference} %%{nor.this}");
}

#[test]
fn what_has_no_translation_is_refused_by_name() {
    let toml = r#"
[functions.classify]
bin = "classify"
memory = 512
subnets = ["subnet-0a1b2c3d4e5f60718"]
security_groups = ["sg-0a1b2c3d4e5f60718"]
[[functions.classify.with]]
service = "efs"
access_point = "arn:aws:s3files:us-east-1:123456789012:file-system/fs-0a1b2c3d4e5f60718/access-point/fsap-0c1d2e3f4a5b60718"
mount_path = "/mnt/records"
direct_s3_read = "disabled"
"#;
    defined(toml, ["export", "--format", "cloudformation"]).ok();
    let ran = defined(toml, ["export", "--format", "terraform"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    let named =
        "`AWS::Lambda::Function.FileSystemConfigs.S3FilesConfig` has no translation to Terraform";
    assert!(ran.stderr.contains(named), "{}", ran.stderr);
}
