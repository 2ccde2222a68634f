//! Filter policies: what they cost, and which messages they let through.

use lambda_with::rules::filter::{Document, EventPattern};
use lambda_with::{Error, ErrorKind};
use serde_json::{Map, Value};

use crate::{FilterScope, Sns, SnsAttributeType, SnsMessage};

/// The words that make `$or` an ordinary name where an alternative has them.
const RESERVED: [&str; 8] = [
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
];

impl Sns {
    /// Whether Amazon SNS would deliver this message, by the filter policy.
    ///
    /// ```
    /// use lambda_with_sns::{FilterScope, SERVICE, Sns, SnsEvent};
    ///
    /// let orders = Sns {
    ///     filter_policy: Some(r#"{"berth":[{"numeric":["<",10]}]}"#.into()),
    ///     filter_scope: FilterScope::MessageBody,
    ///     ..Sns::new("arn:aws:sns:eu-west-1:123456789012:harbor-orders".parse()?)
    /// };
    /// let sample = SERVICE.sample("attributes").ok_or("no such sample")?;
    /// let event: SnsEvent = lambda_with::decode(sample.json)?;
    /// assert!(orders.accepts(&event.records[0].sns)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Attributes count by their type: a `Number` is compared as a number, a `String.Array` by each of
    /// its values, a `Binary` not at all. Functions receive the first two as `String`, so give them
    /// the types they are published with.
    ///
    /// # Errors
    ///
    /// When the policy is none Amazon SNS would take, or has more than 4,096 characters, or half an
    /// escape stands in the message.
    pub fn accepts(&self, message: &SnsMessage) -> Result<bool, Error> {
        let Some(policy) = &self.filter_policy else {
            return Ok(true);
        };
        if parse(policy)?.is_empty() {
            return Ok(true);
        }
        let pattern = EventPattern::parse(policy)?;
        Ok(match self.filter_scope {
            FilterScope::MessageBody => {
                let body = message.message.as_text()?;
                Document::parse(body.as_bytes()).is_ok_and(|body| pattern.matches(&body))
            }
            FilterScope::MessageAttributes => {
                let attributes = attributes(message);
                let json = Value::Object(attributes.clone()).to_string();
                // Without any attribute not even `exists: false` matches.
                !attributes.is_empty() && pattern.matches(&Document::parse(json.as_bytes())?)
            }
        })
    }
}

/// The object a policy is.
pub(crate) fn parse(policy: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(policy).map_err(|error| {
        Error::new(
            ErrorKind::Invalid,
            format!("the filter policy is not a JSON object: {error}"),
        )
    })
}

/// What is wrong with the words of a policy.
pub(crate) fn wrong(policy: &str) -> Option<String> {
    if policy.chars().count() > EventPattern::MAX_CHARS {
        return None;
    }
    let error = EventPattern::parse(policy).err()?;
    let reason = error.context("reason");
    Some(reason.unwrap_or(error.message()).to_owned())
}

/// Whether a member is an object, which attributes are not.
pub(crate) fn is_nested(policy: &Map<String, Value>) -> bool {
    policy
        .iter()
        .any(|(name, value)| match alternatives(name, value) {
            Some(alternatives) => alternatives.into_iter().any(is_nested),
            None => value.is_object(),
        })
}

/// How many members with a list of values it has, at every depth.
pub(crate) fn keys(policy: &Map<String, Value>) -> usize {
    let keys = policy
        .iter()
        .map(|(name, value)| match (alternatives(name, value), value) {
            (Some(alternatives), _) => alternatives.into_iter().map(keys).sum(),
            (None, Value::Object(inner)) => keys(inner),
            _ => 1,
        });
    keys.sum()
}

/// The combinations of values: the product of the lengths of all lists, and in message bodies of
/// their depths too; of `$or` the sum.
pub(crate) fn combinations(policy: &Map<String, Value>, scope: FilterScope, depth: u64) -> u64 {
    let factors = policy
        .iter()
        .map(|(name, value)| match (alternatives(name, value), value) {
            (Some(alternatives), _) => alternatives
                .into_iter()
                .map(|policy| combinations(policy, scope, depth))
                .fold(0, u64::saturating_add),
            (None, Value::Object(inner)) => combinations(inner, scope, depth + 1),
            (None, Value::Array(values)) => {
                let weight = match scope {
                    FilterScope::MessageAttributes => 1,
                    FilterScope::MessageBody => depth,
                };
                weight.saturating_mul(values.len() as u64)
            }
            _ => 1,
        });
    factors.fold(1, u64::saturating_mul)
}

