//! The calls about integrations and routes.

use aws_sdk_apigatewayv2::types::{AuthorizationType, AuthorizerType, IntegrationType};
use lambda_with::{Error, ErrorKind};
use lambda_with_aws::failed;
use serde_json::{Value, json};

use super::Routes;

/// The only response key and selection expression there are.
const DEFAULT: &str = "$default";

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
    /// Whether it says that there may be an answer, and has a response.
    pub(super) two_way: bool,
    /// The id of its response, with which it is two-way.
    pub(super) response: Option<String>,
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

impl Route {
    /// What the API calls it when the function's answer goes back.
    fn expression(&self) -> Option<String> {
        self.two_way.then(|| DEFAULT.to_owned())
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
                    two_way: item.route_response_selection_expression() == Some(DEFAULT),
                    response: None,
                }
            }));
            token = page.next_token.filter(|next| !next.is_empty());
            if token.is_none() {
                break;
            }
        }
        for route in &mut found.routes {
            let concerned = self.wants(&route.key).is_some_and(|wanted| wanted.two_way);
            if concerned || route.two_way {
                route.response = self.response(route).await?;
            }
            route.two_way &= route.response.is_some();
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
            .set_authorizer_id(route.authorizer.clone())
            .set_route_response_selection_expression(route.expression());
        let made = request.send().await;
        let made = made.map_err(|error| failed("CreateRoute", self.what(&route.key), error))?;
        match route.two_way {
            true => {
                let id = made.route_id.unwrap_or_default();
                self.create_response(&route.key, &id).await
            }
            false => Ok(()),
        }
    }

    pub(super) async fn update_route(&self, route: &Route) -> Result<(), Error> {
        let request = self.client.update_route().api_id(&self.api);
        let request = request
            .route_id(&route.id)
            .authorization_type(AuthorizationType::from(&*route.authorization))
            .set_authorizer_id(route.authorizer.clone())
            .set_route_response_selection_expression(route.expression());
        let sent = request.send().await;
        sent.map_err(|error| failed("UpdateRoute", self.what(&route.key), error))?;
        match (route.two_way, &route.response) {
            (true, None) => self.create_response(&route.key, &route.id).await,
            (false, Some(id)) => self.delete_response(route, id).await,
            _ => Ok(()),
        }
    }

    pub(super) async fn delete_route(&self, route: &Route) -> Result<(), Error> {
        let request = self.client.delete_route().api_id(&self.api);
        let sent = request.route_id(&route.id).send().await;
        sent.map(drop)
            .map_err(|error| failed("DeleteRoute", self.what(&route.key), error))
    }

    /// The response of a route, without which its function answers nobody.
    async fn response(&self, route: &Route) -> Result<Option<String>, Error> {
        let request = self.client.get_route_responses().api_id(&self.api);
        let sent = request.route_id(&route.id).send().await;
        let found =
            sent.map_err(|error| failed("GetRouteResponses", self.what(&route.key), error))?;
        let mut all = found.items().iter();
        let found = all.find(|response| response.route_response_key() == Some(DEFAULT));
        Ok(found.and_then(|response| response.route_response_id().map(str::to_owned)))
    }

    async fn create_response(&self, key: &str, id: &str) -> Result<(), Error> {
        let request = self.client.create_route_response().api_id(&self.api);
        let sent = request
            .route_id(id)
            .route_response_key(DEFAULT)
            .send()
            .await;
        sent.map(drop)
            .map_err(|error| failed("CreateRouteResponse", self.what(key), error))
    }

    async fn delete_response(&self, route: &Route, id: &str) -> Result<(), Error> {
        let request = self.client.delete_route_response().api_id(&self.api);
        let sent = request
            .route_id(&route.id)
            .route_response_id(id)
            .send()
            .await;
        sent.map(drop)
            .map_err(|error| failed("DeleteRouteResponse", self.what(&route.key), error))
    }
}
