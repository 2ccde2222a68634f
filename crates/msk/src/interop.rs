//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use aws_lambda_events::event::kafka as theirs;
use lambda_with::{Error, Json};

use crate::generated::MskEvent;

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
    MskEvent = theirs::KafkaEvent;
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
        let check = |sample: &str, expected: Expect| {
            expected.assert_eq(&differences::<MskEvent, theirs::KafkaEvent>(sample));
        };
        check(
            "standard",
            expect![[r#"
            /records/orders-0/0/timestamp becomes "1772447747819"
            /records/orders-0/1/timestamp becomes "1772447747836"
            /records/orders-2/0/timestamp becomes "1772447736719"
        "#]],
        );
        check(
            "tombstone",
            expect![[r#"
            /records/berths-1/0/timestamp becomes "1772447730411"
            /records/berths-1/1/timestamp becomes "1772447730428"
        "#]],
        );
        check(
            "headers",
            expect![[r#"
            /records/orders-1/0/timestamp becomes "1772447745457"
        "#]],
        );
        check(
            "schema-registry",
            expect![[r#"
            /records/weather-0/0/keySchemaMetadata is lost
            /records/weather-0/0/timestamp becomes "1772447730207"
            /records/weather-0/0/valueSchemaMetadata is lost
        "#]],
        );
    }
}
