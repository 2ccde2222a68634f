//! `export --format terraform`, judged by a list of the provider's arguments: no Terraform runs here.

use crate::formats::{EVERYTHING, exported};

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
