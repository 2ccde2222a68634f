use proptest::prelude::*;

use super::*;

fn records(ids: &[&str], group: Option<&str>) -> Vec<Record> {
    let record = |id: &&str| Record {
        id: (*id).into(),
        group: group.map(Into::into),
        receipt: String::new(),
        json: "{}".into(),
        arrived: None,
    };
    ids.iter().map(record).collect()
}

fn success(payload: &str) -> Outcome {
    Outcome::Success {
        payload: payload.to_owned().into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

fn error(payload: &str) -> Outcome {
    Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: payload.to_owned().into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

fn check(report: bool, outcome: &Outcome, succeeded: &[&str], reason: Option<&str>) {
    let verdict = Verdict::read(report, outcome, &records(&["1", "2", "3", "4"], None));
    let failed: Vec<&str> = ["1", "2", "3", "4"]
        .into_iter()
        .filter(|id| !succeeded.contains(id))
        .collect();
    assert_eq!(verdict.succeeded, succeeded, "{outcome:?}");
    assert_eq!(verdict.failed, failed, "{outcome:?}");
    let found = verdict.reason.as_deref();
    match reason {
        Some(reason) => assert!(
            found.is_some_and(|f| f.contains(reason)),
            "{outcome:?}: {found:?}"
        ),
        None => assert_eq!(found, None, "{outcome:?}"),
    }
}

#[test]
fn answers_that_mean_success() {
    for payload in [
        "",
        " ",
        "null",
        r#""""#,
        "{}",
        "[]",
        " [ ] ",
        r#"{"batchItemFailures":[]}"#,
        r#"{"batchItemFailures":null}"#,
        r#"{"statusCode":200}"#,
    ] {
        check(true, &success(payload), &["1", "2", "3", "4"], None);
    }
}

#[test]
fn answers_that_fail_the_batch() {
    for (payload, reason) in [
        ("{", "not JSON"),
        ("done", "not JSON"),
        (r#""done""#, "batchItemFailures"),
        ("7", "batchItemFailures"),
        ("true", "batchItemFailures"),
        (r#"["1"]"#, "batchItemFailures"),
        ("[null]", "batchItemFailures"),
        (r#"[[{"itemIdentifier":"1"}]]"#, "batchItemFailures"),
        (r#"{"batchItemFailures":"1"}"#, "batchItemFailures"),
        (r#"{"batchItemFailures":{}}"#, "batchItemFailures"),
        (r#"{"batchItemFailures":["1"]}"#, "no object"),
        (r#"{"batchItemFailures":[["1"]]}"#, "no object"),
        (r#"{"batchItemFailures":[null]}"#, "no object"),
        (r#"{"batchItemFailures":[{}]}"#, "without `itemIdentifier`"),
        (
            r#"{"batchItemFailures":[{"foo":"notvalid"}]}"#,
            "without `itemIdentifier`",
        ),
        (
            r#"{"batchItemFailures":[{"foo":null}]}"#,
            "without `itemIdentifier`",
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            "without `itemIdentifier`",
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            "empty `itemIdentifier`",
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":123}]}"#,
            "`123`, which is not in the batch",
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":1}}]}"#,
            "no text",
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"9"}]}"#,
            "`9`, which is not",
        ),
    ] {
        check(true, &success(payload), &[], Some(reason));
        check(false, &success(payload), &["1", "2", "3", "4"], None);
    }
}

#[test]
fn reported_records_fail_and_the_others_do_not() {
    for (payload, succeeded) in [
        (
            r#"{"batchItemFailures":[{"itemIdentifier":"2"}]}"#,
            &["1", "3", "4"][..],
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":"4","why":"x"},{"itemIdentifier":"2"},{"itemIdentifier":"2"}]}"#,
            &["1", "3"],
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":"\u0032"}],"more":1}"#,
            &["1", "3", "4"],
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":2}]}"#,
            &["1", "3", "4"],
        ),
    ] {
        check(true, &success(payload), succeeded, None);
    }
}

#[test]
fn a_function_that_failed_fails_the_batch() {
    for report in [true, false] {
        let json = r#"{"errorType":"Exception","errorMessage":"boom"}"#;
        check(
            report,
            &error(json),
            &[],
            Some("the function failed: Exception: boom"),
        );
        check(
            report,
            &error(r#"{"errorMessage":"boom"}"#),
            &[],
            Some("the function failed: boom"),
        );
        check(report, &error("?"), &[], Some("the function failed"));
        check(report, &Outcome::DryRun, &[], Some("did not run"));
    }
}

#[test]
fn a_fifo_answer_is_followed_and_its_disorder_named() {
    let outcome = success(r#"{"batchItemFailures":[{"itemIdentifier":"2"}]}"#);
    let verdict = Verdict::read(true, &outcome, &records(&["1", "2", "3"], Some("g")));
    assert_eq!(
        (verdict.succeeded, verdict.failed),
        (vec!["1".into(), "3".into()], vec!["2".into()])
    );
    assert_eq!(verdict.disordered, ["3"]);

    let rest = ["2", "3", "4"]
        .map(|id| format!(r#"{{"itemIdentifier":"{id}"}}"#))
        .join(",");
    let outcome = success(&format!(r#"{{"batchItemFailures":[{rest}]}}"#));
    let verdict = Verdict::read(true, &outcome, &records(&["1", "2", "3", "4"], Some("g")));
    assert_eq!(verdict.failed, ["2", "3", "4"]);
    assert!(verdict.disordered.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_record_is_judged_once(
        count in 0usize..12,
        failed in prop::collection::vec(0usize..14, 0..6),
        report: bool,
    ) {
        let ids: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let items: Vec<_> =
            failed.iter().map(|n| serde_json::json!({"itemIdentifier": n.to_string()})).collect();
        let outcome = success(&serde_json::json!({"batchItemFailures": items}).to_string());
        let verdict = Verdict::read(report, &outcome, &records(&ids, None));
        let mut all = [verdict.succeeded, verdict.failed].concat();
        all.sort_by_key(|id| id.parse::<usize>().unwrap());
        prop_assert_eq!(all, ids);
    }
}
