//! Condition operators.

use super::Values;
use super::matching::{arn_like, like};

/// A condition that does not hold, in words.
#[derive(Debug)]
pub(super) struct Failure {
    /// `aws:SourceArn is like X, but it is Y`, to stand after "only when".
    pub(super) words: String,
    /// Whether the operator is one that is not known here.
    pub(super) unknown: bool,
}

struct Operator {
    name: &'static str,
    negated: bool,
    relation: &'static str,
    fits: fn(&str, &str) -> bool,
}

const OPERATORS: [Operator; 11] = [
    operator("StringEquals", false, "is", equal),
    operator("StringNotEquals", true, "is not", equal),
    operator(
        "StringEqualsIgnoreCase",
        false,
        "is, in whatever case,",
        equal_ignoring_case,
    ),
    operator(
        "StringNotEqualsIgnoreCase",
        true,
        "is not, in whatever case,",
        equal_ignoring_case,
    ),
    operator("StringLike", false, "is like", like),
    operator("StringNotLike", true, "is not like", like),
    operator("ArnEquals", false, "is like", arn_like),
    operator("ArnLike", false, "is like", arn_like),
    operator("ArnNotEquals", true, "is not like", arn_like),
    operator("ArnNotLike", true, "is not like", arn_like),
    operator("Bool", false, "is", equal_ignoring_case),
];

/// Whether the request's `key` satisfies `operator` with one of `values`.
///
/// `actual` is the request's value, if it has one. Every key known here has at most one value, so
/// the set operators `ForAnyValue` and `ForAllValues` differ in what a missing key means, only.
pub(super) fn check(
    operator: &str,
    key: &str,
    values: &Values,
    actual: Option<&str>,
) -> Result<(), Failure> {
    // `AddPermission` writes `AWS:SourceArn` where the guide says `aws:SourceArn`.
    let key = &match key.strip_prefix("AWS:") {
        Some(rest) => format!("aws:{rest}"),
        None => key.to_owned(),
    };
    let (set, plain) = match operator.split_once(':') {
        Some((set, plain)) => (Some(set), plain),
        None => (None, operator),
    };
    let (name, if_exists) = match plain.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (plain, false),
    };
    if plain == "Null" && set.is_none() {
        return null(key, values, actual);
    }
    let known = OPERATORS.iter().find(|known| known.name == name);
    let (Some(known), None | Some("ForAnyValue" | "ForAllValues")) = (known, set) else {
        let words = format!("{key} satisfies {operator}, an operator not known here");
        return Err(Failure {
            words,
            unknown: true,
        });
    };
    let holds = match actual {
        None => if_exists || set == Some("ForAllValues") || (known.negated && set.is_none()),
        Some(actual) => {
            values
                .iter()
                .any(|value| (known.fits)(&value.to_string(), actual))
                != known.negated
        }
    };
    if holds {
        return Ok(());
    }
    let wanted: Vec<String> = values.iter().map(ToString::to_string).collect();
    let actual = match actual {
        Some(actual) => format!("it is {actual}"),
        None => "the caller presents none".into(),
    };
    let words = format!(
        "{key} {} {}, but {actual}",
        known.relation,
        wanted.join(" or ")
    );
    Err(Failure {
        words,
        unknown: false,
    })
}

fn null(key: &str, values: &Values, actual: Option<&str>) -> Result<(), Failure> {
    let wanted = if actual.is_none() { "true" } else { "false" };
    if values
        .iter()
        .any(|value| equal_ignoring_case(&value.to_string(), wanted))
    {
        return Ok(());
    }
    let words = match actual {
        Some(actual) => format!("{key} is absent, but it is {actual}"),
        None => format!("{key} is present, but the caller presents none"),
    };
    Err(Failure {
        words,
        unknown: false,
    })
}

const fn operator(
    name: &'static str,
    negated: bool,
    relation: &'static str,
    fits: fn(&str, &str) -> bool,
) -> Operator {
    Operator {
        name,
        negated,
        relation,
        fits,
    }
}

fn equal(wanted: &str, actual: &str) -> bool {
    wanted == actual
}

fn equal_ignoring_case(wanted: &str, actual: &str) -> bool {
    wanted.to_lowercase() == actual.to_lowercase()
}

#[cfg(test)]
mod tests;
