//! Answers of Lambda authorizers.

use std::fmt;

use lambda_with::{Arn, Error, ErrorKind, Json, Map, Nullable, Scalar, Secret, Text};
use serde::Serialize;

use super::{invalid, limit};
use crate::{
    AuthorizerResponse, HttpSimpleAuthorizerResponse, OneOrMany, PolicyDocument, PolicyEffect,
    PolicyStatement, UnauthorizedResponse,
};

/// The error with which an authorizer of a REST or WebSocket API has the client answered with 401.
///
/// ```
/// use lambda_with_api_gateway::{AuthorizerResponse, TokenAuthorizerRequest, Unauthorized};
///
/// async fn handler(request: TokenAuthorizerRequest)
///     -> Result<AuthorizerResponse, Box<dyn std::error::Error + Send + Sync>> {
///     let token = request.bearer().ok_or(Unauthorized)?;
///     let all = AuthorizerResponse::whole_stage(&request.method_arn)?;
///     Ok(match token {
///         "allow-me" => AuthorizerResponse::allow("user-7", &all)?,
///         _ => AuthorizerResponse::deny("stranger", &all)?,
///     })
/// }
/// ```
///
/// API Gateway compares the error's message with `Unauthorized` to the letter. Any other error is a
/// 500; a policy that denies is a 403. Authorizers of HTTP APIs may also return
/// [`UnauthorizedResponse`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Unauthorized;

impl fmt::Display for Unauthorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unauthorized")
    }
}

impl std::error::Error for Unauthorized {}

impl UnauthorizedResponse {
    /// What an authorizer of an HTTP API returns to have the client answered with 401. The
    /// authorizer must have no identity sources, else API Gateway does not look for it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            error_message: "Unauthorized".into(),
        }
    }
}

impl AuthorizerResponse {
    /// Lets `principal` invoke `resource`.
    ///
    /// ```
    /// use lambda_with_api_gateway::AuthorizerResponse;
    ///
    /// let method = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/prod/GET/pets/7";
    /// let all = AuthorizerResponse::whole_stage(method)?;
    /// let answer = AuthorizerResponse::allow("user-7", &all)?.with_context("tier", "gold")?;
    /// assert_eq!(all, "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/prod/*");
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # The cache
    ///
    /// API Gateway caches the policy by the identity sources alone and uses it for every method that
    /// has this authorizer. A policy that names just the method of the first request denies all the
    /// others until it expires: name all that the caller may do, such as
    /// [the whole stage](Self::whole_stage), or turn the cache off.
    ///
    /// # Errors
    ///
    /// When `resource` is not an ARN pattern of `execute-api`, or longer than 512 characters.
    pub fn allow(principal: impl Into<Text>, resource: &str) -> Result<Self, Error> {
        Self::with(principal.into(), PolicyEffect::Allow, resource)
    }

    /// Keeps `principal` from invoking `resource`: a 403.
    ///
    /// # Errors
    ///
    /// As for [`allow`](Self::allow).
    pub fn deny(principal: impl Into<Text>, resource: &str) -> Result<Self, Error> {
        Self::with(principal.into(), PolicyEffect::Deny, resource)
    }

    /// Adds a statement that lets the caller invoke `resource` as well.
    ///
    /// # Errors
    ///
    /// As for [`allow`](Self::allow).
    pub fn and_allow(mut self, resource: &str) -> Result<Self, Error> {
        self.policy_document
            .statement
            .push(statement(PolicyEffect::Allow, resource)?);
        Ok(self)
    }

    /// Adds a statement that keeps the caller from invoking `resource`, whatever else is allowed.
    ///
    /// # Errors
    ///
    /// As for [`allow`](Self::allow).
    pub fn and_deny(mut self, resource: &str) -> Result<Self, Error> {
        self.policy_document
            .statement
            .push(statement(PolicyEffect::Deny, resource)?);
        Ok(self)
    }

    /// Hands a value on to the function behind the API. REST and WebSocket APIs make a string of it.
    ///
    /// # Errors
    ///
    /// When `key` is `claims`, which is taken.
    pub fn with_context(self, key: &str, value: impl Into<Scalar>) -> Result<Self, Error> {
        self.with_object(key, &value.into())
    }

    /// Hands a value of any kind on to the function. HTTP APIs with format 2.0 only: a list or an
    /// object makes REST and WebSocket APIs answer with 500.
    ///
    /// # Errors
    ///
    /// When `key` is `claims`, which is taken; when `value` cannot be written as JSON.
    pub fn with_object<T: Serialize + ?Sized>(
        mut self,
        key: &str,
        value: &T,
    ) -> Result<Self, Error> {
        self.context = add(self.context, key, value)?;
        Ok(self)
    }

