//! What follows from a skill: its permission, its manifest, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::{Policy, may_invoke};
use lambda_with::{Caller, Delivery, Integration, Permission};
use lambda_with_alexa::{Alexa, CustomSkill, SmartHomeSkill};
use lambda_with_testing::{check, definitions, delivered, function};

fn connection(toml: &str) -> Alexa {
    toml::from_str(toml).unwrap()
}

const CUSTOM: &str = r#"
    kind = "custom"
    skill_id = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666"
"#;

const SMART_HOME: &str = r#"
    kind = "smart-home"
    skill_id = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666"
    region = "EU"
"#;

fn policy(connection: &Alexa) -> Policy {
    let permissions = connection.permissions(&function("tea:live"));
    let [Permission::ResourceBased(statement)] = permissions.as_slice() else {
        panic!("{permissions:?}")
    };
    Policy::of_function(&function("tea:live").arn, [statement])
}

#[test]
fn a_custom_skill_is_let_in_by_its_token() {
    check(
        &policy(&connection(CUSTOM)),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "alexa-custom-1f0c9a4e-1111-4222-8333-444455556666",
              "Effect": "Allow",
              "Principal": {
                "Service": "alexa-appkit.amazon.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:tea:live",
              "Condition": {
                "StringEquals": {
                  "lambda:EventSourceToken": "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666"
                }
              }
            }
          ]
        }"#]],
    );
}

#[test]
fn a_smart_home_skill_has_another_principal() {
    check(
        &policy(&connection(SMART_HOME)),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "alexa-smart-home-1f0c9a4e-1111-4222-8333-444455556666-eu",
              "Effect": "Allow",
              "Principal": {
                "Service": "alexa-connectedhome.amazon.com"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:tea:live",
              "Condition": {
                "StringEquals": {
                  "lambda:EventSourceToken": "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666"
                }
              }
            }
          ]
        }"#]],
    );
}

#[test]
fn other_skills_and_other_principals_stay_outside() {
    const TOKEN: &str = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666";
    let other = TOKEN.replace("1f0c9a4e", "2f0c9a4e");
    let (appkit, home) = ("alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com");
    for (toml, principal, token, allowed) in [
        (CUSTOM, appkit, Some(TOKEN), true),
        (CUSTOM, appkit, Some(other.as_str()), false),
        (CUSTOM, appkit, None, false),
        (CUSTOM, home, Some(TOKEN), false),
        (CUSTOM, "alexa-appkit.amazonaws.com", Some(TOKEN), false),
        (SMART_HOME, home, Some(TOKEN), true),
        (SMART_HOME, appkit, Some(TOKEN), false),
    ] {
        let caller = Caller::Service(Delivery {
            principal: principal.into(),
            event_source_token: token.map(Into::into),
            ..Delivery::default()
        });
        let policy = policy(&connection(toml));
        let decision = may_invoke(
            &policy,
            &function("tea:live").arn,
            &caller,
            "lambda:InvokeFunction",
        );
        assert_eq!(decision.is_allowed(), allowed, "{principal} {token:?}");
    }
}

#[test]
fn what_is_no_id_grants_nothing() {
    for id in ["", "*", "amzn1.ask.skill.*", "amzn1.ask.skill.tea"] {
        assert_eq!(
            CustomSkill::new(id).permissions(&function("tea:live")),
            [],
            "{id}"
        );
        assert_eq!(
            SmartHomeSkill::new(id).permissions(&function("tea:live")),
            [],
            "{id}"
        );
    }
}

#[test]
fn the_skill_is_kept_outside_of_aws() {
    for toml in [CUSTOM, SMART_HOME] {
        let connection = connection(toml);
        assert_eq!(connection.resources(&function("tea:live")), []);
        assert_eq!(connection.configuration(&function("tea:live")), None);
    }
}

#[test]
fn the_manifest_names_the_function() {
    for (toml, expected) in [
        (
            CUSTOM,
            expect![[r#"
        {
          "apis": {
            "custom": {
              "endpoint": {
                "uri": "arn:aws:lambda:eu-west-1:123456789012:function:tea:live"
              }
            }
          }
        }"#]],
        ),
        (
            SMART_HOME,
            expect![[r#"
        {
          "apis": {
            "smartHome": {
              "protocolVersion": "3",
              "regions": {
                "EU": {
                  "endpoint": {
                    "uri": "arn:aws:lambda:eu-west-1:123456789012:function:tea:live"
                  }
                }
              }
            }
          }
        }"#]],
        ),
    ] {
        let manifest = match connection(toml) {
            Alexa::Custom(skill) => skill.manifest(&function("tea:live")),
            Alexa::SmartHome(skill) => skill.manifest(&function("tea:live")),
            other => panic!("{other:?}"),
        };
        check(&manifest, &expected);
    }
}

#[test]
fn kinds_and_regions_of_one_skill_have_names_of_their_own() {
    let custom = connection(CUSTOM).name();
    let regional = connection(&format!("{CUSTOM}region = 'NA'")).name();
    let home = connection(SMART_HOME).name();
    expect![[r#"
        alexa-custom-1f0c9a4e-1111-4222-8333-444455556666
        alexa-custom-1f0c9a4e-1111-4222-8333-444455556666-na
        alexa-smart-home-1f0c9a4e-1111-4222-8333-444455556666-eu"#]]
    .assert_eq(&[custom, regional, home].join("\n"));
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<Alexa>(
        &[CUSTOM, SMART_HOME],
        &[
            ("kind = 'custom'", "missing field `skill_id`"),
            ("skill_id = 'tea'", "missing field `kind`"),
            (
                "kind = 'video'\nskill_id = 'tea'",
                "unknown variant `video`",
            ),
            (&format!("{CUSTOM}token = 'tea'"), "unknown field `token`"),
            (&format!("{CUSTOM}region = 'eu'"), "unknown variant `eu`"),
        ],
    );
}

#[test]
fn a_request_to_the_skill() {
    let id = "amzn1.ask.skill.00000000-1111-4222-8333-444455556666";
    let custom = Alexa::Custom(CustomSkill::new(id));
    let event = delivered(custom.example(&function("tea:live")));
    assert_eq!(event["request"]["type"], "IntentRequest");
    assert_eq!(event["session"]["application"]["applicationId"], id);
    assert_eq!(
        event["context"]["System"]["application"]["applicationId"],
        id
    );
    let lamps = Alexa::SmartHome(SmartHomeSkill::new(id));
    let event = delivered(lamps.example(&function("tea:live")));
    assert_eq!(event["directive"]["header"]["name"], "TurnOn");
    for skill in [custom, lamps] {
        assert_eq!(skill.patience().timeout.unwrap().as_secs(), 8);
    }
}
