//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use aws_lambda_events::event::{activemq, rabbitmq};
use lambda_with::{Error, Json};

use crate::generated::{ActiveMqEvent, ActiveMqMessage, RabbitMqEvent, RabbitMqMessage};

/// Converts both ways. Either fails on a value that the other side has no form for.
macro_rules! interop {
    ($($ours:ty = $theirs:ty;)*) => {$(
        impl TryFrom<$theirs> for $ours {
            type Error = Error;

            fn try_from(value: $theirs) -> Result<Self, Error> {
                Json::encode(&value)?.decode()
            }
        }

        impl TryFrom<$ours> for $theirs {
            type Error = Error;

            fn try_from(value: $ours) -> Result<Self, Error> {
                Json::encode(&value)?.decode()
            }
        }
    )*};
}

interop! {
    ActiveMqEvent = activemq::ActiveMqEvent;
    ActiveMqMessage = activemq::ActiveMqMessage;
    RabbitMqEvent = rabbitmq::RabbitMqEvent;
    RabbitMqMessage = rabbitmq::RabbitMqMessage;
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    /// The members that a sample gains, loses or changes on its way through `aws_lambda_events` and
    /// back, as pointers; or why it does not get there.
    fn differences<Ours, Theirs>(sample: &str) -> String
    where
        Ours: DeserializeOwned + Serialize + TryFrom<Theirs, Error = Error>,
        Theirs: TryFrom<Ours, Error = Error>,
    {
        let json = SERVICE.sample(sample).unwrap().json;
        let there = match Theirs::try_from(serde_json::from_str(json).unwrap()) {
            Ok(there) => there,
            Err(error) => return format!("{error}\n"),
        };
        let back = serde_json::to_value(Ours::try_from(there).unwrap()).unwrap();
        let mut found = String::new();
        compare(
            "",
            Some(&serde_json::from_str(json).unwrap()),
            Some(&back),
            &mut found,
        );
        found
    }

    fn compare(path: &str, ours: Option<&Value>, back: Option<&Value>, found: &mut String) {
        match (ours, back) {
            (Some(Value::Object(ours)), Some(Value::Object(back))) => {
                let names: std::collections::BTreeSet<_> = ours.keys().chain(back.keys()).collect();
                for name in names {
                    compare(
                        &format!("{path}/{name}"),
                        ours.get(name),
                        back.get(name),
                        found,
                    );
                }
            }
            (Some(Value::Array(ours)), Some(Value::Array(back))) if ours.len() == back.len() => {
                for (index, (ours, back)) in ours.iter().zip(back).enumerate() {
                    compare(&format!("{path}/{index}"), Some(ours), Some(back), found);
                }
            }
            _ if ours == back => {}
            (_, Some(back)) => *found += &format!("{path} becomes {back}\n"),
            (_, None) => *found += &format!("{path} is lost\n"),
        }
    }

    #[test]
    fn samples_there_and_back() {
        let active = |sample: &str, expected: Expect| {
            expected.assert_eq(&differences::<ActiveMqEvent, activemq::ActiveMqEvent>(
                sample,
            ));
        };
        active(
            "activemq-text",
            expect![[r#"
            /messages/0/correlationID becomes null
            /messages/0/correlationId is lost
            /messages/1/correlationID becomes null
            /messages/1/correlationId is lost
        "#]],
        );
        active(
            "activemq-bytes",
            expect![[r#"
            invalid type: string "60000", expected i64 (path: messages[0].expiration, at: line 1 column 482)
        "#]],
        );
        active(
            "activemq-redelivered",
            expect![[r#"
            /messages/0/correlationID becomes null
            /messages/0/correlationId is lost
            /messages/0/properties becomes {}
        "#]],
        );
        let rabbit = |sample: &str, expected: Expect| {
            expected.assert_eq(&differences::<RabbitMqEvent, rabbitmq::RabbitMqEvent>(
                sample,
            ));
        };
        rabbit(
            "rabbitmq-standard",
            expect![[r#"
            invalid type: unit value, expected u8 (path: rmqMessagesByQueue.tickets::/[1].basicProperties.priority, at: line 3 column 451)
        "#]],
        );
        rabbit("rabbitmq-headers", expect![[""]]);
        rabbit(
            "rabbitmq-bytes",
            expect![[r#"
            invalid type: unit value, expected u8 (path: rmqMessagesByQueue.scans::/[0].basicProperties.priority, at: line 1 column 292)
        "#]],
        );
    }
}
