//! One JSON value, taken as it was written.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{self, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Text;
use crate::decode::scan;

/// The name by which serde_json knows that the raw token is wanted. Were it to change, every value
/// would arrive as [`Token::Plain`]: slower, and still right.
pub(crate) const RAW: &str = "$serde_json::private::RawValue";

/// A value nobody has looked into yet.
pub(crate) enum Token<R = Text> {
    /// The JSON text, from serde_json.
    Raw(R),
    /// The value, from a deserializer that has no JSON text: another format, or serde's own buffer
    /// for flattened and untagged types.
    Plain(Value),
}

impl Token {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        let first = match self {
            Self::Raw(json) => json.as_bytes().first().copied().unwrap_or_default(),
            Self::Plain(Value::Null) => b'n',
            Self::Plain(Value::Bool(_)) => b't',
            Self::Plain(Value::Number(_)) => b'0',
            Self::Plain(Value::String(_)) => b'"',
            Self::Plain(Value::Array(_)) => b'[',
            Self::Plain(Value::Object(_)) => b'{',
        };
        match first {
            b'n' => "null",
            b't' | b'f' => "boolean",
            b'"' => "string",
            b'[' => "array",
            b'{' => "object",
            _ => "number",
        }
    }

    /// The error of a leaf that cannot be this.
    pub(crate) fn refuse<E: de::Error>(&self, expected: &'static str) -> E {
        E::invalid_type(Unexpected::Other(self.kind()), &expected)
    }

    /// The JSON text.
    pub(crate) fn into_json(self) -> Text {
        match self {
            Self::Raw(json) => json,
            Self::Plain(value) => value.to_string().into(),
        }
    }
}

impl<'de, R: Deserialize<'de>> Deserialize<'de> for Token<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW, TokenVisitor(PhantomData))
    }
}

/// Writes JSON text as it is where serde_json writes, and as `plain` says elsewhere.
pub(crate) fn serialize<S: Serializer>(
    json: &str,
    serializer: S,
    plain: impl FnOnce(S) -> Result<S::Ok, S::Error>,
) -> Result<S::Ok, S::Error> {
    if !is_serde_json::<S>() {
        return plain(serializer);
    }
    let raw: &RawValue = serde_json::from_str(json).map_err(ser::Error::custom)?;
    raw.serialize(serializer)
}

/// Whether the raw form means anything to this serializer. Another one would write serde_json's
/// private wrapper as an object.
fn is_serde_json<S>() -> bool {
    type_name::<S>()
        .trim_start_matches("&mut ")
        .starts_with("serde_json::")
}

/// Strings from this length on are worth a look before they are written.
const LONG: usize = 64;

/// Whether serde_json writes parts of a raw token one after the other, as it is. Should it not do so
/// any more, [`serialize_str`] is slower, and still right.
static TAKES_PARTS: LazyLock<bool> = LazyLock::new(|| {
    struct Probe;

    impl Serialize for Probe {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            in_parts("plain", serializer)
        }
    }

    serde_json::to_string(&[Probe, Probe]).is_ok_and(|json| json == r#"["plain","plain"]"#)
});

/// Writes a string. serde_json looks at every byte for what must be escaped; a long string without
/// any is handed to it as it is.
pub(crate) fn serialize_str<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let is_text = || type_name::<S>().starts_with("&mut serde_json::ser::Serializer<");
    if text.len() >= LONG && is_text() && scan::is_plain(text.as_bytes()) && *TAKES_PARTS {
        return in_parts(text, serializer);
    }
    serializer.serialize_str(text)
}

fn in_parts<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let mut token = serializer.serialize_struct(RAW, 1)?;
    for part in ["\"", text, "\""] {
        token.serialize_field(RAW, part)?;
    }
    token.end()
}

struct TokenVisitor<R>(PhantomData<R>);

