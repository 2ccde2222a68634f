//! Records as they stand in events.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodbstreams::types::{
    AttributeValue, OperationType, Record as Read, StreamViewType,
};
use lambda_with::{Arn, Base64, Error, ErrorKind, Record, Timestamp};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::ext::item;

pub(super) fn record(read: Read, source: &Arn) -> Result<Record, Error> {
    let missing = |what: &str| {
        let what = format!("the endpoint sent a record without {what}");
        Error::new(ErrorKind::Decode, what).with("stream", source.as_str())
    };
    let change = read.dynamodb.ok_or_else(|| missing("a change"))?;
    let id = change
        .sequence_number
        .ok_or_else(|| missing("a sequence number"))?;
    let broken = |error: serde_json::Error| {
        Error::new(ErrorKind::Decode, format!("record {id} cannot be written")).caused_by(error)
    };
    let arrived = change.approximate_creation_date_time;
    let arrived =
        arrived.and_then(|time| Some(Timestamp::from_unix_millis(time.to_millis().ok()?)));
    let keys = change.keys.unwrap_or_default();
    let identity = read.user_identity.as_ref();
    let wire = Wire {
        event_id: read.event_id.as_deref(),
        event_name: read.event_name.as_ref().map(OperationType::as_str),
        event_version: read.event_version.as_deref().unwrap_or("1.1"),
        event_source: "aws:dynamodb",
        aws_region: source.region(),
        dynamodb: WireChange {
            approximate_creation_date_time: arrived.map(seconds).transpose().map_err(broken)?,
            keys: Item(&keys),
            new_image: change.new_image.as_ref().map(Item),
            old_image: change.old_image.as_ref().map(Item),
            sequence_number: &id,
            size_bytes: change.size_bytes,
            stream_view_type: change.stream_view_type.as_ref().map(StreamViewType::as_str),
        },
        user_identity: identity.map(|identity| Identity {
            r#type: identity.r#type(),
            principal_id: identity.principal_id(),
        }),
        event_source_arn: source.as_str(),
    };
    let json = serde_json::to_vec(&wire).map_err(broken)?;
    let keys = serde_json::to_value(Item(&keys)).map_err(broken)?;
    let keys = serde_json::from_value(keys).map_err(broken)?;
    Ok(Record {
        group: Some(item(&keys)),
        receipt: id.clone(),
        json: json.into(),
        arrived,
        id,
    })
}

/// Seconds with at least one decimal, as AWS writes them: `1772447730.0`.
fn seconds(time: Timestamp) -> serde_json::Result<Box<RawValue>> {
    let fraction = format!("{:03}", time.nanos() / 1_000_000);
    let fraction = match fraction.trim_end_matches('0') {
        "" => "0",
        digits => digits,
    };
    RawValue::from_string(format!("{}.{fraction}", time.seconds()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "eventID")]
    event_id: Option<&'a str>,
    event_name: Option<&'a str>,
    event_version: &'a str,
    event_source: &'static str,
    aws_region: &'a str,
    dynamodb: WireChange<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_identity: Option<Identity<'a>>,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireChange<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate_creation_date_time: Option<Box<RawValue>>,
    keys: Item<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_image: Option<Item<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_image: Option<Item<'a>>,
    sequence_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_view_type: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    r#type: Option<&'a str>,
    principal_id: Option<&'a str>,
}

/// Attributes by name, in the order of their names.
struct Item<'a>(&'a HashMap<String, AttributeValue>);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.0.iter().map(|(name, value)| (name, Attribute(value)));
        let sorted: BTreeMap<&String, Attribute<'_>> = values.collect();
        sorted.serialize(serializer)
    }
}

struct Attribute<'a>(&'a AttributeValue);

impl Serialize for Attribute<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let encode =
            |blob: &aws_sdk_dynamodbstreams::primitives::Blob| Base64::encode(blob.as_ref());
        match self.0 {
            AttributeValue::S(text) => one(serializer, "S", text),
            AttributeValue::N(number) => one(serializer, "N", number),
            AttributeValue::B(data) => one(serializer, "B", &encode(data)),
            AttributeValue::Ss(texts) => one(serializer, "SS", texts),
            AttributeValue::Ns(numbers) => one(serializer, "NS", numbers),
            AttributeValue::Bs(data) => {
                let data: Vec<Base64> = data.iter().map(encode).collect();
                one(serializer, "BS", &data)
            }
            AttributeValue::M(members) => one(serializer, "M", &Item(members)),
            AttributeValue::L(values) => {
                let values: Vec<Attribute<'_>> = values.iter().map(Attribute).collect();
                one(serializer, "L", &values)
            }
            AttributeValue::Null(null) => one(serializer, "NULL", null),
            AttributeValue::Bool(value) => one(serializer, "BOOL", value),
            _ => Err(serde::ser::Error::custom(
                "an attribute of a type unknown here",
            )),
        }
    }
}

fn one<S: Serializer>(
    serializer: S,
    descriptor: &'static str,
    value: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    serializer.collect_map([(descriptor, value)])
}
