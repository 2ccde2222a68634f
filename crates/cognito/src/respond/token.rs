//! Answers to pre token generation triggers.

use lambda_with::{Error, Json, Nullable, Scalar, Text};
use serde::Serialize;

use super::rules::{filled, invalid, may_add, may_suppress};
use crate::{
    AccessTokenGeneration, ClaimsAndScopeOverrideDetails, ClaimsOverrideDetails,
    GroupConfiguration, IdTokenGeneration, PreTokenGenerationEvent, PreTokenGenerationV2Event,
};

/// Claims of an ID token whose values are simple.
const SIMPLE: [&str; 4] = [
    "address",
    "email_verified",
    "phone_number_verified",
    "updated_at",
];

impl PreTokenGenerationEvent {
    /// Adds a claim to the ID token, or replaces it. Version 1 has texts alone.
    ///
    /// ```
    /// use lambda_with_cognito::{PreTokenGenerationEvent, SERVICE};
    ///
    /// let sample = SERVICE.sample("pre-token-generation").ok_or("no such sample")?;
    /// let event: PreTokenGenerationEvent = lambda_with::decode(sample.json)?;
    /// let answer = event.add_claim("berth", "7")?.suppress_claim("email")?;
    /// assert!(answer.add_claim("sub", "somebody else").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The user's groups stay: they are copied into the answer, where an empty place would take them
    /// away.
    ///
    /// # Errors
    ///
    /// When the claim is one of Amazon Cognito's own, or a developer attribute.
    pub fn add_claim(mut self, name: &str, value: impl Into<Text>) -> Result<Self, Error> {
        let claims = filled(&mut self.details().claims_to_add_or_override);
        claims.insert(name, Scalar::Text(value.into()));
        self.check().map(|()| self)
    }

    /// Leaves a claim out of the ID token, even one that is added.
    ///
    /// # Errors
    ///
    /// When the claim is one of Amazon Cognito's own, groups and roles excepted.
    pub fn suppress_claim(mut self, name: &str) -> Result<Self, Error> {
        filled(&mut self.details().claims_to_suppress).push(name.into());
        self.check().map(|()| self)
    }

    /// Puts these groups and roles in place of the user's; the default takes all away.
    #[must_use]
    pub fn groups(mut self, groups: GroupConfiguration) -> Self {
        self.details().group_override_details = groups.into();
        self
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When Amazon Cognito would refuse it or not follow it; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        let Some(details) = self.response.claims_override_details.as_ref() else {
            return Ok(());
        };
        for (name, value) in details
            .claims_to_add_or_override
            .as_ref()
            .into_iter()
            .flatten()
        {
            may_add(name)?;
            not_audience(name)?;
            if !matches!(value, Scalar::Text(_)) {
                return Err(invalid(
                    "claims of version 1 are texts",
                    format!("the claim `{name}` is {value}, and no text"),
                ));
            }
        }
        suppressed(&details.claims_to_suppress)
    }

    fn details(&mut self) -> &mut ClaimsOverrideDetails {
        let groups = self.request.group_configuration.clone();
        if self.response.claims_override_details.as_ref().is_none() {
            self.response.claims_override_details = Nullable::Value(ClaimsOverrideDetails {
                group_override_details: groups.into(),
                ..ClaimsOverrideDetails::default()
            });
        }
        filled(&mut self.response.claims_override_details)
    }
}

impl PreTokenGenerationV2Event {
    /// Adds a claim to the ID token, or replaces it: text, number, boolean, list or object.
    ///
    /// ```
    /// use lambda_with_cognito::{PreTokenGenerationV2Event, SERVICE};
    ///
    /// let sample = SERVICE.sample("pre-token-generation-v2").ok_or("no such sample")?;
    /// let event: PreTokenGenerationV2Event = lambda_with::decode(sample.json)?;
    /// let answer = event.add_id_claim("berths", &[7, 8])?.add_scope("berths/read")?;
    /// assert!(answer.add_scope("two words").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The user's groups stay: they are copied into the answer, where an empty place would take them
    /// away.
    ///
    /// # Errors
    ///
    /// When the claim is one of Amazon Cognito's own or a developer attribute, when it takes no lists
    /// and objects, or when there is no ID token: a machine has none.
    pub fn add_id_claim<T: Serialize + ?Sized>(
        mut self,
        name: &str,
        value: &T,
    ) -> Result<Self, Error> {
        let value = Json::encode(value)?;
        filled(&mut self.id_token().claims_to_add_or_override).insert(name, value);
        self.check().map(|()| self)
    }

    /// Leaves a claim out of the ID token, even one that is added.
    ///
    /// # Errors
    ///
    /// When the claim is one of Amazon Cognito's own, or there is no ID token.
    pub fn suppress_id_claim(mut self, name: &str) -> Result<Self, Error> {
        filled(&mut self.id_token().claims_to_suppress).push(name.into());
        self.check().map(|()| self)
    }

