//! Subscriptions, and what is wrong with them.

use serde_json::json;

use super::*;

fn edited(edit: &[(&str, Value)]) -> Value {
    let mut request = json!({
        "schemaVersion": "2022-12-13",
        "types": ["platform", "function"],
        "buffering": { "maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 100 },
        "destination": { "protocol": "HTTP", "URI": "http://sandbox.localdomain:8080/in?a=b" },
    });
    for (pointer, value) in edit {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let parent = request.pointer_mut(parent).unwrap();
        parent[member] = value.clone();
    }
    request
}

#[test]
fn what_may_be_left_out() {
    let all = read(true, edited(&[]).to_string().as_bytes()).unwrap();
    assert_eq!(
        all,
        Subscription {
            api: Api::Telemetry { json: true },
            streams: vec![Stream::Platform, Stream::Function],
            buffering: Buffering {
                max_items: 1000,
                max_bytes: 262_144,
                timeout: Duration::from_millis(100)
            },
            target: Target::Http {
                method: Method::POST,
                host: "sandbox.localdomain:8080".to_owned(),
                port: 8080,
                path: "/in?a=b".to_owned(),
            },
        }
    );
    let least = edited(&[
        ("/buffering", Value::Null),
        ("/schemaVersion", Value::Null),
        (
            "/destination",
            json!({"protocol": "HTTP", "method": "PUT", "URI": "http://sandbox:1"}),
        ),
    ]);
    let least = read(false, least.to_string().as_bytes()).unwrap();
    assert_eq!(least.buffering, Buffering::default());
    assert_eq!(
        least.api,
        Api::Logs {
            runtime_done: false
        }
    );
    let Target::Http { method, path, .. } = least.target else {
        panic!("it is HTTP")
    };
    assert_eq!((method, path.as_str()), (Method::PUT, "/"));
    for destination in [
        json!({"protocol": "TCP", "port": 9}),
        json!({"protocol": "TCP", "URI": "tcp://sandbox.localdomain:9"}),
        json!({"protocol": "TCP", "URI": "sandbox.localdomain:9"}),
    ] {
        let request = edited(&[("/destination", destination)]).to_string();
        let read = read(true, request.as_bytes()).unwrap();
        assert_eq!(read.target, Target::Tcp { port: 9 }, "{request}");
    }
    for host in ["sandbox", "localhost", "0.0.0.0", "127.0.0.1", ""] {
        let request = edited(&[("/destination/URI", json!(format!("http://{host}:7/")))]);
        let read = read(true, request.to_string().as_bytes()).unwrap();
        let seventh = matches!(read.target, Target::Http { port: 7, .. });
        assert!(seventh, "{host}: {read:?}");
    }
}

#[test]
fn what_does_not_fit_is_listed() {
    let check = |telemetry: bool, edit: &[(&str, Value)], wrong: &str| {
        let request = edited(edit).to_string();
        assert_eq!(
            read(telemetry, request.as_bytes()),
            Err(wrong.to_owned()),
            "{request}"
        );
    };
    let uri = |uri: &str| ("/destination/URI", json!(uri));
    // These words are AWS's.
    check(
        true,
        &[uri("http://sandbox.localdomain/"), ("/types", json!([]))],
        "types should not be empty; URI port is not provided",
    );
    check(
        true,
        &[uri("http://10.1.2.3:80")],
        "URI host should be sandbox.localdomain, not 10.1.2.3",
    );
    check(
        true,
        &[uri("https://sandbox:80")],
        "URI should begin with http://",
    );
    check(
        true,
        &[("/destination/URI", Value::Null)],
        "URI is not provided",
    );
    check(
        true,
        &[("/destination", Value::Null)],
        "destination is not provided",
    );
    check(
        true,
        &[("/destination/protocol", json!("UDP"))],
        "protocol should be HTTP or TCP",
    );
    check(
        true,
        &[("/destination", json!({"protocol": "TCP", "port": 65_536}))],
        "port should be between 1 and 65535",
    );
    check(
        true,
        &[("/schemaVersion", Value::Null)],
        "schemaVersion is not provided",
    );
    check(
        true,
        &[("/schemaVersion", json!("2021-03-18"))],
        "schemaVersion should be 2022-07-01, 2022-12-13 or 2025-01-29",
    );
    check(
        false,
        &[("/destination/method", json!("GET"))],
        "schemaVersion should be 2020-08-15 or 2021-03-18; method should be PUT or POST",
    );
    check(
        true,
        &[("/types", json!(["function", "logs"]))],
        "types should be platform, function or extension, not \"logs\"",
    );
    for (member, value, wrong) in [
        (
            "maxItems",
            json!(999),
            "maxItems should be between 1000 and 10000",
        ),
        (
            "maxItems",
            json!(10_001),
            "maxItems should be between 1000 and 10000",
        ),
        (
            "maxBytes",
            json!(262_143),
            "maxBytes should be between 262144 and 1048576",
        ),
        (
            "maxBytes",
            json!(1_048_577),
            "maxBytes should be between 262144 and 1048576",
        ),
        (
            "timeoutMs",
            json!(24),
            "timeoutMs should be between 25 and 30000",
        ),
        (
            "timeoutMs",
            json!("25"),
            "timeoutMs should be between 25 and 30000",
        ),
    ] {
        check(true, &[(&format!("/buffering/{member}"), value)], wrong);
    }
    let broken = read(true, b"{").unwrap_err();
    assert!(
        broken.starts_with("the request is not valid JSON"),
        "{broken}"
    );
}
