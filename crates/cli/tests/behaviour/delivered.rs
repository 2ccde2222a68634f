//! Every kind of connection delivers one event to a function on this machine, as its service would:
//! in its mode, and let in by the policy that follows from its own definition.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::formats::EVERYTHING;
use crate::run::{command, run, run_with, venv};

/// Answers HTTP requests with 200, says of a batch that nothing failed, and answers everything else with
/// itself.
const FUNCTION: &str = r#"
def handler(event, context):
    if "elb" in event.get("requestContext", {}):
        return {"statusCode": 200, "headers": {}, "body": "ok"}
    if "httpMethod" in event or "http" in event.get("requestContext", {}):
        return {"statusCode": 200, "body": "ok"}
    if "Records" in event:
        return {"batchItemFailures": []}
    return event
"#;

#[test]
fn one_event_of_every_service() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), FUNCTION).unwrap();
    let python = Value::String(venv("bin/python").to_str().unwrap().to_owned());
    let function = format!("command = [{python}, \"-m\", \"awslambdaric\", \"app.handler\"]");
    let mut toml = String::new();
    for line in EVERYTHING.lines().chain(REST.lines()) {
        if !(line.starts_with("bin = ") || line.starts_with("command = ")) {
            toml.push_str(line);
            toml.push('\n');
        }
        let is_function = line.starts_with("[functions.") && line.matches('.').count() == 1;
        if is_function {
            toml.push_str(&function);
            toml.push('\n');
        }
    }
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
    let mut once = command();
    once.current_dir(folder.path());
    let ran = run_with(once.args(["dev", "--once", "--output", "json"]), "");
    let lines = ran.json();
    let lines = lines.as_array().unwrap();
    let failed: Vec<&Value> = lines.iter().filter(|line| line["ok"] != true).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(ran.code, 0, "{}", ran.stderr);

    // Nobody is left out.
    let seen = lines.iter().map(|line| {
        let event = line["event"].as_str().unwrap();
        event.split(['/', ' ']).next().unwrap().to_owned()
    });
    let seen: BTreeSet<String> = seen.collect();
    let services = run(["list", "--output", "json"]).ok().json();
    let services = services.as_array().unwrap().iter();
    let missing: Vec<&str> = services
        .map(|service| service["id"].as_str().unwrap())
        .filter(|id| !seen.contains(*id))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What exports of `everything.toml` cannot hold, because other tools refuse it: AWS IoT Events has
/// ended.
const REST: &str = r#"
[functions.rest]

[[functions.rest.with]]
service = "iot-events"
detector_model = "berth_watch"
"#;
