//! The front door, as curl sees it, before a function in Python.

use std::process::Command;

use serde_json::Value;

use crate::engine::Server;
use crate::run::venv;

/// Answers with its own event, or with bytes where it is asked for a picture.
const FUNCTION: &str = r#"
import base64, json

def handler(event, context):
    if event.get("rawPath", event.get("path", "")).endswith("/picture"):
        picture = base64.b64encode(bytes(range(256))).decode()
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": picture, "isBase64Encoded": True}
    return {"statusCode": 201, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
"#;

/// What curl prints; its arguments come before the URL.
#[track_caller]
pub(crate) fn curl(url: &str, args: &[&str]) -> Vec<u8> {
    let mut command = Command::new("curl");
    let output = command
        .args(["--silent", "--show-error", "--max-time", "20"])
        .args(args)
        .arg(url);
    let output = output.output().expect("curl is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

#[test]
fn both_payload_formats() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), FUNCTION).unwrap();
    let python = Value::String(venv("bin/python").to_str().unwrap().to_owned());
    let mut toml = format!(
        "[functions.app]\ncommand = [{python}, \"-m\", \"awslambdaric\", \"app.handler\"]\n"
    );
    for format in ["2.0", "1.0"] {
        toml.push_str(&format!(
            "[[functions.app.with]]\nservice = \"api-gateway\"\napi = \"http\"\nname = \"v{}\"\n\
             payload_format = \"{format}\"\nroutes = [\"ANY /{{proxy+}}\"]\n",
            &format[..1]
        ));
    }
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
    let server = Server::start(folder.path(), &["--port", "0"]);
    let args = [
        "--data",
        "{\"id\":7}",
        "--cookie",
        "a=1; b=2",
        "--header",
        "content-type: application/json",
        "--write-out",
        "\n%{http_code}",
    ];
    for (index, version) in ["2.0", "1.0"].into_iter().enumerate() {
        let url = server.up["apis"][index]["url"].as_str().unwrap();
        let said =
            String::from_utf8(curl(&format!("{url}/pets/7?tag=a&tag=b%20c"), &args)).unwrap();
        let (event, status) = said.rsplit_once('\n').unwrap();
        assert_eq!(status, "201", "{said}");
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(event["version"], version, "{event}");
        assert_eq!(event["body"], "{\"id\":7}");
        assert_eq!(event["pathParameters"]["proxy"], "pets/7");
        if version == "2.0" {
            assert_eq!(event["cookies"], serde_json::json!(["a=1", "b=2"]));
            assert_eq!(event["queryStringParameters"]["tag"], "a,b c");
            assert_eq!(event["requestContext"]["http"]["method"], "POST");
        } else {
            let tags = &event["multiValueQueryStringParameters"]["tag"];
            assert_eq!(tags, &serde_json::json!(["a", "b c"]));
            assert_eq!(event["httpMethod"], "POST");
        }
        let picture = curl(
            &format!("{url}/picture"),
            &["--header", "accept: image/png"],
        );
        assert_eq!(picture, (0..=255).collect::<Vec<u8>>());
    }
    let url = server.up["apis"][0]["url"].as_str().unwrap();
    let lost = curl(&format!("{url}/"), &["--write-out", "%{http_code}"]);
    assert_eq!(
        String::from_utf8(lost).unwrap(),
        "{\"message\":\"Not Found\"}404"
    );
}
