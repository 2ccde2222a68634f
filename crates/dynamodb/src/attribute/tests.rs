use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use lambda_with::{Json, Map};
use serde_json::{Value, json};

use super::*;
use crate::Image;

/// Reads an attribute as a `T`, alone and as the member of an item.
#[expect(
    clippy::needless_pass_by_value,
    reason = "cases are written where they are used"
)]
#[track_caller]
fn check<T: Debug + DeserializeOwned + PartialEq>(attribute: Value, expected: T) {
    let value: AttributeValue = serde_json::from_value(attribute.clone()).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), attribute);
    assert!(attribute.get(value.descriptor()).is_some());
    assert_eq!(value.decode::<T>().unwrap(), expected, "{attribute}");
    let item: Map<Json> = serde_json::from_str(&json!({ "a": attribute }).to_string()).unwrap();
    let mut members: BTreeMap<String, T> = item.decode().unwrap();
    assert_eq!(members.remove("a").unwrap(), expected, "{attribute}");
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "cases are written where they are used"
)]
#[track_caller]
fn refused<T: Debug + DeserializeOwned>(attribute: Value, reason: &str) {
    let item: Map<Json> = serde_json::from_str(&json!({ "a": attribute }).to_string()).unwrap();
    let error = item.decode::<BTreeMap<String, T>>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let error = error.to_string();
    assert!(error.contains("`a`") && error.contains(reason), "{error}");
}

#[test]
fn texts() {
    check(json!({ "S": "Grüße" }), "Grüße".to_owned());
    check(json!({ "S": "" }), String::new());
    check(json!({ "S": "x" }), 'x');
    check(json!({ "S": "x" }), Some("x".to_owned()));
    check(json!({ "S": "x" }), json!("x"));
    check(json!({ "S": "x" }), Text::from("x"));
    refused::<u8>(json!({ "S": "1" }), "invalid type: string");
}

#[test]
fn numbers() {
    check(json!({ "N": "42" }), 42u8);
    check(json!({ "N": "-42" }), -42i64);
    check(json!({ "N": "42" }), 42.0f64);
    check(json!({ "N": "42.5" }), 42.5f32);
    check(
        json!({ "N": "340282366920938463463374607431768211455" }),
        u128::MAX,
    );
    check(json!({ "N": "18446744073709551615" }), u64::MAX);
    check(json!({ "N": "7" }), Some(Some(7u64)));
    // All 38 digits, and what any type sees of a number.
    let long = "12345678901234567890.123456789012345678";
    check(json!({ "N": long }), long.to_owned());
    check(json!({ "N": "42" }), json!(42));
    check(json!({ "N": "-1" }), json!(-1));
    check(json!({ "N": "0.5" }), json!(0.5));
    refused::<u8>(json!({ "N": "256" }), "the number 256 is no u8");
    refused::<u64>(json!({ "N": "-1" }), "the number -1 is no u64");
    refused::<i32>(json!({ "N": "1.5" }), "the number 1.5 is no i32");
    refused::<bool>(json!({ "N": "1" }), "invalid type");
}

#[test]
fn binary_data() {
    #[derive(Debug, PartialEq)]
    struct Bytes(Vec<u8>);
    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl serde::de::Visitor<'_> for Visitor {
                type Value = Bytes;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("bytes")
                }
                fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                    Ok(Bytes(bytes))
                }
            }
            deserializer.deserialize_byte_buf(Visitor)
        }
    }
    check(json!({ "B": "AP8=" }), Bytes(vec![0, 255]));
    check(json!({ "B": "AP8=" }), vec![0u8, 255]);
    check(
        json!({ "BS": ["AP8=", "AQ=="] }),
        vec![Bytes(vec![0, 255]), Bytes(vec![1])],
    );
    check(json!({ "BS": ["AQ=="] }), BTreeSet::from([vec![1u8]]));
    refused::<Vec<u8>>(json!({ "B": "%" }), "base64");
}

