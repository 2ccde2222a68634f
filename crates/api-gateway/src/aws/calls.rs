//! The calls about integrations and routes.

use aws_sdk_apigatewayv2::types::{AuthorizationType, AuthorizerType, IntegrationType};
use lambda_with::{Error, ErrorKind};
use lambda_with_aws::{Action, Aim, Goal, failed};
use serde_json::{Value, json};

use super::Routes;

/// An API as it stands, as far as it matters here.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) integrations: Vec<Integration>,
    pub(super) routes: Vec<Route>,
    pub(super) authorizers: Vec<Authorizer>,
    /// Whether the stage goes along with changes; nothing where there is no such stage.
    pub(super) auto_deploy: Option<bool>,
}

#[derive(Debug)]
pub(super) struct Integration {
    id: String,
    description: String,
    pub(super) members: Value,
}

#[derive(Debug)]
pub(super) struct Route {
    id: String,
    pub(super) key: String,
    pub(super) target: Option<String>,
    pub(super) authorization: String,
    pub(super) authorizer: Option<String>,
}

#[derive(Debug)]
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
}

impl Found {
    pub(super) fn integration(&self, mark: &str) -> Option<&Integration> {
        self.integrations
            .iter()
            .find(|integration| integration.description == mark)
    }

    /// The route key a change is about, of those defined and those standing.
    pub(super) fn key_of<'a>(
        &self,
        defined: impl Iterator<Item = &'a String>,
        is: impl Fn(&str) -> bool,
    ) -> String {
        let mut standing = self.routes.iter().map(|route| &route.key);
        let mut defined = defined;
        let key = defined
            .find(|key| is(key))
            .or_else(|| standing.find(|key| is(key)));
        key.cloned().unwrap_or_default()
    }
}

impl Routes {
    /// The API; nothing when disconnecting from one that is gone.
    pub(super) async fn found(&self, aim: Aim) -> Result<Option<Found>, Error> {
        match self.read_all().await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == ErrorKind::NotFound => match aim.goal {
                Goal::Disconnect => Ok(None),
                Goal::Connect => Err(error.with("fix", "create the API, or correct api_id")),
            },
            Err(error) => Err(error),
        }
    }

    async fn read_all(&self) -> Result<Found, Error> {
        let thing = format!("API {}", self.api);
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

    /// Writes the integration and notes its id, which routes need.
    pub(super) async fn write_integration(
        &self,
        action: Action,
        found: &mut Found,
    ) -> Result<(), Error> {
        let id = found
            .integration(&self.mark)
            .map(|ours| ours.id.clone())
            .unwrap_or_default();
        let text = |member: &str| self.integration[member].as_str().map(str::to_owned);
        let timeout = self.integration["TimeoutInMillis"].as_i64();
        let timeout = timeout.and_then(|timeout| i32::try_from(timeout).ok());
        let what = self.what_integration();
        match action {
            Action::Keep => {}
            Action::Create => {
                let request = self
                    .client
                    .create_integration()
                    .api_id(&self.api)
                    .description(&self.mark)
                    .integration_type(IntegrationType::AwsProxy)
                    .integration_method("POST")
                    .set_integration_uri(text("IntegrationUri"))
                    .set_payload_format_version(text("PayloadFormatVersion"))
                    .set_timeout_in_millis(timeout);
                let answer = request.send().await;
                let answer = answer.map_err(|error| failed("CreateIntegration", &what, error))?;
                found.integrations.push(Integration {
                    id: answer.integration_id().unwrap_or_default().to_owned(),
                    description: self.mark.clone(),
                    members: self.integration.clone(),
                });
            }
            Action::Update => {
                let request = self
                    .client
                    .update_integration()
                    .api_id(&self.api)
                    .integration_id(id)
                    .set_integration_uri(text("IntegrationUri"))
                    .set_payload_format_version(text("PayloadFormatVersion"))
                    .set_timeout_in_millis(timeout);
                let answer = request.send().await;
                answer.map_err(|error| failed("UpdateIntegration", &what, error))?;
            }
            Action::Remove => {
                let request = self.client.delete_integration().api_id(&self.api);
                let answer = request.integration_id(id).send().await;
                answer.map_err(|error| failed("DeleteIntegration", &what, error))?;
            }
        }
        Ok(())
    }

    pub(super) async fn write_route(
        &self,
        action: Action,
        key: &str,
        found: &Found,
    ) -> Result<(), Error> {
        let what = self.what(key);
        let standing = found.routes.iter().find(|route| route.key == key);
        let id = standing.map(|route| route.id.clone()).unwrap_or_default();
        let authorization = self
            .wants(key)
            .and_then(|wanted| wanted.authorization(found));
        let (kind, authorizer) = authorization.unwrap_or_else(|| ("NONE".into(), None));
        let kind = AuthorizationType::from(kind.as_str());
        match action {
            Action::Keep => {}
            Action::Create => {
                let request = self
                    .client
                    .create_route()
                    .api_id(&self.api)
                    .route_key(key)
                    .set_target(found.integration(&self.mark).map(Integration::target))
                    .authorization_type(kind)
                    .set_authorizer_id(authorizer);
                let answer = request.send().await;
                answer.map_err(|error| failed("CreateRoute", &what, error))?;
            }
            Action::Update => {
                let request = self.client.update_route().api_id(&self.api).route_id(id);
                let request = request
                    .authorization_type(kind)
                    .set_authorizer_id(authorizer);
                let answer = request.send().await;
                answer.map_err(|error| failed("UpdateRoute", &what, error))?;
            }
            Action::Remove => {
                let answer = self
                    .client
                    .delete_route()
                    .api_id(&self.api)
                    .route_id(id)
                    .send()
                    .await;
                answer.map_err(|error| failed("DeleteRoute", &what, error))?;
            }
        }
        Ok(())
    }
}
