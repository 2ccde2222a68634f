//! Infrastructure, in the terms of CloudFormation.

use std::collections::{BTreeMap, BTreeSet};

use lambda_with::{Function, Resource};
use serde_json::{Value, json};

use crate::{Endpoint, RestApi, name};

/// The URI under which API Gateway invokes a function.
pub(crate) fn invocation_uri(function: &Function) -> String {
    uri(function, "2015-03-31", "invocations")
}

fn uri(function: &Function, version: &str, call: &str) -> String {
    let (partition, region) = (function.partition(), function.region());
    let path = format!("path/{version}/functions/{}/{call}", Resource::FUNCTION);
    format!("arn:{partition}:apigateway:{region}:lambda:{path}")
}

/// The URI under which a REST API invokes a function.
pub(crate) fn rest_uri(rest: &RestApi, function: &Function) -> String {
    match rest.response_streaming {
        true => uri(function, "2021-11-15", "response-streaming-invocations"),
        false => invocation_uri(function),
    }
}

/// A reference to an authorizer of the same template.
pub(crate) fn authorizer_id(name: &str) -> String {
    Resource::logical_id(&["authorizer", name])
}

/// The stage of an HTTP or WebSocket API; changes go live by themselves.
pub(crate) fn stage(
    id: &str,
    api: &str,
    stage: &str,
    variables: &BTreeMap<String, String>,
) -> Resource {
    let mut properties = json!({ "ApiId": api, "StageName": stage, "AutoDeploy": true });
    if !variables.is_empty() {
        properties["StageVariables"] = json!(variables);
    }
    let id = Resource::logical_id(&[id, stage, "stage"]);
    Resource::new(id, "AWS::ApiGatewayV2::Stage", properties)
}

/// A route of an HTTP or WebSocket API; `id` is the API's logical id.
pub(crate) fn route(
    id: &str,
    api: &str,
    key: &str,
    integration: &str,
    authorizer: Option<&str>,
) -> Resource {
    let mut properties = json!({
        "ApiId": api,
        "RouteKey": key,
        "Target": format!("integrations/${{{integration}}}"),
    });
    authorize(&mut properties, authorizer);
    Resource::new(
        name::logical_id(&[id, "route"], key),
        "AWS::ApiGatewayV2::Route",
        properties,
    )
}

/// Has the sender of a message answered: the route says so, and has a response.
pub(crate) fn two_way(id: &str, api: &str, key: &str, route: &mut Resource) -> Resource {
    route.properties["RouteResponseSelectionExpression"] = json!("$default");
    let properties = json!({
        "ApiId": api,
        "RouteId": format!("${{{}}}", route.id),
        "RouteResponseKey": "$default",
    });
    Resource::new(
        name::logical_id(&[id, "response"], key),
        "AWS::ApiGatewayV2::RouteResponse",
        properties,
    )
}

fn authorize(properties: &mut Value, authorizer: Option<&str>) {
    match authorizer {
        None => properties["AuthorizationType"] = json!("NONE"),
        Some("AWS_IAM") => properties["AuthorizationType"] = json!("AWS_IAM"),
        Some(name) => {
            properties["AuthorizationType"] = json!("CUSTOM");
            properties["AuthorizerId"] = json!(format!("${{{}}}", authorizer_id(name)));
        }
    }
}

/// A whole REST API: its tree of resources, its methods, a deployment of them and the stage.
pub(crate) fn rest(rest: &RestApi, function: &Function) -> Vec<Resource> {
    let (id, api, routes) = (rest.logical_id(), rest.reference(), rest.parsed());
    let endpoint = match rest.endpoint {
        Endpoint::Edge => "EDGE",
        Endpoint::Regional => "REGIONAL",
        Endpoint::Private => "PRIVATE",
    };
    let mut properties =
        json!({ "Name": rest.name, "EndpointConfiguration": { "Types": [endpoint] } });
    if !rest.binary_media_types.is_empty() {
        properties["BinaryMediaTypes"] = json!(rest.binary_media_types);
    }
    let mut all = vec![Resource::new(&id, "AWS::ApiGateway::RestApi", properties)];

    let node = |path: &str| name::logical_id(&[&id, "resource"], path);
    let reference = |path: &str| match path {
        "" | "/" => format!("${{{id}.RootResourceId}}"),
        _ => format!("${{{}}}", node(path)),
    };
    let paths: BTreeSet<&str> = routes
        .iter()
        .flat_map(|route| prefixes(route.path()))
        .collect();
    for path in paths {
        let (parent, part) = path.rsplit_once('/').unwrap_or_default();
        let properties =
            json!({ "RestApiId": api, "ParentId": reference(parent), "PathPart": part });
        all.push(Resource::new(
            node(path),
            "AWS::ApiGateway::Resource",
            properties,
        ));
    }

    let uri = rest_uri(rest, function);
    let mut methods = Vec::new();
    for route in &routes {
        let mut properties = json!({
            "RestApiId": api,
            "ResourceId": reference(route.path()),
            "HttpMethod": route.method(),
            "Integration": {
                "Type": "AWS_PROXY",
                "IntegrationHttpMethod": "POST",
                "Uri": uri,
                "TimeoutInMillis": rest.timeout_in_millis,
            },
        });
        if rest.response_streaming {
            properties["Integration"]["ResponseTransferMode"] = json!("STREAM");
        }
        authorize(&mut properties, rest.authorizer.as_deref());
        methods.push(name::logical_id(&[&id, "method"], route.key()));
        let id = methods.last().cloned().unwrap_or_default();
        all.push(Resource::new(id, "AWS::ApiGateway::Method", properties));
    }

    let deployment = Resource::logical_id(&[&id, "deployment"]);
    let mut made = Resource::new(
        &deployment,
        "AWS::ApiGateway::Deployment",
        json!({ "RestApiId": api }),
    );
    made.depends_on = methods;
    all.push(made);
    let mut properties = json!({
        "RestApiId": api,
        "DeploymentId": format!("${{{deployment}}}"),
        "StageName": rest.stage,
    });
    if !rest.stage_variables.is_empty() {
        properties["Variables"] = json!(rest.stage_variables);
    }
    let stage = Resource::logical_id(&[&id, &rest.stage, "stage"]);
    all.push(Resource::new(stage, "AWS::ApiGateway::Stage", properties));
    all
}

/// `/a`, `/a/b` and so on up to `path`; nothing for the root.
pub(crate) fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let ends = path
        .char_indices()
        .skip(1)
        .filter(|(_, c)| *c == '/')
        .map(|(index, _)| index);
    ends.chain([path.len()])
        .map(|end| &path[..end])
        .filter(|prefix| prefix.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_a_path() {
        for (path, expected) in [
            ("/", &[][..]),
            ("/pets", &["/pets"]),
            (
                "/pets/{id}/photos",
                &["/pets", "/pets/{id}", "/pets/{id}/photos"],
            ),
        ] {
            assert_eq!(prefixes(path).collect::<Vec<_>>(), expected, "{path}");
        }
    }
}