impl<'de, R: Deserialize<'de>> Visitor<'de> for TokenVisitor<R> {
    type Value = Token<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Token<R>, A::Error> {
        let Some(first) = map.next_key::<Key>()? else {
            return Ok(Token::Plain(Value::Object(serde_json::Map::new())));
        };
        let first = match first {
            Key::Raw => return map.next_value().map(Token::Raw),
            Key::Other(name) => name,
        };
        let mut object = serde_json::Map::new();
        object.insert(first, map.next_value()?);
        while let Some((name, value)) = map.next_entry()? {
            object.insert(name, value);
        }
        Ok(Token::Plain(Value::Object(object)))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Token<R>, D::Error> {
        Value::deserialize(inner).map(Token::Plain)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Token<R>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(Token::Plain)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Token<R>, E> {
        Ok(Token::Plain(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Token<R>, E> {
        Ok(Token::Plain(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Token<R>, E> {
        Ok(Token::Plain(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Token<R>, E> {
        Ok(Token::Plain(value.into()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Token<R>, E> {
        Ok(Token::Plain(text.into()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Token<R>, E> {
        Ok(Token::Plain(text.into()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Token<R>, E> {
        Ok(Token::Plain(Value::Null))
    }

    fn visit_none<E: de::Error>(self) -> Result<Token<R>, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Token<R>, D::Error> {
        self.visit_newtype_struct(inner)
    }
}

enum Key {
    Raw,
    Other(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                Ok(if name == RAW {
                    Key::Raw
                } else {
                    Key::Other(name.to_owned())
                })
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, MapDeserializer, StrDeserializer};
    use serde_json::json;

    use super::*;
    use crate::{EpochSeconds, Json, JsonText, decode};

    #[test]
    fn serde_json_hands_over_the_text_in_every_mode() {
        for json in [
            "null",
            "true",
            "1.50",
            "-0",
            "1E5",
            r#""a\/\u0041""#,
            r#"[1, "x" ]"#,
            r#"{"b":1, "a":{}}"#,
            r#""\ud800""#,
            "123456789012345678901234567890",
        ] {
            let spaced = format!(" {json}\n");
            let tokens = [
                serde_json::from_str(&spaced).unwrap(),
                serde_json::from_slice(spaced.as_bytes()).unwrap(),
                serde_json::from_reader(spaced.as_bytes()).unwrap(),
                decode::<Token>(spaced.clone()).unwrap(),
            ];
            for token in tokens {
                assert!(matches!(&token, Token::Raw(raw) if raw == json), "{json}");
            }
        }
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Lazy {
        body: JsonText,
        detail: Json,
        at: EpochSeconds,
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Flat {
        #[serde(flatten)]
        lazy: Lazy,
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    #[serde(untagged)]
    enum Untagged {
        Lazy(Lazy),
        Any(Value),
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Lazy(Lazy),
    }

    #[test]
    fn lazy_leaves_work_where_there_is_no_text() {
        fn check<T: de::DeserializeOwned + Serialize>(json: &str) {
            for value in [
                serde_json::from_str::<T>(json).unwrap(),
                decode(json.to_owned()).unwrap(),
            ] {
                assert_eq!(serde_json::to_string(&value).unwrap(), json);
                let tree: Value = serde_json::from_str(json).unwrap();
                assert_eq!(serde_json::to_value(&value).unwrap(), tree);
                let again: T = serde_json::from_value(tree.clone()).unwrap();
                assert_eq!(serde_json::to_value(&again).unwrap(), tree);
            }
        }
        let json = r#"{"body":"{\"a\":1}","detail":{"b":[null,2]},"at":1545082649.183}"#;
        check::<Lazy>(json);
        check::<Flat>(json);
        check::<Untagged>(json);
        check::<Tagged>(&json.replacen('{', r#"{"kind":"Lazy","#, 1));
        check::<Option<Lazy>>(json);
        let Untagged::Lazy(lazy) = decode::<Untagged>(json).unwrap() else {
            unreachable!()
        };
        assert_eq!(lazy, decode::<Lazy>(json).unwrap());
    }

    #[test]
    fn long_strings_are_written_as_any_other() {
        assert!(*TAKES_PARTS, "serde_json has changed: only slower");
        let special = [
            "", "\"", "\\", "\n", "\u{1}", "\u{7f}", "é", "☃", "\u{2028}",
        ];
        for length in [0, 1, 60, 61, 62, 63, 64, 65, 255, 256, 257, 1000] {
            let run = "x".repeat(length);
            for special in special {
                let text = format!("{run}{special}{run}");
                let ours =
                    std::collections::BTreeMap::from([(Text::from(&*text), Text::from(&*text))]);
                let plain = std::collections::BTreeMap::from([(&text, &text)]);
                let same = |ours: serde_json::Result<String>, plain: serde_json::Result<String>| {
                    assert_eq!(ours.unwrap(), plain.unwrap());
                };
                same(serde_json::to_string(&ours), serde_json::to_string(&plain));
                same(
                    serde_json::to_string_pretty(&[&ours]),
                    serde_json::to_string_pretty(&[&plain]),
                );
                assert_eq!(serde_json::to_value(&ours).unwrap(), json!(plain));
            }
        }
    }

    #[test]
    fn other_formats_hand_over_values() {
        let text: StrDeserializer<'_, Error> = "x".into_deserializer();
        assert_eq!(JsonText::deserialize(text).unwrap(), "x");
        let entries = [("a", 1.5), ("b", 2.0)];
        let map: MapDeserializer<'_, _, Error> = MapDeserializer::new(entries.into_iter());
        assert_eq!(Json::deserialize(map).unwrap(), json!({"a": 1.5, "b": 2.0}));
        let list: de::value::SeqDeserializer<_, Error> = vec![1_u8, 2].into_deserializer();
        assert_eq!(Json::deserialize(list).unwrap(), json!([1, 2]));
        let number: de::value::F64Deserializer<Error> = 1_428_537_600.98.into_deserializer();
        assert_eq!(
            EpochSeconds::deserialize(number).unwrap().to_string(),
            "1428537600.98"
        );
        let unit: de::value::UnitDeserializer<Error> = ().into_deserializer();
        assert_eq!(Json::deserialize(unit).unwrap(), Json::default());
    }

    #[test]
    fn what_a_leaf_cannot_be_is_named() {
        for (json, kind) in [
            ("null", "null"),
            ("false", "boolean"),
            ("-1", "number"),
            ("[]", "array"),
            ("{}", "object"),
        ] {
            let error = decode::<JsonText>(json).unwrap_err().to_string();
            assert!(
                error.contains(&format!("invalid type: {kind}, expected a string")),
                "{error}"
            );
            let value: Value = serde_json::from_str(json).unwrap();
            let again = serde_json::from_value::<JsonText>(value)
                .unwrap_err()
                .to_string();
            assert!(
                again.contains("invalid type") && again.contains("a string"),
                "{again}"
            );
        }
    }
}
