//! What follows from a connection: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission};
use lambda_with_api_gateway::ApiGateway;
use lambda_with_testing::{definitions, function};

fn connection(toml: &str) -> ApiGateway {
    toml::from_str(toml).unwrap()
}

/// Statement id and source of every statement.
fn granted(connection: &ApiGateway) -> String {
    let lines = connection
        .permissions(&function("pets:live"))
        .into_iter()
        .map(|permission| match permission {
            Permission::ResourceBased(statement) => {
                assert_eq!(statement.source_account.as_deref().map(str::len), Some(12));
                format!("{} {}", statement.sid, statement.source_arn.unwrap())
            }
            Permission::ExecutionRole(statement) => {
                format!("role {:?} {:?}", statement.actions, statement.resources)
            }
            other => panic!("{other:?}"),
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn permissions() {
    let check = |toml: &str, expected: Expect| expected.assert_eq(&granted(&connection(toml)));
    check(
        "api = 'http'\napi_id = 'q1w2'",
        expect!["http-api-q1w2 arn:aws:execute-api:eu-west-1:123456789012:q1w2/$default/$default"],
    );
    check(
        "api = 'http'\napi_id = 'q1w2'\naccount = '210987654321'\nroutes = ['GET /pets/{id}']",
        expect![
            "http-api-q1w2-b009f8f9 arn:aws:execute-api:eu-west-1:210987654321:q1w2/$default/GET/pets/*"
        ],
    );
    check(
        "api = 'http'\nstage = 'dev'\nroutes = ['ANY /', 'GET /pets/{id}', '$default']",
        expect![[r#"
            http-api-996c1f4d-default-68da568c arn:aws:execute-api:eu-west-1:123456789012:${HttpApi}/dev/$default
            http-api-996c1f4d-3a1fd262 arn:aws:execute-api:eu-west-1:123456789012:${HttpApi}/dev/*/
            http-api-996c1f4d-GET-pets-43770cd1 arn:aws:execute-api:eu-west-1:123456789012:${HttpApi}/dev/GET/pets/*"#]],
    );
    check(
        "api = 'http'\napi_id = 'q1w2'\nroutes = ['ANY /{proxy+}', 'GET /pets/{id}', 'PUT /']",
        expect![
            "http-api-q1w2-e9dbfdf5 arn:aws:execute-api:eu-west-1:123456789012:q1w2/$default/*/*"
        ],
    );
    check(
        "api = 'rest'\napi_id = 'a1b2'",
        expect!["rest-api-a1b2 arn:aws:execute-api:eu-west-1:123456789012:a1b2/prod/*/*"],
    );
    check(
        "api = 'rest'\napi_id = 'a1b2'\nroutes = ['GET /pets/{id}/photos', 'not a route']",
        expect![
            "rest-api-a1b2-e16e138a arn:aws:execute-api:eu-west-1:123456789012:a1b2/prod/GET/pets/*/photos"
        ],
    );
    check(
        "api = 'websocket'\napi_id = 'w1'\nmanage_connections = true",
        expect![[r#"
            websocket-api-w1-connect-f32352c5 arn:aws:execute-api:eu-west-1:123456789012:w1/prod/$connect
            websocket-api-w1-default-68da568c arn:aws:execute-api:eu-west-1:123456789012:w1/prod/$default
            websocket-api-w1-disconnect-f3435e1b arn:aws:execute-api:eu-west-1:123456789012:w1/prod/$disconnect
            role ["execute-api:ManageConnections"] ["arn:aws:execute-api:eu-west-1:123456789012:w1/prod/*/@connections/*"]"#]],
    );
    check(
        "api = 'authorizer'\nname = 'tokens'\nkind = 'token'",
        expect![
            "authorizer-tokens arn:aws:execute-api:eu-west-1:123456789012:${RestApi}/authorizers/${AuthorizerTokens}"
        ],
    );
    check(
        "api = 'authorizer'\nname = 'tokens'\nkind = 'http'\napi_id = 'q1w2'\nauthorizer_id = 'x7y8z9'",
        expect![
            "authorizer-tokens arn:aws:execute-api:eu-west-1:123456789012:q1w2/authorizers/x7y8z9"
        ],
    );
    for wild in [
        "api = 'http'\napi_id = '*'",
        "api = 'rest'\nstage = '*'",
        "api = 'websocket'\napi_id = '*'\nmanage_connections = true",
        "api = 'authorizer'\nname = 'a'\nkind = 'http'\nauthorizer_id = '*'",
    ] {
        check(wild, expect![[""]]);
    }
}

#[test]
fn the_policy_of_a_large_api_stays_small() {
    let routes: Vec<String> = (0..200)
        .map(|n| {
            format!(
                "'{} /things-{n}/{{id}}'",
                ["GET", "PUT", "POST", "DELETE"][n % 4]
            )
        })
        .collect();
    let toml = format!(
        "api = 'rest'\napi_id = 'a1b2'\nroutes = [{}]",
        routes.join(", ")
    );
    let statements: Vec<_> = connection(&toml)
        .permissions(&function("pets:live"))
        .into_iter()
        .filter_map(|permission| match permission {
            Permission::ResourceBased(statement) => Some(statement),
            _ => None,
        })
        .collect();
    let policy = Policy::of_function(&function("pets:live").arn, &statements);
    assert_eq!(statements.len(), 4);
    assert!(policy.bytes() < Policy::MAX_BYTES / 8, "{}", policy.bytes());
}

#[test]
fn resources() {
    let check = |toml: &str, expected: Expect| {
        let mut resources = connection(toml).resources(&function("pets:live"));
        resources
            .iter_mut()
            .for_each(|resource| resource.properties.sort_all_objects());
        let lines = resources.iter().map(|r| {
            let after = match r.depends_on.as_slice() {
                [] => String::new(),
                ids => format!(" after {}", ids.join(", ")),
            };
            format!("{} {}{after}\n  {}", r.id, r.kind, r.properties)
        });
        expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
        let ids: BTreeSet<_> = resources.iter().map(|resource| &resource.id).collect();
        assert_eq!(ids.len(), resources.len());
    };
    check(
        "api = 'http'\nroutes = ['GET /pets/{id}', '$default']\nauthorizer = 'tokens'\n[stage_variables]\na = 'b'",
        expect![[r#"
            HttpApi AWS::ApiGatewayV2::Api
              {"Name":"http-api","ProtocolType":"HTTP"}
            HttpApiDefaultStage AWS::ApiGatewayV2::Stage
              {"ApiId":"${HttpApi}","AutoDeploy":true,"StageName":"$default","StageVariables":{"a":"b"}}
            PetsHttpApi43334d70Integration AWS::ApiGatewayV2::Integration
              {"ApiId":"${HttpApi}","IntegrationType":"AWS_PROXY","IntegrationUri":"${Function}","PayloadFormatVersion":"2.0","TimeoutInMillis":30000}
            HttpApiRouteGetPetsId7b7c043a AWS::ApiGatewayV2::Route
              {"ApiId":"${HttpApi}","AuthorizationType":"CUSTOM","AuthorizerId":"${AuthorizerTokens}","RouteKey":"GET /pets/{id}","Target":"integrations/${PetsHttpApi43334d70Integration}"}
            HttpApiRouteDefault AWS::ApiGatewayV2::Route
              {"ApiId":"${HttpApi}","AuthorizationType":"CUSTOM","AuthorizerId":"${AuthorizerTokens}","RouteKey":"$default","Target":"integrations/${PetsHttpApi43334d70Integration}"}"#]],
    );
    check(
        "api = 'http'\napi_id = 'q1w2'\npayload_format = '1.0'\nauthorizer = 'AWS_IAM'",
        expect![[r#"
            PetsHttpApiQ1w2Integration AWS::ApiGatewayV2::Integration
              {"ApiId":"q1w2","IntegrationType":"AWS_PROXY","IntegrationUri":"${Function}","PayloadFormatVersion":"1.0","TimeoutInMillis":30000}
            HttpApiRouteDefault AWS::ApiGatewayV2::Route
              {"ApiId":"q1w2","AuthorizationType":"AWS_IAM","RouteKey":"$default","Target":"integrations/${PetsHttpApiQ1w2Integration}"}"#]],
    );
    check(
        "api = 'rest'\nroutes = ['GET /', 'ANY /pets/{id}', 'GET /pets']\nbinary_media_types = ['image/*']\nauthorizer = 'tokens'",
        expect![[r#"
            RestApi AWS::ApiGateway::RestApi
              {"BinaryMediaTypes":["image/*"],"EndpointConfiguration":{"Types":["REGIONAL"]},"Name":"rest-api"}
            RestApiResourcePets AWS::ApiGateway::Resource
              {"ParentId":"${RestApi.RootResourceId}","PathPart":"pets","RestApiId":"${RestApi}"}
            RestApiResourcePetsId7b7c043a AWS::ApiGateway::Resource
              {"ParentId":"${RestApiResourcePets}","PathPart":"{id}","RestApiId":"${RestApi}"}
            RestApiMethodGetRoot AWS::ApiGateway::Method
              {"AuthorizationType":"CUSTOM","AuthorizerId":"${AuthorizerTokens}","HttpMethod":"GET","Integration":{"IntegrationHttpMethod":"POST","TimeoutInMillis":29000,"Type":"AWS_PROXY","Uri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations"},"ResourceId":"${RestApi.RootResourceId}","RestApiId":"${RestApi}"}
            RestApiMethodAnyPetsId7b7c043a AWS::ApiGateway::Method
              {"AuthorizationType":"CUSTOM","AuthorizerId":"${AuthorizerTokens}","HttpMethod":"ANY","Integration":{"IntegrationHttpMethod":"POST","TimeoutInMillis":29000,"Type":"AWS_PROXY","Uri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations"},"ResourceId":"${RestApiResourcePetsId7b7c043a}","RestApiId":"${RestApi}"}
            RestApiMethodGetPets AWS::ApiGateway::Method
              {"AuthorizationType":"CUSTOM","AuthorizerId":"${AuthorizerTokens}","HttpMethod":"GET","Integration":{"IntegrationHttpMethod":"POST","TimeoutInMillis":29000,"Type":"AWS_PROXY","Uri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations"},"ResourceId":"${RestApiResourcePets}","RestApiId":"${RestApi}"}
            RestApiDeployment AWS::ApiGateway::Deployment after RestApiMethodGetRoot, RestApiMethodAnyPetsId7b7c043a, RestApiMethodGetPets
              {"RestApiId":"${RestApi}"}
            RestApiProdStage AWS::ApiGateway::Stage
              {"DeploymentId":"${RestApiDeployment}","RestApiId":"${RestApi}","StageName":"prod"}"#]],
    );
    check(
        "api = 'rest'\nroutes = ['GET /']\nresponse_streaming = true\nendpoint = 'private'\n[stage_variables]\na = 'b'",
        expect![[r#"
            RestApi AWS::ApiGateway::RestApi
              {"EndpointConfiguration":{"Types":["PRIVATE"]},"Name":"rest-api"}
            RestApiMethodGetRoot AWS::ApiGateway::Method
              {"AuthorizationType":"NONE","HttpMethod":"GET","Integration":{"IntegrationHttpMethod":"POST","ResponseTransferMode":"STREAM","TimeoutInMillis":29000,"Type":"AWS_PROXY","Uri":"arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/${Function}/response-streaming-invocations"},"ResourceId":"${RestApi.RootResourceId}","RestApiId":"${RestApi}"}
            RestApiDeployment AWS::ApiGateway::Deployment after RestApiMethodGetRoot
              {"RestApiId":"${RestApi}"}
            RestApiProdStage AWS::ApiGateway::Stage
              {"DeploymentId":"${RestApiDeployment}","RestApiId":"${RestApi}","StageName":"prod","Variables":{"a":"b"}}"#]],
    );
    check("api = 'rest'\napi_id = 'a1b2'", expect![[""]]);
    check(
        "api = 'websocket'\nauthorizer = 'tokens'",
        expect![[r#"
        WebsocketApi AWS::ApiGatewayV2::Api
          {"Name":"websocket-api","ProtocolType":"WEBSOCKET","RouteSelectionExpression":"$request.body.action"}
        WebsocketApiProdStage AWS::ApiGatewayV2::Stage
          {"ApiId":"${WebsocketApi}","AutoDeploy":true,"StageName":"prod"}
        PetsWebsocketApiIntegration AWS::ApiGatewayV2::Integration
          {"ApiId":"${WebsocketApi}","IntegrationType":"AWS_PROXY","IntegrationUri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations","TimeoutInMillis":29000}
        WebsocketApiRouteConnect AWS::ApiGatewayV2::Route
          {"ApiId":"${WebsocketApi}","AuthorizationType":"CUSTOM","AuthorizerId":"${AuthorizerTokens}","RouteKey":"$connect","Target":"integrations/${PetsWebsocketApiIntegration}"}
        WebsocketApiRouteDefault AWS::ApiGatewayV2::Route
          {"ApiId":"${WebsocketApi}","AuthorizationType":"NONE","RouteKey":"$default","Target":"integrations/${PetsWebsocketApiIntegration}"}
        WebsocketApiRouteDisconnect AWS::ApiGatewayV2::Route
          {"ApiId":"${WebsocketApi}","AuthorizationType":"NONE","RouteKey":"$disconnect","Target":"integrations/${PetsWebsocketApiIntegration}"}"#]],
    );
    check(
        "api = 'websocket'\napi_id = 'w1'\nroutes = ['send']\ntwo_way = ['send']",
        expect![[r#"
            PetsWebsocketApiW1Ad4d9766Integration AWS::ApiGatewayV2::Integration
              {"ApiId":"w1","IntegrationType":"AWS_PROXY","IntegrationUri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations","TimeoutInMillis":29000}
            WebsocketApiRouteSendBeeeeb7d AWS::ApiGatewayV2::Route
              {"ApiId":"w1","AuthorizationType":"NONE","RouteKey":"send","RouteResponseSelectionExpression":"$default","Target":"integrations/${PetsWebsocketApiW1Ad4d9766Integration}"}
            WebsocketApiResponseSendBeeeeb7d AWS::ApiGatewayV2::RouteResponse
              {"ApiId":"w1","RouteId":"${WebsocketApiRouteSendBeeeeb7d}","RouteResponseKey":"$default"}"#]],
    );
    check(
        "api = 'authorizer'\nname = 'tokens'\nkind = 'token'\nidentity_sources = ['method.request.header.Auth']\nidentity_validation_expression = '^Bearer '",
        expect![[r#"
            AuthorizerTokens AWS::ApiGateway::Authorizer
              {"AuthorizerResultTtlInSeconds":300,"AuthorizerUri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations","IdentitySource":"method.request.header.Auth","IdentityValidationExpression":"^Bearer ","Name":"tokens","RestApiId":"${RestApi}","Type":"TOKEN"}"#]],
    );
    check(
        "api = 'authorizer'\nname = 'tokens'\nkind = 'request'\nidentity_sources = ['context.path']\napi_name = 'pets'",
        expect![[r#"
            AuthorizerTokens AWS::ApiGateway::Authorizer
              {"AuthorizerResultTtlInSeconds":300,"AuthorizerUri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations","IdentitySource":"context.path","Name":"tokens","RestApiId":"${RestApiPets}","Type":"REQUEST"}"#]],
    );
    check(
        "api = 'authorizer'\nname = 'tokens'\nkind = 'http'\nenable_simple_responses = true",
        expect![[r#"
            AuthorizerTokens AWS::ApiGatewayV2::Authorizer
              {"ApiId":"${HttpApi}","AuthorizerPayloadFormatVersion":"2.0","AuthorizerResultTtlInSeconds":0,"AuthorizerType":"REQUEST","AuthorizerUri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations","EnableSimpleResponses":true,"IdentitySource":[],"Name":"tokens"}"#]],
    );
    check(
        "api = 'authorizer'\nname = 'tokens'\nkind = 'websocket'\napi_id = 'w1'",
        expect![[r#"
            AuthorizerTokens AWS::ApiGatewayV2::Authorizer
              {"ApiId":"w1","AuthorizerType":"REQUEST","AuthorizerUri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Function}/invocations","IdentitySource":[],"Name":"tokens"}"#]],
    );
    check(
        "api = 'authorizer'\nname = 'tokens'\nkind = 'http'\nauthorizer_id = 'x7y8z9'",
        expect![[""]],
    );
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<ApiGateway>(
        &[
            "api = 'http'",
            "api = 'http'\napi_id = 'q1w2'\npayload_format = '1.0'\n[stage_variables]\na = 'b'",
            "api = 'rest'\nendpoint = 'edge'\nbinary_media_types = ['*/*']",
            "api = 'websocket'\nmanage_connections = true",
            "api = 'authorizer'\nname = 'a'\nkind = 'websocket'\nresult_ttl_in_seconds = 0",
        ],
        &[
            ("routes = []", "missing field `api`"),
            ("api = 'soap'", "unknown variant `soap`"),
            ("api = 'http'\nroute = 'GET /'", "unknown field `route`"),
            (
                "api = 'http'\npayload_format = '3.0'",
                "unknown variant `3.0`",
            ),
            (
                "api = 'rest'\npayload_format = '1.0'",
                "unknown field `payload_format`",
            ),
            ("api = 'authorizer'\nkind = 'token'", "missing field `name`"),
            (
                "api = 'authorizer'\nname = 'a'\nkind = 'jwt'",
                "unknown variant `jwt`",
            ),
        ],
    );
}

#[test]
fn names_are_stable_and_tell_connections_apart() {
    let names: Vec<String> = [
        "api = 'http'",
        "api = 'rest'",
        "api = 'websocket'",
        "api = 'http'\napi_id = 'q1w2'",
        "api = 'http'\napi_id = 'q1w2'\nroutes = ['GET /']",
        "api = 'http'\napi_id = 'q1w2'\nroutes = ['PUT /']",
        "api = 'http'\napi_id = 'q1w2'\nstage = 'dev'",
        "api = 'rest'\nname = 'pets'",
        "api = 'authorizer'\nname = 'tokens'\nkind = 'http'",
    ]
    .map(|toml| connection(toml).name())
    .into();
    expect![[r#"
        http-api
        rest-api
        websocket-api
        http-api-q1w2
        http-api-q1w2-4e5c50bf
        http-api-q1w2-505b3b50
        http-api-q1w2-a9ddd6b7
        rest-api-pets
        authorizer-tokens"#]]
    .assert_eq(&names.join("\n"));
}
