//! Answers to inbound federation triggers.

use lambda_with::{Error, Map, Nullable, Scalar, Text};

use super::rules::invalid;
use crate::InboundFederationEvent;

impl InboundFederationEvent {
    /// What the provider said under this name: in the user info, the ID token or the assertion.
    #[must_use]
    pub fn provided(&self, name: &str) -> Option<String> {
        let said = &self.request.attributes;
        let places = [&said.user_info, &said.id_token, &said.saml_response];
        places
            .into_iter()
            .find_map(|place| place.get(name))
            .map(ToString::to_string)
    }

    /// Takes over these attributes and no others, in place of all the provider said.
    ///
    /// ```
    /// use lambda_with_cognito::{InboundFederationEvent, SERVICE};
    ///
    /// let sample = SERVICE.sample("inbound-federation-oidc").ok_or("no such sample")?;
    /// let event: InboundFederationEvent = lambda_with::decode(sample.json)?;
    /// let email = event.provided("email").ok_or("no address")?;
    /// let answer = event.map_attributes([("email", email)])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is none: an empty list takes all over.
    pub fn map_attributes<K: Into<Text>, V: Into<Text>>(
        mut self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Error> {
        let scalar = |value: V| Scalar::Text(value.into());
        let map: Map<Scalar> = attributes
            .into_iter()
            .map(|(name, value)| (name, scalar(value)))
            .collect();
        if map.is_empty() {
            return Err(invalid(
                "an empty list takes over all attributes",
                "there is no attribute to take over, and all would be".into(),
            ));
        }
        self.response.user_attributes_to_map = map.into();
        Ok(self)
    }

    /// Takes over all attributes as the provider gave them.
    #[must_use]
    pub fn keep_all(mut self) -> Self {
        self.response.user_attributes_to_map = Map::new().into();
        self
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When it does not say which attributes to take over; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        match &self.response.user_attributes_to_map {
            Nullable::Value(_) => Ok(()),
            Nullable::Missing | Nullable::Null => Err(invalid(
                "the answer says which attributes to take over",
                "`userAttributesToMap` is missing or null".into(),
            )),
        }
    }
}
