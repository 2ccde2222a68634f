//! A connection of a Lambda authorizer.

use lambda_with::{Finding, Function, Integration, Payload, Permission, Resource, Service};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::permission::{Grant, is_wild};
use crate::{PayloadFormat, SERVICE, check, http_api, name, resources, rest_api, web_socket_api};

/// A function that decides who may call an API.
///
/// ```toml
/// [[functions.doorman.with]]
/// service = "api-gateway"
/// api = "authorizer"
/// kind = "http"
/// name = "tokens"
/// api_id = "a1b2c3d4e5"
/// authorizer_id = "x7y8z9"
/// identity_sources = ["$request.header.Authorization"]
/// enable_simple_responses = true
/// ```
///
/// ```
/// use lambda_with_api_gateway::{Authorizer, AuthorizerKind};
///
/// let tokens = Authorizer::new("tokens", AuthorizerKind::Token);
/// assert_eq!(tokens.identity_sources, ["method.request.header.Authorization"]);
/// ```
///
/// What the function receives and answers follows from the kind, see [`AuthorizerKind`].
/// See <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>
/// and <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Authorizer {
    /// The authorizer's name; routes of the same definition refer to it.
    pub name: String,
    /// The kind of API, and with it what the function receives.
    pub kind: AuthorizerKind,
    /// The id of the API, where it exists already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// The name of the API of the same definition, where there is no `api_id`; the default name of
    /// its kind unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_name: Option<String>,
    /// The authorizer's id, where it exists already. Without it the authorizer is part of what is
    /// exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<String>,
    /// The account that owns the API; the function's unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What of the request identifies the caller, and is the key of the cache. A request that lacks
    /// one is answered with 401 without asking the function: by an HTTP API always, by a REST API
    /// while it caches. None unless set.
    ///
    /// REST APIs: `method.request.header.NAME`, `method.request.querystring.NAME`, `context.NAME`,
    /// `stageVariables.NAME`; one header for tokens. HTTP APIs: `$request.header.NAME`,
    /// `$request.querystring.NAME`, `$context.NAME`, `$stageVariables.NAME`. WebSocket APIs:
    /// `route.request.header.NAME`, `route.request.querystring.NAME`, `context.NAME`,
    /// `stageVariables.NAME`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity_sources: Vec<String>,
    /// A regular expression the token must match, else it is a 401. Tokens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
    /// Seconds an answer is cached: 0, which is off, to 3,600. Unless set, 300 for REST APIs and 0
    /// for HTTP APIs; WebSocket APIs have no cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_ttl_in_seconds: Option<u32>,
    /// The form of events, `2.0` unless set. HTTP APIs only.
    #[serde(default)]
    pub payload_format: PayloadFormat,
    /// Whether the function answers yes or no instead of a policy. HTTP APIs with format 2.0 only.
    #[serde(default)]
    pub enable_simple_responses: bool,
}

/// The kind of a Lambda authorizer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizerKind {
    /// Judges the token of one header, for a REST API: receives
    /// [`TokenAuthorizerRequest`](crate::TokenAuthorizerRequest), answers
    /// [`AuthorizerResponse`](crate::AuthorizerResponse).
    Token,
    /// Judges the whole request, for a REST API: receives
    /// [`RequestAuthorizerRequest`](crate::RequestAuthorizerRequest), answers
    /// [`AuthorizerResponse`](crate::AuthorizerResponse).
    Request,
    /// Judges the whole request, for an HTTP API: receives
    /// [`HttpAuthorizerRequest`](crate::HttpAuthorizerRequest) (format 1.0:
    /// [`RequestAuthorizerRequest`](crate::RequestAuthorizerRequest)), answers
    /// [`HttpSimpleAuthorizerResponse`](crate::HttpSimpleAuthorizerResponse) where enabled, else
    /// [`AuthorizerResponse`](crate::AuthorizerResponse).
    Http,
    /// Judges the handshake of a WebSocket API: receives
    /// [`WebSocketAuthorizerRequest`](crate::WebSocketAuthorizerRequest), answers
    /// [`AuthorizerResponse`](crate::AuthorizerResponse).
    WebSocket,
}

