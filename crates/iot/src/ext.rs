//! What users ask of an event, and its members do not answer by themselves.

use lambda_with::{Base64, Error};

use crate::{AuthorizerRequest, ProvisioningRequest, RuleError};

impl AuthorizerRequest {
    /// The password of the MQTT CONNECT packet; nothing where there is none.
    ///
    /// ```
    /// use lambda_with_iot::AuthorizerRequest;
    ///
    /// let sample = lambda_with_iot::SERVICE.sample("authorizer-mqtt").ok_or("no such sample")?;
    /// let request: AuthorizerRequest = lambda_with::decode(sample.json)?;
    /// assert_eq!(request.user_name(), Some("crane-7"));
    /// assert_eq!(request.password()?.as_deref(), Some(&b"not-a-real-password"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is not base64.
    pub fn password(&self) -> Result<Option<Vec<u8>>, Error> {
        let mqtt = self.protocol_data.mqtt.as_ref();
        let password = mqtt.and_then(|mqtt| mqtt.password.as_ref());
        password
            .map(|password| Base64::decode(password))
            .transpose()
    }

    /// The user name of the MQTT CONNECT packet, without the query that names the authorizer.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        let mqtt = self.protocol_data.mqtt.as_ref()?;
        let name: &str = mqtt.username.as_ref()?;
        Some(name.split_once('?').map_or(name, |(name, _)| name))
    }

    /// The MQTT client id, where the device sent one. Nobody has checked it.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        let mqtt = self.protocol_data.mqtt.as_ref()?;
        mqtt.client_id.as_ref().map(|id| &**id)
    }

    /// The id of the device's certificate, where there is one: the answer's principal must be the
    /// same.
    #[must_use]
    pub fn certificate_id(&self) -> Option<&str> {
        let tls = self.protocol_data.tls.as_ref()?;
        tls.principal_id.as_ref().map(|id| &**id)
    }
}

impl ProvisioningRequest {
    /// The name of the template.
    ///
    /// ```
    /// use lambda_with_iot::ProvisioningRequest;
    ///
    /// let request = ProvisioningRequest {
    ///     template_arn: "arn:aws:iot:eu-west-1:123456789012:provisioningtemplate/harbor".into(),
    ///     ..ProvisioningRequest::default()
    /// };
    /// assert_eq!(request.template(), "harbor");
    /// ```
    #[must_use]
    pub fn template(&self) -> &str {
        let arn: &str = &self.template_arn;
        arn.split_once(":provisioningtemplate/")
            .map_or(arn, |(_, name)| name)
    }

    /// What the device said for this parameter. Nobody has checked it.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let value = self.parameters.as_ref()?.get(name)?;
        Some(value)
    }
}

impl RuleError {
    /// The message as it was sent.
    ///
    /// # Errors
    ///
    /// When it is not base64.
    pub fn payload(&self) -> Result<Vec<u8>, Error> {
        self.base64_original_payload.decode()
    }
}
