//! Definitions of connections, and what follows from them.

use std::fmt::Debug;

use expect_test::Expect;
use lambda_with::policy::Policy;
use lambda_with::{Finding, Function, Integration, Permission, Severity};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::document::function;

/// A connection and its function, by the settings that differ from those of a `good` one.
///
/// Settings that begin with `function_` are those of [`Function`], and `function_name`, of a function
/// in `eu-west-1`; `"none"` takes a setting away.
///
/// # Panics
///
/// When they describe no such connection.
#[must_use]
#[track_caller]
pub fn connection<C: DeserializeOwned>(good: &str, settings: &str) -> (C, Function) {
    let mut table: toml::Table = good.parse().unwrap();
    for (name, value) in settings.parse::<toml::Table>().unwrap() {
        match value.as_str() {
            Some("none") => drop(table.remove(&name)),
            _ => drop(table.insert(name, value)),
        }
    }
    let name = table.remove("function_name");
    let name = name
        .as_ref()
        .map_or("orders", |name| name.as_str().unwrap());
    let mut of_function = toml::Table::try_from(function(name)).unwrap();
    let mut own = toml::Table::new();
    for (name, value) in table {
        match name.strip_prefix("function_") {
            Some(name) => drop(of_function.insert(name.to_owned(), value)),
            None => drop(own.insert(name, value)),
        }
    }
    let own = own.try_into();
    let own = own.unwrap_or_else(|error| panic!("{settings}: {error}"));
    (own, of_function.try_into().unwrap())
}

/// [`connection`] without its function.
///
/// # Panics
///
/// When the settings describe no such connection.
#[must_use]
#[track_caller]
pub fn definition<C: DeserializeOwned>(good: &str, settings: &str) -> C {
    connection(good, settings).0
}

/// Sees that definitions are the same after being written and read again, and that others are
/// refused for the reasons given.
///
/// # Panics
///
/// When one is not.
#[track_caller]
pub fn definitions<C>(good: &[&str], refused: &[(impl AsRef<str>, &str)])
where
    C: Debug + DeserializeOwned + PartialEq + Serialize,
{
    for text in good {
        let read: C = toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let written = toml::to_string(&read).unwrap();
        assert_eq!(toml::from_str::<C>(&written).unwrap(), read, "{written}");
    }
    for (text, reason) in refused {
        let text = text.as_ref();
        let error = toml::from_str::<C>(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

/// Findings as `CODE field`, errors with a mark: `LW0101! bucket, LW0105 events`.
///
/// # Panics
///
/// When one does not say why, what to do, and where it is written.
#[must_use]
#[track_caller]
pub fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        assert!(
            !finding.why.is_empty() && !finding.fix.is_empty(),
            "{finding}"
        );
        assert!(finding.page.starts_with("https://"), "{finding}");
        let error = finding.severity == Severity::Error;
        let mark = if error { "!" } else { "" };
        format!("{}{mark} {}", finding.code, finding.field)
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// Sees what `check` finds in definitions, given as for [`connection`] and [`found`].
///
/// # Panics
///
/// When it finds something else.
#[track_caller]
pub fn lints<C>(good: &str, cases: &[(impl AsRef<str>, &str)])
where
    C: DeserializeOwned + Integration,
{
    for (settings, expected) in cases {
        let (connection, function) = connection::<C>(good, settings.as_ref());
        let findings = connection.check(&function);
        let settings = settings.as_ref();
        assert_eq!(found(&findings), *expected, "{settings}: {findings:#?}");
    }
}

/// Sees what `conflicts` and `conflicts_within` find in two connections, whichever comes first.
///
/// # Panics
///
/// When they find something else.
#[track_caller]
pub fn clashes<C>(good: &str, cases: &[(impl AsRef<str>, impl AsRef<str>, &str, &str)])
where
    C: DeserializeOwned + Integration,
{
    for (one, other, anywhere, within) in cases {
        let [one, other] = [one.as_ref(), other.as_ref()];
        for (a, b) in [(one, other), (other, one)] {
            let pair: [C; 2] = [definition(good, a), definition(good, b)];
            assert_eq!(found(&pair[0].conflicts(&pair[1])), *anywhere, "{a} | {b}");
            let findings = pair[0].conflicts_within(&pair[1]);
            assert_eq!(found(&findings), *within, "{a} | {b}");
        }
    }
}

/// The policy of a function with the statements of one connection, which needs nothing else.
///
/// # Panics
///
/// When it does.
#[must_use]
#[track_caller]
pub fn policy(connection: &impl Integration, function: &Function) -> Policy {
    let permissions = connection.permissions(function);
    let statements = permissions.iter().map(|permission| match permission {
        Permission::ResourceBased(statement) => statement,
        other => panic!("{other:?}"),
    });
    Policy::of_function(&function.arn, statements)
}

/// Compares a value, as indented JSON, with what is expected.
///
/// # Panics
///
/// When they differ.
#[track_caller]
pub fn check(value: &impl Serialize, expected: &Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(value).unwrap());
}
