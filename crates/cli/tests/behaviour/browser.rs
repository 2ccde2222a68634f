//! API Gateway and a load balancer answer alike: what curl gets, and what a page in a browser sees.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::curl::curl;
use crate::engine::Server;
use crate::run::venv;

/// One site, answered in the form each of the services wants.
const FUNCTION: &str = r#"
import base64, json

PAGE = """<!doctype html><title>orders</title><pre id=said>waiting</pre><script>
(async () => {
  const said = [document.cookie.split("; ").sort().join("; ")];
  const json = await fetch("json?tag=a&tag=b");
  said.push(json.status, json.headers.get("content-type"), JSON.stringify(await json.json()));
  const picture = await fetch("picture");
  const bytes = new Uint8Array(await picture.arrayBuffer());
  said.push(picture.headers.get("content-type"), bytes.length, bytes.reduce((a, b) => a * 31 + b >>> 0, 7));
  const text = await fetch("text", {method: "POST", body: "gr\u00fc\u00df dich"});
  said.push(text.status, await text.text());
  const lost = await fetch("nowhere");
  said.push(lost.status, await lost.text());
  document.getElementById("said").textContent = said.join("|");
})();
</script>"""


def handler(event, context):
    v2 = event.get("version") == "2.0"
    path = event["rawPath"] if v2 else event["path"]
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    cookies = []
    status, kind, encoded = 200, "text/plain; charset=utf-8", False
    name = path.rsplit("/", 1)[-1]
    if name == "page":
        kind, answer = "text/html; charset=utf-8", PAGE
        cookies = ["harbour=north; Path=/", "berth=7; Path=/"]
    elif name == "json":
        kind, answer = "application/json", json.dumps({"gr\u00fc\u00dfe": [1, 2.5, None]})
    elif name == "picture":
        kind, answer, encoded = "image/png", base64.b64encode(bytes(range(256))).decode(), True
    elif name == "text":
        status, answer = 201, "you said " + body
    else:
        status, answer = 404, "no such page"
    out = {"statusCode": status, "body": answer, "isBase64Encoded": encoded}
    if v2:
        return {**out, "headers": {"content-type": kind}, "cookies": cookies}
    values = {"content-type": [kind]}
    if cookies:
        values["set-cookie"] = cookies
    return {**out, "multiValueHeaders": values}
"#;

/// A REST API sends bytes only where it was told which types are bytes, and compares those with what
/// the client accepts: `*/*` in a browser.
const CONNECTIONS: &str = r#"
[[functions.site.with]]
service = "api-gateway"
api = "http"
routes = ["ANY /{proxy+}"]

[[functions.site.with]]
service = "api-gateway"
api = "rest"
routes = ["ANY /{proxy+}"]
binary_media_types = ["*/*"]

[[functions.site.with]]
service = "alb"
target_group = "site"
multi_value_headers = true
"#;

fn site(folder: &Path) -> Server {
    std::fs::write(folder.join("app.py"), FUNCTION).unwrap();
    let python = Value::String(venv("bin/python").to_str().unwrap().to_owned());
    let toml = format!(
        "[functions.site]\ncommand = [{python}, \"-m\", \"awslambdaric\", \"app.handler\"]\ntimeout = 60\n{CONNECTIONS}"
    );
    std::fs::write(folder.join("lambda-with.toml"), toml).unwrap();
    Server::start(folder, &["--port", "0"])
}

/// Where each door of the site is.
fn doors(server: &Server) -> Vec<String> {
    let apis = server.up["apis"].as_array().unwrap().iter();
    let urls: Vec<String> = apis
        .map(|api| api["url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(urls.len(), 3, "{}", server.up);
    urls
}

/// The status, the headers a page can depend on, and the body.
fn answer(url: &str, args: &[&str]) -> (String, Vec<u8>) {
    let mut options = vec!["--include", "--header", "accept: image/png, */*"];
    options.extend(args);
    let said = curl(url, &options);
    let end = said
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(said[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let mut kept: Vec<String> = lines
        .filter(|line| {
            let name = line.split(':').next().unwrap().to_ascii_lowercase();
            matches!(
                name.as_str(),
                "content-type" | "content-length" | "set-cookie"
            )
        })
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            format!("{}:{value}", name.to_ascii_lowercase())
        })
        .collect();
    kept.sort();
    (
        format!("{status} {}", kept.join(", ")),
        said[end + 4..].to_vec(),
    )
}

#[test]
fn curl_gets_the_same_through_every_door() {
    let folder = tempfile::tempdir().unwrap();
    let server = site(folder.path());
    let doors = doors(&server);
    for (path, args, expected) in [
        ("text", &["--data", "grüß dich"][..], "201 "),
        ("json?tag=a&tag=b", &[], "200 "),
        (
            "picture",
            &[],
            "200 content-length: 256, content-type: image/png",
        ),
        ("nowhere", &[], "404 "),
        ("page", &[], "200 "),
    ] {
        let first = answer(&format!("{}/{path}", doors[0]), args);
        assert!(first.0.starts_with(expected), "{path}: {}", first.0);
        for door in &doors[1..] {
            assert_eq!(
                answer(&format!("{door}/{path}"), args),
                first,
                "{door}/{path}"
            );
        }
    }
    let (head, _) = answer(&format!("{}/page", doors[2]), &[]);
    assert!(
        head.contains("set-cookie: berth=7; Path=/, set-cookie: harbour=north; Path=/"),
        "{head}"
    );
}

#[test]
fn a_page_sees_the_same_through_every_door() {
    let folder = tempfile::tempdir().unwrap();
    let server = site(folder.path());
    let mut seen = Vec::new();
    for (index, door) in doors(&server).iter().enumerate() {
        let profile = folder.path().join(format!("profile-{index}"));
        let page = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--virtual-time-budget=10000",
                "--dump-dom",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("{door}/page"))
            .output()
            .expect("chromium is installed: run `cargo xtask test`");
        let page = String::from_utf8(page.stdout).unwrap();
        let said = page.split("id=\"said\">").nth(1).unwrap_or_default();
        seen.push(said.split("</pre>").next().unwrap_or_default().to_owned());
    }
    let expected =
        "berth=7; harbour=north|200|application/json|{\"grüße\":[1,2.5,null]}|image/png|256|";
    assert!(seen[0].starts_with(expected), "{seen:?}");
    assert!(
        seen[0].ends_with("|201|you said grüß dich|404|no such page"),
        "{seen:?}"
    );
    assert_eq!(seen[1], seen[0]);
    assert_eq!(seen[2], seen[0]);
}
