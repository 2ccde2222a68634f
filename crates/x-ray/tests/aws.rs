//! Tracing switched on and off for real, and documents that an API of X-Ray takes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;
use std::sync::Mutex;

use lambda_with::{Function, Timestamp};
use lambda_with_aws::Wiring;
use lambda_with_testing::{fake, moto_endpoint, python};
use lambda_with_x_ray::{Document, MAX_DOCUMENT, Segment, Subsegment, TraceId, XRay};
use serde_json::{Value, json};

#[tokio::test]
async fn tracing_is_set_kept_and_taken_away() {
    let functions = Mutex::new(
        json!({ "RevisionId": "7", "Role": "arn:aws:iam::123456789012:role/orders", "TracingConfig": { "Mode": "PassThrough" } }),
    );
    let iam = fake::Iam::default();
    let (session, log) = fake::session(move |method, path, body| {
        iam.answer(body).unwrap_or_else(|| match (method, path) {
            ("GET", path) if path.contains("/configuration") => {
                (200, functions.lock().unwrap().to_string())
            }
            ("PUT", _) => {
                let asked: Value = serde_json::from_str(body).unwrap();
                let mut stored = functions.lock().unwrap();
                stored["TracingConfig"] = asked["TracingConfig"].clone();
                (200, stored.to_string())
            }
            _ => (
                404,
                r#"{"__type":"ResourceNotFoundException","Message":"none"}"#.into(),
            ),
        })
    });
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    let mut wiring = Wiring::new(&session, Function::new(arn.parse().unwrap()).unwrap()).unwrap();
    wiring.add(&XRay::default()).unwrap();
    wiring.connect(|_| ()).await.unwrap();
    assert!(wiring.connect(|_| ()).await.unwrap().is_empty());
    assert!(wiring.status().await.unwrap().is_clean());
    wiring.disconnect(|_| ()).await.unwrap();
    let bodies: Vec<Value> = fake::of(&log, "PUT")
        .iter()
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect();
    assert_eq!(
        bodies,
        [
            json!({ "TracingConfig": { "Mode": "Active" }, "RevisionId": "7" }),
            json!({ "TracingConfig": { "Mode": "PassThrough" }, "RevisionId": "7" }),
        ]
    );
}

/// Sends the documents, and prints what X-Ray did not take and what it then has of the trace.
const PUT: &str = r#"
import boto3, json, sys
endpoint, trace = sys.argv[1:]
xray = boto3.client("xray", endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id="t", aws_secret_access_key="t")
documents = json.load(sys.stdin)
refused = []
for start in range(0, len(documents), 50):
    refused += xray.put_trace_segments(TraceSegmentDocuments=documents[start:start + 50])["UnprocessedTraceSegments"]
kept = xray.batch_get_traces(TraceIds=[trace])["Traces"]
print(json.dumps({"refused": refused, "kept": [s["Document"] for t in kept for s in t["Segments"]]}))
"#;

#[test]
fn put_trace_segments_takes_the_documents() {
    let now = Timestamp::now();
    let trace = TraceId::new(now);
    let mut segment = Segment::new("orders", trace, now);
    segment.end_time = Some(now.into());
    let parts = (0..120).map(|number| {
        let mut part = Subsegment::new("part", now);
        part.annotate("number", number);
        part.annotate("text", "x".repeat(700));
        part.end(now);
        part
    });
    segment.subsegments = Some(parts.collect());
    let documents = segment.into_documents(MAX_DOCUMENT).unwrap();
    assert_eq!(documents.len(), 121);
    let input = tempfile(&serde_json::to_string(&documents).unwrap());
    let ran = Command::new(python::program("python"))
        .args(["-c", PUT, moto_endpoint(), &trace.to_string()])
        .stdin(input)
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(told["refused"], json!([]));
    let mut kept: Vec<&str> = told["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|json| json.as_str().unwrap())
        .collect();
    let mut sent: Vec<&str> = documents.iter().map(String::as_str).collect();
    kept.sort_unstable();
    sent.sort_unstable();
    assert_eq!(kept, sent);
    let documents: Vec<Document> = kept
        .iter()
        .map(|json| Document::read(json).unwrap())
        .collect();
    let tree = lambda_with_x_ray::Trace::of(&documents, &trace.to_string()).unwrap();
    assert_eq!((tree.roots.len(), tree.roots[0].children.len()), (1, 120));
}

fn tempfile(text: &str) -> std::fs::File {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}
