//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_lex::Lex;

const GOOD: &str = r#"
    bot = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01"
    alias = "TSTALIASID"
    locales = ["en_GB"]
"#;

/// A good connection with some settings changed; `none` takes one away.
fn connection(settings: &str) -> Lex {
    let mut table: toml::Table = GOOD.parse().unwrap();
    for (name, value) in settings.parse::<toml::Table>().unwrap() {
        match value.as_str() {
            Some("none") => drop(table.remove(&name)),
            _ => drop(table.insert(name, value)),
        }
    }
    table.try_into().unwrap()
}

fn function(timeout: u32) -> Function {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:ferry";
    let mut function = Function::new(arn.parse().unwrap()).unwrap();
    function.timeout = timeout;
    function
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        assert!(!finding.why.is_empty() && !finding.fix.is_empty());
        assert!(finding.page.starts_with("https://"));
        let mark = if finding.severity == Severity::Error {
            "!"
        } else {
            ""
        };
        format!("{}{mark} {}", finding.code, finding.field)
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_lint_has_a_definition_it_finds() {
    let bot = |from: &str, to: &str| {
        let good = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01";
        format!("bot = '{}'", good.replace(from, to))
    };
    let name = |name: &str| format!("alias = 'none'\nalias_name = '{name}'");
    let version = |version: &str| format!("{}\nversion = '{version}'", name("live"));
    for (settings, expected) in [
        (String::new(), ""),
        (bot(":lex:", ":connect:"), "LW1101! bot"),
        (bot("FERRYBOT01", "*"), "LW1101! bot"),
        (bot("FERRYBOT01", "FERRYBOT0?"), "LW1101! bot"),
        (bot("bot/", "bot-alias/"), "LW1101! bot"),
        (bot("123456789012", ""), "LW1101! bot"),
        (bot("eu-west-1", "us-east-1"), "LW1102 bot"),
        (bot("123456789012", "210987654321"), "LW1102 bot"),
        ("alias = 'live'".into(), "LW1103! alias"),
        ("alias = '*'".into(), "LW1103! alias"),
        (name("live-2"), ""),
        (name("live--2"), "LW1104! alias_name"),
        (name("-live"), "LW1104! alias_name"),
        (name(""), "LW1104! alias_name"),
        (name(&"a".repeat(100)), ""),
        (name(&"a".repeat(101)), "LW1104! alias_name"),
        (version("7"), ""),
        (version("DRAFT"), "LW1105! version"),
        (version("123456"), "LW1105! version"),
        ("alias = 'none'".into(), "LW1106 alias"),
        ("alias_name = 'live'".into(), "LW1107 alias"),
        ("version = '7'".into(), "LW1107 alias"),
        ("locales = []".into(), "LW1108! locales"),
        ("locales = ['en_GB', 'es_419', 'zh_CN']".into(), ""),
        ("locales = ['en-GB']".into(), "LW1109! locales"),
        ("locales = ['english']".into(), "LW1109! locales"),
        (
            "locales = ['en_GB', 'en_US', 'en_GB']".into(),
            "LW1109! locales",
        ),
    ] {
        let lex = connection(&settings);
        assert_eq!(found(&lex.check(&function(3))), expected, "{settings}");
    }
    assert_eq!(found(&connection("").check(&function(30))), "");
    assert_eq!(
        found(&connection("").check(&function(31))),
        "LW1110 timeout"
    );
}

#[test]
fn an_alias_has_one_function_for_each_language() {
    for (settings, anywhere, within) in [
        ("", "LW1111! locales", "LW1112! alias"),
        (
            "locales = ['en_US', 'en_GB']",
            "LW1111! locales",
            "LW1112! alias",
        ),
        ("locales = ['en_US']", "", "LW1112! alias"),
        ("alias = 'LIVEALIAS1'", "", ""),
    ] {
        let (one, other) = (connection(""), connection(settings));
        for (a, b) in [(&one, &other), (&other, &one)] {
            assert_eq!(found(&a.conflicts(b)), anywhere, "{settings}");
            assert_eq!(found(&a.conflicts_within(b)), within, "{settings}");
        }
    }
}
