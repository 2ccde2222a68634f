//! Batches of as many records as real ones have: a record of the service's own sample, repeated.

use lambda_with::{Base64, Service};
use lambda_with_cloudwatch_logs::{CloudWatchLogsEvent, LogEvent, LogsMessage};
use serde_json::{Value, json};

use super::{Digits, json_body};

/// A document of the service's own.
pub(super) fn sample(service: &Service, id: &str) -> Value {
    let sample = service.sample(id).map(|sample| sample.json);
    let value = sample.and_then(|json| serde_json::from_str(json).ok());
    value.unwrap_or_else(|| panic!("{} has no sample {id}", service.id))
}

/// The sample with its first record many times over, each changed by `edit`.
fn repeated(
    mut event: Value,
    list: &str,
    records: usize,
    edit: impl Fn(usize, &mut Value),
) -> Value {
    let list = event
        .pointer_mut(list)
        .unwrap_or_else(|| panic!("the sample has no {list}"));
    let first = list[0].clone();
    let record = |index| {
        let mut record = first.clone();
        edit(index, &mut record);
        record
    };
    *list = (0..records).map(record).collect();
    event
}

fn data(index: usize, size: usize) -> Value {
    Base64::encode(json_body(index, size)).as_str().into()
}

pub(super) fn kinesis(records: usize, size: usize) -> Value {
    let event = sample(&lambda_with_kinesis::SERVICE, "records");
    repeated(event, "/Records", records, |index, record| {
        let number = format!("49668123456789012345678901234567890123456789{index:012}");
        record["eventID"] = format!("shardId-000000000003:{number}").into();
        record["kinesis"]["sequenceNumber"] = number.into();
        record["kinesis"]["data"] = data(index, size);
    })
}

pub(super) fn dynamodb(records: usize) -> Value {
    let image = |index: usize, status: &str| {
        let mut digits = Digits(index as u64 + 5000);
        let mut line = |number: u32| {
            json!({"M": {
                "sku": {"S": digits.hex(10)},
                "name": {"S": "Lamp, brass, 40 cm"},
                "quantity": {"N": number.to_string()},
                "price": {"N": format!("{}.90", digits.next() % 200)}
            }})
        };
        let lines: Vec<Value> = (1..=4).map(&mut line).collect();
        json!({
            "orderId": {"S": format!("A-{index}")},
            "status": {"S": status},
            "paid": {"BOOL": status == "PAID"},
            "tags": {"SS": ["harbor", "spring"]},
            "total": {"N": "42.5"},
            "lines": {"L": lines}
        })
    };
    let event = sample(&lambda_with_dynamodb::SERVICE, "modify");
    repeated(event, "/Records", records, |index, record| {
        record["eventID"] = Digits(index as u64).hex(32).into();
        let change = &mut record["dynamodb"];
        change["SequenceNumber"] = format!("4421584500000000017450{index:06}").into();
        change["Keys"]["orderId"]["S"] = format!("A-{index}").into();
        change["OldImage"] = image(index, "NEW");
        change["NewImage"] = image(index, "PAID");
    })
}

pub(super) fn kafka(records: usize, size: usize) -> Value {
    let event = sample(&lambda_with_kafka::SERVICE, "headers");
    repeated(event, "/records/orders-1", records, |index, record| {
        record["offset"] = (index + 900).into();
        record["value"] = data(index, size);
    })
}

pub(super) fn firehose(records: usize, size: usize) -> Value {
    let event = sample(&lambda_with_firehose::SERVICE, "direct-put");
    repeated(event, "/records", records, |index, record| {
        record["recordId"] = format!("4968{index:050}").into();
        record["data"] = data(index, size);
    })
}

pub(super) fn logs(lines: usize) -> Value {
    let line = |index: usize| {
        let mut digits = Digits(index as u64);
        LogEvent {
            id: format!("3949{index:052}").into(),
            timestamp: (1_772_446_530_000 + index as i64).into(),
            message: format!(
                "{{\"level\":\"INFO\",\"request\":\"{}\",\"took_ms\":{},\"message\":\"order accepted\"}}",
                digits.hex(32),
                digits.next() % 900
            )
            .into(),
            ..LogEvent::default()
        }
    };
    let message = LogsMessage {
        owner: "123456789012".into(),
        log_group: "/harbor/ferries".into(),
        log_stream: "2026/03/02/[$LATEST]69a56042".into(),
        subscription_filters: vec!["alerts".into()],
        log_events: (0..lines).map(line).collect(),
        ..LogsMessage::default()
    };
    let event = CloudWatchLogsEvent::new(&message);
    let event = event.unwrap_or_else(|error| panic!("the log lines cannot be packed: {error}"));
    json!({"awslogs": {"data": event.awslogs.data.as_str()}})
}
