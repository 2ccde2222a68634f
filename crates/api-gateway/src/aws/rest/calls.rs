//! The calls about resources, methods and deployments.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{
    AuthorizerType, Integration, IntegrationType, Op, PatchOperation, ResponseTransferMode,
};
use lambda_with::Error;
use lambda_with_aws::{failed, if_there};
use serde_json::{Value, json};

use super::{Method, Methods};

/// How long API Gateway waits where nothing is said.
const TIMEOUT: i32 = 29_000;

/// An API as it stands, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// By their paths.
    pub(super) resources: BTreeMap<String, Node>,
    /// Type of authorization and id of each authorizer, by its name.
    pub(super) authorizers: BTreeMap<String, (String, String)>,
    /// Nothing where there is no such stage.
    pub(super) stage: Option<Stage>,
}

/// A resource with its methods.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    /// Empty for one that is to be made.
    pub(super) id: String,
    pub(super) methods: BTreeMap<String, Method>,
}

/// What a stage serves.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stage {
    /// The type of authorization of each method that was deployed; nothing where that is not told.
    pub(super) methods: Option<BTreeMap<(String, String), String>>,
    /// Whether it is to be deployed.
    pub(super) due: bool,
}

impl Methods {
    /// The API as it stands.
    pub(super) async fn found(&self) -> Result<Found, Error> {
        let thing = self.thing();
        let mut found = Found::default();
        let mut pages = self
            .client
            .get_resources()
            .rest_api_id(&self.api)
            .embed("methods")
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| failed("GetResources", &thing, error))?;
            let methods = item.resource_methods.unwrap_or_default().into_iter();
            let methods = methods.map(|(verb, method)| {
                let authorization = method.authorization_type();
                let method = Method {
                    authorization: authorization.unwrap_or("NONE").to_owned(),
                    authorizer: method.authorizer_id().map(str::to_owned),
                    integration: method.method_integration().map_or(Value::Null, integration),
                };
                (verb, method)
            });
            let node = Node {
                id: item.id.unwrap_or_default(),
                methods: methods.collect(),
            };
            found.resources.insert(item.path.unwrap_or_default(), node);
        }
        let is_named = |name: &&String| name.as_str() != "AWS_IAM";
        let mut names = self.wanted.iter().filter_map(|it| it.authorizer.as_ref());
        if names.any(|name| is_named(&name)) {
            found.authorizers = self.authorizers().await?;
        }
        found.stage = self.served().await?;
        Ok(found)
    }

    async fn authorizers(&self) -> Result<BTreeMap<String, (String, String)>, Error> {
        let thing = self.thing();
        let mut all = BTreeMap::new();
        let mut position = None;
        loop {
            let request = self.client.get_authorizers().rest_api_id(&self.api);
            let page = request.set_position(position).send().await;
            let page = page.map_err(|error| failed("GetAuthorizers", &thing, error))?;
            all.extend(page.items().iter().map(|item| {
                let kind = match item.r#type() {
                    Some(AuthorizerType::CognitoUserPools) => "COGNITO_USER_POOLS",
                    _ => "CUSTOM",
                };
                let id = item.id().unwrap_or_default().to_owned();
                let name = item.name().unwrap_or_default().to_owned();
                (name, (kind.to_owned(), id))
            }));
            position = page.position.filter(|next| !next.is_empty());
            if position.is_none() {
                return Ok(all);
            }
        }
    }

    /// What the stage serves: the API as it was when it was deployed last.
    async fn served(&self) -> Result<Option<Stage>, Error> {
        let (client, thing) = (&self.client, self.what_deployment());
        let request = client.get_stage().rest_api_id(&self.api);
        let stage = request.stage_name(&self.stage).send().await;
        let stage = stage.map_err(|error| failed("GetStage", &thing, error));
        let Some(stage) = if_there(stage)? else {
            return Ok(None);
        };
        let request = client.get_deployment().rest_api_id(&self.api);
        let request = request.deployment_id(stage.deployment_id().unwrap_or_default());
        let deployment = request.embed("apisummary").send().await;
        let deployment = deployment.map_err(|error| failed("GetDeployment", &thing, error));
        let summary = if_there(deployment)?.and_then(|deployment| deployment.api_summary);
        let methods = summary.map(|summary| {
            let paths = summary.into_iter();
            let methods = paths.flat_map(|(path, methods)| {
                methods.into_iter().map(move |(verb, method)| {
                    let authorization = method.authorization_type;
                    let authorization = authorization.unwrap_or_else(|| "NONE".to_owned());
                    ((path.clone(), verb), authorization)
                })
            });
            methods.collect()
        });
        Ok(Some(Stage {
            methods,
            due: false,
        }))
    }

    /// Makes a resource in the one it belongs to; gives its id.
    pub(super) async fn create_resource(
        &self,
        path: &str,
        ids: &BTreeMap<String, String>,
    ) -> Result<String, Error> {
        let (parent, part) = path.rsplit_once('/').unwrap_or_default();
        let parent = ids.get(if parent.is_empty() { "/" } else { parent });
        let request = self.client.create_resource().rest_api_id(&self.api);
        let request = request.set_parent_id(parent.cloned()).path_part(part);
        let answer = request.send().await;
        let answer =
            answer.map_err(|error| failed("CreateResource", self.what_resource(path), error))?;
        Ok(answer.id.unwrap_or_default())
    }

    pub(super) async fn delete_resource(&self, id: &str, path: &str) -> Result<(), Error> {
        let request = self.client.delete_resource().rest_api_id(&self.api);
        let answer = request.resource_id(id).send().await;
        answer.map_err(|error| failed("DeleteResource", self.what_resource(path), error))?;
        Ok(())
    }

    /// Makes a method, or makes of it what it should be.
    pub(super) async fn write_method(
        &self,
        (id, path, verb): (&str, &str, &str),
        standing: Option<&Method>,
        method: &Method,
    ) -> Result<(), Error> {
        let what = self.what(verb, path);
        match standing {
            None => {
                let request = self.client.put_method().rest_api_id(&self.api);
                let request = request
                    .resource_id(id)
                    .http_method(verb)
                    .authorization_type(&method.authorization)
                    .set_authorizer_id(method.authorizer.clone());
                let answer = request.send().await;
                answer.map_err(|error| failed("PutMethod", &what, error))?;
            }
            Some(standing) => {
                let mut patches = Vec::new();
                if standing.authorization != method.authorization {
                    patches.push(replace("/authorizationType", &method.authorization));
                }
                if let Some(authorizer) = &method.authorizer
                    && standing.authorizer != method.authorizer
                {
                    patches.push(replace("/authorizerId", authorizer));
                }
                if !patches.is_empty() {
                    let request = self.client.update_method().rest_api_id(&self.api);
                    let request = request.resource_id(id).http_method(verb);
                    let answer = request.set_patch_operations(Some(patches)).send().await;
                    answer.map_err(|error| failed("UpdateMethod", &what, error))?;
                }
            }
        }
        match standing.map(|standing| &standing.integration) {
            Some(standing) if *standing == method.integration => Ok(()),
            Some(standing) if standing["type"] == method.integration["type"] => {
                self.update_integration((id, verb), &what, standing, &method.integration)
                    .await
            }
            _ => self.put_integration((id, verb), &what, method).await,
        }
    }

    /// Changes what differs, and leaves what is not spoken of.
    async fn update_integration(
        &self,
        (id, verb): (&str, &str),
        what: &str,
        standing: &Value,
        wanted: &Value,
    ) -> Result<(), Error> {
        let members = wanted.as_object().into_iter().flatten();
        let patches = members.filter(|(name, value)| standing[name.as_str()] != **value);
        let patches = patches.map(|(name, value)| {
            let text = value.as_str().map(str::to_owned);
            replace(
                &format!("/{name}"),
                &text.unwrap_or_else(|| value.to_string()),
            )
        });
        let request = self.client.update_integration().rest_api_id(&self.api);
        let request = request
            .resource_id(id)
            .http_method(verb)
            .set_patch_operations(Some(patches.collect()));
        let answer = request.send().await;
        answer.map_err(|error| failed("UpdateIntegration", what, error))?;
        Ok(())
    }

    async fn put_integration(
        &self,
        (id, verb): (&str, &str),
        what: &str,
        method: &Method,
    ) -> Result<(), Error> {
        let text = |member: &str| method.integration[member].as_str().map(str::to_owned);
        let timeout = method.integration["timeoutInMillis"].as_i64();
        let streams = text("responseTransferMode").filter(|mode| mode == "STREAM");
        let request = self.client.put_integration().rest_api_id(&self.api);
        let request = request
            .resource_id(id)
            .http_method(verb)
            .r#type(IntegrationType::AwsProxy)
            .set_integration_http_method(text("httpMethod"))
            .set_uri(text("uri"))
            .set_timeout_in_millis(timeout.and_then(|timeout| timeout.try_into().ok()))
            .set_response_transfer_mode(streams.map(|_| ResponseTransferMode::Stream));
        let answer = request.send().await;
        answer.map_err(|error| failed("PutIntegration", what, error))?;
        Ok(())
    }

    pub(super) async fn delete_method(
        &self,
        id: &str,
        path: &str,
        verb: &str,
    ) -> Result<(), Error> {
        let request = self.client.delete_method().rest_api_id(&self.api);
        let answer = request.resource_id(id).http_method(verb).send().await;
        answer.map_err(|error| failed("DeleteMethod", self.what(verb, path), error))?;
        Ok(())
    }

    pub(super) async fn deploy(&self) -> Result<(), Error> {
        let request = self.client.create_deployment().rest_api_id(&self.api);
        let answer = request.stage_name(&self.stage).send().await;
        answer.map_err(|error| failed("CreateDeployment", self.what_deployment(), error))?;
        Ok(())
    }
}

fn integration(found: &Integration) -> Value {
    let timeout = found.timeout_in_millis();
    json!({
        "httpMethod": found.http_method(),
        "responseTransferMode": found
            .response_transfer_mode()
            .map_or("BUFFERED", ResponseTransferMode::as_str),
        "timeoutInMillis": if timeout == 0 { TIMEOUT } else { timeout },
        "type": found.r#type().map(IntegrationType::as_str),
        "uri": found.uri(),
    })
}

fn replace(path: &str, value: &str) -> PatchOperation {
    let patch = PatchOperation::builder().op(Op::Replace);
    patch.path(path).value(value).build()
}
