//! Records as they stand in events.

use aws_sdk_kinesis::types::{EncryptionType, Record as Read};
use lambda_with::{Arn, Base64, Error, ErrorKind, Record, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

pub(super) fn record(read: Read, shard: &str, source: &Arn, role: &str) -> Result<Record, Error> {
    let id = read.sequence_number;
    let broken = |error: serde_json::Error| {
        Error::new(ErrorKind::Decode, format!("record {id} cannot be written")).caused_by(error)
    };
    let arrived = read.approximate_arrival_timestamp;
    let arrived =
        arrived.and_then(|time| Some(Timestamp::from_unix_millis(time.to_millis().ok()?)));
    let kms = read.encryption_type == Some(EncryptionType::Kms);
    let key = read.partition_key.filter(|key| !key.is_empty());
    let wire = Wire {
        kinesis: WireData {
            kinesis_schema_version: "1.0",
            partition_key: key.as_deref(),
            sequence_number: &id,
            data: Base64::encode(read.data.as_ref()),
            approximate_arrival_timestamp: arrived.map(seconds).transpose().map_err(broken)?,
            encryption_type: kms.then_some("KMS"),
        },
        event_source: "aws:kinesis",
        event_version: "1.0",
        event_id: format!("{shard}:{id}"),
        event_name: "aws:kinesis:record",
        invoke_identity_arn: role,
        aws_region: source.region(),
        event_source_arn: source.as_str(),
    };
    let json = serde_json::to_vec(&wire).map_err(broken)?;
    Ok(Record {
        group: key,
        receipt: id.clone(),
        json: json.into(),
        arrived,
        id,
    })
}

/// Seconds with three decimals, as AWS writes them: `1607497475.000`.
fn seconds(time: Timestamp) -> serde_json::Result<Box<RawValue>> {
    let millis = time.nanos() / 1_000_000;
    RawValue::from_string(format!("{}.{millis:03}", time.seconds()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    kinesis: WireData<'a>,
    event_source: &'static str,
    event_version: &'static str,
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: &'static str,
    invoke_identity_arn: &'a str,
    aws_region: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireData<'a> {
    kinesis_schema_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<&'a str>,
    sequence_number: &'a str,
    data: Base64,
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate_arrival_timestamp: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<&'static str>,
}
