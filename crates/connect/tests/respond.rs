//! Answers: what can be built, what a flow would refuse, and a case for every rule.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Error, ErrorKind, Map, Text, decode};
use lambda_with_connect::{ConnectResponse, JsonResponse};
use serde_json::{Value, json};

const FLAT: &str = "an answer is a flat object of texts";
const NAME: &str = "every member of an answer has a name";
const SIZE: &str = "an answer has less than 32 KB as JSON";

fn rule(error: &Error) -> &str {
    error.context("rule").unwrap()
}

#[test]
fn numbers_and_truth_values_become_texts() {
    let mut answer = ConnectResponse::new();
    answer.set("Name", "Ines \"I\" é").unwrap();
    answer.set("Balance", 1000).unwrap();
    answer.set("Balance", -7).unwrap();
    answer.set("Gold", true).unwrap();
    let expected = json!({ "Name": "Ines \"I\" é", "Balance": "-7", "Gold": "true" });
    assert_eq!(serde_json::to_value(&answer).unwrap(), expected);
    assert_eq!(
        ConnectResponse::read(expected.to_string().as_bytes()).unwrap(),
        answer
    );
    assert_eq!(ConnectResponse::of(&expected).unwrap(), answer);
    assert_eq!(answer.iter().count(), 3);
    assert_eq!(
        serde_json::to_string(&ConnectResponse::new()).unwrap(),
        "{}"
    );
}

#[test]
fn what_is_made_of_a_value_is_flat() {
    let of = |value: Value| ConnectResponse::of(&value);
    let made = of(json!({ "a": 1.5, "b": false, "c": null, "d": "" })).unwrap();
    assert_eq!(
        made.iter().collect::<Vec<_>>(),
        [("a", "1.5"), ("b", "false"), ("d", "")]
    );
    for (value, part, expected) in [
        (json!({ "ship": { "name": "Alca" } }), "`ship`", FLAT),
        (json!({ "piers": [2] }), "`piers`", FLAT),
        (json!([]), "not an object", FLAT),
        (json!("text"), "not an object", FLAT),
        (json!({ "": "text" }), "a name is empty", NAME),
        (json!({ "a": "x".repeat(32_768) }), "32776 bytes", SIZE),
    ] {
        let error = of(value).unwrap_err();
        assert_eq!(rule(&error), expected);
        assert!(error.message().contains(part), "{error}");
    }
}

#[test]
fn what_a_flow_would_refuse() {
    for (json, part, expected) in [
        (r#"{"a": 1}"#, "`a` is a number", FLAT),
        (r#"{"a": null}"#, "`a` is null", FLAT),
        (r#"{"a": true}"#, "`a` is true or false", FLAT),
        (r#"{"a": ["x"]}"#, "`a` is an array", FLAT),
        (r#"{"a": {}}"#, "`a` is an object", FLAT),
        ("null", "not an object", FLAT),
        ("{", "not JSON", FLAT),
        (r#"{"": "x"}"#, "a name is empty", NAME),
        (&format!("{{{}}}", " ".repeat(32_766)), "32768 bytes", SIZE),
    ] {
        let error = ConnectResponse::read(json.as_bytes()).unwrap_err();
        assert_eq!(rule(&error), expected, "{json}");
        assert!(error.message().contains(part), "{error}");
        if expected == FLAT {
            assert!(decode::<ConnectResponse>(json.to_owned()).is_err() || json == "null");
        }
    }
}

#[test]
fn an_answer_has_less_than_32_kb() {
    // {"a":"…"} has eight bytes besides the text.
    let text = |bytes: usize| "é".repeat(bytes / 2) + &"x".repeat(bytes % 2);
    let mut answer = ConnectResponse::new();
    answer.set("a", text(32_767 - 8)).unwrap();
    assert_eq!(serde_json::to_string(&answer).unwrap().len(), 32_767);

    let before = answer.clone();
    let error = answer.set("a", text(32_768 - 8)).unwrap_err();
    assert_eq!((error.kind(), rule(&error)), (ErrorKind::Limit, SIZE));
    assert_eq!(rule(&answer.set("b", "").unwrap_err()), SIZE);
    assert_eq!(
        rule(&ConnectResponse::new().set("", "x").unwrap_err()),
        NAME
    );
    assert_eq!(answer, before, "a refused member changes nothing");

    let members: Map<Text> = [("a", text(32_760).into())].into();
    assert_eq!(rule(&ConnectResponse::try_from(members).unwrap_err()), SIZE);
}

#[test]
fn any_json_where_the_flow_takes_it() {
    for value in [
        json!({ "a": { "b": [1, null] } }),
        json!([1]),
        json!("x"),
        Value::Null,
    ] {
        let answer = JsonResponse::of(&value).unwrap();
        assert_eq!(serde_json::to_value(&answer).unwrap(), value);
    }
    assert!(JsonResponse::of(&"x".repeat(32_765)).is_ok());
    assert_eq!(
        rule(&JsonResponse::of(&"x".repeat(32_766)).unwrap_err()),
        SIZE
    );
}
