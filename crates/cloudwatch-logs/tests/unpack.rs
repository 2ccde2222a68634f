//! Messages unpacked and packed, whole and event by event; damaged ones, and those made to burst.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use lambda_with::{Base64, EpochMillis, Error, ErrorKind};
use lambda_with_cloudwatch_logs::{
    AwsLogs, CloudWatchLogsEvent, LogEvent, LogEvents, LogsMessage, LogsMessageType, SERVICE,
    UNPACKED_LIMIT,
};

fn gzip(json: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(json.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn zlib(json: &str, level: u32) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(level));
    zlib.write_all(json.as_bytes()).unwrap();
    zlib.finish().unwrap()
}

fn sample(id: &str) -> &'static str {
    SERVICE.sample(id).unwrap().json
}

fn collect(bytes: &[u8]) -> (LogsMessage, Result<Vec<LogEvent>, Error>) {
    let mut events = LogEvents::unpack(bytes).unwrap();
    let all = events.by_ref().collect();
    (events.head().clone(), all)
}

/// Bytes that hold the sample `message`.
fn check(bytes: &[u8]) {
    let message: LogsMessage = serde_json::from_str(sample("message")).unwrap();
    assert_eq!(LogsMessage::unpack(bytes).unwrap(), message);
    assert_eq!(
        LogsMessage::from_base64(&Base64::encode(bytes)).unwrap(),
        message
    );
    let (mut head, events) = collect(bytes);
    head.log_events = events.unwrap();
    assert_eq!(head, message);
}

#[test]
fn every_form_that_senders_use() {
    let json = sample("message");
    check(&gzip(json));
    for level in [0, 1, 5, 9] {
        check(&zlib(json, level));
    }
    check(json.as_bytes());
    check(format!("\n {json}").as_bytes());
    let (one, two) = json.split_at(200);
    check(&[gzip(one), gzip(two)].concat());
}

#[test]
fn packed_bytes_are_the_same_each_time_and_come_back() {
    for id in [
        "message",
        "message-extracted-fields",
        "message-account",
        "message-control",
    ] {
        let message: LogsMessage = serde_json::from_str(sample(id)).unwrap();
        let packed = message.pack().unwrap();
        assert_eq!(packed, message.pack().unwrap());
        assert_eq!(LogsMessage::unpack(&packed).unwrap(), message);
        let event = CloudWatchLogsEvent::new(&message).unwrap();
        assert_eq!(event.awslogs.data.as_str().len() % 4, 0);
        assert_eq!(event.awslogs.decode().unwrap(), message);
    }
    let event: CloudWatchLogsEvent = serde_json::from_str(sample("subscription")).unwrap();
    let packed = CloudWatchLogsEvent::new(&event.awslogs.decode().unwrap()).unwrap();
    let inner = |event: &CloudWatchLogsEvent| event.awslogs.decode().unwrap().pack().unwrap();
    assert_eq!(inner(&packed), inner(&event));
}

#[test]
fn control_messages_have_no_events() {
    let event: CloudWatchLogsEvent = serde_json::from_str(sample("subscription-control")).unwrap();
    let mut events = event.awslogs.events().unwrap();
    assert_eq!(events.head().message_type, LogsMessageType::Control);
    assert!(events.next().is_none());
    assert_eq!(event.awslogs.decode().unwrap().log_events.len(), 1);
}

