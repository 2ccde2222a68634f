//! The translation table: CloudFormation's types as resources of `hashicorp/aws`.
//!
//! Names are those of the provider's version 6. A property that is not listed here is refused by
//! name, so that nothing is lost without a word.

/// One type and its translation.
#[derive(Debug)]
pub(super) struct Kind {
    /// CloudFormation's type.
    pub(super) cloudformation: &'static str,
    /// The provider's resource.
    pub(super) terraform: &'static str,
    /// The attribute that `Ref` stands for.
    pub(super) reference: &'static str,
    /// The attributes that `Fn::GetAtt` stands for.
    pub(super) attributes: &'static [(&'static str, &'static str)],
    /// The properties.
    pub(super) fields: &'static str,
}

/// The translation of a type.
pub(super) fn find(cloudformation: &str) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|kind| kind.cloudformation == cloudformation)
}

/// The integration that CloudFormation has inside a method of a REST API.
pub(super) const INTEGRATION: &str = "CacheKeyParameters CacheNamespace ConnectionId ConnectionType \
    ContentHandling Credentials IntegrationHttpMethod PassthroughBehavior RequestParameters:map \
    RequestTemplates:map ResponseTransferMode TimeoutInMillis=timeout_milliseconds Type Uri";

/// The targets that CloudFormation has inside a rule.
pub(super) const TARGET: &str = "Arn DeadLetterConfig{Arn} Id=target_id Input InputPath \
    InputTransformer{InputPathsMap=input_paths:map InputTemplate} \
    RetryPolicy{MaximumEventAgeInSeconds MaximumRetryAttempts} RoleArn";