    /// Adds a claim to the access token, or replaces it: text, number, boolean, list or object.
    ///
    /// # Errors
    ///
    /// When the claim is one of Amazon Cognito's own or a developer attribute, or `aud` with
    /// another value than the app client's id.
    pub fn add_access_claim<T: Serialize + ?Sized>(
        mut self,
        name: &str,
        value: &T,
    ) -> Result<Self, Error> {
        let value = Json::encode(value)?;
        filled(&mut self.access_token().claims_to_add_or_override).insert(name, value);
        self.check().map(|()| self)
    }

    /// Leaves a claim out of the access token, even one that is added.
    ///
    /// # Errors
    ///
    /// When the claim is one of Amazon Cognito's own.
    pub fn suppress_access_claim(mut self, name: &str) -> Result<Self, Error> {
        filled(&mut self.access_token().claims_to_suppress).push(name.into());
        self.check().map(|()| self)
    }

    /// Adds a scope to the access token.
    ///
    /// # Errors
    ///
    /// When it is empty or holds a blank.
    pub fn add_scope(mut self, scope: &str) -> Result<Self, Error> {
        filled(&mut self.access_token().scopes_to_add).push(scope.into());
        self.check().map(|()| self)
    }

    /// Leaves a scope out of the access token.
    #[must_use]
    pub fn suppress_scope(mut self, scope: &str) -> Self {
        filled(&mut self.access_token().scopes_to_suppress).push(scope.into());
        self
    }

    /// Puts these groups and roles in place of the user's; the default takes all away.
    #[must_use]
    pub fn groups(mut self, groups: GroupConfiguration) -> Self {
        self.details().group_override_details = groups.into();
        self
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When Amazon Cognito would refuse it or not follow it; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        let Some(details) = self.response.claims_and_scope_override_details.as_ref() else {
            return Ok(());
        };
        if let Some(token) = details.id_token_generation.as_ref() {
            self.check_id_token(token)?;
        }
        match details.access_token_generation.as_ref() {
            Some(token) => self.check_access_token(token),
            None => Ok(()),
        }
    }

    fn check_id_token(&self, token: &IdTokenGeneration) -> Result<(), Error> {
        if self.is_client_credentials() {
            return Err(invalid(
                "client credentials have no ID token",
                "a machine gets an access token alone".into(),
            ));
        }
        for (name, value) in token
            .claims_to_add_or_override
            .as_ref()
            .into_iter()
            .flatten()
        {
            may_add(name)?;
            not_audience(name)?;
            if SIMPLE.contains(&name.as_str())
                && value.as_str().trim_start().starts_with(['{', '['])
            {
                return Err(invalid(
                    "some standard claims of an ID token take no lists and objects",
                    format!("the claim `{name}` cannot be {value}"),
                ));
            }
        }
        suppressed(&token.claims_to_suppress)
    }

    fn check_access_token(&self, token: &AccessTokenGeneration) -> Result<(), Error> {
        for (name, value) in token
            .claims_to_add_or_override
            .as_ref()
            .into_iter()
            .flatten()
        {
            may_add(name)?;
            let client = self.caller_context.client_id.as_deref();
            if name == "aud"
                && (client.is_none() || value.decode::<Text>().ok().as_deref() != client)
            {
                return Err(invalid(
                    "the audience of an access token is the app client",
                    format!("the claim `aud` cannot be {value}"),
                ));
            }
        }
        let scopes = token.scopes_to_add.as_ref().into_iter().flatten();
        for scope in scopes {
            if scope.is_empty() || scope.contains(char::is_whitespace) {
                return Err(invalid(
                    "a scope is one word",
                    format!("`{}` is no scope", scope.escape_debug()),
                ));
            }
        }
        suppressed(&token.claims_to_suppress)
    }

    fn id_token(&mut self) -> &mut IdTokenGeneration {
        filled(&mut self.details().id_token_generation)
    }

    fn access_token(&mut self) -> &mut AccessTokenGeneration {
        filled(&mut self.details().access_token_generation)
    }

    fn details(&mut self) -> &mut ClaimsAndScopeOverrideDetails {
        if self
            .response
            .claims_and_scope_override_details
            .as_ref()
            .is_none()
        {
            let details = ClaimsAndScopeOverrideDetails {
                group_override_details: self.request.group_configuration.clone(),
                ..ClaimsAndScopeOverrideDetails::default()
            };
            self.response.claims_and_scope_override_details = details.into();
        }
        filled(&mut self.response.claims_and_scope_override_details)
    }
}

fn suppressed(claims: &Nullable<Vec<Text>>) -> Result<(), Error> {
    let mut claims = claims.as_ref().into_iter().flatten();
    claims.try_for_each(|claim| may_suppress(claim))
}

fn not_audience(claim: &str) -> Result<(), Error> {
    match claim {
        "aud" => Err(invalid(
            "the audience of an ID token stays as it is",
            "the claim `aud` cannot be changed".into(),
        )),
        _ => Ok(()),
    }
}