    /// Names the API key to count the request under, for APIs whose API key source is `AUTHORIZER`.
    #[must_use]
    pub fn with_usage_identifier_key(mut self, key: impl Into<Text>) -> Self {
        self.usage_identifier_key = Nullable::Value(Secret::from(key.into()));
        self
    }

    /// All methods of the API and stage that `method_arn` is of.
    ///
    /// # Errors
    ///
    /// When it is not the ARN of a method or route.
    pub fn whole_stage(method_arn: &str) -> Result<String, Error> {
        let arn: Arn = method_arn.parse()?;
        let mut parts = arn.resource().split('/');
        match (arn.service(), parts.next(), parts.next(), parts.next()) {
            ("execute-api", Some(api), Some(stage), Some(_)) => {
                let (partition, region, account) = (arn.partition(), arn.region(), arn.account());
                Ok(format!(
                    "arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/*"
                ))
            }
            _ => Err(invalid(
                "a method's ARN is arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH",
                format!("`{method_arn}` is not the ARN of a method"),
            )),
        }
    }

    /// Checks an answer against what REST and WebSocket APIs take.
    ///
    /// # Errors
    ///
    /// When a value of the context is a list or an object, a resource is longer than 512 characters,
    /// or the whole is larger than 8 KB, which is what a WebSocket API takes; the error names the
    /// rule.
    pub fn check(&self) -> Result<(), Error> {
        for (key, value) in self.context.as_ref().into_iter().flatten() {
            check_key(key)?;
            if !matches!(
                value.as_str().as_bytes().first(),
                Some(b'"' | b'-' | b'0'..=b'9' | b't' | b'f')
            ) {
                return Err(invalid(
                    "a context value is a string, a number or a boolean",
                    format!("the context `{key}` is {value}"),
                ));
            }
        }
        for statement in &self.policy_document.statement {
            match &statement.resource {
                Some(OneOrMany::One(resource)) => check_resource(resource)?,
                Some(OneOrMany::Many(resources)) => {
                    resources
                        .iter()
                        .try_for_each(|resource| check_resource(resource))?;
                }
                None => {}
            }
        }
        let bytes = serde_json::to_vec(self).map_or(0, |json| json.len());
        if bytes > 8 * 1024 {
            return Err(limit(
                "an authorizer's answer has at most 8 KB",
                format!("the answer has {bytes} bytes"),
            ));
        }
        Ok(())
    }

    fn with(principal: Text, effect: PolicyEffect, resource: &str) -> Result<Self, Error> {
        Ok(Self {
            principal_id: principal,
            policy_document: PolicyDocument {
                version: "2012-10-17".into(),
                statement: vec![statement(effect, resource)?],
                ..PolicyDocument::default()
            },
            ..Self::default()
        })
    }
}

impl HttpSimpleAuthorizerResponse {
    /// Lets the request go on.
    ///
    /// ```
    /// use lambda_with_api_gateway::HttpSimpleAuthorizerResponse;
    ///
    /// let answer = HttpSimpleAuthorizerResponse::allow().with_context("roles", &["reader"])?;
    /// assert_eq!(serde_json::to_string(&answer)?,
    ///     r#"{"isAuthorized":true,"context":{"roles":["reader"]}}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// While it is cached it holds for every route with this authorizer, unless `$context.routeKey`
    /// is one of the identity sources.
    #[must_use]
    pub fn allow() -> Self {
        Self {
            is_authorized: true,
            ..Self::default()
        }
    }

    /// Ends the request with 403.
    #[must_use]
    pub fn deny() -> Self {
        Self::default()
    }

    /// Hands a value of any kind on to the function.
    ///
    /// # Errors
    ///
    /// When `key` is `claims`, which is taken; when `value` cannot be written as JSON.
    pub fn with_context<T: Serialize + ?Sized>(
        mut self,
        key: &str,
        value: &T,
    ) -> Result<Self, Error> {
        self.context = add(self.context, key, value)?;
        Ok(self)
    }
}

fn statement(effect: PolicyEffect, resource: &str) -> Result<PolicyStatement, Error> {
    check_resource(resource)?;
    Ok(PolicyStatement {
        effect,
        action: Some(OneOrMany::One("execute-api:Invoke".into())),
        resource: Some(OneOrMany::One(resource.into())),
        ..PolicyStatement::default()
    })
}

