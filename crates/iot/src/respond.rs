//! Answers of authorizers and hooks.

use lambda_with::{Error, ErrorKind, Json, Nullable, Text};
use serde::Serialize;

use crate::{
    AuthorizerRequest, AuthorizerResponse, PolicyDocument, PolicyEffect, PolicyStatement,
    ProvisioningResponse,
};

/// The most policies of an answer.
const POLICIES: usize = 10;
/// The most characters of a policy.
const CHARACTERS: usize = 2048;

impl AuthorizerResponse {
    /// Lets the device in, which may do nothing as yet: see [`with_policy`](Self::with_policy).
    ///
    /// ```
    /// use lambda_with_iot::{AuthorizerResponse, PolicyDocument};
    ///
    /// let arn = "arn:aws:iot:eu-west-1:123456789012";
    /// let policy = PolicyDocument::new()
    ///     .allow("iot:Connect", format!("{arn}:client/crane-7"))
    ///     .allow("iot:Publish", format!("{arn}:topic/harbor/crane-7/*"));
    /// let answer = AuthorizerResponse::allow("crane7")?.with_policy(&policy)?;
    /// answer.check()?;
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// The connection lasts a day at most, and the function is asked again after an hour.
    ///
    /// # Errors
    ///
    /// When `principal` is not 1 to 128 letters and digits.
    pub fn allow(principal: impl Into<Text>) -> Result<Self, Error> {
        let principal = principal.into();
        check_principal(&principal)?;
        Ok(Self {
            is_authenticated: true,
            principal_id: Nullable::Value(principal),
            disconnect_after_in_seconds: Nullable::Value(86_400),
            refresh_after_in_seconds: Nullable::Value(3_600),
            policy_documents: Nullable::Value(Vec::new()),
        })
    }

    /// Turns the device away.
    #[must_use]
    pub fn deny() -> Self {
        Self::default()
    }

    /// Adds a policy: a [`PolicyDocument`], or any value that is one as JSON.
    ///
    /// # Errors
    ///
    /// When there are 10 already, or it has more than 2,048 characters.
    pub fn with_policy<T: Serialize + ?Sized>(mut self, policy: &T) -> Result<Self, Error> {
        let policy = Json::encode(policy)?;
        check_policy(&policy)?;
        let mut policies = match std::mem::take(&mut self.policy_documents) {
            Nullable::Value(policies) => policies,
            Nullable::Missing | Nullable::Null => Vec::new(),
        };
        policies.push(policy);
        check_number(policies.len())?;
        self.policy_documents = Nullable::Value(policies);
        Ok(self)
    }

    /// Checks an answer against what AWS IoT takes.
    ///
    /// # Errors
    ///
    /// When the device is let in without a principal of 1 to 128 letters and digits, when a time is
    /// outside of 300 to 86,400 seconds, or there are more or longer policies than may be. The error
    /// names the rule. AWS IoT ends the connection after such an answer and does not say why.
    pub fn check(&self) -> Result<(), Error> {
        if !self.is_authenticated {
            return Ok(());
        }
        check_principal(self.principal_id.as_ref().map_or("", |id| id))?;
        for (member, seconds) in [
            (
                "disconnectAfterInSeconds",
                &self.disconnect_after_in_seconds,
            ),
            ("refreshAfterInSeconds", &self.refresh_after_in_seconds),
        ] {
            if let Some(seconds) = seconds.as_ref().filter(|s| !(300..=86_400).contains(*s)) {
                return Err(refused(
                    ErrorKind::Invalid,
                    "a time is 300 to 86,400 seconds",
                    format!("{member} is {seconds}"),
                ));
            }
        }
        let policies = self
            .policy_documents
            .as_ref()
            .map_or(&[][..], Vec::as_slice);
        check_number(policies.len())?;
        policies.iter().try_for_each(check_policy)
    }

    /// [`check`](Self::check), and whether the answer fits the request: where the device has a
    /// certificate, the principal must be the certificate's id.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check), and when it does not fit.
    pub fn check_for(&self, request: &AuthorizerRequest) -> Result<(), Error> {
        self.check()?;
        let principal = self.principal_id.as_ref().map(|id| &**id);
        match request.certificate_id() {
            Some(id) if self.is_authenticated && principal != Some(id) => Err(refused(
                ErrorKind::Invalid,
                "with a certificate the principal is the certificate's id",
                format!(
                    "the principal is `{}`, the certificate's id is `{id}`",
                    principal.unwrap_or_default()
                ),
            )),
            _ => Ok(()),
        }
    }
}

impl PolicyDocument {
    /// A policy without statements, which allows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            version: "2012-10-17".into(),
            ..Self::default()
        }
    }

    /// Allows an action, such as `iot:Publish`, on a client, topic or topic filter.
    #[must_use]
    pub fn allow(self, action: impl Into<Text>, resource: impl Into<Text>) -> Self {
        self.with(PolicyEffect::Allow, action.into(), resource.into())
    }

    /// Denies an action, whatever else is allowed.
    #[must_use]
    pub fn deny(self, action: impl Into<Text>, resource: impl Into<Text>) -> Self {
        self.with(PolicyEffect::Deny, action.into(), resource.into())
    }

    fn with(mut self, effect: PolicyEffect, action: Text, resource: Text) -> Self {
        self.statement.push(PolicyStatement {
            effect,
            action: Some(vec![action]),
            resource: Some(vec![resource]),
        });
        self
    }
}

impl ProvisioningResponse {
    /// Lets the device be registered.
    ///
    /// ```
    /// use lambda_with_iot::ProvisioningResponse;
    ///
    /// let answer = ProvisioningResponse::allow().with_override("Berth", "4");
    /// assert!(answer.allow_provisioning);
    /// ```
    #[must_use]
    pub fn allow() -> Self {
        Self {
            allow_provisioning: true,
            ..Self::default()
        }
    }

    /// Refuses the device: it is answered with `ACCESS_DENIED`.
    #[must_use]
    pub fn deny() -> Self {
        Self::default()
    }

    /// Sets a parameter of the template, whatever the device said.
    #[must_use]
    pub fn with_override(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        let mut overrides = match std::mem::take(&mut self.parameter_overrides) {
            Nullable::Value(overrides) => overrides,
            Nullable::Missing | Nullable::Null => Default::default(),
        };
        overrides.insert(name, value.into());
        self.parameter_overrides = Nullable::Value(overrides);
        self
    }
}

fn check_principal(principal: &str) -> Result<(), Error> {
    let is_word = principal.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_word && (1..=128).contains(&principal.len()) {
        return Ok(());
    }
    Err(refused(
        ErrorKind::Invalid,
        "a principal is 1 to 128 letters and digits",
        format!("`{principal}` cannot be the principal"),
    ))
}

fn check_number(policies: usize) -> Result<(), Error> {
    if policies <= POLICIES {
        return Ok(());
    }
    Err(refused(
        ErrorKind::Limit,
        "an answer has at most 10 policies",
        format!("the answer has {policies} policies"),
    ))
}

/// A policy may also be text that is JSON, whose own characters count.
fn check_policy(policy: &Json) -> Result<(), Error> {
    let text = policy.decode::<String>();
    let characters = text.as_deref().unwrap_or(policy.as_str()).chars().count();
    if characters <= CHARACTERS {
        return Ok(());
    }
    Err(refused(
        ErrorKind::Limit,
        "a policy has at most 2,048 characters",
        format!("a policy has {characters} characters"),
    ))
}

fn refused(kind: ErrorKind, rule: &'static str, message: String) -> Error {
    Error::new(kind, message).with("rule", rule)
}
