//! What exports grant, judged by parliament.

use serde_json::{Value, json};

use crate::clients::python;
use crate::formats::{EVERYTHING, exported, of_kind, written};
use crate::run::defined;

/// The findings above low of a list of policies, and actions that do not exist.
const JUDGE: &str = r#"
import json, sys, parliament
for policy in json.load(open(sys.argv[1])):
    for finding in parliament.analyze_policy_string(json.dumps(policy)).findings:
        finding = parliament.enhance_finding(finding)
        if finding.severity in ("MEDIUM", "HIGH", "CRITICAL") or finding.issue == "UNKNOWN_ACTION":
            print(finding.severity, finding.issue, finding.detail, json.dumps(policy))
"#;

/// Every policy in a document that says what a role may do.
fn policies(value: &Value) -> Vec<Value> {
    let is_policy = value["Statement"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one.get("Resource").is_some()));
    match value {
        Value::Object(_) if is_policy && value["Id"].is_null() => vec![literal(value)],
        Value::Object(members) => members.values().flat_map(policies).collect(),
        Value::Array(items) => items.iter().flat_map(policies).collect(),
        Value::String(text) if text.starts_with('{') => serde_json::from_str::<Value>(text)
            .map(|value| policies(&value))
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// A policy with a plain name in place of each reference.
fn literal(value: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("Fn::Sub") {
            Some(text) => literal(text),
            None => members
                .iter()
                .map(|(name, value)| (name.clone(), literal(value)))
                .collect(),
        },
        Value::Array(items) => items.iter().map(literal).collect(),
        // The time in a stream's ARN has colons, which the judge takes for those between an ARN's parts.
        Value::String(text) if text.contains(":dynamodb:") && text.contains("/stream/") => {
            let (table, _) = text.split_once("/stream/").unwrap();
            json!(format!("{table}/stream/2026"))
        }
        Value::String(text) => match (text.find("${"), text.find('}')) {
            (Some(start), Some(end)) => {
                json!(format!("{}a1b2c3d4e5{}", &text[..start], &text[end + 1..]))
            }
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

fn judged(policies: &[Value]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "policies.json", &json!(policies));
    python(JUDGE, [path])
}

#[test]
fn policies_pass_parliament() {
    let mut all = policies(&defined(EVERYTHING, ["permissions"]).ok().json());
    for format in ["cloudformation", "sam", "terraform"] {
        let found = policies(&exported(EVERYTHING, format));
        assert!(found.len() >= 4, "{format}: {found:#?}");
        all.extend(found);
    }
    assert_eq!(judged(&all), "");
    for (action, issue) in [
        ("sqs:Everything", "UNKNOWN_ACTION"),
        ("sqs:SendMessage", "RESOURCE_MISMATCH"),
    ] {
        let statement =
            json!({ "Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::b" });
        let bad = json!({ "Version": "2012-10-17", "Statement": [statement] });
        assert!(judged(&[bad]).contains(issue), "{issue}");
    }
}

/// Objects with a statement about any resource that have no reason beside them.
fn unexplained(value: &Value, explained: bool) -> usize {
    let text = |value: &Value| value.to_string().contains("resource");
    match value {
        Value::Object(members) => {
            let explained = explained
                || members.get("Metadata").is_some_and(text)
                || members.get("//").is_some_and(text);
            let here = members.get("Resource") == Some(&json!("*")) && !explained;
            usize::from(here)
                + members
                    .values()
                    .map(|value| unexplained(value, explained))
                    .sum::<usize>()
        }
        Value::Array(items) => items
            .iter()
            .map(|value| unexplained(value, explained))
            .sum(),
        Value::String(text) if text.contains("\"Resource\":\"*\"") => usize::from(!explained),
        _ => 0,
    }
}

#[test]
fn any_resource_is_allowed_only_with_the_reason() {
    for format in ["cloudformation", "sam", "terraform"] {
        let document = exported(EVERYTHING, format);
        assert!(
            document
                .to_string()
                .contains("no resource-level permission"),
            "{format}"
        );
        assert_eq!(unexplained(&document, false), 0, "{format}");
    }
    let bare =
        json!({ "Metadata": { "lambda-with": "generated" }, "Statement": [{ "Resource": "*" }] });
    assert_eq!(unexplained(&bare, false), 1);
}

#[test]
fn two_hundred_routes_fit_into_the_policy() {
    let methods = ["GET", "PUT", "POST", "DELETE"];
    let route = |n: usize| format!("\"{} /things-{n}/{{id}}\"", methods[n % 4]);
    let routes: Vec<String> = (0..200).map(route).collect();
    for api in ["rest", "http"] {
        let toml = format!(
            "[functions.shop]\nbin = \"shop\"\n[[functions.shop.with]]\nservice = \"api-gateway\"\napi = \"{api}\"\nroutes = [{}]\n",
            routes.join(", ")
        );
        let permissions = defined(&toml, ["permissions"]).ok().json();
        let policy = &permissions[0]["resource_based_policy"];
        let bytes = policy.to_string().len();
        assert!(policy.is_object() && bytes < 20_480, "{bytes}");
        let statements = policy["Statement"].as_array().unwrap().len();
        for format in ["cloudformation", "sam"] {
            let template = exported(&toml, format);
            assert_eq!(
                of_kind(&template, "AWS::Lambda::Permission").len(),
                statements
            );
        }
        let terraform = exported(&toml, "terraform");
        assert_eq!(
            terraform["resource"]["aws_lambda_permission"]
                .as_object()
                .unwrap()
                .len(),
            statements
        );
    }
}