#[test]
fn events_wherever_they_stand_in_the_message() {
    let event = r#"{"id":"1","timestamp":1,"message":"a } ] \" , b"}"#;
    for (json, owner, count) in [
        (
            format!(r#"{{"logEvents":[{event},{event}],"owner":"o"}}"#),
            "o",
            2,
        ),
        (
            format!(
                r#"{{ "x" : {{"logEvents":[1]}} , "owner":"o", "logEvents" : [ {event} ] , "y":[2] }} "#
            ),
            "o",
            1,
        ),
        (r#"{"owner":"o","logEvents":[ ]}"#.into(), "o", 0),
        (
            r#"{"owner":"logEvents","n":-1.5e3,"t":true,"z":null}"#.into(),
            "logEvents",
            0,
        ),
        ("{}".into(), "", 0),
    ] {
        let (head, events) = collect(&gzip(&json));
        assert_eq!(
            (head.owner.as_str(), events.unwrap().len()),
            (owner, count),
            "{json}"
        );
    }
}

#[test]
fn one_bad_event_costs_one_event() {
    let good = r#"{"id":"1","timestamp":1,"message":"a"}"#;
    let half = r#"{"id":"2","timestamp":1,"message":"\ud800"}"#;
    let json = format!(r#"{{"logEvents":[{good},{{"id":7}},3,{half},{good}]}}"#);
    let events: Vec<_> = LogEvents::unpack(gzip(&json)).unwrap().collect();
    let read: Vec<bool> = events.iter().map(Result::is_ok).collect();
    assert_eq!(read, [true, false, false, true, true]);
    assert!(events[3].as_ref().unwrap().message.as_text().is_err());
}

#[test]
fn damage_is_an_error_and_the_end() {
    let whole = gzip(sample("message"));
    for (bytes, expected) in [
        (b"hello".to_vec(), "cannot be unpacked"),
        (Vec::new(), "cannot be unpacked"),
        (gzip(""), "too early"),
        (gzip("[]"), "not JSON"),
        (gzip("{,}"), "not JSON"),
        (gzip(r#"{"logEvents":7}"#), "not a list"),
        (gzip(r#"{"owner":7}"#), "invalid type"),
        (whole[..40].to_vec(), "cannot be unpacked"),
    ] {
        let error = LogEvents::unpack(bytes.clone()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(LogsMessage::unpack(&bytes).is_err());
    }
    let mut checksum = whole.clone();
    let last = checksum.len() - 5;
    checksum[last] ^= 1;
    let more = gzip(&format!("{}{{}}", sample("message")));
    for bytes in [whole[..whole.len() - 1].to_vec(), checksum, more] {
        assert!(LogsMessage::unpack(&bytes).is_err());
        let events: Vec<_> = LogEvents::unpack(bytes).unwrap().collect();
        assert_eq!(events.len(), 4);
        assert!(events[..3].iter().all(Result::is_ok) && events[3].is_err());
    }
    let early = gzip(r#"{"logEvents":[{"id":"1","timestamp":1,"message":"a"},{"id"#);
    let events: Vec<_> = LogEvents::unpack(early).unwrap().collect();
    assert_eq!((events.len(), events[1].is_err()), (2, true));
}

#[test]
fn bombs_are_stopped() {
    let small = LogsMessage::unpack_within(&gzip(sample("message")), 100).unwrap_err();
    assert_eq!(small.kind(), ErrorKind::Limit, "{small}");
    let exactly = sample("message").len();
    assert!(LogsMessage::unpack_within(&gzip(sample("message")), exactly).is_ok());
    assert!(LogsMessage::unpack_within(&gzip(sample("message")), exactly - 1).is_err());

    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    bomb.write_all(br#"{"logEvents":[{"id":"1","timestamp":1,"message":""#)
        .unwrap();
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..=(UNPACKED_LIMIT >> 20) {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 768 << 10, "{}", bomb.len());
    let data = Base64::encode(&bomb);
    let logs = AwsLogs { data };
    assert_eq!(logs.decode().unwrap_err().kind(), ErrorKind::Limit);
    let error = logs.events().unwrap().next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn a_large_message_is_read_event_by_event() {
    let event = |n: i64| LogEvent {
        id: n.to_string().into(),
        timestamp: EpochMillis::from(n),
        message: format!("{{\"line\":{n},\"text\":\"{}\"}}", "é\\n".repeat(50)).into(),
        extracted_fields: None,
    };
    let message = LogsMessage {
        log_group: "/harbor/ferries".into(),
        message_type: LogsMessageType::Data,
        log_events: (0..20_000).map(event).collect(),
        ..LogsMessage::default()
    };
    let logs = CloudWatchLogsEvent::new(&message).unwrap().awslogs;
    let mut count = 0;
    for (read, wanted) in logs.events().unwrap().zip(&message.log_events) {
        assert_eq!(read.unwrap(), *wanted);
        count += 1;
    }
    assert_eq!(count, 20_000);
}
