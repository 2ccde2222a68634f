//! What users ask of a contact, and its members do not answer by themselves.

use std::borrow::Cow;

use lambda_with::{Error, ErrorKind, Text};
use serde::de::DeserializeOwned;

use crate::ConnectEvent;

impl ConnectEvent {
    /// A parameter of the flow's block as a text: a text as it is, other JSON as it is written.
    /// `None` where it is missing or null.
    ///
    /// ```
    /// use lambda_with_connect::{ConnectEvent, SERVICE};
    ///
    /// let json = SERVICE.sample("json-parameters").ok_or("no such sample")?.json;
    /// let event: ConnectEvent = lambda_with::decode(json)?;
    /// assert_eq!(event.parameter("seats").as_deref(), Some("2"));
    /// assert_eq!(event.parameter("note"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.details.parameters.get(name)?;
        match value.as_str() {
            "null" => None,
            json => Some(match value.decode::<Text>() {
                Ok(text) => Cow::Owned(text.into()),
                Err(_) => Cow::Borrowed(json),
            }),
        }
    }

    /// A parameter of the flow's block, read as JSON.
    ///
    /// ```
    /// use lambda_with_connect::{ConnectEvent, SERVICE};
    ///
    /// let json = SERVICE.sample("json-parameters").ok_or("no such sample")?.json;
    /// let event: ConnectEvent = lambda_with::decode(json)?;
    /// assert_eq!(event.decode_parameter::<u32>("seats")?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is missing, or not the JSON that `T` reads.
    pub fn decode_parameter<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let value = self.details.parameters.get(name).ok_or_else(|| {
            let message = format!("the flow gives no parameter `{name}`");
            Error::new(ErrorKind::NotFound, message)
        })?;
        value
            .decode()
            .map_err(|error| error.with("parameter", name))
    }

    /// An attribute of the contact. `None` where it is missing or null.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let attributes = &self.details.contact_data.attributes;
        attributes.get(name)?.as_deref()
    }
}
