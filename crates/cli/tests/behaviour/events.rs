//! `event`.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::run::{command, run};

/// The ids of all events.
pub(crate) fn ids() -> Vec<String> {
    let listed = run(["event", "--list", "--output", "json"]).ok().json();
    let ids = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[test]
fn one_event_is_listed() {
    let ran = run(["event", "s3/put", "--list"]).ok();
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    assert!(ran.stdout.starts_with("s3/put "), "{}", ran.stdout);
    assert_eq!(run(["event", "s3/nothing", "--list"]).code, 2);
}

#[test]
fn every_event_listed_is_printed() {
    let text = run(["event", "--list"]).ok().stdout;
    let ids = ids();
    assert!(ids.len() > 60, "{ids:?}");
    for id in &ids {
        assert!(
            text.lines().any(|line| line.split(' ').next() == Some(id)),
            "{id} is not in {text}"
        );
        let document = run(["event", id]).ok().json();
        assert!(document.is_object(), "{id}");
    }
    for service in ["s3", "sqs", "api-gateway"] {
        let first = ids
            .iter()
            .find(|id| id.starts_with(&format!("{service}/")))
            .unwrap();
        assert_eq!(
            run(["event", service]).ok().stdout,
            run(["event", first]).ok().stdout
        );
    }
}

#[test]
fn members_are_set() {
    let check = |set: &str, pointer: &str, expected: Value| {
        let document = run(["event", "s3/put", "--set", set]).ok().json();
        assert_eq!(document.pointer(pointer), Some(&expected), "{set}");
    };
    check(
        "/Records/0/s3/object/key=a=b",
        "/Records/0/s3/object/key",
        json!("a=b"),
    );
    check(
        "/Records/0/s3/object/size=7",
        "/Records/0/s3/object/size",
        json!(7),
    );
    check(
        "/Records/0/s3/object/size=\"7\"",
        "/Records/0/s3/object/size",
        json!("7"),
    );
    check(
        "/Records/0/new/inner={\"x\":[1]}",
        "/Records/0/new/inner/x/0",
        json!(1),
    );
    check("/Records/-={\"more\":null}", "/Records/1/more", json!(null));
    check("/empty=", "/empty", json!(""));
}

#[test]
fn mistakes_are_explained() {
    let check = |args: &[&str], part: &str| {
        let ran = run(std::iter::once(&"event").chain(args));
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    };
    check(&["s4"], "there is no service `s4`; did you mean `s3`?");
    check(&["s3/putt"], "s3 has no event `putt`; did you mean `put`?");
    check(&["efs"], "Amazon EFS sends no event");
    check(&["s3/put", "--set", "x"], "has no `=`");
    check(
        &["s3/put", "--set", "x=1"],
        "--set x: `x` does not begin with `/`",
    );
    check(
        &["s3/put", "--set", "/Records/7/a=1"],
        "`/Records/7`: the array has 1 elements only",
    );
    check(
        &["s3/put", "--set", "/Records/0/awsRegion/x=1"],
        "is a string, not an object",
    );
    check(&[], "required arguments");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = command()
        .args(["event", "--list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}