fn check_resource(resource: &str) -> Result<(), Error> {
    if resource.len() > 512 {
        return Err(limit(
            "a resource of an authorizer's policy has at most 512 characters",
            format!("the resource has {} characters", resource.len()),
        ));
    }
    match resource.parse::<Arn>() {
        Ok(arn) if arn.service() == "execute-api" => Ok(()),
        _ if resource == "*" => Ok(()),
        _ => Err(invalid(
            "a resource of an authorizer's policy is an ARN pattern of execute-api, or *",
            format!("`{resource}` is not a method or route"),
        )),
    }
}

fn check_key(key: &str) -> Result<(), Error> {
    match key {
        "claims" => Err(invalid(
            "the context key `claims` is reserved",
            "an authorizer's context cannot have a member `claims`".into(),
        )),
        _ => Ok(()),
    }
}

fn add<T: Serialize + ?Sized>(
    context: Nullable<Map<Json>>,
    key: &str,
    value: &T,
) -> Result<Nullable<Map<Json>>, Error> {
    check_key(key)?;
    let value = serde_json::to_value(value).map_err(|error| {
        Error::new(
            ErrorKind::Invalid,
            format!("the context `{key}` cannot be written as JSON"),
        )
        .caused_by(error)
    })?;
    let mut context = context.into_option().unwrap_or_default();
    context.insert(key, Json::from(value));
    Ok(Nullable::Value(context))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHOD: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1/prod/GET/pets";

    #[test]
    fn answers_as_json() {
        let answer = AuthorizerResponse::allow("user-7", METHOD)
            .and_then(|answer| answer.and_deny("arn:aws:execute-api:*:*:a1/*/DELETE/*"))
            .and_then(|answer| answer.with_context("quota", 250))
            .unwrap()
            .with_usage_identifier_key("key");
        answer.check().unwrap();
        expect_test::expect![[r#"{"principalId":"user-7","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:eu-west-1:123456789012:a1/prod/GET/pets"},{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:a1/*/DELETE/*"}]},"context":{"quota":250},"usageIdentifierKey":"key"}"#]]
        .assert_eq(&serde_json::to_string(&answer).unwrap());
        // A context of null is not what API Gateway takes: it is left out.
        let plain = serde_json::to_string(&AuthorizerResponse::deny("x", "*").unwrap()).unwrap();
        assert!(!plain.contains("null"), "{plain}");
        assert_eq!(Unauthorized.to_string(), "Unauthorized");
        let returned = serde_json::to_string(&UnauthorizedResponse::new()).unwrap();
        assert_eq!(returned, r#"{"errorMessage":"Unauthorized"}"#);
        let denied = serde_json::to_string(&HttpSimpleAuthorizerResponse::deny()).unwrap();
        assert_eq!(denied, r#"{"isAuthorized":false}"#);
    }

    #[test]
    fn rules() {
        let allow = || AuthorizerResponse::allow("u", METHOD).unwrap();
        let large = allow().with_context("x", "y".repeat(9000)).unwrap();
        for (result, rule) in [
            (
                AuthorizerResponse::allow("u", "prod/GET/pets").map(drop),
                "ARN pattern",
            ),
            (
                AuthorizerResponse::deny("u", "arn:aws:s3:::b").map(drop),
                "ARN pattern",
            ),
            (
                allow()
                    .and_allow(&format!("{METHOD}/{}", "x".repeat(500)))
                    .map(drop),
                "512",
            ),
            (allow().with_context("claims", "x").map(drop), "reserved"),
            (allow().with_object("claims", &1).map(drop), "reserved"),
            (
                HttpSimpleAuthorizerResponse::allow()
                    .with_context("claims", &1)
                    .map(drop),
                "reserved",
            ),
            (
                allow().with_object("roles", &["a"]).unwrap().check(),
                "string, a number",
            ),
            (
                allow().with_object("none", &None::<u8>).unwrap().check(),
                "string, a number",
            ),
            (large.check(), "8 KB"),
            (
                AuthorizerResponse::whole_stage("arn:aws:execute-api:r:a:api").map(drop),
                "method's ARN",
            ),
            (
                AuthorizerResponse::whole_stage("arn:aws:s3:::a/b/c").map(drop),
                "method's ARN",
            ),
        ] {
            let error = result.unwrap_err();
            assert!(
                error.context("rule").is_some_and(|r| r.contains(rule)),
                "{rule}: {error}"
            );
        }
    }

    #[test]
    fn the_whole_stage() {
        for (method, stage) in [
            (
                METHOD,
                "arn:aws:execute-api:eu-west-1:123456789012:a1/prod/*",
            ),
            (
                "arn:aws-cn:execute-api:r:a:w1/dev/$connect",
                "arn:aws-cn:execute-api:r:a:w1/dev/*",
            ),
        ] {
            assert_eq!(AuthorizerResponse::whole_stage(method).unwrap(), stage);
        }
    }
}
