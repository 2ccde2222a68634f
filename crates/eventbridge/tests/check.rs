//! Every lint: what raises it, and what does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Integration};
use lambda_with_eventbridge::{InputTransformer, Rule, Schedule};
use lambda_with_testing::function;

fn codes(findings: &[Finding]) -> Vec<&str> {
    for finding in findings {
        let whole = !finding.why.is_empty() && !finding.fix.is_empty();
        assert!(
            whole && finding.page.starts_with("https://docs.aws.amazon.com/"),
            "{finding}"
        );
    }
    findings.iter().map(|finding| finding.code).collect()
}

const NIGHTLY: &str = "name = \"nightly\"\nschedule = \"rate(1 day)\"\n";
const ORDERS: &str = "name = \"orders\"\npattern = { source = [\"shop.orders\"] }\n";
const TIDES: &str = "name = \"tides\"\nschedule = \"rate(6 hours)\"\n";

/// Findings of a rule in TOML.
fn check(toml: &str, expected: &[&str]) {
    let rule: Rule = toml::from_str(toml).unwrap();
    let findings = rule.check(&function("orders"));
    assert_eq!(codes(&findings), expected, "{toml}: {findings:#?}");
}

/// The same of the rule `orders` with more.
fn check_orders(more: &str, expected: &[&str]) {
    check(&format!("{ORDERS}{more}"), expected);
}

/// The same of a schedule with more.
fn check_tides(more: &str, expected: &[&str]) {
    let schedule: Schedule = toml::from_str(&format!("{TIDES}{more}")).unwrap();
    let findings = schedule.check(&function("orders"));
    assert_eq!(codes(&findings), expected, "{more}: {findings:#?}");
}

/// The same of a pattern.
fn check_pattern(pattern: &str, expected: &[&str]) {
    let findings = Rule::matching("orders", pattern).check(&function("orders"));
    assert_eq!(codes(&findings), expected, "{pattern}: {findings:#?}");
}

#[test]
fn names() {
    for (toml, expected) in [
        (NIGHTLY, &[][..]),
        (ORDERS, &[]),
        ("name = \"a b\"\nschedule = \"rate(1 day)\"", &["LW1901"]),
        (
            "name = \"a\"\nbus = \"a:b\"\npattern = { source = [\"s\"] }",
            &["LW1901"],
        ),
        (
            "name = \"a\"\ntarget_id = \"\"\npattern = { source = [\"s\"] }",
            &["LW1901"],
        ),
        ("name = \"a\"", &["LW1902"]),
        (
            "name = \"a\"\nbus = \"shop\"\nschedule = \"rate(1 day)\"",
            &["LW1909"],
        ),
        (
            "name = \"a\"\nbus = \"default\"\nschedule = \"rate(1 day)\"",
            &[],
        ),
        ("name = \"a\"\nschedule = \"rate(1 days)\"", &["LW1908"]),
        (
            "name = \"a\"\nschedule = \"at(2027-01-31T07:30:00)\"",
            &["LW1908"],
        ),
    ] {
        check(toml, expected);
    }
}

