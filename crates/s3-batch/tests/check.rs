//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_s3_batch::S3Batch;

/// A connection by the settings that differ from a good one.
fn connection(settings: &str) -> S3Batch {
    let mut table: toml::Table = settings.parse().unwrap();
    table.entry("job").or_insert("thumbnails".into());
    let manifest = "harbor-manifests/thumbnails/";
    table.entry("manifest").or_insert(manifest.into());
    table.try_into().unwrap()
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        assert!(!finding.why.is_empty() && !finding.fix.is_empty());
        assert!(finding.page.starts_with("https://"));
        let error = finding.severity == Severity::Error;
        format!(
            "{}{} {}",
            finding.code,
            if error { "!" } else { "" },
            finding.field
        )
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_lint_has_a_definition_it_finds() {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails";
    let function = Function::new(arn.parse().unwrap()).unwrap();
    let arguments = |pairs: &[(&str, &str)]| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(k, v)| format!("'{k}' = '{v}'"))
            .collect();
        format!(
            "schema = '2.0'\nuser_arguments = {{ {} }}",
            pairs.join(", ")
        )
    };
    let ten = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map(|name| (name, "1"));
    let eleven = [&ten[..], &[("k", "1")]].concat();
    let long = "n".repeat(65);
    for (settings, expected) in [
        (String::new(), ""),
        ("job = ''".into(), "LW0601! job"),
        ("job = 'thumb nails'".into(), "LW0601! job"),
        (format!("job = '{}'", "j".repeat(41)), "LW0601! job"),
        (
            "user_arguments = { width = '640' }".into(),
            "LW0602! user_arguments",
        ),
        (arguments(&ten), ""),
        (arguments(&eleven), "LW0603! user_arguments"),
        (arguments(&[(&long[..64], &"v".repeat(1024))]), ""),
        (arguments(&[(&long, "")]), "LW0604! user_arguments"),
        (arguments(&[("", "")]), "LW0604! user_arguments"),
        (
            arguments(&[("a", &"v".repeat(1025))]),
            "LW0605! user_arguments",
        ),
        ("manifest = 'harbor-manifests'".into(), ""),
        ("manifest = 'harbor-manifests/a.csv'".into(), ""),
        ("manifest = '*'".into(), "LW0606! manifest"),
        (
            "manifest = 's3://harbor-manifests'".into(),
            "LW0606! manifest",
        ),
        ("manifest = 'harbor-manifests/*'".into(), "LW0606! manifest"),
        (
            "report = 'arn:aws:s3:::harbor-reports'".into(),
            "LW0606! report",
        ),
        ("role = 'arn:aws:iam::123456789012:role/batch'".into(), ""),
        (
            "role = 'arn:aws:iam::123456789012:user/me'".into(),
            "LW0607! role",
        ),
    ] {
        let findings = connection(&settings).check(&function);
        assert_eq!(found(&findings), expected, "{settings}");
    }
}

#[test]
fn names_are_unique_within_a_function() {
    let one = connection("");
    for (other, expected) in [("schema = '2.0'", "LW0608! job"), ("job = 'archive'", "")] {
        assert_eq!(found(&one.conflicts_within(&connection(other))), expected);
    }
}
