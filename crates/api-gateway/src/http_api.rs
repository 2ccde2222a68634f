//! A connection of an HTTP API.

use std::collections::BTreeMap;

use lambda_with::{Finding, Function, Integration, Permission, Resource, Service};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::permission::Grant;
use crate::route::Route;
use crate::{HttpApiRequest, HttpApiResponse, SERVICE, check, name, resources};

/// What names of this kind of API begin with, and the name of one that has none.
pub(crate) const KIND: &str = "http-api";

/// Routes of an HTTP API that run a function.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "api-gateway"
/// api = "http"
/// api_id = "a1b2c3d4e5"
/// routes = ["GET /orders/{id}", "POST /orders"]
/// ```
///
/// ```
/// use lambda_with_api_gateway::HttpApi;
///
/// let orders = HttpApi { routes: vec!["GET /orders/{id}".into()], ..HttpApi::default() };
/// assert_eq!((orders.stage.as_str(), orders.timeout_in_millis), ("$default", 30_000));
/// ```
///
/// Without any field it is a new API that hands every request to the function. Requests and answers
/// are [`HttpApiRequest`] and [`HttpApiResponse`]; in payload format 1.0 they are those of a REST
/// API. See <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpApi {
    /// The id of an API that exists already. Without it the API is part of what is exported, and
    /// connections with the same `name` share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// The name of the API to create, `http-api` unless set.
    pub name: String,
    /// The account that owns the API; the function's unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The stage that serves the routes, `$default` unless set; any other stands in front of the
    /// path.
    pub stage: String,
    /// Route keys: `METHOD /path` with variables `{name}` and, at the end, `{name+}`; or `$default`,
    /// which is the only one unless set.
    pub routes: Vec<String>,
    /// The form of events and answers, `2.0` unless set.
    pub payload_format: PayloadFormat,
    /// Milliseconds API Gateway waits for the function: 50 to 30,000, which it is unless set.
    pub timeout_in_millis: u32,
    /// Who may call: `AWS_IAM`, or the name of an [`Authorizer`](crate::Authorizer) of this API.
    /// Everybody unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer: Option<String>,
    /// Variables of the stage, handed to the function with every event.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_variables: BTreeMap<String, String>,
}

/// The form of the events an HTTP API sends and the answers it understands.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum PayloadFormat {
    /// The form of REST APIs: [`RestApiRequest`](crate::RestApiRequest).
    #[serde(rename = "1.0")]
    V1,
    /// The form HTTP APIs and function URLs share: [`HttpApiRequest`].
    #[default]
    #[serde(rename = "2.0")]
    V2,
}

impl PayloadFormat {
    /// `1.0` or `2.0`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }
}

impl HttpApi {
    /// The routes that can be read; `check` finds the others.
    pub(crate) fn parsed(&self) -> Vec<Route> {
        self.routes
            .iter()
            .filter_map(|key| Route::parse(key).ok())
            .collect()
    }

    fn logical_id(&self) -> String {
        Resource::logical_id(&[&name::api(KIND, &self.name)])
    }

    /// The API's id, or a reference to the API of the same template.
    pub(crate) fn reference(&self) -> String {
        self.api_id
            .clone()
            .unwrap_or_else(|| format!("${{{}}}", self.logical_id()))
    }
}

impl Default for HttpApi {
    fn default() -> Self {
        Self {
            api_id: None,
            name: KIND.into(),
            account: None,
            stage: "$default".into(),
            routes: vec!["$default".into()],
            payload_format: PayloadFormat::V2,
            timeout_in_millis: 30_000,
            authorizer: None,
            stage_variables: BTreeMap::new(),
        }
    }
}

impl Integration for HttpApi {
    type Event = HttpApiRequest;
    type Response = HttpApiResponse;
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

    /// One statement for each route, folded together when they are many.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let grant = Grant {
            connection: &self.name(),
            function,
            account: self.account.as_deref(),
            api: &self.reference(),
            stage: &self.stage,
        };
        grant.statements(self.parsed().iter().map(|route| match route.method() {
            None => "$default".into(),
            Some("ANY") => format!("*{}", route.pattern()),
            Some(method) => format!("{method}{}", route.pattern()),
        }))
    }

    /// The integration and its routes, and the API with its stage unless it exists already.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        let api = self.reference();
        let integration = Resource::logical_id(&[function.name(), &self.name(), "integration"]);
        let mut all = Vec::new();
        if self.api_id.is_none() {
            let id = self.logical_id();
            let properties = json!({ "Name": self.name, "ProtocolType": "HTTP" });
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
            "IntegrationUri": Resource::FUNCTION,
            "PayloadFormatVersion": self.payload_format.as_str(),
            "TimeoutInMillis": self.timeout_in_millis,
        });
        all.push(Resource::new(
            &integration,
            "AWS::ApiGatewayV2::Integration",
            properties,
        ));
        all.extend(self.parsed().iter().map(|route| {
            let authorizer = self.authorizer.as_deref();
            resources::route(
                &self.logical_id(),
                &api,
                route.key(),
                &integration,
                authorizer,
            )
        }));
        all
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::http(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let same = (self.reference(), &self.account, &self.stage)
            == (other.reference(), &other.account, &other.stage);
        check::routes_taken_twice(same, &self.parsed(), &other.parsed())
    }
}
