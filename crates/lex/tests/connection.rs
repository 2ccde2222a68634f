//! What follows from a bot: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{Integration, Permission};
use lambda_with_lex::Lex;
use lambda_with_testing::{check, definitions, delivered, function};
use serde_json::json;

fn connection(toml: &str) -> Lex {
    toml::from_str(toml).unwrap()
}

const TEST: &str = r#"
    bot = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01"
    alias = "TSTALIASID"
    locales = ["en_GB", "en_US"]
"#;

const LIVE: &str = r#"
    bot = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01"
    alias_name = "live-2"
    version = "7"
    locales = ["en_GB"]
"#;

#[test]
fn the_permission_names_alias_and_account() {
    let permissions = connection(TEST).permissions(&function("ferry:live"));
    let [Permission::ResourceBased(statement)] = permissions.as_slice() else {
        panic!("{permissions:?}")
    };
    check(
        &Policy::of_function(&function("ferry:live").arn, [statement]),
        &expect![[r#"
            {
              "Version": "2012-10-17",
              "Id": "default",
              "Statement": [
                {
                  "Sid": "lex-FERRYBOT01-TSTALIASID",
                  "Effect": "Allow",
                  "Principal": {
                    "Service": "lexv2.amazonaws.com"
                  },
                  "Action": "lambda:InvokeFunction",
                  "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:ferry:live",
                  "Condition": {
                    "StringEquals": {
                      "AWS:SourceAccount": "123456789012"
                    },
                    "ArnLike": {
                      "AWS:SourceArn": "arn:aws:lex:eu-west-1:123456789012:bot-alias/FERRYBOT01/TSTALIASID"
                    }
                  }
                }
              ]
            }"#]],
    );
}

#[test]
fn an_alias_yet_to_be_made_is_one_of_the_bots() {
    let permissions = connection(LIVE).permissions(&function("ferry:live"));
    let [Permission::ResourceBased(statement)] = permissions.as_slice() else {
        panic!("{permissions:?}")
    };
    let arn = statement.source_arn.as_ref().unwrap().as_str();
    assert_eq!(
        arn,
        "arn:aws:lex:eu-west-1:123456789012:bot-alias/FERRYBOT01/*"
    );
}

#[test]
fn a_pattern_grants_nothing() {
    for (from, to) in [
        ("FERRYBOT01", "*"),
        ("FERRYBOT01", "FERRYBOT0?"),
        ("TSTALIASID", "TSTALIAS??"),
        ("TSTALIASID", "*"),
        (":123456789012:", ":*:"),
    ] {
        let lex = connection(&TEST.replace(from, to));
        assert_eq!(lex.permissions(&function("ferry:live")), [], "{to}");
    }
}

#[test]
fn resources() {
    check(
        &connection(LIVE).resources(&function("ferry:live")),
        &expect![[r#"
        [
          {
            "id": "LexFERRYBOT01Live2Alias",
            "Type": "AWS::Lex::BotAlias",
            "properties": {
              "BotAliasLocaleSettings": [
                {
                  "BotAliasLocaleSetting": {
                    "CodeHookSpecification": {
                      "LambdaCodeHook": {
                        "CodeHookInterfaceVersion": "1.0",
                        "LambdaArn": "${Function}"
                      }
                    },
                    "Enabled": true
                  },
                  "LocaleId": "en_GB"
                }
              ],
              "BotAliasName": "live-2",
              "BotId": "FERRYBOT01",
              "BotVersion": "7"
            },
            "depends_on": [
              "LexFERRYBOT01Live2Permission"
            ]
          }
        ]"#]],
    );
    assert_eq!(connection(TEST).resources(&function("ferry:live")), []);
}

#[test]
fn settings_of_the_api() {
    let settings = connection(TEST).locale_settings(&function("ferry:live"));
    check(
        &settings,
        &expect![[r#"
        {
          "en_GB": {
            "codeHookSpecification": {
              "lambdaCodeHook": {
                "codeHookInterfaceVersion": "1.0",
                "lambdaARN": "arn:aws:lambda:eu-west-1:123456789012:function:ferry:live"
              }
            },
            "enabled": true
          },
          "en_US": {
            "codeHookSpecification": {
              "lambdaCodeHook": {
                "codeHookInterfaceVersion": "1.0",
                "lambdaARN": "arn:aws:lambda:eu-west-1:123456789012:function:ferry:live"
              }
            },
            "enabled": true
          }
        }"#]],
    );
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<Lex>(
        &[TEST, LIVE],
        &[
            ("locales = ['en_GB']".to_owned(), "missing field `bot`"),
            (TEST.replace("locales", "local"), "unknown field `local`"),
            (TEST.replace("arn:aws:lex", "arn"), "is not an ARN"),
        ],
    );
}

#[test]
fn a_turn_of_a_conversation_with_the_bot() {
    let bot = "arn:aws:lex:eu-west-1:123456789012:bot/TIDESBOT02";
    let tides = Lex {
        alias: Some("ALIASID001".into()),
        version: Some("4".into()),
        ..Lex::new(bot.parse().unwrap(), ["de_DE", "en_GB"])
    };
    let event = delivered(tides.example(&function("ferry:live")));
    let bot = &event["bot"];
    assert_eq!(
        json!([bot["id"], bot["aliasId"], bot["version"], bot["localeId"]]),
        json!(["TIDESBOT02", "ALIASID001", "4", "de_DE"])
    );
    assert_eq!(tides.patience().timeout.unwrap().as_secs(), 30);
}
