use proptest::prelude::*;
use serde_json::json;

use super::super::Filter;
use super::*;

fn matches(pattern: &str, event: &str) -> bool {
    let event = Document::parse(event.as_bytes()).unwrap();
    EventPattern::parse(pattern).unwrap().matches(&event)
}

/// An element on the member `a`, values of `a` that match it, and values that do not.
fn check(element: &str, matching: &[&str], others: &[&str]) {
    let pattern = format!(r#"{{"a":[{element}]}}"#);
    for (values, expected) in [(matching, true), (others, false)] {
        for value in values {
            let event = format!(r#"{{"a":{value}}}"#);
            assert_eq!(matches(&pattern, &event), expected, "{pattern} {event}");
        }
    }
}

#[test]
fn what_mappings_know_too() {
    check(
        r#""x""#,
        &[r#""x""#, r#"["y","x"]"#],
        &[r#""X""#, r#"{"x":"x"}"#],
    );
    check(r#""""#, &[r#""""#], &["null", r#"" ""#]);
    check("null", &["null"], &[r#""""#]);
    check("300", &["300"], &["300.0", "3e2"]);
    check("true", &["true"], &["false", r#""true""#]);
    check(
        r#"{"prefix":"us-"}"#,
        &[r#""us-east-1""#],
        &[r#""US-1""#, "1"],
    );
    check(r#"{"suffix":".png"}"#, &[r#""a.png""#], &[r#""a.PNG""#]);
    check(
        r#"{"prefix":{"equals-ignore-case":"EventB"}}"#,
        &[r#""EVENTbridge""#],
        &[r#""even""#],
    );
    check(
        r#"{"suffix":{"equals-ignore-case":".png"}}"#,
        &[r#""a.PnG""#],
        &[r#""png""#],
    );
    check(
        r#"{"equals-ignore-case":"alice"}"#,
        &[r#""ALICE""#],
        &[r#""alicia""#],
    );
    check(
        r#"{"numeric":[">",0,"<=",5]}"#,
        &["5", "0.1", "[9,5.0]"],
        &["0", "6", r#""3""#],
    );
    check(r#"{"numeric":["=",3.018e2]}"#, &["301.8"], &["301.9"]);
    check(
        r#"{"exists":true}"#,
        &["0", "null", "[1]"],
        &[r#"{"b":1}"#, "[]"],
    );
    check(
        r#"{"anything-but":["x","y"]}"#,
        &[r#""z""#, "1"],
        &[r#""x""#, r#""y""#],
    );
    check(
        r#"{"anything-but":[100,200]}"#,
        &["300", r#""100""#],
        &["100"],
    );
}

#[test]
fn anything_but_with_an_operator() {
    for (operator, operand, list, matching, others) in [
        (
            "prefix",
            "init",
            r#"["init","stop"]"#,
            r#""started""#,
            r#""initializing""#,
        ),
        (
            "suffix",
            ".txt",
            r#"[".rtf",".txt"]"#,
            r#""a.TXT""#,
            r#""a.txt""#,
        ),
        (
            "equals-ignore-case",
            "stopped",
            r#"["STOPPED","x"]"#,
            r#""stop""#,
            r#""StopPED""#,
        ),
        (
            "wildcard",
            "*/lib/*",
            r#"["*/bin/*","*/lib/*"]"#,
            r#""/lib""#,
            r#""/usr/lib/a""#,
        ),
    ] {
        for operand in [&format!(r#""{operand}""#), list] {
            let element = format!(r#"{{"anything-but":{{"{operator}":{operand}}}}}"#);
            let some = format!("[{others},{matching}]");
            check(
                &element,
                &[matching, "7", "null", &some],
                &[others, "{}", "[]"],
            );
        }
    }
    assert!(!matches(r#"{"a":[{"anything-but":{"prefix":"x"}}]}"#, "{}"));
}

#[test]
fn wildcards() {
    check(
        r#"{"wildcard":"dir/*.png"}"#,
        &[r#""dir/.png""#, r#""dir/a/b.png""#],
        &[r#""dir/.PNG""#, r#""dir.png""#],
    );
    check(r#"{"wildcard":"*"}"#, &[r#""""#, r#""x""#], &["1", "null"]);
    check(
        r#"{"wildcard":"a*a"}"#,
        &[r#""aa""#, r#""aba""#],
        &[r#""a""#],
    );
    check(
        r#"{"wildcard":"*ab*ab*"}"#,
        &[r#""abab""#, r#""xabxabx""#],
        &[r#""aab""#, r#""aba""#],
    );
    check(
        r#"{"wildcard":"no star"}"#,
        &[r#""no star""#],
        &[r#""no star ""#],
    );
    check(
        r#"{"wildcard":"C:\\\\\\*\\\\*"}"#,
        &[r#""C:\\*\\x""#],
        &[r#""C:\\a\\x""#],
    );
    check(r#"{"wildcard":"é*ü"}"#, &[r#""éü""#], &[r#""é""#]);
}

#[test]
fn blocks_of_addresses() {
    check(
        r#"{"cidr":"192.0.2.0/24"}"#,
        &[r#""192.0.2.0""#, r#""192.0.2.255""#],
        &[r#""192.0.3.0""#, r#""192.0.2""#, r#""::c000:200""#],
    );
    check(r#"{"cidr":"192.0.2.77/24"}"#, &[r#""192.0.2.1""#], &[]);
    check(
        r#"{"cidr":"0.0.0.0/0"}"#,
        &[r#""203.0.113.9""#],
        &[r#""2001:db8::1""#],
    );
    check(
        r#"{"cidr":"::/0"}"#,
        &[r#""2001:db8::1""#],
        &[r#""203.0.113.9""#],
    );
    check(
        r#"{"cidr":"2001:db8::/32"}"#,
        &[r#""2001:0db8:ffff::1""#],
        &[r#""2001:db9::""#],
    );
    check(
        r#"{"cidr":"203.0.113.9/32"}"#,
        &[r#""203.0.113.9""#],
        &[r#""203.0.113.8""#],
    );
}

#[test]
fn alternatives() {
    let pattern = r#"{"source":["s"],"$or":[{"detail":{"c":[{"numeric":[">",9]}]}},{"detail":{"d":[{"exists":true}]}},{"region":[{"anything-but":{"prefix":"eu-"}}]}]}"#;
    for (event, expected) in [
        (
            r#"{"source":"s","region":"eu-west-1","detail":{"c":10}}"#,
            true,
        ),
        (
            r#"{"source":"s","region":"eu-west-1","detail":{"d":null}}"#,
            true,
        ),
        (r#"{"source":"s","region":"us-east-1","detail":{}}"#, true),
        (
            r#"{"source":"s","region":"eu-west-1","detail":{"c":9}}"#,
            false,
        ),
        (
            r#"{"source":"t","region":"us-east-1","detail":{"c":10}}"#,
            false,
        ),
    ] {
        assert_eq!(matches(pattern, event), expected, "{event}");
    }
    let choices = |count: usize| {
        let list: Vec<_> = (0..count).map(|number| json!({"n": [number]})).collect();
        json!(list)
    };
    let nested = |one: usize, two: usize| {
        json!({"$or": choices(one), "detail": {"$or": choices(two)}}).to_string()
    };
    assert!(EventPattern::parse(&nested(10, 100)).is_ok());
    let error = EventPattern::parse(&nested(11, 92)).unwrap_err();
    assert!(
        error.context("reason").unwrap().contains("1012 patterns"),
        "{error}"
    );
    // An alternative's own alternatives add up, they do not multiply.
    let inner = json!({"$or": [{"$or": choices(90)}, {"$or": choices(90)}]}).to_string();
    assert!(EventPattern::parse(&inner).is_ok());
}

#[test]
fn refusals() {
    for (element, reason) in [
        (r#"{"wildcard":"a**b"}"#, "two `*` in a row"),
        (r#"{"wildcard":"a\\b"}"#, "before neither"),
        (r#"{"wildcard":"a\\"}"#, "before neither"),
        (r#"{"wildcard":["a*"]}"#, "`wildcard` takes a text"),
        (r#"{"cidr":"192.0.2.0"}"#, "no block of IP addresses"),
        (r#"{"cidr":"192.0.2.0/33"}"#, "no block of IP addresses"),
        (r#"{"cidr":"192.0.2.0/+8"}"#, "no block of IP addresses"),
        (r#"{"cidr":"example.com/8"}"#, "no block of IP addresses"),
        (r#"{"cidr":8}"#, "`cidr` takes a text"),
        (
            r#"{"anything-but":{"numeric":["=",1]}}"#,
            "`anything-but` takes",
        ),
        (r#"{"anything-but":{"prefix":[]}}"#, "`anything-but` takes"),
        (
            r#"{"anything-but":{"prefix":["a",1]}}"#,
            "`anything-but` takes",
        ),
        (
            r#"{"anything-but":{"prefix":"a","suffix":"b"}}"#,
            "`anything-but` takes",
        ),
        (r#"{"anything-but":["a",1]}"#, "all text or all numbers"),
        (r#"{"anything-but":null}"#, "cannot have this operand"),
        (
            r#"{"contains":"a"}"#,
            "`contains` is not an operator of event patterns",
        ),
        (r#"["a"]"#, "a list stands within a list"),
    ] {
        let error = EventPattern::parse(&format!(r#"{{"a":[{element}]}}"#)).unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Invalid, "Event pattern is not valid.")
        );
        let found = error.context("reason").unwrap();
        assert!(found.contains(reason), "{element}: {found}");
    }
    for pattern in [
        "{}",
        "[]",
        "x",
        r#"{"a":"x"}"#,
        r#"{"a":{}}"#,
        r#"{"a":[]}"#,
    ] {
        let error = EventPattern::parse(pattern).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{pattern}");
    }
    let long = format!(r#"{{"a":["{}"]}}"#, "x".repeat(4087));
    assert_eq!(
        EventPattern::parse(&long).unwrap_err().kind(),
        ErrorKind::Limit
    );
}

#[test]
fn counts_and_names() {
    let pattern = EventPattern::parse(
        r#"{"source":["s"],"detail":{"f":[{"wildcard":"*a"},{"anything-but":{"wildcard":["b*","c*"]}}]}}"#,
    )
    .unwrap();
    assert_eq!(pattern.wildcards(), 3);
    assert_eq!(pattern.keys().collect::<Vec<_>>(), ["detail", "source"]);
    assert!(format!("{pattern:?}").starts_with("EventPattern({\"source\""));
}

proptest! {
    /// Whatever a mapping takes, a rule takes, with the same answer.
    #[test]
    fn rules_know_all_that_mappings_know(
        element in prop_oneof![
            "[a-c]{0,3}".prop_map(|t| json!(t)),
            "[a-c]{0,2}".prop_map(|t| json!({"prefix": t})),
            "[a-c]{0,2}".prop_map(|t| json!({"suffix": {"equals-ignore-case": t}})),
            "[a-c]{0,2}".prop_map(|t| json!({"anything-but": [t]})),
            any::<bool>().prop_map(|b| json!({"exists": b})),
            (-3..3).prop_map(|n| json!({"numeric": [">=", n]})),
        ],
        value in prop_oneof!["[a-cA-C]{0,3}".prop_map(|t| json!(t)), (-3..3).prop_map(|n| json!(n)), Just(json!(null))],
    ) {
        let pattern = json!({"a": [element]}).to_string();
        let event = Document::parse(json!({"a": value}).to_string().as_bytes()).unwrap();
        let mapping = Filter::parse(&pattern).unwrap().matches(&event);
        prop_assert_eq!(EventPattern::parse(&pattern).unwrap().matches(&event), mapping);
    }

    /// A wildcard matches every text it was made of.
    #[test]
    fn stars_stand_for_anything(parts in prop::collection::vec(("[ab*\\\\]{1,3}", "[ab]{0,3}"), 1..4)) {
        let escape = |text: &str| text.replace('\\', "\\\\").replace('*', "\\*");
        let wildcard: String = parts.iter().map(|(part, _)| escape(part) + "*").collect();
        let text: String = parts.iter().map(|(part, any)| part.clone() + any).collect();
        let pattern = json!({"a": [{"wildcard": wildcard}]}).to_string();
        let event = json!({"a": text}).to_string();
        prop_assert!(matches(&pattern, &event));
        let not = json!({"a": [{"anything-but": {"wildcard": wildcard}}]}).to_string();
        prop_assert!(!matches(&not, &event));
    }
}
