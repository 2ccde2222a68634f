//! `decode`.

use serde_json::json;

use crate::events;
use crate::run::{pipe, run};

#[test]
fn every_sample_is_recognised_and_read_exactly() {
    let listed = run(["event", "--list", "--output", "json"]).ok().json();
    for event in listed.as_array().unwrap() {
        let id = event["id"].as_str().unwrap();
        let sample = run(["event", id]).ok();
        let decoded = pipe(["decode", "--output", "json"], &sample.stdout)
            .ok()
            .json();
        assert_eq!(decoded["exact"], json!(true), "{id}: {decoded}");
        assert_eq!(decoded["value"], sample.json(), "{id}");
        let told = pipe(
            ["decode", "--output", "json", "--as", id, "-"],
            &sample.stdout,
        )
        .ok()
        .json();
        assert_eq!(
            (&told["type"], &told["rust"]),
            (&json!(id), &event["rust"]),
            "{id}"
        );
        assert_eq!(
            (&told["exact"], &told["value"]),
            (&json!(true), &sample.json()),
            "{id}"
        );
        // An answer may be, letter for letter, that of another service too.
        if event["response"] == json!(false) {
            assert_eq!(decoded, told, "{id}");
        }
    }
}

#[test]
fn what_a_type_does_not_keep_is_listed() {
    let sets = ["/Records/0/newer=1", "/Records/0/s3/a~1b={\"c\":[]}"];
    let args = sets.into_iter().flat_map(|set| ["--set", set]);
    let event = run(["event", "s3/put"].into_iter().chain(args)).ok().stdout;
    let decoded = pipe(["decode", "--output", "json"], &event).ok().json();
    assert_eq!(decoded["type"], json!("s3/put"));
    assert_eq!(decoded["exact"], json!(false));
    assert_eq!(
        decoded["unknown"],
        json!(["/Records/0/s3/a~1b", "/Records/0/newer"])
    );
    assert_eq!(decoded["changed"], json!([]));
    let text = pipe(["decode"], &event).ok().stdout;
    assert!(
        text.starts_with("s3/put  lambda_with_s3::S3Event  not exact\n"),
        "{text}"
    );
    assert!(text.contains("\n  unknown /Records/0/newer\n"), "{text}");
}

#[test]
fn refusals_name_the_nearest_type_and_the_member() {
    let check = |input: &str, args: &[&str], code: i32, parts: &[&str]| {
        let ran = pipe(std::iter::once(&"decode").chain(args), input);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{input}");
        for part in parts {
            assert!(ran.stderr.contains(part), "{}", ran.stderr);
        }
    };
    let sample = |id: &str, set: &str| run(["event", id, "--set", set]).ok().stdout;
    check(
        &sample("s3/put", "/Records/0/eventSource=aws:s4"),
        &[],
        1,
        &[
            "the nearest is lambda_with_s3::S3Event",
            "/Records/0/eventSource",
            "aws:s4",
            "aws:s3",
        ],
    );
    check(
        &sample("sqs/standard", "/Records/1/messageId=7"),
        &[],
        1,
        &[
            "the nearest is lambda_with_sqs::SqsEvent",
            "Records[1].messageId",
        ],
    );
    check(
        &sample("s3/put", "/Records/0/s3/object/size=x"),
        &["--as", "s3/put"],
        1,
        &["size"],
    );
    check(
        r#"{"nobody":"knows"}"#,
        &[],
        1,
        &["no type takes this document"],
    );
    check("[1]", &[], 1, &["no type takes this document"]);
    check("{", &[], 1, &["standard input is not a JSON document"]);
    check("{}", &["--as", "s3/pot"], 2, &["did you mean `put`"]);
    check("", &["/no/such/file"], 2, &["cannot read `/no/such/file`"]);
}

#[test]
fn text_output_ends_with_the_document() {
    let id = &events::ids()[0];
    let sample = run(["event", id]).ok();
    let text = pipe(["decode"], &sample.stdout).ok().stdout;
    let (first, document) = text.split_once('\n').unwrap();
    assert!(
        first.starts_with(id.as_str()) && first.ends_with("nothing changed"),
        "{first}"
    );
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(document).unwrap(),
        sample.json()
    );
}
