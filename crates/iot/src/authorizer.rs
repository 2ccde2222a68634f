//! A connection of a custom authorizer.

use std::collections::BTreeMap;

use lambda_with::{Example, Finding, Function, Integration, Mode, Permission, Resource, Service};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{AuthorizerRequest, AuthorizerResponse, SERVICE, check, name, permission};

/// A function that decides which devices may connect, and what they may do.
///
/// ```toml
/// [[functions.doorman.with]]
/// service = "iot"
/// kind = "authorizer"
/// name = "harbor"
/// token_key_name = "harbor-token"
/// token_signing_public_keys = { "2026" = """
/// -----BEGIN PUBLIC KEY-----
/// …
/// -----END PUBLIC KEY-----""" }
/// ```
///
/// ```
/// use lambda_with_iot::Authorizer;
///
/// let harbor = Authorizer { signing_disabled: true, ..Authorizer::new("harbor") };
/// assert_eq!(harbor.token_key_name, None);
/// ```
///
/// Devices name the authorizer when they connect, unless a domain configuration or the account has
/// it as its default. See <https://docs.aws.amazon.com/iot/latest/developerguide/custom-authentication.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Authorizer {
    /// The authorizer's name: 1 to 128 letters, digits and `_`, `=`, `,`, `@`, `-`.
    pub name: String,
    /// The header or query parameter that carries the token. Needed unless signing is disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_key_name: Option<String>,
    /// Public keys in PEM, by names of your own: a token must be signed with one of them. Needed
    /// unless signing is disabled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub token_signing_public_keys: BTreeMap<String, String>,
    /// Whether everybody's attempt to connect runs the function, not only those with a signed
    /// token. It cannot be changed once the authorizer is there.
    #[serde(default)]
    pub signing_disabled: bool,
    /// Whether the answer to an HTTP request holds for its connection, as long as the answer says.
    #[serde(default)]
    pub cache_for_http: bool,
    /// Whether the authorizer is switched off.
    #[serde(default)]
    pub disabled: bool,
}

impl Authorizer {
    /// An authorizer that checks signatures; it lacks keys as yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            token_key_name: None,
            token_signing_public_keys: BTreeMap::new(),
            signing_disabled: false,
            cache_for_http: false,
            disabled: false,
        }
    }

    /// The authorizer but for its name and function, in the terms of AWS IoT's API.
    pub(crate) fn settings(&self) -> Map<String, Value> {
        let mut settings = Map::new();
        let status = if self.disabled { "INACTIVE" } else { "ACTIVE" };
        settings.insert("status".into(), json!(status));
        settings.insert("signingDisabled".into(), json!(self.signing_disabled));
        settings.insert("enableCachingForHttp".into(), json!(self.cache_for_http));
        if let Some(key) = &self.token_key_name {
            settings.insert("tokenKeyName".into(), json!(key));
        }
        if !self.token_signing_public_keys.is_empty() {
            let keys = json!(self.token_signing_public_keys);
            settings.insert("tokenSigningPublicKeys".into(), keys);
        }
        settings
    }
}

impl Integration for Authorizer {
    type Event = AuthorizerRequest;
    type Response = AuthorizerResponse;
    const SERVICE: Service = Service {
        mode: Mode::Synchronous,
        ..SERVICE
    };

    fn name(&self) -> String {
        name::connection("authorizer", &self.name, &[])
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let account = function.account();
        permission(
            Integration::name(self),
            function,
            account,
            "authorizer",
            &self.name,
        )
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let mut properties = json!({
            "AuthorizerName": self.name,
            "AuthorizerFunctionArn": Resource::FUNCTION,
        });
        for (member, value) in self.settings() {
            let (first, rest) = member.split_at(1);
            properties[format!("{}{rest}", first.to_ascii_uppercase())] = value;
        }
        let id = Resource::logical_id(&[&Integration::name(self)]);
        vec![Resource::new(id, "AWS::IoT::Authorizer", properties)]
    }

    /// A connection with a signed token, or with a password where signing is disabled.
    fn example(&self, _function: &Function) -> Option<Example> {
        match self.signing_disabled {
            true => Example::named(&SERVICE, "authorizer-mqtt"),
            false => Example::named(&SERVICE, "authorizer-websocket"),
        }
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::authorizer(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::one_function(
            "authorizer",
            (&self.name, &other.name),
            check::AUTHORIZER_PAGE,
        )
    }
}