/// What wildcards cost, and the most of them in one pattern.
pub(crate) fn wildcards(policy: &Map<String, Value>) -> (usize, usize) {
    let members =
        policy
            .iter()
            .flat_map(|(name, value)| match (alternatives(name, value), value) {
                (Some(alternatives), _) => alternatives.into_iter().map(wildcards).collect(),
                (None, Value::Object(inner)) => vec![wildcards(inner)],
                (None, Value::Array(values)) => vec![field(values)],
                _ => Vec::new(),
            });
    members.fold((0, 0), |(cost, most), (c, m)| (cost + c, most.max(m)))
}

/// The same for the patterns of one member.
fn field(values: &[Value]) -> (usize, usize) {
    let stars: Vec<usize> = values.iter().flat_map(patterns).collect();
    let most = stars.iter().copied().max().unwrap_or_default();
    let points = stars.iter().map(|stars| match stars {
        0 | 1 => 1,
        _ => 3,
    });
    match most {
        0 => (0, 0),
        _ => (points.sum::<usize>() * stars.len(), most),
    }
}

/// How many stars each pattern of an element has: `wildcard` and `anything-but`.
fn patterns(element: &Value) -> Vec<usize> {
    let stars = |text: &Value| {
        let text = text.as_str().unwrap_or_default().replace(r"\*", "");
        text.matches('*').count()
    };
    let of = |value: &Value| match value {
        Value::Array(texts) => texts.iter().map(stars).collect(),
        text => vec![stars(text)],
    };
    if let Some(wildcard) = element.get("wildcard") {
        return of(wildcard);
    }
    match element.get("anything-but") {
        Some(unwanted) => unwanted.get("wildcard").map_or_else(|| vec![0], of),
        None => Vec::new(),
    }
}

/// The alternatives of `$or`, which is an ordinary name where it does not look like this.
fn alternatives<'a>(name: &str, value: &'a Value) -> Option<Vec<&'a Map<String, Value>>> {
    let list = value
        .as_array()
        .filter(|list| name == "$or" && list.len() > 1)?;
    let reserved =
        |object: &Map<String, Value>| object.keys().any(|name| RESERVED.contains(&name.as_str()));
    list.iter()
        .map(|item| item.as_object().filter(|object| !reserved(object)))
        .collect()
}

/// The attributes as the object that a policy is about.
fn attributes(message: &SnsMessage) -> Map<String, Value> {
    let lambda_with::Nullable::Value(attributes) = &message.message_attributes else {
        return Map::new();
    };
    let value = |kind: &SnsAttributeType, text: &str| match kind {
        SnsAttributeType::Binary => None,
        SnsAttributeType::Number | SnsAttributeType::List => {
            Some(serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)))
        }
        _ => Some(Value::from(text)),
    };
    let attributes = attributes.iter().filter_map(|(name, attribute)| {
        Some((
            name.to_string(),
            value(&attribute.r#type, &attribute.value)?,
        ))
    });
    attributes.collect()
}

#[cfg(test)]
mod tests {
    use lambda_with::Map as Attributes;

    use super::*;
    use crate::SnsAttribute;

    fn attribute(kind: SnsAttributeType, value: &str) -> SnsAttribute {
        SnsAttribute {
            r#type: kind,
            value: value.into(),
        }
    }

    fn accepts(policy: &str, scope: FilterScope, message: &SnsMessage) -> bool {
        let topic = "arn:aws:sns:eu-west-1:123456789012:orders".parse().unwrap();
        let sns = Sns {
            filter_policy: Some(policy.into()),
            filter_scope: scope,
            ..Sns::new(topic)
        };
        sns.accepts(message).unwrap()
    }

