//! What handlers ask of messages.

use lambda_with::{Base64, Error, ErrorKind, Text, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::generated::{ActiveMqDestination, ActiveMqMessage, RabbitMqMessage, RabbitMqProperties};

impl ActiveMqMessage {
    /// The body's bytes; none without a body.
    ///
    /// # Errors
    ///
    /// When the body is not base64.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        self.data.as_ref().map_or(Ok(Vec::new()), Base64::decode)
    }

    /// The body read as JSON.
    ///
    /// ```
    /// use lambda_with::{Base64, Nullable};
    /// use lambda_with_mq::ActiveMqMessage;
    ///
    /// let data = Nullable::Value(Base64::encode(r#"{"crane": "C-12"}"#));
    /// let message = ActiveMqMessage { data, ..ActiveMqMessage::default() };
    /// let lift: serde_json::Value = message.decode()?;
    /// assert_eq!(lift["crane"], "C-12");
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the body is not base64, or not JSON of this form.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        lambda_with::decode(self.bytes()?)
    }

    /// The correlation id, whichever way it is spelled.
    #[must_use]
    pub fn correlation(&self) -> Option<&str> {
        let upper = self.correlation_id_upper.as_deref();
        self.correlation_id.as_deref().or(upper)
    }

    /// The queue's name, whichever way its member is spelled.
    #[must_use]
    pub fn queue(&self) -> Option<&str> {
        self.destination
            .as_ref()
            .and_then(ActiveMqDestination::name)
    }

    /// A property of the sender's.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.as_ref()?.get(name)?.as_deref()
    }
}

impl ActiveMqDestination {
    /// The name, whichever way its member is spelled.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let lower = self.physical_name_lower.as_deref();
        self.physical_name.as_deref().or(lower)
    }
}

impl RabbitMqMessage {
    /// The body's bytes; none without a body.
    ///
    /// # Errors
    ///
    /// When the body is not base64.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        self.data.as_ref().map_or(Ok(Vec::new()), Base64::decode)
    }

    /// The body read as JSON.
    ///
    /// # Errors
    ///
    /// When the body is not base64, or not JSON of this form.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        lambda_with::decode(self.bytes()?)
    }
}

impl RabbitMqProperties {
    /// The bytes of a text header; `None` where there is no such header, or it is of another kind.
    ///
    /// ```
    /// use lambda_with::{Json, Map, Nullable};
    /// use lambda_with_mq::RabbitMqProperties;
    /// use serde_json::json;
    ///
    /// let mut headers = Map::new();
    /// headers.insert("pier", Json::from(json!({ "bytes": [78, -61, -74] })));
    /// let properties = RabbitMqProperties {
    ///     headers: Nullable::Value(headers),
    ///     ..RabbitMqProperties::default()
    /// };
    /// assert_eq!(properties.header_text("pier").as_deref(), Some("Nö"));
    /// ```
    #[must_use]
    pub fn header_bytes(&self, name: &str) -> Option<Vec<u8>> {
        #[derive(Deserialize)]
        struct Wrapped {
            bytes: Vec<i16>,
        }
        let Wrapped { bytes } = self.headers.as_ref()?.get(name)?.decode().ok()?;
        let byte = |byte: i16| (-128..=255).contains(&byte).then(|| byte.to_le_bytes()[0]);
        bytes.into_iter().map(byte).collect()
    }

    /// A text header, where it is UTF-8.
    #[must_use]
    pub fn header_text(&self, name: &str) -> Option<String> {
        String::from_utf8(self.header_bytes(name)?).ok()
    }

    /// When the message was sent, taken for UTC. AMQP knows whole seconds.
    ///
    /// # Errors
    ///
    /// When the text is no time of the form `Jan 1, 1970, 12:33:41 AM`. Commas and the kind of space
    /// before `AM` differ between versions of Java, and do not matter.
    pub fn sent(&self) -> Result<Option<Timestamp>, Error> {
        let Some(text) = self.timestamp.as_ref() else {
            return Ok(None);
        };
        let refuse = || Error::new(ErrorKind::Decode, format!("`{text}` is no time"));
        parse(text).ok_or_else(refuse).map(Some)
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn parse(text: &Text) -> Option<Timestamp> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let [month, day, year, clock, half] = words[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    let mut clock = clock.split(':').map(str::parse::<u8>);
    let (Some(Ok(hour @ 1..=12)), Some(Ok(minute)), Some(Ok(second)), None) =
        (clock.next(), clock.next(), clock.next(), clock.next())
    else {
        return None;
    };
    let hour = match half {
        "AM" => hour % 12,
        "PM" => hour % 12 + 12,
        _ => return None,
    };
    let (day, year): (u8, u16) = (day.parse().ok()?, year.parse().ok()?);
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    text.parse().ok()
}

/// Seconds since the epoch as such a text.
#[cfg(any(test, feature = "poll"))]
pub(crate) fn written(seconds: i64) -> String {
    let text = Timestamp::from_unix_seconds(seconds).to_string();
    let part = |from: usize, to: usize| {
        text.get(from..to)
            .and_then(|part| part.parse::<usize>().ok())
    };
    let [Some(month), Some(day), Some(hour)] = [part(5, 7), part(8, 10), part(11, 13)] else {
        return text;
    };
    let half = if hour < 12 { "AM" } else { "PM" };
    let month = MONTHS
        .get(month.wrapping_sub(1))
        .copied()
        .unwrap_or_default();
    let (year, rest) = (&text[..4], &text[13..19]);
    format!(
        "{month} {day}, {year}, {}{rest} {half}",
        (hour + 11) % 12 + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        for (seconds, text) in [
            (2021, "Jan 1, 1970, 12:33:41 AM"),
            (1_772_447_730, "Mar 2, 2026, 10:35:30 AM"),
            (1_772_452_800, "Mar 2, 2026, 12:00:00 PM"),
            (1_798_761_599, "Dec 31, 2026, 11:59:59 PM"),
        ] {
            assert_eq!(written(seconds), text);
            let forms = [
                text.to_owned(),
                text.replace(" AM", "\u{202f}AM"),
                text.replacen(",", "", 2),
            ];
            for form in forms {
                let properties = RabbitMqProperties {
                    timestamp: lambda_with::Nullable::Value(form.into()),
                    ..RabbitMqProperties::default()
                };
                let sent = properties.sent().unwrap().unwrap();
                assert_eq!(sent, Timestamp::from_unix_seconds(seconds));
            }
        }
        for text in [
            "",
            "yesterday",
            "Jan 1, 1970, 13:00:00 AM",
            "Jan 1, 1970, 1:00:00",
            "Foo 1, 1970, 1:00:00 AM",
            "Feb 30, 2026, 1:00:00 AM",
        ] {
            let properties = RabbitMqProperties {
                timestamp: lambda_with::Nullable::Value(text.into()),
                ..RabbitMqProperties::default()
            };
            assert!(properties.sent().is_err(), "{text}");
        }
    }
}
