//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_lex::Lex;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = r#"
    bot = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01"
    alias = "TSTALIASID"
    locales = ["en_GB"]
"#;

#[test]
fn every_lint_has_a_definition_it_finds() {
    let bot = |from: &str, to: &str| {
        let good = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01";
        format!("bot = '{}'", good.replace(from, to))
    };
    let name = |name: &str| format!("alias = 'none'\nalias_name = '{name}'");
    let version = |version: &str| format!("{}\nversion = '{version}'", name("live"));
    lints::<Lex>(
        GOOD,
        &[
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
            ("function_timeout = 30".into(), ""),
            ("function_timeout = 31".into(), "LW1110 timeout"),
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
        ],
    );
}

#[test]
fn two_connections() {
    clashes::<Lex>(
        GOOD,
        &[
            ("", "", "LW1111! locales", "LW1112! alias"),
            (
                "",
                "locales = ['en_US', 'en_GB']",
                "LW1111! locales",
                "LW1112! alias",
            ),
            ("", "locales = ['en_US']", "", "LW1112! alias"),
            ("", "alias = 'LIVEALIAS1'", "", ""),
        ],
    );
}
