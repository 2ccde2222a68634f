//! What users ask of a message, and its members do not answer by themselves.

use std::str::FromStr;

use lambda_with::{Error, ErrorKind, Json};
use serde::de::DeserializeOwned;

use crate::{
    AlarmMessage, AlarmTrigger, SnsAttribute, SnsAttributeType, SnsEnvelope, SnsEvent, SnsMessage,
};

impl SnsEvent {
    /// What is inside each message: an S3 event, an alarm, your own.
    ///
    /// ```
    /// use lambda_with_sns::{SERVICE, SnsEvent};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Order {
    ///     berth: u32,
    /// }
    ///
    /// let sample = SERVICE.sample("attributes").ok_or("no such sample")?;
    /// let event: SnsEvent = lambda_with::decode(sample.json)?;
    /// for order in event.messages::<Order>() {
    ///     assert_eq!(order?.berth, 7);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// One message that does not fit is one error, which names the message's id in the context
    /// `message id`.
    pub fn messages<T: DeserializeOwned>(&self) -> impl Iterator<Item = Result<T, Error>> + '_ {
        self.records.iter().map(|record| {
            let read = record.sns.message.decode();
            read.map_err(|error| error.with("message id", &*record.sns.message_id))
        })
    }
}

impl SnsMessage {
    /// The attribute of this name, which is case-sensitive.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&SnsAttribute> {
        self.message_attributes.get(name)
    }

    /// Where the certificate is, however the member is written.
    #[must_use]
    pub fn signing_cert_url(&self) -> Option<&str> {
        let url = self.signing_cert_url.as_deref();
        url.or(self.signing_cert_url_in_capitals.as_deref())
    }

    /// What ends the subscription when it is called, however the member is written.
    #[must_use]
    pub fn unsubscribe_url(&self) -> Option<&str> {
        let url = self.unsubscribe_url.as_deref();
        url.or(self.unsubscribe_url_in_capitals.as_deref())
    }
}

impl SnsEnvelope {
    /// The attribute of this name, which is case-sensitive.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&SnsAttribute> {
        self.message_attributes.get(name)
    }
}

impl SnsAttribute {
    /// The value of a `Number`, or of anything that reads from text.
    ///
    /// ```
    /// use lambda_with_sns::SnsAttribute;
    ///
    /// let tonnes = SnsAttribute { value: "41.5".into(), ..SnsAttribute::default() };
    /// assert_eq!(tonnes.parse::<f64>()?, 41.5);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the value is not of this kind.
    pub fn parse<T: FromStr>(&self) -> Result<T, Error> {
        self.value.parse().map_err(|_| {
            let kind = std::any::type_name::<T>().rsplit("::").next();
            let kind = kind.unwrap_or_default();
            Error::new(
                ErrorKind::Decode,
                format!("the attribute's value `{}` is no {kind}", self.value),
            )
        })
    }

    /// The values of a `String.Array`, which functions receive as a `String`.
    ///
    /// # Errors
    ///
    /// When the value is not a JSON list.
    pub fn list(&self) -> Result<Vec<Json>, Error> {
        lambda_with::decode(self.value.clone().into_bytes())
    }

    /// The bytes of a `Binary`.
    ///
    /// # Errors
    ///
    /// When the attribute is of another type, or its value is not base64.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        if self.r#type != SnsAttributeType::Binary {
            let what = format!("the attribute is a {}, not a Binary", self.r#type.as_str());
            return Err(Error::new(ErrorKind::Decode, what));
        }
        lambda_with::Base64::from(self.value.clone()).decode()
    }
}

impl AlarmMessage {
    /// The code of the alarm's Region: `eu-west-1`.
    #[must_use]
    pub fn region_code(&self) -> &str {
        self.alarm_arn.split(':').nth(3).unwrap_or_default()
    }

    /// Whether the alarm is made of other alarms.
    #[must_use]
    pub fn is_composite(&self) -> bool {
        self.alarm_rule.is_some()
    }
}

impl AlarmTrigger {
    /// What is made of periods without data, without the label that older messages write before it.
    #[must_use]
    pub fn missing_data(&self) -> Option<&str> {
        let text = self.treat_missing_data.as_deref()?;
        let value = text.strip_prefix("- TreatMissingData:").unwrap_or(text);
        Some(value.trim())
    }

    /// The threshold as a number; nothing for an alarm on anomalies.
    #[must_use]
    pub fn threshold_value(&self) -> Option<f64> {
        match self.threshold.as_ref()? {
            lambda_with::Scalar::Number(number) => number.as_f64(),
            other => other.to_string().parse().ok(),
        }
    }
}
