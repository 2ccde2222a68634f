//! Lambda's side of a wiring.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

/// Functions without a role, which keep the statements that are added to their policies: for endpoints
/// of one's own that are about another service.
#[derive(Debug)]
pub struct Lambda {
    arn: String,
    policies: Mutex<BTreeMap<String, Vec<Value>>>,
}

impl Lambda {
    /// The function of this ARN, and others that are named by theirs.
    pub fn new(arn: impl Into<String>) -> Self {
        Self {
            arn: arn.into(),
            policies: Mutex::default(),
        }
    }

    /// What Lambda answers to a request; nothing where the request is for another service.
    pub fn answer(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let path = path.split('?').next().unwrap_or_default();
        let mut policies = self.policies.lock().unwrap();
        let (name, after) = path
            .strip_prefix("/2015-03-31/functions/")
            .map(|rest| rest.split_once("/policy").unwrap_or((rest, "-")))
            .or_else(|| path.contains("event-source-mappings").then_some(("", "+")))?;
        let arn = match name.replace("%3A", ":") {
            arn if arn.starts_with("arn:") => arn,
            _ => self.arn.clone(),
        };
        let statements = policies.entry(arn.clone()).or_default();
        Some(match (method, after) {
            ("GET", "" | "/") if statements.is_empty() => {
                let missing = r#"{"__type":"ResourceNotFoundException","Message":"none"}"#;
                (404, missing.into())
            }
            ("GET", "" | "/") => {
                let policy =
                    json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
                let answer = json!({ "Policy": policy.to_string(), "RevisionId": "r1" });
                (200, answer.to_string())
            }
            ("POST", "" | "/") => {
                let asked: Value = serde_json::from_str(body).unwrap();
                statements.push(statement(&arn, &asked));
                (201, "{}".into())
            }
            ("DELETE", sid) => {
                statements.retain(|s| s["Sid"] != sid.trim_start_matches('/'));
                (204, String::new())
            }
            ("GET", "+") => (200, r#"{"EventSourceMappings":[]}"#.into()),
            _ => (200, "{}".into()),
        })
    }
}

/// The statement AWS makes of an AddPermission.
fn statement(arn: &str, asked: &Value) -> Value {
    let mut condition = json!({});
    if let Some(account) = asked.get("SourceAccount") {
        condition["StringEquals"] = json!({ "AWS:SourceAccount": account });
    }
    if let Some(token) = asked.get("EventSourceToken") {
        condition["StringEquals"]["lambda:EventSourceToken"] = token.clone();
    }
    if let Some(arn) = asked.get("SourceArn") {
        condition["ArnLike"] = json!({ "AWS:SourceArn": arn });
    }
    json!({
        "Sid": asked["StatementId"],
        "Effect": "Allow",
        "Principal": { "Service": asked["Principal"] },
        "Action": asked["Action"],
        "Resource": arn,
        "Condition": condition,
    })
}
