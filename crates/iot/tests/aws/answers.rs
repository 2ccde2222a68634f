//! An endpoint with one rule, one authorizer, one template and one function.

use std::sync::{Arc, Mutex};

use lambda_with_aws::Session;
use lambda_with_testing::fake;
use serde_json::{Value, json};

use crate::tree;

/// What stands. The rule is kept as text, to see that what others wrote comes back to the letter.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) rule: Option<String>,
    pub(crate) authorizer: Option<Value>,
    pub(crate) template: Option<Value>,
    pub(crate) policy: Option<Value>,
    /// What stands right after the next write of a rule, because somebody else wrote it.
    pub(crate) rival: Option<String>,
    /// The operation that is denied.
    pub(crate) denied: &'static str,
    /// Whether the authorizer is the default of a domain.
    pub(crate) attached: bool,
}

pub(crate) type Shared = Arc<Mutex<Store>>;

pub(crate) fn session(store: Store) -> (Session, fake::Log, Shared) {
    let shared = Arc::new(Mutex::new(store));
    let store = Arc::clone(&shared);
    let (session, log) = fake::session(move |method, path, body| {
        let mut store = store.lock().unwrap();
        if format!("{method} {path}") == store.denied {
            return error(403, "UnauthorizedException", "no");
        }
        match path.split(['/', '?']).nth(1).unwrap_or_default() {
            "rules" => rule(&mut store, method, path, body),
            "authorizer" => authorizer(&mut store, method, body),
            "provisioning-templates" => template(&mut store, method, body),
            _ => function(&mut store, method, path, body),
        }
    });
    (session, log, shared)
}

fn error(status: u16, kind: &str, message: &str) -> (u16, String) {
    let body = json!({ "__type": kind, "message": message });
    (status, body.to_string())
}

fn rule(store: &mut Store, method: &str, path: &str, body: &str) -> (u16, String) {
    match (method, &store.rule) {
        ("GET", found) if path.starts_with("/rules?") || path == "/rules" => {
            let more = json!({ "rules": [{ "ruleName": "other" }], "nextToken": "2" });
            let last = match found {
                Some(_) => json!({ "rules": [{ "ruleName": "crane_load" }] }),
                None => json!({ "rules": [] }),
            };
            let page = if path.contains("nextToken") {
                last
            } else {
                more
            };
            (200, page.to_string())
        }
        ("GET", Some(rule)) => {
            let read_only = r#""ruleName":"crane_load","createdAt":1.789722E9,"#;
            let body = format!(r#"{{"ruleArn":"arn","rule":{{{read_only}{}}}"#, &rule[1..]);
            (200, body)
        }
        ("GET", None) => {
            let message = "Access to topic rule 'crane_load' was denied";
            error(401, "UnauthorizedException", message)
        }
        ("POST", Some(_)) => error(409, "ResourceAlreadyExistsException", "there is one"),
        ("POST", None) | ("PATCH", Some(_)) => {
            store.rule = Some(store.rival.take().unwrap_or_else(|| body.to_owned()));
            (200, String::new())
        }
        ("DELETE", Some(_)) => {
            store.rule = None;
            (200, String::new())
        }
        _ => error(401, "UnauthorizedException", "denied"),
    }
}

fn authorizer(store: &mut Store, method: &str, body: &str) -> (u16, String) {
    match (method, store.authorizer.as_mut()) {
        ("POST", None) => {
            store.authorizer = Some(tree(body));
            (200, "{}".into())
        }
        (_, None) => error(404, "ResourceNotFoundException", "none"),
        ("GET", Some(found)) => {
            let body = json!({ "authorizerDescription": found });
            (200, body.to_string())
        }
        ("PUT", Some(found)) => {
            for (name, value) in tree(body).as_object().unwrap() {
                found[name] = value.clone();
            }
            (200, "{}".into())
        }
        ("DELETE", Some(found)) if found["status"] == "ACTIVE" => {
            error(400, "InvalidRequestException", "it is active")
        }
        ("DELETE", Some(_)) if store.attached => {
            error(409, "DeleteConflictException", "it is attached")
        }
        ("DELETE", Some(_)) => {
            store.authorizer = None;
            (200, "{}".into())
        }
        _ => error(409, "ResourceAlreadyExistsException", "there is one"),
    }
}

fn template(store: &mut Store, method: &str, body: &str) -> (u16, String) {
    let Some(found) = store.template.as_mut() else {
        return error(404, "ResourceNotFoundException", "none");
    };
    if method == "PATCH" {
        let body = tree(body);
        if body["removePreProvisioningHook"] == true {
            found["preProvisioningHook"] = Value::Null;
        } else {
            found["preProvisioningHook"] = body["preProvisioningHook"].clone();
        }
        return (200, "{}".into());
    }
    (200, found.to_string())
}

fn function(store: &mut Store, method: &str, path: &str, body: &str) -> (u16, String) {
    match (method, &store.policy) {
        ("GET", _) if path.contains("/configuration") => (200, "{}".into()),
        ("GET", Some(policy)) if path.contains("/policy") => {
            let body = json!({ "Policy": policy.to_string(), "RevisionId": "r1" });
            (200, body.to_string())
        }
        ("GET", None) if path.contains("/policy") => {
            error(404, "ResourceNotFoundException", "none")
        }
        ("POST", _) if path.contains("/policy") => {
            let asked = tree(body);
            store.policy = Some(json!({
                "Version": "2012-10-17",
                "Id": "default",
                "Statement": [{
                    "Sid": asked["StatementId"],
                    "Effect": "Allow",
                    "Principal": { "Service": asked["Principal"] },
                    "Action": asked["Action"],
                    "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:loads",
                    "Condition": {
                        "StringEquals": { "AWS:SourceAccount": asked["SourceAccount"] },
                        "ArnLike": { "AWS:SourceArn": asked["SourceArn"] },
                    },
                }],
            }));
            (201, "{}".into())
        }
        ("DELETE", _) if path.contains("/policy") => {
            store.policy = None;
            (204, String::new())
        }
        ("GET", _) => (200, r#"{"EventSourceMappings":[]}"#.into()),
        _ => (500, String::new()),
    }
}
