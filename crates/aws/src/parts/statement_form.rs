//! When two statements are the same, which are made here, and how one is shown.

use lambda_with::Map;
use lambda_with::policy::{PolicyStatement, Principals};
use serde_json::Value;

use crate::change::sorted;

/// What names of connections begin with: ids of services, and kinds of API.
const WORDS: [&str; 33] = [
    "alb",
    "alexa",
    "api-gateway",
    "authorizer",
    "cloudformation",
    "cloudfront",
    "cloudwatch-logs",
    "codecommit",
    "codepipeline",
    "cognito",
    "config",
    "connect",
    "dynamodb",
    "efs",
    "eventbridge",
    "firehose",
    "http-api",
    "iot",
    "iot-events",
    "kafka",
    "kinesis",
    "lex",
    "mq",
    "msk",
    "rest-api",
    "s3",
    "s3-batch",
    "secrets-manager",
    "ses",
    "sns",
    "sqs",
    "websocket-api",
    "x-ray",
];

/// Whether a statement looks like one of a connection: it lets in a service for one source, and its
/// id is made of a word for the service and the name of that source.
pub(super) fn made_here(statement: &PolicyStatement) -> bool {
    let sid = statement.sid.as_deref().unwrap_or_default();
    let service = match &statement.principal {
        Some(Principals::Of(principals)) => principals.get("Service").is_some(),
        _ => false,
    };
    let word = |word: &&str| {
        sid.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with('-'))
    };
    let conditions = statement.condition.values().flat_map(Map::iter);
    let sources = conditions.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"));
    let mut names = sources
        .flat_map(|(_, values)| values.iter())
        .flat_map(|source| {
            let arn = source.to_string();
            let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
            resource.split([':', '/']).map(slug).collect::<Vec<_>>()
        });
    service && WORDS.iter().any(word) && names.any(|name| name.len() > 1 && sid.contains(&name))
}

fn slug(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// Whether two statements mean the same: lone values and lists of one are equal, and condition keys
/// have no case.
pub(super) fn same(found: &PolicyStatement, wanted: &PolicyStatement) -> bool {
    canonical(found) == canonical(wanted)
}

fn canonical(statement: &PolicyStatement) -> Value {
    fn walk(value: Value, keys: bool) -> Value {
        match value {
            Value::Array(mut list) if list.len() == 1 => walk(list.remove(0), keys),
            Value::Array(mut list) => {
                list.sort_by_key(|value| sorted(value.clone()).to_string());
                Value::Array(list)
            }
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| {
                        let inner = keys || name == "Condition";
                        (
                            if keys { name.to_lowercase() } else { name },
                            walk(value, inner),
                        )
                    })
                    .collect(),
            ),
            other => other,
        }
    }
    walk(serde_json::to_value(statement).unwrap_or_default(), false)
}

/// The statement for the eye: without its id, with tokens hidden.
pub(super) fn shown(statement: &PolicyStatement) -> Value {
    let mut value = serde_json::to_value(statement).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.remove("Sid");
    }
    if let Some(conditions) = value.get_mut("Condition").and_then(Value::as_object_mut) {
        for keys in conditions.values_mut().filter_map(Value::as_object_mut) {
            for (_, token) in keys
                .iter_mut()
                .filter(|(key, _)| key.ends_with("EventSourceToken"))
            {
                *token = Value::from("[hidden]");
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sid: &str, source: &str) -> PolicyStatement {
        let condition = match source {
            "" => String::new(),
            source => format!(r#","Condition":{{"ArnLike":{{"AWS:SourceArn":"{source}"}}}}"#),
        };
        let text = format!(
            r#"{{"Sid":"{sid}","Effect":"Allow","Principal":{{"Service":"s3.amazonaws.com"}},"Action":"lambda:InvokeFunction","Resource":"f"{condition}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn statements_of_connections_are_known_by_their_ids() {
        for (sid, source, expected) in [
            (
                "s3-harbor-uploads-images-f36d6eff",
                "arn:aws:s3:::harbor.uploads",
                true,
            ),
            (
                "http-api-a1b2c3-0e5b1bd6",
                "arn:aws:execute-api:eu-west-1:1:a1b2c3/*/GET/x",
                true,
            ),
            ("s3-harbor-uploads", "arn:aws:s3:::other", false),
            ("s3-harbor-uploads", "", false),
            (
                "iot-events",
                "arn:aws:iotevents:eu-west-1:1:detectorModel/pump",
                false,
            ),
            ("Stack-AllowBucket", "arn:aws:s3:::Stack-AllowBucket", false),
        ] {
            assert_eq!(
                made_here(&statement(sid, source)),
                expected,
                "{sid} {source}"
            );
        }
    }

    #[test]
    fn lists_of_one_and_the_case_of_condition_keys_make_no_difference() {
        let plain = statement("s3-a", "arn:aws:s3:::a");
        let text = serde_json::to_string(&plain).unwrap();
        let listed = text
            .replace(r#""lambda:InvokeFunction""#, r#"["lambda:InvokeFunction"]"#)
            .replace("AWS:SourceArn", "aws:sourcearn");
        assert!(
            same(&plain, &serde_json::from_str(&listed).unwrap()),
            "{listed}"
        );
        assert!(!same(&plain, &statement("s3-a", "arn:aws:s3:::b")));
    }
}
