//! Failure records, byte for byte.

use expect_test::{Expect, expect};

use super::*;

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:telemetry";

fn record_at(id: &str, millis: i64) -> Record {
    let start = i64::try_from(START).unwrap() * 1000;
    Record {
        arrived: Some(Timestamp::from_unix_millis(start + millis)),
        ..record(id, "k", 0)
    }
}

/// The failure of a batch of two that is invoked once.
fn failure(mut settings: Settings, shards: &[&str], outcome: Option<&Outcome>) -> Failure {
    settings.maximum_retry_attempts = Some(0);
    settings.report_batch_item_failures = true;
    let mut consumer = Consumer::new(settings);
    for shard in shards {
        consumer.open(shard, Bookmark::at(Position::TrimHorizon));
        let records = vec![record_at("15", 123), record_at("16", 1004)];
        consumer.offer(shard, slice(records), Duration::from_secs(START));
    }
    let mut now = Duration::from_secs(START + 1);
    for _ in 0..9 {
        match consumer.next(now) {
            Some(Action::Invoke(batch)) => {
                consumer.finish(batch.id, "2f6a7d0c", outcome, now);
            }
            Some(Action::Report(failure)) => return failure,
            None => now = consumer.deadline().unwrap(),
        }
    }
    panic!("nothing failed")
}