#[test]
fn sets_lists_and_maps() {
    check(
        json!({ "SS": ["b", "a"] }),
        BTreeSet::from(["a".to_owned(), "b".to_owned()]),
    );
    check(json!({ "NS": ["1", "-2.5"] }), vec![1.0, -2.5]);
    check(
        json!({ "NS": ["1", "2"] }),
        vec!["1".to_owned(), "2".to_owned()],
    );
    check(
        json!({ "L": [{ "N": "1" }, { "S": "a" }] }),
        (1u8, "a".to_owned()),
    );
    check(json!({ "L": [] }), Vec::<u8>::new());
    let map = json!({ "M": { "n": { "N": "1" }, "m": { "M": { "b": { "BOOL": true } } } } });
    check(map, json!({ "n": 1, "m": { "b": true } }));
    check(
        json!({ "L": [{ "NULL": true }, { "N": "2" }] }),
        vec![None, Some(2)],
    );
    refused::<Vec<u8>>(
        json!({ "L": [{ "N": "1" }, { "S": "a" }] }),
        "invalid type: string",
    );
}

#[test]
fn nulls_and_truth() {
    check(json!({ "NULL": true }), None::<String>);
    check(json!({ "NULL": true }), ());
    check(json!({ "BOOL": false }), Some(false));
    check(json!({ "NULL": true }), Value::Null);
    refused::<String>(json!({ "NULL": true }), "invalid type");
    refused::<Value>(json!({ "X": "1" }), "unknown variant `X`");
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Status {
    New,
    Paid { by: String },
    Sent(u32),
}

#[derive(Debug, Deserialize, PartialEq)]
struct Cents(u64);

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
    total: Cents,
    status: Status,
    #[serde(default)]
    note: Option<String>,
}

#[test]
fn items_become_types_of_ones_own() {
    let item = |status: Value| -> Map<Json> {
        let item = json!({
            "orderId": { "S": "A-1" }, "total": { "N": "4250" }, "status": status,
            "unknown": { "M": { "x": { "SS": ["y"] } } },
        });
        serde_json::from_str(&item.to_string()).unwrap()
    };
    for (status, expected) in [
        (json!({ "S": "new" }), Status::New),
        (
            json!({ "M": { "paid": { "M": { "by": { "S": "card" } } } } }),
            Status::Paid { by: "card".into() },
        ),
        (json!({ "M": { "sent": { "N": "7" } } }), Status::Sent(7)),
    ] {
        let order: Order = item(status).decode().unwrap();
        let expected = Order {
            order_id: "A-1".into(),
            total: Cents(4250),
            status: expected,
            note: None,
        };
        assert_eq!(order, expected);
        assert_eq!(
            Some(item(json!({ "S": "new" })))
                .decode::<Option<Order>>()
                .unwrap()
                .unwrap()
                .note,
            None
        );
    }
    let error = item(json!({ "S": "lost" })).decode::<Order>().unwrap_err();
    assert!(
        error.message().contains("`status`: unknown variant `lost`"),
        "{error}"
    );
    let missing: Option<Map<Json>> = None;
    assert_eq!(missing.decode::<Option<Order>>().unwrap(), None);
    assert!(
        missing
            .decode::<Order>()
            .unwrap_err()
            .message()
            .contains("no such image")
    );
    assert_eq!(missing.attribute("a").unwrap(), None);
    let total = item(json!({ "S": "new" })).attribute("total").unwrap();
    assert_eq!(total, Some(AttributeValue::N("4250".into())));
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Vessel {
    Ferry { decks: u8 },
    Barge { load: f64 },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Berth {
    #[serde(flatten)]
    vessel: Vessel,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// What serde reads twice sees no types, and is read all the same.
#[test]
fn tagged_and_flattened_types() {
    let item = |vessel: Value| -> Map<Json> {
        let mut item = json!({ "pier": { "N": "3" }, "open": { "BOOL": true } });
        let members = vessel.as_object().cloned().unwrap_or_default();
        item.as_object_mut().unwrap().extend(members);
        serde_json::from_str(&item.to_string()).unwrap()
    };
    for (vessel, expected) in [
        (
            json!({ "kind": { "S": "ferry" }, "decks": { "N": "4" } }),
            Vessel::Ferry { decks: 4 },
        ),
        (
            json!({ "kind": { "S": "barge" }, "load": { "N": "1200.5" } }),
            Vessel::Barge { load: 1200.5 },
        ),
    ] {
        let berth: Berth = item(vessel).decode().unwrap();
        assert_eq!(berth.vessel, expected);
        assert_eq!(
            (&berth.rest["pier"], &berth.rest["open"]),
            (&json!(3), &json!(true))
        );
    }
    let odd = json!({ "kind": { "S": "ferry" }, "decks": { "N": "400" } });
    assert!(item(odd).decode::<Berth>().is_err());
}
