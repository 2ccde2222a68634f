//! A connection of a REST API.

use std::collections::BTreeMap;

use lambda_with::{Finding, Function, Integration, Permission, Resource, Service};
use serde::{Deserialize, Serialize};

use crate::permission::Grant;
use crate::route::Route;
use crate::{RestApiRequest, RestApiResponse, SERVICE, check, name, resources};

/// What names of this kind of API begin with, and the name of one that has none.
pub(crate) const KIND: &str = "rest-api";

/// Methods of a REST API that run a function by proxy integration.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "api-gateway"
/// api = "rest"
/// api_id = "a1b2c3d4e5"
/// stage = "prod"
/// routes = ["GET /orders/{id}", "POST /orders"]
/// binary_media_types = ["image/*"]
/// ```
///
/// ```
/// use lambda_with_api_gateway::RestApi;
///
/// let orders = RestApi { routes: vec!["GET /orders/{id}".into()], ..RestApi::default() };
/// assert_eq!((orders.stage.as_str(), orders.timeout_in_millis), ("prod", 29_000));
/// ```
///
/// Without any field it is a new API that hands every request to the function. See
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RestApi {
    /// The id of an API that exists already. Without it the API is part of what is exported, and
    /// connections with the same `name` share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// The name of the API to create, `rest-api` unless set.
    pub name: String,
    /// The account that owns the API; the function's unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The stage that serves the methods, `prod` unless set; it stands in front of the path.
    pub stage: String,
    /// Methods and resources: `METHOD /path` with variables `{name}` and, at the end, `{name+}`.
    /// `ANY /` and `ANY /{proxy+}`, which is every request, unless set.
    pub routes: Vec<String>,
    /// Where the API is reached, `regional` unless set.
    pub endpoint: Endpoint,
    /// Milliseconds API Gateway waits for the function, 29,000 unless set: 50 to 29,000, more for
    /// regional and private APIs with a raised quota, and up to 900,000 with `response_streaming`.
    pub timeout_in_millis: u32,
    /// Content types whose bodies are bytes: requests with one are handed over as base64, and base64
    /// answers are decoded for clients that accept one. None unless set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub binary_media_types: Vec<String>,
    /// Whether the function streams its answer; it then does not answer with a
    /// [`RestApiResponse`].
    pub response_streaming: bool,
    /// Who may call: `AWS_IAM`, or the name of an [`Authorizer`](crate::Authorizer) of this API.
    /// Everybody unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer: Option<String>,
    /// Variables of the stage, handed to the function with every event.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_variables: BTreeMap<String, String>,
}

/// Where a REST API is reached.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// At the edge of AWS's network.
    Edge,
    /// In its Region.
    #[default]
    Regional,
    /// From within a VPC only.
    Private,
}

impl RestApi {
    /// The routes that can be read; `check` finds the others. `$default` is none of a REST API.
    pub(crate) fn parsed(&self) -> Vec<Route> {
        let routes = self.routes.iter().filter_map(|key| Route::parse(key).ok());
        routes.filter(|route| route.method().is_some()).collect()
    }

    /// The logical id of the API in a template.
    pub(crate) fn logical_id(&self) -> String {
        Resource::logical_id(&[&name::api(KIND, &self.name)])
    }

    /// The API's id, or a reference to the API of the same template.
    pub(crate) fn reference(&self) -> String {
        self.api_id
            .clone()
            .unwrap_or_else(|| format!("${{{}}}", self.logical_id()))
    }
}

impl Default for RestApi {
    fn default() -> Self {
        Self {
            api_id: None,
            name: KIND.into(),
            account: None,
            stage: "prod".into(),
            routes: vec!["ANY /".into(), "ANY /{proxy+}".into()],
            endpoint: Endpoint::Regional,
            timeout_in_millis: 29_000,
            binary_media_types: Vec::new(),
            response_streaming: false,
            authorizer: None,
            stage_variables: BTreeMap::new(),
        }
    }
}

impl Integration for RestApi {
    type Event = RestApiRequest;
    type Response = RestApiResponse;
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

    /// One statement for each method, folded together when they are many.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let grant = Grant {
            connection: &self.name(),
            function,
            account: self.account.as_deref(),
            api: &self.reference(),
            stage: &self.stage,
        };
        grant.statements(self.parsed().iter().map(|route| {
            let method = route
                .method()
                .filter(|method| *method != "ANY")
                .unwrap_or("*");
            format!("{method}{}", route.pattern())
        }))
    }

    /// The API with its resources, methods, deployment and stage; nothing when it exists already,
    /// because then its tree of resources is kept elsewhere, and only `connect` adds to it.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        match self.api_id {
            Some(_) => Vec::new(),
            None => resources::rest(self, function),
        }
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::rest(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let same = (self.reference(), &self.account, &self.stage)
            == (other.reference(), &other.account, &other.stage);
        check::routes_taken_twice(same, &self.parsed(), &other.parsed())
    }
}