pub(super) const KINDS: [Kind; 40] = [
    Kind {
        cloudformation: "AWS::ApiGateway::Authorizer",
        terraform: "aws_api_gateway_authorizer",
        reference: "id",
        attributes: &[],
        fields: "AuthorizerCredentials AuthorizerResultTtlInSeconds AuthorizerUri IdentitySource \
                 IdentityValidationExpression Name ProviderARNs=provider_arns RestApiId Type",
    },
    Kind {
        cloudformation: "AWS::ApiGateway::Deployment",
        terraform: "aws_api_gateway_deployment",
        reference: "id",
        attributes: &[],
        fields: "Description RestApiId",
    },
    Kind {
        cloudformation: "AWS::ApiGateway::Method",
        terraform: "aws_api_gateway_method",
        reference: "id",
        attributes: &[],
        fields: "ApiKeyRequired AuthorizationScopes AuthorizationType=authorization AuthorizerId \
                 HttpMethod OperationName RequestModels:map RequestParameters:map RequestValidatorId \
                 ResourceId RestApiId",
    },
    Kind {
        cloudformation: "AWS::ApiGateway::Resource",
        terraform: "aws_api_gateway_resource",
        reference: "id",
        attributes: &[],
        fields: "ParentId PathPart RestApiId",
    },
    Kind {
        cloudformation: "AWS::ApiGateway::RestApi",
        terraform: "aws_api_gateway_rest_api",
        reference: "id",
        attributes: &[("RootResourceId", "root_resource_id")],
        fields: "ApiKeySourceType=api_key_source BinaryMediaTypes Description \
                 DisableExecuteApiEndpoint EndpointConfiguration{IpAddressType Types VpcEndpointIds} \
                 MinimumCompressionSize Name Tags:tags",
    },
    Kind {
        cloudformation: "AWS::ApiGateway::Stage",
        terraform: "aws_api_gateway_stage",
        reference: "stage_name",
        attributes: &[],
        fields: "DeploymentId Description RestApiId StageName Tags:tags \
                 TracingEnabled=xray_tracing_enabled Variables:map",
    },
    Kind {
        cloudformation: "AWS::ApiGatewayV2::Api",
        terraform: "aws_apigatewayv2_api",
        reference: "id",
        attributes: &[],
        fields: "ApiKeySelectionExpression CorsConfiguration{AllowCredentials AllowHeaders \
                 AllowMethods AllowOrigins ExposeHeaders MaxAge} Description \
                 DisableExecuteApiEndpoint IpAddressType Name ProtocolType \
                 RouteSelectionExpression Tags:map Version",
    },
    Kind {
        cloudformation: "AWS::ApiGatewayV2::Authorizer",
        terraform: "aws_apigatewayv2_authorizer",
        reference: "id",
        attributes: &[],
        fields: "ApiId AuthorizerCredentialsArn AuthorizerPayloadFormatVersion \
                 AuthorizerResultTtlInSeconds AuthorizerType AuthorizerUri EnableSimpleResponses \
                 IdentitySource=identity_sources JwtConfiguration{Audience Issuer} Name",
    },
    Kind {
        cloudformation: "AWS::ApiGatewayV2::Integration",
        terraform: "aws_apigatewayv2_integration",
        reference: "id",
        attributes: &[],
        fields: "ApiId ConnectionId ConnectionType ContentHandlingStrategy CredentialsArn \
                 Description IntegrationMethod IntegrationSubtype IntegrationType IntegrationUri \
                 PassthroughBehavior PayloadFormatVersion RequestParameters:map \
                 RequestTemplates:map TemplateSelectionExpression \
                 TimeoutInMillis=timeout_milliseconds",
    },
    Kind {
        cloudformation: "AWS::ApiGatewayV2::Route",
        terraform: "aws_apigatewayv2_route",
        reference: "id",
        attributes: &[],
        fields: "ApiId ApiKeyRequired AuthorizationScopes AuthorizationType AuthorizerId \
                 ModelSelectionExpression OperationName RequestModels:map RouteKey \
                 RouteResponseSelectionExpression Target",
    },
    Kind {
        cloudformation: "AWS::ApiGatewayV2::RouteResponse",
        terraform: "aws_apigatewayv2_route_response",
        reference: "id",
        attributes: &[],
        fields: "ApiId ModelSelectionExpression ResponseModels:map RouteId RouteResponseKey",
    },
    Kind {
        cloudformation: "AWS::ApiGatewayV2::Stage",
        terraform: "aws_apigatewayv2_stage",
        reference: "name",
        attributes: &[],
        fields: "ApiId AutoDeploy ClientCertificateId DeploymentId Description StageName=name \
                 StageVariables:map Tags:map",
    },
    Kind {
        cloudformation: "AWS::CloudFront::Distribution",
        terraform: "aws_cloudfront_distribution",
        reference: "id",
        attributes: &[("Arn", "arn"), ("DomainName", "domain_name")],
        fields: "CacheBehaviors=ordered_cache_behavior{AllowedMethods CachePolicyId \
                 CachedMethods LambdaFunctionAssociations=lambda_function_association{EventType \
                 IncludeBody LambdaFunctionARN=lambda_arn} PathPattern TargetOriginId \
                 ViewerProtocolPolicy} Comment DefaultCacheBehavior{AllowedMethods \
                 CachePolicyId CachedMethods \
                 LambdaFunctionAssociations=lambda_function_association{EventType IncludeBody \
                 LambdaFunctionARN=lambda_arn} TargetOriginId ViewerProtocolPolicy} Enabled \
                 Origins=origin{CustomOriginConfig{HTTPPort=http_port HTTPSPort=https_port \
                 OriginProtocolPolicy OriginSSLProtocols=origin_ssl_protocols} DomainName \
                 Id=origin_id} Restrictions{GeoRestriction{RestrictionType}} \
                 ViewerCertificate{CloudFrontDefaultCertificate=cloudfront_default_certificate}",
    },
    Kind {
        cloudformation: "AWS::CodeCommit::Repository",
        terraform: "aws_codecommit_trigger",
        reference: "repository_name",
        attributes: &[],
        fields: "RepositoryName Triggers=trigger{Branches CustomData DestinationArn Events Name}",
    },
    Kind {
        cloudformation: "AWS::Cognito::UserPool",
        terraform: "aws_cognito_user_pool",
        reference: "id",
        attributes: &[("Arn", "arn")],
        fields: "LambdaConfig{CreateAuthChallenge CustomEmailSender{LambdaArn LambdaVersion} \
                 CustomMessage CustomSMSSender{LambdaArn LambdaVersion} DefineAuthChallenge \
                 KMSKeyID PostAuthentication PostConfirmation PreAuthentication PreSignUp \
                 PreTokenGenerationConfig{LambdaArn LambdaVersion} UserMigration \
                 VerifyAuthChallengeResponse} UserPoolName=name UserPoolTier",
    },
    Kind {
        cloudformation: "AWS::Config::ConfigRule",
        terraform: "aws_config_config_rule",
        reference: "name",
        attributes: &[],
        fields: "ConfigRuleName=name Description EvaluationModes=evaluation_mode{Mode} \
                 InputParameters:json MaximumExecutionFrequency Scope{ComplianceResourceId \
                 ComplianceResourceTypes TagKey TagValue} Source{Owner \
                 SourceDetails=source_detail{EventSource MaximumExecutionFrequency MessageType} \
                 SourceIdentifier}",
    },
    Kind {
        cloudformation: "AWS::CloudFormation::CustomResource",
        terraform: "aws_cloudformation_stack",
        reference: "id",
        attributes: &[],
        fields: "Name TemplateBody:json",
    },
    Kind {
        cloudformation: "AWS::Connect::IntegrationAssociation",
        terraform: "aws_connect_lambda_function_association",
        reference: "id",
        attributes: &[],
        fields: "InstanceId IntegrationArn=function_arn",
    },
    Kind {
        cloudformation: "AWS::ElasticLoadBalancingV2::ListenerRule",
        terraform: "aws_lb_listener_rule",
        reference: "arn",
        attributes: &[],
        fields: "Actions=action{TargetGroupArn Type} \
                 Conditions=condition{HostHeaderConfig=host_header{Values} \
                 HttpRequestMethodConfig=http_request_method{Values} \
                 PathPatternConfig=path_pattern{Values}} ListenerArn Priority",
    },
    Kind {
        cloudformation: "AWS::ElasticLoadBalancingV2::TargetGroup",
        terraform: "aws_lb_target_group",
        reference: "arn",
        attributes: &[],
        fields: "HealthCheck{Enabled HealthyThreshold Interval Matcher Path Timeout \
                 UnhealthyThreshold} LambdaMultiValueHeadersEnabled Name TargetType",
    },
    Kind {
        cloudformation: "AWS::Events::Rule",
        terraform: "aws_cloudwatch_event_rule",
        reference: "name",
        attributes: &[("Arn", "arn")],
        fields: "Description EventBusName EventPattern:json Name ScheduleExpression State",
    },
    Kind {
        cloudformation: "AWS::IAM::Role",
        terraform: "aws_iam_role",
        reference: "name",
        attributes: &[("Arn", "arn")],
        fields: "AssumeRolePolicyDocument=assume_role_policy:json Description MaxSessionDuration \
                 Path PermissionsBoundary RoleName=name Tags:tags",
    },
    Kind {
        cloudformation: "AWS::IAM::RolePolicy",
        terraform: "aws_iam_role_policy",
        reference: "id",
        attributes: &[],
        fields: "PolicyDocument=policy:json PolicyName=name RoleName=role",
    },
    Kind {
        cloudformation: "AWS::IoT::Authorizer",
        terraform: "aws_iot_authorizer",
        reference: "name",
        attributes: &[("Arn", "arn")],
        fields: "AuthorizerFunctionArn AuthorizerName=name EnableCachingForHttp SigningDisabled \
                 Status Tags:tags TokenKeyName TokenSigningPublicKeys:map",
    },
    Kind {
        cloudformation: "AWS::IoT::ProvisioningTemplate",
        terraform: "aws_iot_provisioning_template",
        reference: "name",
        attributes: &[("TemplateArn", "arn")],
        fields: "Description Enabled PreProvisioningHook{PayloadVersion TargetArn} \
                 ProvisioningRoleArn Tags:tags TemplateBody TemplateName=name TemplateType=type",
    },
    Kind {
        cloudformation: "AWS::IoT::TopicRule",
        terraform: "aws_iot_topic_rule",
        reference: "name",
        attributes: &[("Arn", "arn")],
        // The payload's members stand beside the name, and each kind of action is a block.
        fields: "AwsIotSqlVersion=sql_version Description Enabled ErrorAction{Firehose{BatchMode \
                 DeliveryStreamName RoleArn Separator} Kinesis{PartitionKey RoleArn StreamName} \
                 Lambda{FunctionArn} Republish{Qos RoleArn Topic} S3{BucketName CannedAcl Key \
                 RoleArn} Sns{MessageFormat RoleArn TargetArn} Sqs{QueueUrl RoleArn \
                 UseBase64=use_base64}} Lambda{FunctionArn} RuleName=name Sql Tags:tags",
    },
    Kind {
        cloudformation: "AWS::KinesisFirehose::DeliveryStream",
        terraform: "aws_kinesis_firehose_delivery_stream",
        reference: "name",
        attributes: &[("Arn", "arn")],
        fields: "DeliveryStreamName=name Destination \
                 ExtendedS3DestinationConfiguration=extended_s3_configuration{BucketARN \
                 BufferingInterval BufferingSize DynamicPartitioningConfiguration{Enabled} \
                 ErrorOutputPrefix Prefix ProcessingConfiguration{Enabled \
                 Processors{Parameters{ParameterName ParameterValue} Type}} RoleARN} \
                 KinesisStreamSourceConfiguration=kinesis_source_configuration{KinesisStreamARN \
                 RoleARN}",
    },
    Kind {
        cloudformation: "AWS::Lambda::Alias",
        terraform: "aws_lambda_alias",
        reference: "arn",
        attributes: &[],
        fields: "Description FunctionName FunctionVersion Name",
    },
    Kind {
        cloudformation: "AWS::Lambda::EventInvokeConfig",
        terraform: "aws_lambda_function_event_invoke_config",
        reference: "id",
        attributes: &[],
        fields: "DestinationConfig{OnFailure{Destination} OnSuccess{Destination}} FunctionName \
                 MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier",
    },
    Kind {
        cloudformation: "AWS::Lambda::EventSourceMapping",
        terraform: "aws_lambda_event_source_mapping",
        reference: "uuid",
        attributes: &[],
        fields: "AmazonManagedKafkaEventSourceConfig{ConsumerGroupId SchemaRegistryConfig{\
                 AccessConfigs=access_config{Type URI} EventRecordFormat \
                 SchemaRegistryURI=schema_registry_uri \
                 SchemaValidationConfigs=schema_validation_config{Attribute}}} \
                 BatchSize BisectBatchOnFunctionError \
                 DestinationConfig{OnFailure{Destination=destination_arn}} \
                 DocumentDBEventSourceConfig{CollectionName DatabaseName FullDocument} Enabled \
                 EventSourceArn FilterCriteria{Filters=filter{Pattern}} FunctionName \
                 FunctionResponseTypes KmsKeyArn MaximumBatchingWindowInSeconds \
                 MaximumRecordAgeInSeconds MaximumRetryAttempts MetricsConfig{Metrics} \
                 LoggingConfig{SystemLogLevel} ParallelizationFactor \
                 ProvisionedPollerConfig{MaximumPollers MinimumPollers PollerGroupName} \
                 Queues ScalingConfig{MaximumConcurrency} \
                 SelfManagedEventSource{Endpoints:map} \
                 SelfManagedKafkaEventSourceConfig{ConsumerGroupId SchemaRegistryConfig{\
                 AccessConfigs=access_config{Type URI} EventRecordFormat \
                 SchemaRegistryURI=schema_registry_uri \
                 SchemaValidationConfigs=schema_validation_config{Attribute}}} \
                 SourceAccessConfigurations=source_access_configuration{Type URI} StartingPosition \
                 StartingPositionTimestamp:time \
                 Tags:tags Topics TumblingWindowInSeconds",
    },
    Kind {
        cloudformation: "AWS::Lambda::Function",
        terraform: "aws_lambda_function",
        reference: "function_name",
        attributes: &[("Arn", "arn")],
        fields: "Architectures DeadLetterConfig{TargetArn} Description \
                 Environment{Variables:map} EphemeralStorage{Size} \
                 FileSystemConfigs=file_system_config{Arn LocalMountPath} FunctionName Handler \
                 KmsKeyArn Layers MemorySize ReservedConcurrentExecutions Role Runtime Tags:tags \
                 Timeout TracingConfig{Mode} \
                 VpcConfig{Ipv6AllowedForDualStack=ipv6_allowed_for_dual_stack SecurityGroupIds \
                 SubnetIds}",
    },
    Kind {
        cloudformation: "AWS::Lambda::Permission",
        terraform: "aws_lambda_permission",
        reference: "id",
        attributes: &[],
        // The function is named in two parts, so its property is translated by hand.
        fields: "Action EventSourceToken FunctionUrlAuthType InvokedViaFunctionUrl Principal \
                 PrincipalOrgID SourceAccount SourceArn",
    },
    Kind {
        cloudformation: "AWS::Lambda::Url",
        terraform: "aws_lambda_function_url",
        reference: "function_url",
        attributes: &[],
        // The function is named in two parts, as for a permission.
        fields: "AuthType=authorization_type Cors{AllowCredentials AllowHeaders AllowMethods \
                 AllowOrigins ExposeHeaders MaxAge} InvokeMode Qualifier",
    },
    Kind {
        cloudformation: "AWS::Lex::BotAlias",
        terraform: "aws_cloudformation_stack",
        reference: "id",
        attributes: &[],
        fields: "Name TemplateBody:json",
    },
    Kind {
        cloudformation: "AWS::Logs::AccountPolicy",
        terraform: "aws_cloudwatch_log_account_policy",
        reference: "policy_name",
        attributes: &[],
        fields: "PolicyDocument PolicyName PolicyType Scope SelectionCriteria",
    },
    Kind {
        cloudformation: "AWS::Logs::SubscriptionFilter",
        terraform: "aws_cloudwatch_log_subscription_filter",
        reference: "name",
        attributes: &[],
        fields: "ApplyOnTransformedLogs DestinationArn EmitSystemFields FilterName=name \
                 FilterPattern LogGroupName",
    },
    Kind {
        cloudformation: "AWS::SES::ReceiptRule",
        terraform: "aws_ses_receipt_rule",
        reference: "name",
        attributes: &[],
        // The rule's members stand beside its set, and each kind of action is a block.
        fields: "After Enabled LambdaAction{FunctionArn InvocationType Position TopicArn} Name \
                 Recipients RuleSetName S3Action{BucketName ObjectKeyPrefix Position} ScanEnabled \
                 TlsPolicy",
    },
    Kind {
        cloudformation: "AWS::Scheduler::Schedule",
        terraform: "aws_scheduler_schedule",
        reference: "name",
        attributes: &[("Arn", "arn")],
        fields: "Description EndDate FlexibleTimeWindow{MaximumWindowInMinutes Mode} GroupName Name \
                 ScheduleExpression ScheduleExpressionTimezone StartDate State \
                 Target{Arn DeadLetterConfig{Arn} Input RetryPolicy{MaximumEventAgeInSeconds \
                 MaximumRetryAttempts} RoleArn}",
    },
    Kind {
        cloudformation: "AWS::SNS::Subscription",
        terraform: "aws_sns_topic_subscription",
        reference: "arn",
        attributes: &[("Arn", "arn")],
        fields: "Endpoint FilterPolicy:json FilterPolicyScope Protocol RedrivePolicy:json Region \
                 TopicArn",
    },
    Kind {
        cloudformation: "AWS::SecretsManager::RotationSchedule",
        terraform: "aws_secretsmanager_secret_rotation",
        reference: "id",
        attributes: &[],
        fields: "RotateImmediatelyOnUpdate=rotate_immediately RotationLambdaARN \
                 RotationRules{AutomaticallyAfterDays Duration ScheduleExpression} SecretId",
    },
];
