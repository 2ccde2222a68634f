//! Filters, places, and one source twice.

use super::*;

#[test]
fn filters() {
    use SourceKind::{DynamoDb, Kafka, Kinesis, SqsStandard};
    for (kind, pattern, expected) in [
        (Kinesis, r#"{"data":{"kind":["placed"]}}"#, ""),
        (Kinesis, r#"{"data":["placed"]}"#, "LW0015! filters"),
        (Kinesis, r#"{"partitionKey":["a"]}"#, "LW0016 filters"),
        (Kinesis, "null", "LW0015! filters"),
        (Kafka, r#"{"value":["placed"]}"#, ""),
        (Kafka, r#"{"key":["a"]}"#, "LW0016 filters"),
        (
            DynamoDb,
            r#"{"dynamodb":{"NewImage":{"a":{"S":["b"]}}}}"#,
            "",
        ),
        (DynamoDb, r#"{"userIdentity":{"type":["Service"]}}"#, ""),
        (DynamoDb, r#"{"eventName":["INSERT"]}"#, ""),
        (DynamoDb, r#"{"awsRegion":["eu-west-1"]}"#, "LW0016 filters"),
        (SqsStandard, r#"{"body":["placed"]}"#, ""),
        (SqsStandard, r#"{"body":[]}"#, "LW0015! filters"),
    ] {
        check(kind, |m| m.filters = vec![pattern.into()], expected);
    }
    let many = |count| vec![r#"{"body":["a"]}"#.to_owned(); count];
    check(SqsStandard, |m| m.filters = many(5), "");
    check(SqsStandard, |m| m.filters = many(6), "LW0017 filters");
    check(SqsStandard, |m| m.filters = many(11), "LW0017! filters");
    let key = Some("arn:aws:kms:eu-west-1:123456789012:key/1".parse().unwrap());
    check(SqsStandard, |m| m.filter_key = key, "LW0018 filter_key");
}

#[test]
fn where_the_source_is() {
    for kind in KINDS {
        let Some(arn) = plain(kind).source else {
            continue;
        };
        let field = kind.source_field();
        let moved = |from: &str, to: &str| Some(arn.as_str().replace(from, to).parse().unwrap());
        check(
            kind,
            |m| m.source = moved("eu-west-1", "us-east-1"),
            &format!("LW0025! {field}"),
        );
        let soft = kind.is_sqs() || kind.is_stream();
        let mark = if soft { "" } else { "!" };
        check(
            kind,
            |m| m.source = moved("123456789012", "210987654321"),
            &format!("LW0026{mark} {field}"),
        );
        check(
            kind,
            |m| m.source = moved("arn:aws:", "arn:aws:x"),
            &format!("LW0024! {field}"),
        );
        check(
            kind,
            |m| m.source = Some(format!("{arn}/*").parse().unwrap()),
            &format!("LW0024! {field}"),
        );
    }
}

#[test]
fn one_source_twice() {
    for kind in KINDS {
        let one = plain(kind);
        let other = Mapping {
            batch_size: Some(3),
            ..one.clone()
        };
        let expected = format!("LW0029! {}", kind.source_field());
        assert_eq!(found(&one.conflicts_within(&other, kind)), expected);
        let elsewhere = Mapping {
            topic: Some("other".into()),
            ..one.clone()
        };
        assert_eq!(found(&one.conflicts_within(&elsewhere, kind)), "");
    }
    for (kind, words) in [
        (
            SourceKind::SqsStandard,
            "An event source mapping with SQS arn (\" arn:aws:sqs:eu-west-1:123456789012:orders \") and function (\" … \") already exists.",
        ),
        (
            SourceKind::Kinesis,
            "The event source arn (\" arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry \") and function (\" … \") provided mapping already exists.",
        ),
        (
            SourceKind::Kafka,
            "An event source mapping with event source (\"broker-1.example.com:9094\"), function (\"…\"), topics (\"logins\") already exists.",
        ),
    ] {
        let one = plain(kind);
        let why = &one.conflicts_within(&one, kind)[0].why;
        let end = " Please update or delete the existing mapping";
        assert_eq!(
            **why,
            format!("AWS refuses the second mapping: {words}{end}")
        );
    }
}

#[test]
fn a_key_of_another_account_takes_more() {
    let [sqs, sns, s3] = [
        "arn:aws:sqs:eu-west-1:123456789012:failed",
        "arn:aws:sns:eu-west-1:123456789012:failed",
        "arn:aws:s3:::failed",
    ];
    let own = "kms:Decrypt kms:GenerateDataKey";
    let foreign = "kms:Decrypt kms:DescribeKey kms:GenerateDataKey kms:ReEncrypt*";
    for (to, account, expected) in [
        (sqs, "123456789012", own),
        (sqs, "210987654321", foreign),
        (sns, "123456789012", own),
        (sns, "210987654321", foreign),
        (s3, "210987654321", "kms:GenerateDataKey"),
    ] {
        let mapping = Mapping {
            on_failure: Some(to.into()),
            ..Mapping::default()
        };
        let key = format!("arn:aws:kms:eu-west-1:{account}:key/1");
        let statements = grants::destination(&mapping, &function(), key.parse().ok().as_ref());
        assert_eq!(statements[1].actions.join(" "), expected, "{to} {key}");
    }
}
