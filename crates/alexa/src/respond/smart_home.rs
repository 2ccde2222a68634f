//! Answers to smart home directives.

use lambda_with::{Error, Nullable, Text};

use super::smart_home_rules as rules;
use crate::{
    DiscoveredEndpoint, EventPayload, SmartHomeContext, SmartHomeEndpoint, SmartHomeErrorType,
    SmartHomeEvent, SmartHomeHeader, SmartHomeProperty, SmartHomeRequest, SmartHomeResponse,
};

/// The answer to a control directive or to `ReportState`: the state of the device.
///
/// ```
/// use lambda_with_alexa::{SERVICE, SmartHomeProperty, SmartHomeRequest};
///
/// let json = SERVICE.sample("turn-on").ok_or("no such sample")?.json;
/// let request: SmartHomeRequest = lambda_with::decode(json)?;
/// let on = SmartHomeProperty::new("Alexa.PowerController", "powerState", &"ON", "2026-01-01T09:30:01Z")?;
/// let answer = request
///     .answer("0c6f1d9a-5a0e-4f63-8d0a-aaaabbbbcccc")
///     .property(on.uncertainty(500))
///     .finish()?;
/// assert_eq!(answer.event.header.name, "Response");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    request: &'a SmartHomeRequest,
    response: SmartHomeResponse,
}

impl Answer<'_> {
    /// Tells a property of the device. Tell all of them, also those that did not change.
    #[must_use]
    pub fn property(mut self, property: SmartHomeProperty) -> Self {
        let context = self
            .response
            .context
            .get_or_insert_with(SmartHomeContext::default);
        context
            .properties
            .get_or_insert_with(Vec::new)
            .push(property);
        self
    }

    /// The answer.
    ///
    /// # Errors
    ///
    /// When Alexa would refuse it: the error names the `rule` and the member as `path`.
    pub fn finish(self) -> Result<SmartHomeResponse, Error> {
        self.response.check(self.request)?;
        Ok(self.response)
    }
}

impl SmartHomeRequest {
    /// The directive is carried out: `Response`, or `StateReport` to `ReportState`. `message_id` is
    /// a new UUID, as for the other answers.
    pub fn answer(&self, message_id: impl Into<Text>) -> Answer<'_> {
        let name = match self.is("Alexa", "ReportState") {
            true => "StateReport",
            false => "Response",
        };
        let mut response = self.event("Alexa", name, message_id.into(), EventPayload::default());
        response.context = Some(SmartHomeContext {
            properties: Some(Vec::new()),
            ..SmartHomeContext::default()
        });
        Answer {
            request: self,
            response,
        }
    }

    /// The answer will come later, through Alexa's event gateway, after about so many seconds.
    ///
    /// # Errors
    ///
    /// When the directive cannot wait. The error names the `rule`.
    pub fn defer(
        &self,
        message_id: impl Into<Text>,
        seconds: Option<u64>,
    ) -> Result<SmartHomeResponse, Error> {
        let payload = EventPayload {
            estimated_deferral_in_seconds: seconds,
            ..EventPayload::default()
        };
        self.checked("Alexa", "DeferredResponse", message_id.into(), payload)
    }

    /// The directive failed. The message is for logs; the user hears words of Alexa's for the type.
    ///
    /// ```
    /// use lambda_with_alexa::{SERVICE, SmartHomeErrorType, SmartHomeRequest};
    ///
    /// let json = SERVICE.sample("turn-on").ok_or("no such sample")?.json;
    /// let request: SmartHomeRequest = lambda_with::decode(json)?;
    /// let off = SmartHomeErrorType::EndpointUnreachable;
    /// let answer = request.fail("0c6f1d9a-5a0e-4f63-8d0a-aaaabbbbcccc", off, "no ping")?;
    /// assert_eq!(answer.event.header.name, "ErrorResponse");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the type does not go with the directive. The error names the `rule`.
    pub fn fail(
        &self,
        message_id: impl Into<Text>,
        kind: SmartHomeErrorType,
        message: impl Into<Text>,
    ) -> Result<SmartHomeResponse, Error> {
        let namespace = match self.is("Alexa.Authorization", "AcceptGrant") {
            true => "Alexa.Authorization",
            false => "Alexa",
        };
        let payload = EventPayload {
            kind: Some(kind),
            message: Some(message.into()),
            ..EventPayload::default()
        };
        self.checked(namespace, "ErrorResponse", message_id.into(), payload)
    }

    /// The devices and scenes of the user: none where the user has none.
    ///
    /// # Errors
    ///
    /// When the directive is not `Discover`, or a device breaks a rule, which the error names.
    pub fn discovered(
        &self,
        message_id: impl Into<Text>,
        endpoints: impl IntoIterator<Item = DiscoveredEndpoint>,
    ) -> Result<SmartHomeResponse, Error> {
        let payload = EventPayload {
            endpoints: Some(endpoints.into_iter().collect()),
            ..EventPayload::default()
        };
        let name = "Discover.Response";
        self.checked("Alexa.Discovery", name, message_id.into(), payload)
    }

    /// The code was changed into a token for events.
    ///
    /// # Errors
    ///
    /// When the directive is not `AcceptGrant`. The error names the `rule`.
    pub fn granted(&self, message_id: impl Into<Text>) -> Result<SmartHomeResponse, Error> {
        let payload = EventPayload::default();
        let name = "AcceptGrant.Response";
        self.checked("Alexa.Authorization", name, message_id.into(), payload)
    }

    fn checked(
        &self,
        namespace: &'static str,
        name: &'static str,
        message_id: Text,
        payload: EventPayload,
    ) -> Result<SmartHomeResponse, Error> {
        let response = self.event(namespace, name, message_id, payload);
        response.check(self)?;
        Ok(response)
    }

    fn event(
        &self,
        namespace: &'static str,
        name: &'static str,
        message_id: Text,
        payload: EventPayload,
    ) -> SmartHomeResponse {
        let directive = &self.directive;
        let about = directive.endpoint.as_ref().map(|asked| SmartHomeEndpoint {
            endpoint_id: asked.endpoint_id.clone(),
            ..SmartHomeEndpoint::default()
        });
        let token = directive.header.correlation_token.as_ref();
        SmartHomeResponse {
            event: SmartHomeEvent {
                header: SmartHomeHeader {
                    namespace: namespace.into(),
                    name: name.into(),
                    message_id,
                    payload_version: "3".into(),
                    correlation_token: token.cloned().into(),
                    instance: Nullable::Missing,
                },
                endpoint: about,
                payload,
                ..SmartHomeEvent::default()
            },
            ..SmartHomeResponse::default()
        }
    }
}

impl SmartHomeResponse {
    /// Whether Alexa takes this answer to `request`. What [`SmartHomeRequest::answer`] and its
    /// siblings build is checked already; an answer put together by hand may not pass.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`, and the member as `path`.
    pub fn check(&self, request: &SmartHomeRequest) -> Result<(), Error> {
        rules::check(self, request)
    }
}
