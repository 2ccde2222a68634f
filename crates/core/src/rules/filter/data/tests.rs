use serde_json::json;

use super::super::FilterCriteria;
use super::*;

fn accepts(data_key: &DataKey, patterns: &[&str], record: &serde_json::Value) -> bool {
    let criteria = FilterCriteria::parse(patterns).unwrap();
    criteria.accepts(data_key, record.to_string().as_bytes())
}

#[test]
fn sqs_bodies_as_recorded() {
    for (pattern, body, expected) in [
        (
            r#"{"body":{"my-key":["my-value-one","my-value-two"]}}"#,
            r#"{"my-key":"my-value-two"}"#,
            true,
        ),
        (
            r#"{"body":{"my-key-one":["other-filter","my-value-one"],"my-key-two":["my-value-two"]}}"#,
            r#"{"my-key-one":"my-value-one","my-key-two":"my-value-two"}"#,
            true,
        ),
        (
            r#"{"body":{"my-key-one":["other-filter","my-value-one"],"my-key-two":["my-value-two"]}}"#,
            r#"{"my-key-one":"my-value-one"}"#,
            false,
        ),
        (
            r#"{"body":{"my-key":[{"exists":true}]}}"#,
            r#"{"my-key":"any-value-one"}"#,
            true,
        ),
        (
            r#"{"body":{"my-key":[{"exists":true}]}}"#,
            r#"{"my-other-key":"any-value-one"}"#,
            false,
        ),
        (
            r#"{"body":{"my-key":[{"prefix":"yes"}]}}"#,
            r#"{"my-key":"yes-value"}"#,
            true,
        ),
        (
            r#"{"body":{"my-key":[{"prefix":"yes"}]}}"#,
            r#"{"my-key":"no-value"}"#,
            false,
        ),
        (
            r#"{"body":{"my-number":[{"numeric":[">=",100,"<",200]}]}}"#,
            r#"{"my-number":100}"#,
            true,
        ),
        (
            r#"{"body":{"my-number":[{"numeric":[">=",100,"<",200]}]}}"#,
            r#"{"my-number":200}"#,
            false,
        ),
        // JSON on both sides, text on both sides, and either mixture.
        (r#"{"body":{"k":[{"exists":false}]}}"#, r#"{"j":1}"#, true),
        (r#"{"body":{"k":[{"exists":false}]}}"#, "text", false),
        (r#"{"body":{"k":[{"exists":false}]}}"#, "{broken", false),
        (r#"{"body":["text"]}"#, "text", true),
        (r#"{"body":[{"prefix":"te"}]}"#, "text", true),
        (r#"{"body":["7"]}"#, "7", true),
        (r#"{"body":["text"]}"#, r#"["text"]"#, false),
        (r#"{"body":[{"exists":false}]}"#, r#"{"k":1}"#, false),
        // Without the data key its form does not matter.
        (r#"{"messageId":["1"]}"#, "text", true),
        (
            r#"{"$or":[{"body":{"k":[1]}},{"messageId":["1"]}]}"#,
            "text",
            true,
        ),
        (
            r#"{"$or":[{"body":[{"exists":false}]},{"messageId":["2"]}]}"#,
            r#"{"k":1}"#,
            false,
        ),
        (
            r#"{"$or":[{"body":{"k":[1]}},{"messageId":["2"]}]}"#,
            r#"{"k":1}"#,
            true,
        ),
    ] {
        let record = json!({"messageId": "1", "body": body});
        assert_eq!(
            accepts(&DataKey::SQS, &[pattern], &record),
            expected,
            "{pattern} {body}"
        );
    }
}

#[test]
fn criteria_accept_when_one_filter_does() {
    let record = json!({"body": "b"});
    assert!(accepts(&DataKey::SQS, &[], &record));
    assert!(accepts(
        &DataKey::SQS,
        &[r#"{"body":["a"]}"#, r#"{"body":["b"]}"#],
        &record
    ));
    assert!(!accepts(
        &DataKey::SQS,
        &[r#"{"body":["a"]}"#, r#"{"body":["c"]}"#],
        &record
    ));
    assert!(!accepts(&DataKey::SQS, &[r#"{"body":["a"]}"#], &json!([])));
    assert!(accepts(&DataKey::SQS, &[], &json!([])));
}

#[test]
fn other_sources() {
    let kinesis = |data: &[u8]| json!({"kinesis": {"partitionKey": "1", "data": STANDARD.encode(data)}, "eventSource": "aws:kinesis"});
    let value = |data: &[u8]| json!({"topic": "t", "value": STANDARD.encode(data)});
    let dynamodb = json!({"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {
        "ApproximateCreationDateTime": 1_700_000_000.5,
        "NewImage": {"presentKey": {"S": "presentValue"}, "numericFilter": {"N": "42"}, "prefix": {"S": "us-1-testtest"}},
    }});
    let mut removed = dynamodb.clone();
    removed["eventName"] = json!("REMOVE");
    for (key, pattern, record, expected) in [
        (
            DataKey::KINESIS,
            r#"{"data":{"event_type":["function_1"]}}"#,
            kinesis(br#"{"event_type":"function_1"}"#),
            true,
        ),
        (
            DataKey::KINESIS,
            r#"{"data":{"event_type":["function_1"]}}"#,
            kinesis(br#"{"event_type":"function_2"}"#),
            false,
        ),
        (
            DataKey::KINESIS,
            r#"{"data":{"event_type":[{"exists":false}]}}"#,
            kinesis(b"text"),
            false,
        ),
        (
            DataKey::KINESIS,
            r#"{"data":{"event_type":[{"exists":false}]}}"#,
            kinesis(b"\xff"),
            false,
        ),
        (
            DataKey::KINESIS,
            r#"{"partitionKey":["1"],"eventSource":["aws:kinesis"]}"#,
            kinesis(b"\xff"),
            true,
        ),
        (
            DataKey::KAFKA,
            r#"{"topic":["t"],"value":{"k":["x"]}}"#,
            value(br#"{"k":"x"}"#),
            true,
        ),
        (
            DataKey::KAFKA,
            r#"{"topic":["t"],"value":{"k":["x"]}}"#,
            value(br#"{"k":"y"}"#),
            false,
        ),
        (
            DataKey::KAFKA,
            r#"{"topic":["t"],"value":{"k":["x"]}}"#,
            value(b"text"),
            true,
        ),
        (
            DataKey::KAFKA,
            r#"{"topic":["u"],"value":{"k":["x"]}}"#,
            value(b"text"),
            false,
        ),
        (
            DataKey::KAFKA,
            r#"{"value":["text"]}"#,
            value(b"text"),
            true,
        ),
        (
            DataKey::KAFKA,
            r#"{"value":["text"]}"#,
            value(b"other"),
            false,
        ),
        (DataKey::KAFKA, r#"{"value":["text"]}"#, value(b"{}"), true),
        (
            DataKey::KAFKA,
            r#"{"value":["text"]}"#,
            value(b"\xff"),
            true,
        ),
        (
            DataKey::MQ,
            r#"{"data":["text"]}"#,
            json!({"data": "no base64"}),
            true,
        ),
        (
            DataKey::MQ,
            r#"{"data":["text"]}"#,
            json!({"data": STANDARD.encode("text")}),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"eventName":["INSERT"],"eventSource":["aws:dynamodb"]}"#,
            dynamodb.clone(),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"eventName":["MODIFY"]}"#,
            dynamodb.clone(),
            false,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"eventName":["INSERT","MODIFY"]}"#,
            dynamodb.clone(),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"eventName":["INSERT","MODIFY"]}"#,
            removed,
            false,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"prefix":{"S":[{"prefix":"us-1"}]}}}}"#,
            dynamodb.clone(),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"prefix":{"S":[{"prefix":"us-2"}]}}}}"#,
            dynamodb.clone(),
            false,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"prefix":[{"prefix":"us-1"}]}}}"#,
            dynamodb.clone(),
            false,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"presentKey":{"S":["presentValue"]}}}}"#,
            dynamodb.clone(),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"presentKey":{"S":[{"exists":true}]}}}}"#,
            dynamodb.clone(),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"presentKey":["presentValue"]}}}"#,
            dynamodb.clone(),
            false,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"presentKey":[{"exists":false}]}}}"#,
            dynamodb.clone(),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"absentKey":[{"exists":false}]}}}"#,
            dynamodb.clone(),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"numericFilter":{"N":[{"numeric":[">",100]},{"anything-but":"101"}]}}}}"#,
            dynamodb.clone(),
            true,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"NewImage":{"numericFilter":{"N":[{"numeric":["<",100]}]}}}}"#,
            dynamodb.clone(),
            false,
        ),
        (
            DataKey::DYNAMODB,
            r#"{"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",0]}]}}"#,
            dynamodb,
            true,
        ),
    ] {
        assert_eq!(
            accepts(&key, &[pattern], &record),
            expected,
            "{pattern} {record}"
        );
    }
}

#[test]
fn patterns_are_checked_against_the_source() {
    let criteria =
        FilterCriteria::parse([r#"{"a":["x"],"$or":[{"data":["x"]},{"b":["x"]}]}"#]).unwrap();
    assert_eq!(criteria.keys().collect::<Vec<_>>(), ["a", "data", "b"]);
    assert!(criteria.check(&DataKey::MQ).is_ok());
    assert!(criteria.check(&DataKey::DYNAMODB).is_ok());
    let error = criteria.check(&DataKey::KINESIS).unwrap_err();
    assert_eq!(error.message(), "Invalid filter pattern definition.");
    let criteria = FilterCriteria::parse([r#"{"data":{"k":["x"]}}"#]).unwrap();
    assert!(criteria.check(&DataKey::KINESIS).is_ok());
}
