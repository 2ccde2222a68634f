use super::*;

const A: &str = "arn:aws:s3:::a";

#[test]
fn operators_judge_as_the_guide_says() {
    for (operator, values, actual, holds) in [
        ("StringEquals", r#""a""#, Some("a"), true),
        ("StringEquals", r#"["b","a"]"#, Some("a"), true),
        ("StringEquals", r#"["b","a*"]"#, Some("a"), false),
        ("StringEquals", r#""a""#, Some("A"), false),
        ("StringEquals", r#""a""#, None, false),
        ("StringEquals", "[]", Some("a"), false),
        ("StringEquals", "123456789012", Some("123456789012"), true),
        ("StringNotEquals", r#"["b","a"]"#, Some("a"), false),
        ("StringNotEquals", r#"["b","c"]"#, Some("a"), true),
        ("StringNotEquals", r#""a""#, None, true),
        ("StringEqualsIgnoreCase", r#""A""#, Some("a"), true),
        ("StringNotEqualsIgnoreCase", r#""A""#, Some("a"), false),
        ("StringLike", r#""a*""#, Some("abc"), true),
        ("StringLike", r#""a?""#, Some("abc"), false),
        ("StringNotLike", r#""a*""#, Some("abc"), false),
        ("StringNotLike", r#""a*""#, None, true),
        ("ArnLike", r#""arn:aws:s3:::*""#, Some(A), true),
        ("ArnEquals", r#""arn:aws:s3:::*""#, Some(A), true),
        ("ArnNotLike", r#""arn:aws:s3:::*""#, Some(A), false),
        ("ArnNotEquals", r#""arn:aws:s3:::b""#, Some(A), true),
        ("ArnLike", r#""arn:aws:s3:::a""#, Some("a"), false),
        ("Bool", "true", Some("true"), true),
        ("Bool", r#""True""#, Some("true"), true),
        ("Bool", r#""false""#, Some("true"), false),
        ("Bool", r#""false""#, None, false),
        ("Null", "true", None, true),
        ("Null", r#""true""#, Some("a"), false),
        ("Null", r#""false""#, Some("a"), true),
        ("Null", r#""false""#, None, false),
        ("StringEqualsIfExists", r#""a""#, None, true),
        ("StringEqualsIfExists", r#""a""#, Some("b"), false),
        ("StringNotEqualsIfExists", r#""a""#, None, true),
        ("ArnLikeIfExists", r#""arn:aws:s3:::b""#, Some(A), false),
        ("ForAnyValue:StringEquals", r#""a""#, Some("a"), true),
        ("ForAnyValue:StringEquals", r#""a""#, None, false),
        ("ForAnyValue:StringNotEquals", r#""a""#, None, false),
        ("ForAllValues:StringEquals", r#""a""#, None, true),
        ("ForAllValues:StringLike", r#""b*""#, Some("a"), false),
    ] {
        let values = serde_json::from_str(values).unwrap();
        let result = check(operator, "k", &values, actual);
        assert_eq!(
            result.is_ok(),
            holds,
            "{operator} {values:?} {actual:?}: {result:?}"
        );
        assert!(!result.is_err_and(|failure| failure.unknown), "{operator}");
    }
}

#[test]
fn an_unknown_operator_never_holds_and_is_named() {
    for operator in [
        "NumericLessThan",
        "DateGreaterThanIfExists",
        "IpAddress",
        "stringequals",
        "ForSomeValues:StringEquals",
        "NullIfExists",
        "ForAnyValue:Null",
    ] {
        for actual in [None, Some("a")] {
            let failure = check(operator, "k", &"a".into(), actual).unwrap_err();
            assert!(
                failure.unknown && failure.words.contains(operator),
                "{}",
                failure.words
            );
        }
    }
}

#[test]
fn failures_say_what_is_wanted_and_what_is_there() {
    for (operator, values, actual, words) in [
        (
            "ArnLike",
            r#""arn:aws:s3:::b""#,
            Some(A),
            "k is like arn:aws:s3:::b, but it is arn:aws:s3:::a",
        ),
        (
            "StringEquals",
            r#"["1","2"]"#,
            None,
            "k is 1 or 2, but the caller presents none",
        ),
        (
            "StringNotEquals",
            r#""1""#,
            Some("1"),
            "k is not 1, but it is 1",
        ),
        ("Null", r#""true""#, Some("1"), "k is absent, but it is 1"),
    ] {
        let failure = check(
            operator,
            "k",
            &serde_json::from_str(values).unwrap(),
            actual,
        )
        .unwrap_err();
        assert_eq!(failure.words, words);
    }
}
