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

pub(super) const KINDS: [Kind; 18] = [
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
        cloudformation: "AWS::ApiGatewayV2::Stage",
        terraform: "aws_apigatewayv2_stage",
        reference: "name",
        attributes: &[],
        fields: "ApiId AutoDeploy ClientCertificateId DeploymentId Description StageName=name \
                 StageVariables:map Tags:map",
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
                 ParallelizationFactor ProvisionedPollerConfig{MaximumPollers MinimumPollers} \
                 Queues ScalingConfig{MaximumConcurrency} \
                 SourceAccessConfigurations=source_access_configuration{Type URI} StartingPosition \
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
];
