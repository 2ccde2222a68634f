use proptest::prelude::*;
use serde_json::json;

use super::*;

fn check(pattern: &str, matching: &[&str], others: &[&str]) {
    let filter = Filter::parse(pattern).unwrap();
    for (events, expected) in [(matching, true), (others, false)] {
        for event in events {
            let document = Document::parse(event.as_bytes()).unwrap();
            assert_eq!(filter.matches(&document), expected, "{pattern} {event}");
        }
    }
}

#[test]
fn plain_elements() {
    check(
        r#"{"a":["x"]}"#,
        &[r#"{"a":"x"}"#, r#"{"a":"x","b":1}"#, r#"{"a":["y","x"]}"#],
        &[
            "{}",
            r#"{"a":"X"}"#,
            r#"{"a":null}"#,
            r#"{"a":{"x":"x"}}"#,
            r#"{"a":[]}"#,
        ],
    );
    check(r#"{"a":["x","y"]}"#, &[r#"{"a":"y"}"#], &[r#"{"a":"z"}"#]);
    check(
        r#"{"a":["x"],"b":[true]}"#,
        &[r#"{"a":"x","b":true}"#],
        &[
            r#"{"a":"x"}"#,
            r#"{"a":"x","b":false}"#,
            r#"{"a":"x","b":"true"}"#,
        ],
    );
    check(
        r#"{"a":[null]}"#,
        &[r#"{"a":null}"#],
        &["{}", r#"{"a":""}"#],
    );
    check(r#"{"a":[""]}"#, &[r#"{"a":""}"#], &[r#"{"a":null}"#, "{}"]);
    check(
        r#"{"a":[300]}"#,
        &[r#"{"a":300}"#],
        &[r#"{"a":300.0}"#, r#"{"a":3e2}"#, r#"{"a":"300"}"#],
    );
    check(r#"{"a":[3.0e2]}"#, &[r#"{"a":3.0e2}"#], &[r#"{"a":300}"#]);
    check(r#"{"a":["\u0078"]}"#, &[r#"{"\u0061":"x"}"#], &[]);
}

#[test]
fn text_operators() {
    check(
        r#"{"a":[{"prefix":"us-"}]}"#,
        &[r#"{"a":"us-east-1"}"#, r#"{"a":"us-"}"#],
        &[r#"{"a":"US-1"}"#, "{}", r#"{"a":1}"#],
    );
    check(
        r#"{"a":[{"suffix":".png"}]}"#,
        &[r#"{"a":"x.png"}"#],
        &[r#"{"a":"x.PNG"}"#],
    );
    check(
        r#"{"a":[{"equals-ignore-case":"aLICE"}]}"#,
        &[r#"{"a":"Alice"}"#],
        &[r#"{"a":"Alicia"}"#],
    );
    check(
        r#"{"a":[{"prefix":{"equals-ignore-case":"EVENTb"}}]}"#,
        &[r#"{"a":"EventBridge"}"#],
        &[r#"{"a":"Event"}"#],
    );
    check(
        r#"{"a":[{"suffix":{"equals-ignore-case":".PNG"}}]}"#,
        &[r#"{"a":"x.pNg"}"#],
        &[r#"{"a":"png"}"#],
    );
    check(
        r#"{"a":[{"anything-but":"x"}]}"#,
        &[
            r#"{"a":"y"}"#,
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":["x","y"]}"#,
        ],
        &[r#"{"a":"x"}"#, "{}", r#"{"a":{}}"#],
    );
    check(
        r#"{"a":[{"anything-but":["x","y"]}]}"#,
        &[r#"{"a":"z"}"#],
        &[r#"{"a":"x"}"#, r#"{"a":"y"}"#],
    );
    check(
        r#"{"a":[{"anything-but":[1,2]}]}"#,
        &[r#"{"a":3}"#, r#"{"a":"1"}"#],
        &[r#"{"a":1}"#],
    );
}

#[test]
fn numbers() {
    check(
        r#"{"a":[{"numeric":["=",300]}]}"#,
        &[
            r#"{"a":300}"#,
            r#"{"a":300.0}"#,
            r#"{"a":3e2}"#,
            r#"{"a":[1,300]}"#,
        ],
        &[r#"{"a":"300"}"#, r#"{"a":301}"#, "{}"],
    );
    check(r#"{"a":[{"numeric":["=",0]}]}"#, &[r#"{"a":-0.0}"#], &[]);
    check(
        r#"{"a":[{"numeric":[">=",100,"<",200]}]}"#,
        &[r#"{"a":100}"#, r#"{"a":199.999999}"#],
        &[r#"{"a":200}"#, r#"{"a":99}"#],
    );
    check(
        r#"{"a":[{"numeric":["<=",-1.5]}]}"#,
        &[r#"{"a":-1.5}"#, r#"{"a":-9007199254740992}"#],
        &[r#"{"a":-1.4}"#, r#"{"a":-9007199254740994}"#],
    );
    check(
        r#"{"a":[{"numeric":[">",1767225600000]}]}"#,
        &[r#"{"a":1767225600001}"#],
        &[r#"{"a":1767225600000}"#],
    );
    check(
        r#"{"a":[{"numeric":[">",10]},"x"]}"#,
        &[r#"{"a":11}"#, r#"{"a":"x"}"#],
        &[r#"{"a":10}"#],
    );
}

#[test]
fn existence_is_of_leaves() {
    check(
        r#"{"a":[{"exists":true}]}"#,
        &[r#"{"a":null}"#, r#"{"a":""}"#, r#"{"a":[1]}"#],
        &["{}", r#"{"a":{"b":1}}"#, r#"{"a":[]}"#],
    );
    check(
        r#"{"a":[{"exists":false}]}"#,
        &["{}", r#"{"a":{"b":1}}"#, r#"{"a":[{"b":1}]}"#],
        &[r#"{"a":null}"#],
    );
    check(
        r#"{"a":{"b":[{"exists":false}]}}"#,
        &["{}", r#"{"a":{"c":1}}"#, r#"{"a":1}"#, r#"{"a":[1]}"#],
        &[r#"{"a":{"b":1}}"#],
    );
    check(
        r#"{"a":[null,{"exists":false}]}"#,
        &["{}", r#"{"a":null}"#],
        &[r#"{"a":1}"#],
    );
}

#[test]
fn nesting_lists_and_alternatives() {
    check(
        r#"{"a":{"b":{"c":["x"]}}}"#,
        &[
            r#"{"a":{"b":{"c":"x"}}}"#,
            r#"{"a":{"b":[{"c":"y"},{"c":"x"}]}}"#,
            r#"{"a.b.c":"x"}"#,
        ],
        &[r#"{"a":{"c":"x"}}"#, r#"{"a":{"b":"x"}}"#],
    );
    check(
        r#"{"a.b":["x"],"a.c":["y"]}"#,
        &[r#"{"a":{"b":"x","c":"y"}}"#],
        &[r#"{"a":{"b":"x"}}"#],
    );
    check(
        r#"{"a":{"b":["x"],"c":["y"]}}"#,
        &[
            r#"{"a":[{"b":"x","c":"y"}]}"#,
            r#"{"a":[1,[{"b":"x","c":"y"}]]}"#,
            r#"{"a":[[1,{"b":"x","c":"y"}]]}"#,
        ],
        &[r#"{"a":[{"b":"x"},{"c":"y"}]}"#],
    );
    check(
        r#"{"a":["x"],"a":["y"]}"#,
        &[r#"{"a":"x","a":"y"}"#],
        &[r#"{"a":"y","a":"x"}"#, r#"{"a":"x"}"#],
    );
    check(
        r#"{"$or":[{"a":["x"]},{"b":["y"]}]}"#,
        &[r#"{"a":"x"}"#, r#"{"b":"y"}"#],
        &["{}", r#"{"a":"y"}"#],
    );
    check(
        r#"{"z":["z"],"m":{"$or":[{"a":["x"]},{"b":["y"],"c":[{"exists":false}]}]}}"#,
        &[r#"{"z":"z","m":{"a":"x"}}"#, r#"{"z":"z","m":{"b":"y"}}"#],
        &[
            r#"{"z":"z","m":{"b":"y","c":1}}"#,
            r#"{"m":{"a":"x"}}"#,
            r#"{"z":"z"}"#,
        ],
    );
    check(
        r#"{"$or":{"a":["x"]}}"#,
        &[r#"{"$or":{"a":"x"}}"#],
        &[r#"{"a":"x"}"#],
    );
}

#[test]
fn refusals_have_aws_words_and_our_reason() {
    for (pattern, reason) in [
        ("null", "not a JSON object"),
        ("simple string", "not JSON"),
        ("\"simple string\"", "not a JSON object"),
        (r#"{"eventSource":"aws:sqs"}"#, "`eventSource` is neither"),
        (r#"{"eventSource":[]}"#, "`eventSource` is empty"),
        (r#"[{"eventName": ["INSERT"=123}]"#, "not JSON"),
        ("{}", "an object is empty"),
        (r#"{"a":{}}"#, "an object is empty"),
        (r#"{"a":1}"#, "neither an object nor a list"),
        (r#"{"a":[["x"]]}"#, "a list stands within a list"),
        (r#"{"a":[{}]}"#, "exactly one member"),
        (
            r#"{"a":[{"prefix":"x","suffix":"y"}]}"#,
            "exactly one member",
        ),
        (
            r#"{"a":[{"prefix":1}]}"#,
            "`prefix` cannot have this operand",
        ),
        (r#"{"a":[{"prefix":{"suffix":"x"}}]}"#, "equals-ignore-case"),
        (
            r#"{"a":[{"wildcard":"x*"}]}"#,
            "`wildcard` is not an operator",
        ),
        (
            r#"{"a":[{"cidr":"10.0.0.0/8"}]}"#,
            "`cidr` is not an operator",
        ),
        (
            r#"{"a":[{"anything-but":{"prefix":"x"}}]}"#,
            "`anything-but` cannot have this operand",
        ),
        (
            r#"{"a":[{"anything-but":["x",1]}]}"#,
            "all text or all numbers",
        ),
        (r#"{"a":[{"anything-but":[]}]}"#, "all text or all numbers"),
        (
            r#"{"a":[{"exists":"true"}]}"#,
            "`exists` cannot have this operand",
        ),
        (r#"{"a":[{"numeric":[]}]}"#, "`numeric` is empty"),
        (r#"{"a":[{"numeric":[">"]}]}"#, "in turn"),
        (r#"{"a":[{"numeric":[1,">"]}]}"#, "in turn"),
        (r#"{"a":[{"numeric":["!=",1]}]}"#, "`!=` is not one of"),
        (
            r#"{"a":[{"numeric":[">",1,">",2]}]}"#,
            "a lower bound and then an upper one",
        ),
        (r#"{"a":[{"numeric":[">",2,"<",1]}]}"#, "not below"),
        (r#"{"a":[{"numeric":[">=",1,"<=",1]}]}"#, "not below"),
        (
            r#"{"a":[{"numeric":["=",9007199254740994]}]}"#,
            "not between",
        ),
        (r#"{"$or":[]}"#, "at least two"),
        (r#"{"$or":[{"a":["x"]}]}"#, "at least two"),
        (r#"{"$or":[{"a":["x"]},"y"]}"#, "no object"),
    ] {
        let error = Filter::parse(pattern).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.message(), "Invalid filter pattern definition.");
        let found = error.context("reason").unwrap();
        assert!(found.contains(reason), "{pattern}: {found}");
    }
}

#[test]
fn limits() {
    let long = |chars: usize| format!(r#"{{"a":["{}"]}}"#, "é".repeat(chars - 10));
    assert!(Filter::parse(&long(4096)).is_ok_and(|filter| filter.as_str().chars().count() == 4096));
    assert_eq!(
        Filter::parse(&long(4097)).unwrap_err().kind(),
        ErrorKind::Limit
    );
    let many = |count| FilterCriteria::parse(vec![r#"{"a":["x"]}"#; count]);
    assert_eq!(many(10).unwrap().filters().len(), 10);
    assert_eq!(many(11).unwrap_err().kind(), ErrorKind::Limit);
}

proptest! {
    #[test]
    fn the_pattern_of_an_event_matches_it(
        members in prop::collection::btree_map("[a-c]{1,2}", prop_oneof!["[xy]{0,2}".prop_map(|t| json!(t)), any::<i32>().prop_map(|n| json!(n)), any::<bool>().prop_map(|b| json!(b))], 1..5),
        other in "[a-c]{3}",
    ) {
        let event = json!(members).to_string();
        let pattern: serde_json::Map<_, _> = members.into_iter().map(|(name, value)| (name, json!([value]))).collect();
        let matches = |pattern: &serde_json::Value| {
            Filter::parse(&pattern.to_string()).unwrap().matches(&Document::parse(event.as_bytes()).unwrap())
        };
        prop_assert!(matches(&json!(pattern)));
        let mut more = pattern;
        more.insert(other, json!([{"exists": true}]));
        prop_assert!(!matches(&json!(more)));
    }
}
