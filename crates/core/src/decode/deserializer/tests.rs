//! Against serde_json.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::decode;

/// Whether serde_json and we agree on a document.
fn check<T: Debug + DeserializeOwned>(json: &str) -> Result<(), TestCaseError> {
    let expected = serde_json::from_str::<T>(json);
    let found = decode::<T>(json.to_owned());
    prop_assert_eq!(
        found.is_ok(),
        expected.is_ok(),
        "{}: {:?} {:?}",
        json,
        found,
        expected
    );
    if let (Ok(found), Ok(expected)) = (found, expected) {
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{}", json);
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "compared by what Debug prints")]
enum Shape {
    Unit,
    One(u8),
    Two(u8, String),
    Named { a: u8 },
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "compared by what Debug prints")]
struct New(u8);

#[derive(Debug, Deserialize)]
struct Nothing;

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "compared by what Debug prints")]
struct Flat {
    a: u8,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[derive(Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Word {
    A,
    B,
}

#[test]
fn types_of_all_kinds() {
    for json in [
        "",
        " ",
        "null",
        "true",
        "false",
        "nul",
        "truex",
        "0",
        "-0",
        "01",
        "-",
        "1.",
        "1.5",
        ".5",
        "-7",
        "+1",
        "1e2",
        "1e",
        "1E+2",
        "255",
        "256",
        "18446744073709551615",
        "18446744073709551616",
        "1e400",
        "1 2",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "0.1",
        "3.4028236e38",
        r#""""#,
        r#""a""#,
        r#""é""#,
        r#""\n""#,
        r#""\ud83d\ude00""#,
        r#""\ud800""#,
        "\"\t\"",
        r#""a"#,
        r#""\"#,
        r#""Unit""#,
        r#"{"Unit":null}"#,
        r#"{"One":7}"#,
        r#"{"Two":[7,"x"]}"#,
        r#"{"Named":{"a":7}}"#,
        r#"{"One":7,"Two":1}"#,
        r#""\u0055nit""#,
        r#""Other""#,
        r#"{}"#,
        "[]",
        "[1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,2,3]",
        r#"[7,"x"]"#,
        r#"[7,"x",1]"#,
        r#"{"a":7}"#,
        r#"{"a":7,"b":[1]}"#,
        r#"{"a":7,}"#,
        r#"{"a" 7}"#,
        r#"{a:7}"#,
        r#"{"a":7 "b":8}"#,
        r#"{"1":1,"-2":2}"#,
        r#"{"1":1,"x":2}"#,
        r#"{"true":1}"#,
        r#"{"1.5":1}"#,
        r#"{"A":1,"\u0042":2}"#,
        r#"{"C":1}"#,
        r#"{"a":1,"a":2}"#,
        "{\"a\n\":1}",
        r#"{"a":1"#,
        "[[[[1]]]]",
        "[1]]",
        "[340282366920938463463374607431768211455]",
        r#"{"\ud800":1}"#,
        "\u{feff}1",
    ] {
        let spaced = format!(" {} ", json.replace(',', " ,\r\n\t").replace(':', " : "));
        for json in [json, &spaced] {
            check::<Value>(json).unwrap();
            check::<IgnoredAny>(json).unwrap();
            check::<Box<RawValue>>(json).unwrap();
            check::<String>(json).unwrap();
            check::<char>(json).unwrap();
            check::<()>(json).unwrap();
            check::<Nothing>(json).unwrap();
            check::<bool>(json).unwrap();
            check::<(u8, i8, u16)>(json).unwrap();
            check::<(u8, String)>(json).unwrap();
            check::<Option<Option<u8>>>(json).unwrap();
            check::<New>(json).unwrap();
            check::<Shape>(json).unwrap();
            check::<Flat>(json).unwrap();
            check::<i64>(json).unwrap();
            check::<u64>(json).unwrap();
            check::<i128>(json).unwrap();
            check::<u128>(json).unwrap();
            check::<Vec<u128>>(json).unwrap();
            check::<f32>(json).unwrap();
            check::<f64>(json).unwrap();
            check::<Vec<Vec<Vec<Vec<u8>>>>>(json).unwrap();
            check::<BTreeMap<String, u8>>(json).unwrap();
            check::<BTreeMap<i8, u8>>(json).unwrap();
            check::<BTreeMap<u128, u8>>(json).unwrap();
            check::<BTreeMap<bool, u8>>(json).unwrap();
            check::<BTreeMap<Option<i8>, u8>>(json).unwrap();
            check::<BTreeMap<Word, u8>>(json).unwrap();
        }
    }
}

#[test]
fn levels_are_limited_as_in_serde_json() {
    for levels in [126, 127, 128, 129, 5000] {
        let json = "[".repeat(levels) + &"]".repeat(levels);
        check::<Value>(&json).unwrap();
        check::<IgnoredAny>(&json).unwrap();
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~\n\"\\\\]{0,80}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(|list| json!(list)),
            prop::collection::hash_map(any::<String>(), inner, 0..8).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn documents(value in any_json(), pretty: bool) {
        let json = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        check::<Value>(&json.unwrap())?;
    }

    #[test]
    fn broken_documents(value in any_json(), at: prop::sample::Index, put in "[\\[\\]{}\",:\\\\0-9eE.+\n tu-]{0,2}", cut in 0_usize..3) {
        let json = value.to_string();
        let places: Vec<usize> = json.char_indices().map(|(at, _)| at).collect();
        let place = at.index(places.len());
        let end = places.get(place + cut).copied().unwrap_or(json.len());
        let broken = format!("{}{put}{}", &json[..places[place]], &json[end..]);
        check::<Value>(&broken)?;
        check::<IgnoredAny>(&broken)?;
    }
}

#[test]
fn the_guess_at_a_list_is_near() {
    fn hint(json: &str) -> Option<usize> {
        let mut decoder = Decoder::new(json);
        decoder.reader.eat();
        decoder.reader.guess_objects()
    }
    let record = format!(
        r#"{{"body":"{}","tags":{{}}}}"#,
        r#"{\"a\":1},{\"b\":2}"#.repeat(30)
    );
    for count in [20, 100, 1000] {
        let guess = hint(&format!("[{}]", vec![record.as_str(); count].join(","))).unwrap();
        assert!(
            (count..=count + count / 8 + 2).contains(&guess),
            "{count}: {guess}"
        );
    }
    assert_eq!(
        hint(&format!(r#"[{{"a":"{}"}}]"#, "x".repeat(10_000))),
        Some(1)
    );
    for json in [
        "[]",
        "[",
        r#"[{"a":1},{"a":2}]"#,
        &format!("[{}]", "1,".repeat(10_000)),
    ] {
        assert_eq!(hint(json), None);
    }
}