impl Authorizer {
    /// An authorizer with the defaults of its kind, for the API of that kind in the same definition.
    pub fn new(name: impl Into<String>, kind: AuthorizerKind) -> Self {
        let identity_sources = match kind {
            AuthorizerKind::Token => vec!["method.request.header.Authorization".into()],
            _ => Vec::new(),
        };
        Self {
            name: name.into(),
            kind,
            api_id: None,
            api_name: None,
            authorizer_id: None,
            account: None,
            identity_sources,
            identity_validation_expression: None,
            result_ttl_in_seconds: None,
            payload_format: PayloadFormat::V2,
            enable_simple_responses: false,
        }
    }

    /// Seconds an answer is cached; 0 is never.
    #[must_use]
    pub fn ttl(&self) -> u32 {
        match self.kind {
            AuthorizerKind::Token | AuthorizerKind::Request => {
                self.result_ttl_in_seconds.unwrap_or(300)
            }
            AuthorizerKind::Http => self.result_ttl_in_seconds.unwrap_or(0),
            AuthorizerKind::WebSocket => 0,
        }
    }

    /// The API's id, or a reference to the API of the same template.
    pub(crate) fn reference(&self) -> String {
        self.api_id.clone().unwrap_or_else(|| {
            let kind = match self.kind {
                AuthorizerKind::Token | AuthorizerKind::Request => rest_api::KIND,
                AuthorizerKind::Http => http_api::KIND,
                AuthorizerKind::WebSocket => web_socket_api::KIND,
            };
            let name = self.api_name.as_deref().unwrap_or(kind);
            format!("${{{}}}", Resource::logical_id(&[&name::api(kind, name)]))
        })
    }

    fn rest_properties(&self) -> Value {
        let mut properties = json!({
            "AuthorizerResultTtlInSeconds": self.ttl(),
            "RestApiId": self.reference(),
            "Type": if self.kind == AuthorizerKind::Token { "TOKEN" } else { "REQUEST" },
        });
        if !self.identity_sources.is_empty() {
            properties["IdentitySource"] = json!(self.identity_sources.join(","));
        }
        if let Some(expression) = &self.identity_validation_expression {
            properties["IdentityValidationExpression"] = json!(expression);
        }
        properties
    }

    fn http_properties(&self) -> Value {
        let mut properties = json!({
            "ApiId": self.reference(),
            "AuthorizerType": "REQUEST",
            "IdentitySource": self.identity_sources,
        });
        if self.kind == AuthorizerKind::Http {
            properties["AuthorizerPayloadFormatVersion"] = json!(self.payload_format.as_str());
            properties["AuthorizerResultTtlInSeconds"] = json!(self.ttl());
            properties["EnableSimpleResponses"] = json!(self.enable_simple_responses);
        }
        properties
    }
}

impl Integration for Authorizer {
    /// Decode it as the type of the authorizer's kind.
    type Event = Payload;
    /// The JSON of the answer type of the authorizer's kind.
    type Response = Payload;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::connection(&name::api("authorizer", &self.name), &[])
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let id = self
            .authorizer_id
            .clone()
            .unwrap_or_else(|| format!("${{{}}}", resources::authorizer_id(&self.name)));
        let grant = Grant {
            connection: &self.name(),
            function,
            account: self.account.as_deref(),
            api: &self.reference(),
            stage: "authorizers",
        };
        grant.statements(Some(id).filter(|id| !is_wild(id)))
    }

    /// The authorizer, unless it exists already.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        if self.authorizer_id.is_some() {
            return Vec::new();
        }
        let (kind, mut properties) = match self.kind {
            AuthorizerKind::Token | AuthorizerKind::Request => {
                ("AWS::ApiGateway::Authorizer", self.rest_properties())
            }
            AuthorizerKind::Http | AuthorizerKind::WebSocket => {
                ("AWS::ApiGatewayV2::Authorizer", self.http_properties())
            }
        };
        properties["Name"] = json!(self.name);
        properties["AuthorizerUri"] = json!(resources::invocation_uri(function));
        vec![Resource::new(
            resources::authorizer_id(&self.name),
            kind,
            properties,
        )]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::authorizer(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::names_taken_twice(self, other)
    }
}
