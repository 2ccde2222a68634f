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
        "api_id authorization_type authorizer_id route_key route_response_selection_expression target",
    ),
    (
        "aws_apigatewayv2_route_response",
        "api_id route_id route_response_key",
    ),
    (
        "aws_apigatewayv2_stage",
        "api_id auto_deploy name stage_variables",
    ),
    ("aws_cloudformation_stack", "name template_body"),
    (
        "aws_cloudfront_distribution",
        "comment default_cache_behavior enabled ordered_cache_behavior origin restrictions viewer_certificate",
    ),
    (
        "aws_cloudwatch_event_rule",
        "description event_bus_name event_pattern name schedule_expression state",
    ),
    (
        "aws_cloudwatch_event_target",
        "arn dead_letter_config event_bus_name input input_path input_transformer retry_policy role_arn rule target_id",
    ),
    (
        "aws_cloudwatch_log_account_policy",
        "policy_document policy_name policy_type scope selection_criteria",
    ),
    (
        "aws_cloudwatch_log_subscription_filter",
        "apply_on_transformed_logs destination_arn emit_system_fields filter_pattern log_group_name name",
    ),
    ("aws_codecommit_trigger", "repository_name trigger"),
    ("aws_cognito_user_pool", "lambda_config name user_pool_tier"),
    (
        "aws_config_config_rule",
        "description evaluation_mode input_parameters maximum_execution_frequency name scope source",
    ),
    (
        "aws_connect_lambda_function_association",
        "function_arn instance_id",
    ),
    ("aws_iam_role", "assume_role_policy"),
    ("aws_iam_role_policy", "name policy role"),
    ("aws_iam_role_policy_attachment", "policy_arn role"),
    (
        "aws_iot_authorizer",
        "authorizer_function_arn enable_caching_for_http name signing_disabled status tags token_key_name token_signing_public_keys",
    ),
    (
        "aws_iot_provisioning_template",
        "description enabled name pre_provisioning_hook provisioning_role_arn tags template_body type",
    ),
    (
        "aws_iot_topic_rule",
        "description enabled error_action lambda name sql sql_version tags",
    ),
    (
        "aws_kinesis_firehose_delivery_stream",
        "destination extended_s3_configuration kinesis_source_configuration name",
    ),
    ("aws_lambda_alias", "function_name function_version name"),
    (
        "aws_lambda_event_source_mapping",
        "amazon_managed_kafka_event_source_config batch_size bisect_batch_on_function_error destination_config enabled event_source_arn filter_criteria function_name function_response_types kms_key_arn maximum_batching_window_in_seconds maximum_record_age_in_seconds maximum_retry_attempts metrics_config parallelization_factor provisioned_poller_config queues scaling_config self_managed_event_source self_managed_kafka_event_source_config source_access_configuration starting_position starting_position_timestamp tags topics tumbling_window_in_seconds",
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
        "aws_lambda_function_recursion_config",
        "function_name recursive_loop",
    ),
    (
        "aws_lambda_function_url",
        "authorization_type cors function_name invoke_mode qualifier",
    ),
    (
        "aws_lambda_permission",
        "action event_source_token function_name function_url_auth_type invoked_via_function_url principal qualifier source_account source_arn statement_id",
    ),
    (
        "aws_lb_listener_rule",
        "action condition listener_arn priority",
    ),
    (
        "aws_lb_target_group",
        "health_check lambda_multi_value_headers_enabled name target_type",
    ),
    (
        "aws_lb_target_group_attachment",
        "target_group_arn target_id",
    ),
    ("aws_s3_bucket_notification", "bucket lambda_function"),
    (
        "aws_scheduler_schedule",
        "description flexible_time_window group_name name schedule_expression schedule_expression_timezone start_date state target",
    ),
    (
        "aws_secretsmanager_secret_rotation",
        "rotate_immediately rotation_lambda_arn rotation_rules secret_id",
    ),
    (
        "aws_ses_receipt_rule",
        "after enabled lambda_action name recipients rule_set_name s3_action scan_enabled tls_policy",
    ),
    (
        "aws_sns_topic_subscription",
        "endpoint filter_policy filter_policy_scope protocol redrive_policy region topic_arn",
    ),
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