fn json(
    failure: &Failure,
    origin: &Origin,
    write: fn(&Failure, &Sender<'_>) -> bytes::Bytes,
) -> String {
    let function = FUNCTION.parse().unwrap();
    let sender = Sender {
        function: &function,
        origin,
        request_id: "00000000",
        timestamp: Timestamp::from_unix_millis(1_772_447_761_512),
    };
    String::from_utf8(write(failure, &sender).to_vec()).unwrap()
}

fn check(settings: &Settings, shards: &[&str], outcome: Option<&Outcome>, expected: &Expect) {
    let failure = failure(settings.clone(), shards, outcome);
    expected.assert_eq(&json(&failure, &settings.origin, Failure::to_json));
}

fn dynamodb() -> Settings {
    let stream =
        "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123";
    Settings::new(Origin::DynamoDb {
        stream: stream.parse().unwrap(),
    })
}

fn msk() -> Settings {
    let cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/logins/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4";
    Settings::new(Origin::Msk {
        cluster: cluster.parse().unwrap(),
        bootstrap_servers: "b-1.example.com:9098".into(),
    })
}

#[test]
fn streams() {
    check(
        &kinesis(),
        &[SHARD],
        Some(&error()),
        &expect![[
            r#"{"requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:telemetry","condition":"RetryAttemptsExhausted","approximateInvokeCount":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","KinesisBatchInfo":{"shardId":"shardId-000000000000","startSequenceNumber":"15","endSequenceNumber":"16","approximateArrivalOfFirstRecord":"2026-03-02T10:35:30.123Z","approximateArrivalOfLastRecord":"2026-03-02T10:35:31.004Z","batchSize":2,"streamArn":"arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"}}"#
        ]],
    );
    // A report is no function error: the member is there, and null.
    check(
        &dynamodb(),
        &["shardId-00000001772447000000-9f8e7d6c"],
        Some(&reports(&["15"])),
        &expect![[
            r#"{"requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:telemetry","condition":"RetryAttemptsExhausted","approximateInvokeCount":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":null},"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","DDBStreamBatchInfo":{"shardId":"shardId-00000001772447000000-9f8e7d6c","startSequenceNumber":"15","endSequenceNumber":"16","approximateArrivalOfFirstRecord":"2026-03-02T10:35:30Z","approximateArrivalOfLastRecord":"2026-03-02T10:35:31Z","batchSize":2,"streamArn":"arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123"}}"#
        ]],
    );
    // Too old to be invoked with: no response, and one invocation all the same.
    let mut old = kinesis();
    old.maximum_record_age = Some(Duration::from_secs(0));
    check(
        &old,
        &[SHARD],
        None,
        &expect![[
            r#"{"requestContext":{"requestId":"00000000","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:telemetry","condition":"RecordAgeExceeded","approximateInvokeCount":1},"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","KinesisBatchInfo":{"shardId":"shardId-000000000000","startSequenceNumber":"15","endSequenceNumber":"15","approximateArrivalOfFirstRecord":"2026-03-02T10:35:30.123Z","approximateArrivalOfLastRecord":"2026-03-02T10:35:30.123Z","batchSize":1,"streamArn":"arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"}}"#
        ]],
    );
    let mut small = kinesis();
    small.limits.payload = r#"{"Records":["15"]}"#.len() - 1;
    check(
        &small,
        &[SHARD],
        None,
        &expect![[
            r#"{"requestContext":{"requestId":"00000000","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:telemetry","condition":"MaximumPayloadSizeExceeded","approximateInvokeCount":1},"responseContext":null,"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","KinesisBatchInfo":{"shardId":"shardId-000000000000","startSequenceNumber":"15","endSequenceNumber":"15","approximateArrivalOfFirstRecord":"2026-03-02T10:35:30.123Z","approximateArrivalOfLastRecord":"2026-03-02T10:35:30.123Z","batchSize":1,"streamArn":"arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"}}"#
        ]],
    );
}

#[test]
fn kafka() {
    check(
        &msk(),
        &["logins-0", "logins-1"],
        Some(&error()),
        &expect![[
            r#"{"requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:telemetry","condition":"RetryAttemptsExhausted","approximateInvokeCount":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","KafkaBatchInfo":{"batchSize":4,"eventSourceArn":"arn:aws:kafka:eu-west-1:123456789012:cluster/logins/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4","bootstrapServers":"b-1.example.com:9098","payloadSize":237,"recordsInfo":{"logins-0":{"firstRecordOffset":"15","lastRecordOffset":"16","firstRecordTimestamp":"2026-03-02T10:35:30.123Z","lastRecordTimestamp":"2026-03-02T10:35:31.004Z"},"logins-1":{"firstRecordOffset":"15","lastRecordOffset":"16","firstRecordTimestamp":"2026-03-02T10:35:30.123Z","lastRecordTimestamp":"2026-03-02T10:35:31.004Z"}}}}"#
        ]],
    );
    let own = Settings::new(Origin::Kafka {
        bootstrap_servers: "broker1.example.net:9092".into(),
    });
    check(
        &own,
        &["logins-0"],
        Some(&error()),
        &expect![[
            r#"{"requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:telemetry","condition":"RetryAttemptsExhausted","approximateInvokeCount":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","KafkaBatchInfo":{"batchSize":2,"bootstrapServers":"broker1.example.net:9092","payloadSize":115,"recordsInfo":{"logins-0":{"firstRecordOffset":"15","lastRecordOffset":"16","firstRecordTimestamp":"2026-03-02T10:35:30.123Z","lastRecordTimestamp":"2026-03-02T10:35:31.004Z"}}}}"#
        ]],
    );
}

#[test]
fn objects() {
    let failure = failure(kinesis(), &[SHARD], Some(&error()));
    let object = json(&failure, &kinesis().origin, Failure::to_object);
    assert!(
        object.ends_with(r#""payload":"{\"Records\":[\"15\",\"16\"]}"}"#),
        "{object}"
    );
    assert_eq!(
        failure.object_key(
            "6b5c8a3e-9f0d-4c11-8a77-2f1d3e4b5a60",
            Timestamp::from_unix_millis(1_772_447_761_512),
            "c0ffee"
        ),
        "aws/lambda/6b5c8a3e-9f0d-4c11-8a77-2f1d3e4b5a60/shardId-000000000000/2026/03/02/2026-03-02T10.36.01-c0ffee"
    );
}

#[test]
fn messages() {
    let mut consumer = Consumer::new({
        let mut settings = msk();
        settings.maximum_retry_attempts = Some(0);
        settings
    });
    consumer.open("logins-0", Bookmark::at(Position::TrimHorizon));
    let written = |offset: &str, key: &str| Record {
        json: format!(r#"{{"offset":{offset},"key":{key}}}"#).into(),
        ..record_at(offset, 123)
    };
    let all = vec![written("100", r#""dXNlci00Mg==""#), written("101", "null")];
    consumer.offer("logins-0", slice(all), Duration::from_secs(START));
    let now = Duration::from_secs(START + 1);
    let Some(Action::Invoke(batch)) = consumer.next(now) else {
        panic!("a batch is due")
    };
    consumer.finish(batch.id, "2f6a7d0c", Some(&error()), now);
    let Some(Action::Report(failure)) = consumer.next(now) else {
        panic!("a failure is to be reported")
    };
    let function = FUNCTION.parse().unwrap();
    let sender = Sender {
        function: &function,
        origin: &msk().origin,
        request_id: "00000000",
        timestamp: Timestamp::from_unix_millis(1_772_447_761_512),
    };
    let messages = failure.kafka_messages(&sender);
    let count = |to: &str| {
        let to = to.parse().unwrap();
        let sent = failure.messages(&sender, &to, "6b5c8a3e", "c0ffee");
        assert!(sent.iter().all(|message| message.to == to));
        (
            sent.len(),
            sent.into_iter().filter_map(|message| message.key).next(),
        )
    };
    assert_eq!(count("kafka://failed"), (2, messages[0].key.clone()));
    assert_eq!(
        count("arn:aws:sns:eu-west-1:123456789012:failed"),
        (1, None)
    );
    let key = "aws/lambda/6b5c8a3e/logins-0/2026/03/02/2026-03-02T10.36.01-c0ffee";
    assert_eq!(count("arn:aws:s3:::failed"), (1, Some(key.into())));
    let keys: Vec<_> = messages
        .iter()
        .map(|message| message.key.as_deref())
        .collect();
    assert_eq!(keys, [Some(&b"user-42"[..]), None]);
    expect![[r#"{"requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:telemetry","condition":"RetriesExhausted","approximateInvokeCount":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","KafkaBatchInfo":{"batchSize":1,"eventSourceArn":"arn:aws:kafka:eu-west-1:123456789012:cluster/logins/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4","bootstrapServers":"b-1.example.com:9098","payloadSize":240,"recordInfo":{"offset":"100","timestamp":"2026-03-02T10:35:30.123Z"}},"payload":{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:eu-west-1:123456789012:cluster/logins/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4","bootstrapServers":"b-1.example.com:9098","records":{"logins-0":[{"offset":100,"key":"dXNlci00Mg=="}]}}}"#]].assert_eq(std::str::from_utf8(&messages[0].value).unwrap());
}