#[test]
fn patterns() {
    let long = |chars: usize| format!(r#"{{"source":["{}"]}}"#, "x".repeat(chars - 15));
    for (pattern, expected) in [
        (
            r#"{"source":["aws.s3"],"detail-type":["Object Created"]}"#,
            &[][..],
        ),
        (r#"{"source":"aws.s3"}"#, &["LW1903"]),
        (r#"{"source":[{"like":"aws"}]}"#, &["LW1903"]),
        ("", &["LW1903"]),
        (&long(2048), &[]),
        (&long(2049), &["LW1904"]),
        (&long(4097), &["LW1904"]),
        (r#"{"source":["a"],"detailType":["b"]}"#, &["LW1905"]),
        (r#"{"source":["a"],"replay-name":[{"exists":true}]}"#, &[]),
        (r#"{"detail":{"state":["stopped"]}}"#, &["LW1906"]),
        (r#"{"$or":[{"source":["a"]},{"source":["b"]}]}"#, &[]),
    ] {
        check_pattern(pattern, expected);
    }
}

#[test]
fn read_only_calls() {
    let pattern = |name: &str| {
        format!(
            "name = \"calls\"\n[pattern]\nsource = [\"aws.ec2\"]\ndetail-type = [\"AWS API Call via CloudTrail\"]\n\
             detail = {{ eventName = [\"{name}\"] }}"
        )
    };
    check(&pattern("StopInstances"), &[]);
    check(&pattern("DescribeInstances"), &["LW1907"]);
    let state = "state = \"ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS\"\n";
    check(&format!("{state}{}", pattern("DescribeInstances")), &[]);
}

#[test]
fn inputs() {
    for (more, expected) in [
        ("input = { a = 1 }", &[][..]),
        ("input = '\"text\"'", &[]),
        ("input = \"text\"", &["LW1911"]),
        ("input = '1'\ninput_path = \"$.detail\"", &["LW1910"]),
        ("input_path = \"$.detail\"", &[]),
        ("input_path = \"$\"", &[]),
        ("input_path = \"detail\"", &["LW1912"]),
        (
            "[input_transformer]\ntemplate = '{\"r\": <aws.events.rule-name>}'",
            &[],
        ),
        (
            "[input_transformer]\npaths = { a = \"$.id\" }\ntemplate = '\"<a>\"'",
            &[],
        ),
        (
            "[input_transformer]\npaths = { a = \"id\" }\ntemplate = '\"<a>\"'",
            &["LW1912"],
        ),
        (
            "[input_transformer]\npaths = { awsId = \"$.id\" }\ntemplate = '\"<awsId>\"'",
            &["LW1913"],
        ),
        ("[input_transformer]\ntemplate = '\"<b>\"'", &["LW1913"]),
        ("[input_transformer]\ntemplate = '\"1 < 2 and 3 > 2\"'", &[]),
        ("[input_transformer]\ntemplate = ''", &["LW1913"]),
    ] {
        check_orders(more, expected);
    }
    let rule: Rule = toml::from_str(ORDERS).unwrap();
    let paths = (0..101)
        .map(|n| (format!("p{n}"), "$.id".to_owned()))
        .collect();
    let transformer = InputTransformer {
        paths,
        template: "1".into(),
    };
    let many = Rule {
        input_transformer: Some(transformer),
        ..rule.clone()
    };
    assert_eq!(codes(&many.check(&function("orders"))), ["LW1913"]);
    let long = Rule {
        input: Some("1".repeat(8193).into()),
        ..rule
    };
    let findings = long.check(&function("orders"));
    assert!(codes(&findings).contains(&"LW1911"), "{findings:#?}");
}

#[test]
fn delivery() {
    for (more, expected) in [
        (
            "maximum_retry_attempts = 185\nmaximum_event_age = 60",
            &[][..],
        ),
        ("maximum_retry_attempts = 186", &["LW1914"]),
        ("maximum_event_age = 59", &["LW1914"]),
        ("maximum_event_age = 86401", &["LW1914"]),
        (
            "dead_letter_queue = \"arn:aws:sqs:eu-west-1:123456789012:undelivered\"",
            &[],
        ),
        (
            "dead_letter_queue = \"arn:aws:sqs:eu-west-1:123456789012:undelivered.fifo\"",
            &["LW1915"],
        ),
        (
            "dead_letter_queue = \"arn:aws:sqs:us-east-1:123456789012:undelivered\"",
            &["LW1915"],
        ),
        (
            "dead_letter_queue = \"arn:aws:sns:eu-west-1:123456789012:undelivered\"",
            &["LW1915"],
        ),
        ("role = \"arn:aws:iam::123456789012:role/own\"", &[]),
        ("role = \"arn:aws:iam::123456789012:user/own\"", &["LW1916"]),
        ("role = \"arn:aws:iam::210987654321:role/own\"", &["LW1916"]),
    ] {
        check_orders(more, expected);
        check_tides(more, expected);
    }
}

#[test]
fn schedules() {
    for (more, expected) in [
        ("", &[][..]),
        ("group = \"a b\"", &["LW1901"]),
        ("timezone = \"Europe/Dublin\"", &[]),
        ("timezone = \"America/Argentina/Buenos_Aires\"", &[]),
        ("timezone = \"UTC\"", &[]),
        ("timezone = \"Etc/GMT+3\"", &[]),
        ("timezone = \"PST\"", &["LW1919"]),
        ("timezone = \"+01:00\"", &["LW1919"]),
        ("flexible_window = 1440", &[]),
        ("flexible_window = 0", &["LW1920"]),
        ("flexible_window = 1441", &["LW1920"]),
        (
            "start = \"2026-04-01T00:00:00Z\"\nend = \"2026-05-01T00:00:00+01:00\"",
            &[],
        ),
        ("start = \"1 April\"", &["LW1921"]),
        (
            "start = \"2026-04-01T00:00:00Z\"\nend = \"2026-04-01T00:00:00Z\"",
            &["LW1921"],
        ),
        ("input = { at = \"<aws.scheduler.scheduled-time>\" }", &[]),
        ("input = { at = \"<aws.scheduler.time>\" }", &["LW1923"]),
        ("input = \"text\"", &["LW1911"]),
    ] {
        check_tides(more, expected);
    }
    for (expression, expected) in [
        ("every day", &["LW1908"][..]),
        ("at(2027-01-31T07:30:00)", &["LW1922"]),
        ("rate(1 days)", &[]),
    ] {
        let schedule = Schedule {
            end: Some("2028-01-01T00:00:00Z".into()),
            ..Schedule::new("tides", expression)
        };
        assert_eq!(
            codes(&schedule.check(&function("orders"))),
            expected,
            "{expression}"
        );
    }
}

#[test]
fn connections_with_one_rule_or_schedule() {
    let table: Rule = toml::from_str(ORDERS).unwrap();
    let text = Rule::matching("orders", r#"{ "source": ["shop.orders"] }"#);
    let other = Rule::matching("orders", r#"{"source":["shop.stock"]}"#);
    let elsewhere = Rule {
        bus: Some("shop".into()),
        ..other.clone()
    };
    let default = Rule {
        bus: Some("default".into()),
        ..other.clone()
    };
    for (one, two, expected) in [
        (&table, &text, &[][..]),
        (&table, &other, &["LW1917"]),
        (&table, &default, &["LW1917"]),
        (&table, &elsewhere, &[]),
    ] {
        assert_eq!(codes(&one.conflicts(two)), expected);
    }
    assert_eq!(codes(&table.conflicts_within(&text)), ["LW1918"]);
    let second = Rule {
        target_id: Some("second".into()),
        ..text
    };
    assert_eq!(codes(&table.conflicts_within(&second)), [""; 0]);
    let tides = Schedule::new("tides", "rate(6 hours)");
    let grouped = Schedule {
        group: Some("sea".into()),
        ..tides.clone()
    };
    assert_eq!(codes(&tides.conflicts(&tides)), ["LW1918"]);
    assert_eq!(codes(&tides.conflicts(&grouped)), [""; 0]);
}
