//! The calls about integrations and routes.

use aws_sdk_apigatewayv2::types::{AuthorizationType, AuthorizerType, IntegrationType};
use lambda_with::{Error, ErrorKind};
use lambda_with_aws::failed;
use serde_json::{Value, json};

use super::Routes;

/// An API as it stands, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    pub(super) integrations: Vec<Integration>,
    pub(super) routes: Vec<Route>,
    pub(super) authorizers: Vec<Authorizer>,
    /// Whether the stage goes along with changes; nothing where there is no such stage.
    pub(super) auto_deploy: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Integration {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) members: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Route {
    pub(super) id: String,
    pub(super) key: String,
    /// What it leads to; nothing where it will lead to our integration, which is not there yet.
    pub(super) target: Option<String>,
    pub(super) authorization: String,
    pub(super) authorizer: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Authorizer {
    pub(super) id: String,
    pub(super) name: String,
    /// The type routes with it have.
    pub(super) kind: String,
}

impl Integration {
    pub(super) fn target(&self) -> String {
        format!("integrations/{}", self.id)
    }

    fn text(&self, member: &str) -> Option<String> {
        self.members[member].as_str().map(str::to_owned)
    }

    fn timeout(&self) -> Option<i32> {
        i32::try_from(self.members["TimeoutInMillis"].as_i64()?).ok()
    }
}

impl Found {
    pub(super) fn integration(&self, mark: &str) -> Option<&Integration> {
        self.integrations
            .iter()
            .find(|integration| integration.description == mark)
    }

    pub(super) fn route(&self, key: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.key == key)
    }
}

impl Routes {
    /// The API as it stands.
    pub(super) async fn found(&self) -> Result<Found, Error> {
        let thing = self.thing();
        let mut found = Found::default();
        let mut token = None;
        loop {
            let request = self
                .client
                .get_integrations()
                .api_id(&self.api)
                .set_next_token(token);
            let page = request.send().await;
            let page = page.map_err(|error| failed("GetIntegrations", &thing, error))?;
            found
                .integrations
                .extend(page.items().iter().map(|item| Integration {
                    id: item.integration_id().unwrap_or_default().to_owned(),
                    description: item.description().unwrap_or_default().to_owned(),
                    members: json!({
                        "IntegrationUri": item.integration_uri(),
                        "PayloadFormatVersion": item.payload_format_version()
                            .filter(|_| !self.integration["PayloadFormatVersion"].is_null()),
                        "TimeoutInMillis": item.timeout_in_millis(),
                    }),
                }));
            token = page.next_token.filter(|next| !next.is_empty());
            if token.is_none() {
                break;
            }
        }
        loop {
            let request = self
                .client
                .get_routes()
                .api_id(&self.api)
                .set_next_token(token);
            let page = request.send().await;
            let page = page.map_err(|error| failed("GetRoutes", &thing, error))?;
            found.routes.extend(page.items().iter().map(|item| {
                Route {
                    id: item.route_id().unwrap_or_default().to_owned(),
                    key: item.route_key().unwrap_or_default().to_owned(),
                    target: item.target().map(str::to_owned),
                    authorization: item
                        .authorization_type()
                        .map_or("NONE", AuthorizationType::as_str)
                        .to_owned(),
                    authorizer: item.authorizer_id().map(str::to_owned),
                }
            }));
            token = page.next_token.filter(|next| !next.is_empty());
            if token.is_none() {
                break;
            }
        }
        while self.routes.iter().any(|wanted| wanted.authorizer.is_some()) {
            let request = self
                .client
                .get_authorizers()
                .api_id(&self.api)
                .set_next_token(token);
            let page = request.send().await;
            let page = page.map_err(|error| failed("GetAuthorizers", &thing, error))?;
            found
                .authorizers
                .extend(page.items().iter().map(|item| Authorizer {
                    id: item.authorizer_id().unwrap_or_default().to_owned(),
                    name: item.name().unwrap_or_default().to_owned(),
                    kind: match item.authorizer_type() {
                        Some(AuthorizerType::Jwt) => "JWT".into(),
                        _ => "CUSTOM".into(),
                    },
                }));
            token = page.next_token.filter(|next| !next.is_empty());
            if token.is_none() {
                break;
            }
        }
        let request = self
            .client
            .get_stage()
            .api_id(&self.api)
            .stage_name(&self.stage);
        found.auto_deploy = match request.send().await {
            Ok(stage) => Some(stage.auto_deploy().unwrap_or_default()),
            Err(error) => {
                let error = failed("GetStage", &thing, error);
                if error.kind() != ErrorKind::NotFound {
                    return Err(error);
                }
                None
            }
        };
        Ok(found)
    }

    /// Makes the integration; gives its id, which routes need.
    pub(super) async fn create_integration(&self, wanted: &Integration) -> Result<String, Error> {
        let request = self
            .client
            .create_integration()
            .api_id(&self.api)
            .description(&wanted.description)
            .integration_type(IntegrationType::AwsProxy)
            .integration_method("POST")
            .set_integration_uri(wanted.text("IntegrationUri"))
            .set_payload_format_version(wanted.text("PayloadFormatVersion"))
            .set_timeout_in_millis(wanted.timeout());
        let answer = request.send().await;
        let answer =
            answer.map_err(|error| failed("CreateIntegration", self.what_integration(), error))?;
        Ok(answer.integration_id.unwrap_or_default())
    }

    pub(super) async fn update_integration(&self, wanted: &Integration) -> Result<(), Error> {
        let request = self
            .client
            .update_integration()
            .api_id(&self.api)
            .integration_id(&wanted.id)
            .set_integration_uri(wanted.text("IntegrationUri"))
            .set_payload_format_version(wanted.text("PayloadFormatVersion"))
            .set_timeout_in_millis(wanted.timeout());
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("UpdateIntegration", self.what_integration(), error))
    }

    pub(super) async fn delete_integration(&self, standing: &Integration) -> Result<(), Error> {
        let request = self.client.delete_integration().api_id(&self.api);
        let sent = request.integration_id(&standing.id).send().await;
        sent.map(drop)
            .map_err(|error| failed("DeleteIntegration", self.what_integration(), error))
    }

    pub(super) async fn create_route(&self, route: &Route, id: &str) -> Result<(), Error> {
        let request = self
            .client
            .create_route()
            .api_id(&self.api)
            .route_key(&route.key)
            .target(format!("integrations/{id}"))
            .authorization_type(AuthorizationType::from(&*route.authorization))
            .set_authorizer_id(route.authorizer.clone());
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("CreateRoute", self.what(&route.key), error))
    }

    pub(super) async fn update_route(&self, route: &Route) -> Result<(), Error> {
        let request = self.client.update_route().api_id(&self.api);
        let request = request
            .route_id(&route.id)
            .authorization_type(AuthorizationType::from(&*route.authorization))
            .set_authorizer_id(route.authorizer.clone());
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("UpdateRoute", self.what(&route.key), error))
    }

    pub(super) async fn delete_route(&self, route: &Route) -> Result<(), Error> {
        let request = self.client.delete_route().api_id(&self.api);
        let sent = request.route_id(&route.id).send().await;
        sent.map(drop)
            .map_err(|error| failed("DeleteRoute", self.what(&route.key), error))
    }
}
