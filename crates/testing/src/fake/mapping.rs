//! Lambda's side of an event source mapping that no emulator takes.

use std::sync::Mutex;

use lambda_with::Integration;
use lambda_with_aws::{Session, Wiring};
use serde_json::{Value, json};

use super::{Iam, Log, of, session};
use crate::document::function;

const UUID: &str = "6f1d2c3b-0a49-4f58-8e67-95a4b3c2d1e0";
const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:";

/// Connects a connection that is one mapping, connects it again, connects it `changed`, disconnects
/// it, and compares what Lambda was asked to make and to change. The function is `orders`. `Tags` of the
/// change are a request of their own, as they are to Lambda.
///
/// # Panics
///
/// When Lambda is asked something else, or connecting again changes something.
pub async fn mapping<C: Integration>(connection: &C, made: Value, changed: &C, mut change: Value) {
    let tags = change
        .as_object_mut()
        .and_then(|change| change.remove("Tags"));
    let (session, log) = lambda();
    let wiring = |connection: &C| {
        let mut wiring = Wiring::new(&session, function("orders")).unwrap();
        wiring.add(connection).unwrap();
        wiring
    };
    let asked = |method| -> Vec<Value> {
        let sent = of(&log, method).into_iter();
        let sent = sent.filter(|(path, _)| path.contains("/event-source-mappings"));
        sent.map(|(_, body)| serde_json::from_str(&body).unwrap())
            .collect()
    };
    wiring(connection).connect(|_| ()).await.unwrap();
    assert_eq!(asked("POST"), [made]);
    let again = wiring(connection).connect(|_| ()).await.unwrap();
    assert!(again.is_empty(), "{again:?}");
    let status = wiring(connection).status().await.unwrap();
    assert!(status.is_clean(), "{status:?}");
    assert!(!wiring(changed).status().await.unwrap().is_clean());
    wiring(changed).connect(|_| ()).await.unwrap();
    assert_eq!(asked("PUT"), [change]);
    let tagged: Vec<Value> = of(&log, "POST")
        .into_iter()
        .filter(|(path, _)| path.contains("/tags/"))
        .map(|(_, body)| serde_json::from_str(&body).unwrap())
        .collect();
    let expected: Vec<Value> = tags.iter().map(|tags| json!({ "Tags": tags })).collect();
    assert_eq!(tagged, expected);
    let again = wiring(changed).connect(|_| ()).await.unwrap();
    assert!(again.is_empty(), "{again:?}");
    wiring(changed).disconnect(|_| ()).await.unwrap();
    let deleted = of(&log, "DELETE");
    assert_eq!(deleted.len(), 1);
    assert!(deleted[0].0.ends_with(UUID), "{deleted:?}");
    assert_eq!(asked("POST").len(), 1, "made once");
    assert!(wiring(changed).disconnect(|_| ()).await.unwrap().is_empty());
}

/// Lambda's API with one mapping at most, and IAM's with the function's role.
fn lambda() -> (Session, Log) {
    let mapping: Mutex<Option<Value>> = Mutex::default();
    let iam = Iam::default();
    session(move |method, path, body| {
        if let Some(answer) = iam.answer(body) {
            return answer;
        }
        let mut mapping = mapping.lock().unwrap();
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let missing = || json!({ "__type": "ResourceNotFoundException", "Message": "none" });
        let (status, answer) = match (method, path) {
            ("GET", path) if path.contains("/configuration") => (
                200,
                json!({ "Role": "arn:aws:iam::123456789012:role/orders" }),
            ),
            ("GET", path) if path.contains("/policy") => (404, missing()),
            ("POST", "/2015-03-31/event-source-mappings") => {
                let mut made = asked;
                made["UUID"] = json!(UUID);
                made["EventSourceMappingArn"] = json!(format!("{ARN}{UUID}"));
                made["FunctionArn"] = made["FunctionName"].take();
                (202, mapping.insert(settled(made)).clone())
            }
            ("PUT", _) => {
                let standing = mapping.take().unwrap();
                let mut members = standing.as_object().unwrap().clone();
                members.extend(asked.as_object().unwrap().clone());
                (202, mapping.insert(settled(members.into())).clone())
            }
            ("DELETE", _) => (202, mapping.take().unwrap()),
            // Those of others are among them.
            (_, path) if path.contains("/tags/") => {
                let standing = mapping.as_mut().unwrap();
                standing["Tags"]["owner"] = json!("somebody else");
                let tags = standing["Tags"].as_object_mut().unwrap();
                tags.extend(asked["Tags"].as_object().cloned().unwrap_or_default());
                (200, json!({ "Tags": tags }))
            }
            ("GET", path) if path.contains("event-source-mappings/") => match &*mapping {
                Some(mapping) => {
                    let mut shown = mapping.clone();
                    shown.as_object_mut().unwrap().remove("Tags");
                    (200, shown)
                }
                None => (404, missing()),
            },
            _ => (
                200,
                json!({ "EventSourceMappings": mapping.iter().collect::<Vec<_>>() }),
            ),
        };
        (status, answer.to_string())
    })
}

/// A mapping that is made or changed at once.
fn settled(mut mapping: Value) -> Value {
    let paused = mapping["Enabled"] == json!(false);
    mapping["State"] = json!(if paused { "Disabled" } else { "Enabled" });
    mapping
}