    #[test]
    fn policies_over_attributes() {
        use SnsAttributeType::{Binary, List, Number, Text};
        let message = SnsMessage {
            message_attributes: Attributes::from([
                ("kind", attribute(Text, "placed")),
                ("tonnes", attribute(Number, "41.5")),
                ("goods", attribute(List, r#"["tea","steel",7,true]"#)),
                ("gate", attribute(Text, "10.0.0.17")),
                ("seal", attribute(Binary, "AAEC")),
            ])
            .into(),
            ..SnsMessage::default()
        };
        for (policy, expected) in [
            (r#"{}"#, true),
            (r#"{"kind":["placed","moved"]}"#, true),
            (r#"{"kind":["Placed"]}"#, false),
            (r#"{"kind":[{"equals-ignore-case":"PLACED"}]}"#, true),
            (r#"{"kind":[{"anything-but":{"prefix":"pl"}}]}"#, false),
            (r#"{"kind":[{"anything-but":{"suffix":"ball"}}]}"#, true),
            (r#"{"kind":[{"wildcard":"p*d"}]}"#, true),
            (
                r#"{"kind":[{"suffix":"ced"}],"tonnes":[{"numeric":[">",40]}]}"#,
                true,
            ),
            (r#"{"tonnes":[{"numeric":["=",41.5]}]}"#, true),
            (r#"{"tonnes":[{"numeric":[">",0,"<=",41]}]}"#, false),
            (r#"{"tonnes":["41.5"]}"#, false),
            (r#"{"goods":["steel"]}"#, true),
            (r#"{"goods":[{"anything-but":["tea","steel"]}]}"#, true),
            (r#"{"goods":["coal",7]}"#, true),
            (r#"{"gate":[{"cidr":"10.0.0.0/24"}]}"#, true),
            (r#"{"gate":[{"cidr":"10.1.0.0/16"}]}"#, false),
            (r#"{"seal":["AAEC"]}"#, false),
            (r#"{"seal":[{"exists":false}]}"#, true),
            (r#"{"kind":[{"exists":true}]}"#, true),
            (
                r#"{"$or":[{"kind":["moved"]},{"tonnes":[{"numeric":[">",1]}]}]}"#,
                true,
            ),
        ] {
            let scope = FilterScope::MessageAttributes;
            assert_eq!(accepts(policy, scope, &message), expected, "{policy}");
        }
        let bare = SnsMessage::default();
        let policy = r#"{"kind":[{"exists":false}]}"#;
        assert!(!accepts(policy, FilterScope::MessageAttributes, &bare));
    }

    #[test]
    fn policies_over_the_message() {
        let policy = r#"{"order":{"kind":["placed"],"goods":["tea"]}}"#;
        for (body, expected) in [
            (
                r#"{"order":{"kind":"placed","goods":["coal","tea"]}}"#,
                true,
            ),
            (r#"{"order":{"kind":"moved","goods":["tea"]}}"#, false),
            ("placed", false),
            ("[]", false),
        ] {
            let message = SnsMessage {
                message: body.into(),
                ..SnsMessage::default()
            };
            let accepted = accepts(policy, FilterScope::MessageBody, &message);
            assert_eq!(accepted, expected, "{body}");
        }
    }

    #[test]
    fn what_policies_cost() {
        let body = FilterScope::MessageBody;
        let flat = FilterScope::MessageAttributes;
        for (policy, scope, expected) in [
            (r#"{"a":[1,2,3],"b":[1],"c":[1,2]}"#, flat, (3, 6)),
            (
                r#"{"a":{"b":{"c":[1,2,3,4]}},"d":{"e":[1,2,3]}}"#,
                body,
                (2, 72),
            ),
            (
                r#"{"s":[1],"$or":[{"n":[1,2]},{"t":[1],"$or":[{"i":[1,2]},{"p":[1,2,3]}]}]}"#,
                flat,
                (5, 7),
            ),
            (
                r#"{"$or":[{"n":[1,2]},{"s":[1,2]}],"d":{"c":[1],"$or":[{"u":[1]},{"t":[1]}]}}"#,
                body,
                (5, 32),
            ),
            (
                r#"{"$or":[{"numeric":123},{"prefix":"abc"}]}"#,
                flat,
                (1, 2),
            ),
        ] {
            let policy = parse(policy).unwrap();
            let found = (keys(&policy), combinations(&policy, scope, 1));
            assert_eq!(found, expected, "{policy:?}");
        }
        for (policy, expected) in [
            (
                r#"{"f":[{"wildcard":"*.txt"},{"wildcard":"log*"}]}"#,
                (4, 1),
            ),
            (
                r#"{"f":[{"anything-but":{"prefix":"a"}},{"wildcard":"H*"}]}"#,
                (4, 1),
            ),
            (r#"{"f":[{"wildcard":"*a*"}],"g":["*"]}"#, (3, 2)),
            (
                r#"{"f":{"g":[{"anything-but":{"wildcard":["*a","b\\**"]}}]}}"#,
                (4, 1),
            ),
            (r#"{"f":[{"anything-but":"a"}]}"#, (0, 0)),
        ] {
            assert_eq!(wildcards(&parse(policy).unwrap()), expected, "{policy}");
        }
    }
}
