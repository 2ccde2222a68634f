//! A connection of a WebSocket API.

use std::collections::BTreeMap;

use lambda_with::{Finding, Function, Integration, Permission, Resource, RoleStatement, Service};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::permission::{Grant, is_wild};
use crate::route::check_route_key;
use crate::{SERVICE, WebSocketRequest, WebSocketResponse, check, name, resources};

/// What names of this kind of API begin with, and the name of one that has none.
pub(crate) const KIND: &str = "websocket-api";

/// Routes of a WebSocket API that run a function.
///
/// ```toml
/// [[functions.chat.with]]
/// service = "api-gateway"
/// api = "websocket"
/// api_id = "w9x8y7z6v5"
/// routes = ["$connect", "$disconnect", "send", "$default"]
/// manage_connections = true
/// ```
///
/// ```
/// use lambda_with_api_gateway::WebSocketApi;
///
/// let chat = WebSocketApi { manage_connections: true, ..WebSocketApi::default() };
/// assert_eq!(chat.route_selection_expression, "$request.body.action");
/// ```
///
/// Without any field it is a new API that hands everything to the function. See
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSocketApi {
    /// The id of an API that exists already. Without it the API is part of what is exported, and
    /// connections with the same `name` share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// The name of the API to create, `websocket-api` unless set.
    pub name: String,
    /// The account that owns the API; the function's unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The stage that serves the routes, `prod` unless set.
    pub stage: String,
    /// Route keys: `$connect`, `$disconnect`, `$default` (all three unless set), and the API's own.
    pub routes: Vec<String>,
    /// What of a message chooses its route, `$request.body.action` unless set.
    pub route_selection_expression: String,
    /// Routes whose sender gets what the function answers, as a message: those of `routes` that have a
    /// route response. None unless set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub two_way: Vec<String>,
    /// Milliseconds API Gateway waits for the function: 50 to 29,000, which it is unless set.
    pub timeout_in_millis: u32,
    /// Who may connect: `AWS_IAM`, or the name of an [`Authorizer`](crate::Authorizer) of this API.
    /// Everybody unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer: Option<String>,
    /// Whether the function sends to connections and closes them through the management API, which
    /// takes a permission of its role.
    pub manage_connections: bool,
    /// Variables of the stage, handed to the function with every event.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_variables: BTreeMap<String, String>,
}

impl WebSocketApi {
    fn keys(&self) -> impl Iterator<Item = &String> {
        self.routes
            .iter()
            .filter(|key| check_route_key(key).is_ok())
    }

    fn logical_id(&self) -> String {
        Resource::logical_id(&[&name::api(KIND, &self.name)])
    }

    pub(crate) fn reference(&self) -> String {
        self.api_id
            .clone()
            .unwrap_or_else(|| format!("${{{}}}", self.logical_id()))
    }
}

impl Default for WebSocketApi {
    fn default() -> Self {
        Self {
            api_id: None,
            name: KIND.into(),
            account: None,
            stage: "prod".into(),
            routes: ["$connect", "$default", "$disconnect"]
                .map(Into::into)
                .into(),
            route_selection_expression: "$request.body.action".into(),
            two_way: Vec::new(),
            timeout_in_millis: 29_000,
            authorizer: None,
            manage_connections: false,
            stage_variables: BTreeMap::new(),
        }
    }
}

impl Integration for WebSocketApi {
    type Event = WebSocketRequest;
    type Response = WebSocketResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let plain = Self::default();
        let mut exact = Vec::new();
        if self.stage != plain.stage || self.routes != plain.routes {
            exact.push(self.stage.as_str());
            exact.extend(self.routes.iter().map(String::as_str));
        }
        let name = self.api_id.as_deref().unwrap_or(&self.name);
        name::connection(&name::api(KIND, name), &exact)
    }

    /// One statement for each route, folded together when they are many, and the role's statement
    /// where the function manages connections.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let api = self.reference();
        let account = self.account.as_deref();
        let stage = &self.stage;
        let grant = Grant {
            connection: &self.name(),
            function,
            account,
            api: &api,
            stage,
        };
        let mut all = grant.statements(self.keys().cloned());
        if self.manage_connections && !is_wild(&api) && !is_wild(stage) {
            let resource = format!(
                "arn:{}:execute-api:{}:{}:{api}/{}/*/@connections/*",
                function.partition(),
                function.region(),
                account.unwrap_or(function.account()),
                self.stage,
            );
            all.push(Permission::ExecutionRole(RoleStatement::new(
                ["execute-api:ManageConnections"],
                resource,
                "send to connections, look at them, and close them",
            )));
        }
        all
    }

    /// The integration and its routes, and the API with its stage unless it exists already.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        let api = self.reference();
        let integration = Resource::logical_id(&[function.name(), &self.name(), "integration"]);
        let mut all = Vec::new();
        if self.api_id.is_none() {
            let id = self.logical_id();
            let properties = json!({
                "Name": self.name,
                "ProtocolType": "WEBSOCKET",
                "RouteSelectionExpression": self.route_selection_expression,
            });
            all.push(Resource::new(&id, "AWS::ApiGatewayV2::Api", properties));
            all.push(resources::stage(
                &id,
                &api,
                &self.stage,
                &self.stage_variables,
            ));
        }
        let properties = json!({
            "ApiId": api,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": resources::invocation_uri(function),
            "TimeoutInMillis": self.timeout_in_millis,
        });
        all.push(Resource::new(
            &integration,
            "AWS::ApiGatewayV2::Integration",
            properties,
        ));
        let id = self.logical_id();
        for key in self.keys() {
            // Only the handshake can be authorized.
            let authorizer = self.authorizer.as_deref().filter(|_| key == "$connect");
            let mut route = resources::route(&id, &api, key, &integration, authorizer);
            let response = self.two_way.contains(key);
            let response = response.then(|| resources::two_way(&id, &api, key, &mut route));
            all.push(route);
            all.extend(response);
        }
        all
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::web_socket(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let same = (self.reference(), &self.account, &self.stage)
            == (other.reference(), &other.account, &other.stage);
        check::keys_taken_twice(same, &self.routes, &other.routes)
    }
}
