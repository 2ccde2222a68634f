//! What follows from a connection: its permission, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use lambda_with::Integration;
use lambda_with_cognito::{Cognito, IdentityPool, Trigger, UserPool};
use lambda_with_testing::{definitions, delivered, function};

fn connection(toml: &str) -> Cognito {
    toml::from_str(toml).unwrap()
}

const SIGN_UP: &str = r#"
    kind = "user-pool"
    user_pool_id = "eu-west-1_Hb7Qk2LmN"
    triggers = ["pre-sign-up", "post-confirmation"]
"#;

const NEW: &str = r#"
    kind = "user-pool"
    name = "harbor"
    triggers = ["verify-auth-challenge", "pre-token-generation-v3", "custom-sms-sender"]
    kms_key = "arn:aws:kms:eu-west-1:123456789012:key/5e0c"
    plan = "essentials"
"#;

const SYNC: &str = r#"
    kind = "identity-pool"
    identity_pool_id = "eu-west-1:3e1f7a90-51c2-4b7e-8d0a-6f2b9c4d1e58"
"#;

#[test]
fn permissions() {
    let check = |toml: &str, expected: Expect| {
        let permissions = connection(toml).permissions(&function("users:live"));
        expected.assert_eq(&serde_json::to_string_pretty(&permissions).unwrap());
    };
    check(
        SIGN_UP,
        expect![[r#"
        [
          {
            "kind": "resource-based",
            "sid": "user-pool-eu-west-1-Hb7Qk2LmN-e2c0a2e5",
            "principal": {
              "service": "cognito-idp.amazonaws.com"
            },
            "action": "lambda:InvokeFunction",
            "source_arn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Hb7Qk2LmN",
            "source_account": "123456789012"
          }
        ]"#]],
    );
    check(
        NEW,
        expect![[r#"
        [
          {
            "kind": "resource-based",
            "sid": "user-pool-harbor-6a401e2c",
            "principal": {
              "service": "cognito-idp.amazonaws.com"
            },
            "action": "lambda:InvokeFunction",
            "source_arn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/${CognitoUserPoolHarbor}",
            "source_account": "123456789012"
          },
          {
            "kind": "execution-role",
            "actions": [
              "kms:Decrypt"
            ],
            "resources": [
              "arn:aws:kms:eu-west-1:123456789012:key/5e0c"
            ],
            "reason": "custom senders get codes encrypted under the pool's key"
          }
        ]"#]],
    );
    check(
        SYNC,
        expect![[r#"
        [
          {
            "kind": "resource-based",
            "sid": "identity-pool-eu-west-1-3e1f7a90-51c2-4b7e-8d0a-6f2b9c4d1e58-748970f8",
            "principal": {
              "service": "cognito-sync.amazonaws.com"
            },
            "action": "lambda:InvokeFunction",
            "source_arn": "arn:aws:cognito-identity:eu-west-1:123456789012:identitypool/eu-west-1:3e1f7a90-51c2-4b7e-8d0a-6f2b9c4d1e58",
            "source_account": "123456789012"
          }
        ]"#]],
    );
}

#[test]
fn an_id_that_would_admit_other_pools_grants_nothing() {
    for id in ["", "*", "eu-west-1_?"] {
        let users = UserPool {
            user_pool_id: Some(id.into()),
            triggers: vec![Trigger::PreSignUp],
            ..UserPool::default()
        };
        assert_eq!(users.permissions(&function("users:live")), [], "{id}");
        let sync = IdentityPool {
            identity_pool_id: Some(id.into()),
            ..IdentityPool::default()
        };
        assert_eq!(sync.permissions(&function("users:live")), [], "{id}");
    }
}

#[test]
fn resources() {
    let check = |toml: &str, expected: Expect| {
        let resources = connection(toml).resources(&function("users:live"));
        expected.assert_eq(&serde_json::to_string_pretty(&resources).unwrap());
    };
    check(SIGN_UP, expect!["[]"]);
    check(
        NEW,
        expect![[r#"
        [
          {
            "id": "CognitoUserPoolHarbor",
            "Type": "AWS::Cognito::UserPool",
            "properties": {
              "LambdaConfig": {
                "CustomSMSSender": {
                  "LambdaArn": "${Function}",
                  "LambdaVersion": "V1_0"
                },
                "KMSKeyID": "arn:aws:kms:eu-west-1:123456789012:key/5e0c",
                "PreTokenGenerationConfig": {
                  "LambdaArn": "${Function}",
                  "LambdaVersion": "V3_0"
                },
                "VerifyAuthChallengeResponse": "${Function}"
              },
              "UserPoolName": "harbor",
              "UserPoolTier": "ESSENTIALS"
            },
            "depends_on": []
          }
        ]"#]],
    );
    check(SYNC, expect!["[]"]);
    check(
        "kind = 'identity-pool'",
        expect![[r#"
        [
          {
            "id": "CognitoIdentityPool",
            "Type": "AWS::Cognito::IdentityPool",
            "properties": {
              "AllowUnauthenticatedIdentities": false,
              "CognitoEvents": {
                "SyncTrigger": "${Function}"
              },
              "IdentityPoolName": "identity-pool"
            },
            "depends_on": []
          }
        ]"#]],
    );
}

#[test]
fn every_trigger_has_its_setting() {
    let setting = |trigger: Trigger| {
        let pool = UserPool {
            triggers: vec![trigger],
            ..UserPool::default()
        };
        let resources = pool.resources(&function("users:live"));
        let config = &resources[0].properties["LambdaConfig"];
        format!("{trigger}: {config}")
    };
    let all: Vec<String> = Trigger::ALL.into_iter().map(setting).collect();
    expect![[r#"
        pre-sign-up: {"PreSignUp":"${Function}"}
        post-confirmation: {"PostConfirmation":"${Function}"}
        pre-authentication: {"PreAuthentication":"${Function}"}
        post-authentication: {"PostAuthentication":"${Function}"}
        define-auth-challenge: {"DefineAuthChallenge":"${Function}"}
        create-auth-challenge: {"CreateAuthChallenge":"${Function}"}
        verify-auth-challenge: {"VerifyAuthChallengeResponse":"${Function}"}
        pre-token-generation: {"PreTokenGenerationConfig":{"LambdaArn":"${Function}","LambdaVersion":"V1_0"}}
        pre-token-generation-v2: {"PreTokenGenerationConfig":{"LambdaArn":"${Function}","LambdaVersion":"V2_0"}}
        pre-token-generation-v3: {"PreTokenGenerationConfig":{"LambdaArn":"${Function}","LambdaVersion":"V3_0"}}
        custom-message: {"CustomMessage":"${Function}"}
        custom-email-sender: {"CustomEmailSender":{"LambdaArn":"${Function}","LambdaVersion":"V1_0"}}
        custom-sms-sender: {"CustomSMSSender":{"LambdaArn":"${Function}","LambdaVersion":"V1_0"}}
        inbound-federation: {"InboundFederation":{"LambdaArn":"${Function}","LambdaVersion":"V1_0"}}
        user-migration: {"UserMigration":"${Function}"}"#]].assert_eq(&all.join("\n"));
}

#[test]
fn a_definition_is_read_and_written_back() {
    definitions::<Cognito>(
        &[SIGN_UP, NEW, SYNC],
        &[
            ("triggers = ['pre-sign-up']", "missing field `kind`"),
            ("kind = 'pool'", "unknown variant `pool`"),
            (
                "kind = 'user-pool'\ntrigers = []",
                "unknown field `trigers`",
            ),
            (
                "kind = 'user-pool'\ntriggers = ['sign-up']",
                "unknown variant `sign-up`",
            ),
            (
                "kind = 'identity-pool'\ntriggers = []",
                "unknown field `triggers`",
            ),
        ],
    );
}

#[test]
fn an_event_of_the_first_trigger() {
    for trigger in Trigger::ALL {
        let users = Cognito::UserPool(UserPool {
            user_pool_id: Some("eu-west-1_TidePool1".into()),
            triggers: vec![trigger, Trigger::PreSignUp],
            ..UserPool::default()
        });
        let event = delivered(users.example(&function("users:live")));
        assert_eq!(event["userPoolId"], "eu-west-1_TidePool1");
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        assert_eq!(
            Trigger::of(&text("triggerSource"), &text("version")),
            Some(trigger)
        );
        assert_eq!(users.patience().attempts, 3);
    }
    assert!(
        UserPool::default()
            .example(&function("users:live"))
            .is_none()
    );
    let pool = "eu-west-1:00000000-51c2-4b7e-8d0a-6f2b9c4d1e58";
    let sync = Cognito::IdentityPool(IdentityPool {
        identity_pool_id: Some(pool.into()),
        ..IdentityPool::default()
    });
    let event = delivered(sync.example(&function("users:live")));
    assert_eq!(event["identityPoolId"], pool);
}
