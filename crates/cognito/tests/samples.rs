//! Every sample is read and written back exactly, and so is what other libraries refuse or lose.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::decode;
use lambda_with_cognito::*;
use lambda_with_testing::{Root, exact, read, samples};
use serde_json::{Value, json};

/// A sample with some members, named by JSON pointers, set or (with `None`) taken away.
fn changed(id: &str, changes: &[(&str, Option<Value>)]) -> String {
    let mut document: Value = read(&SERVICE, id);
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap();
        match value {
            Some(value) => drop(parent.insert(name.into(), value.clone())),
            None => assert!(parent.remove(name).is_some(), "{pointer} is not there"),
        }
    }
    document.to_string()
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<PreSignUpEvent>(),
            Root::of::<PostConfirmationEvent>(),
            Root::of::<PreAuthenticationEvent>(),
            Root::of::<PostAuthenticationEvent>(),
            Root::of::<DefineAuthChallengeEvent>(),
            Root::of::<CreateAuthChallengeEvent>(),
            Root::of::<VerifyAuthChallengeEvent>(),
            Root::of::<PreTokenGenerationEvent>(),
            Root::of::<PreTokenGenerationV2Event>(),
            Root::of::<CustomMessageEvent>(),
            Root::of::<CustomEmailSenderEvent>(),
            Root::of::<CustomSmsSenderEvent>(),
            Root::of::<InboundFederationEvent>(),
            Root::of::<UserMigrationEvent>(),
            Root::of::<SyncTriggerEvent>(),
        ],
    );
}

#[test]
fn one_type_reads_every_trigger() {
    for sample in SERVICE
        .samples
        .iter()
        .filter(|sample| sample.of != "SyncTriggerEvent")
    {
        let event: UserPoolEvent = exact(sample.json);
        let read = format!("{event:?}");
        let variant = sample.of.trim_end_matches("Event");
        assert!(
            read.starts_with(&format!("{variant}({}", sample.of)),
            "{}: {read}",
            sample.id
        );
    }
    for (document, reason) in [
        (
            SERVICE.sample("sync-trigger").unwrap().json.to_owned(),
            "triggerSource",
        ),
        (
            changed(
                "pre-sign-up",
                &[("/triggerSource", Some(json!("AfterParty_End")))],
            ),
            "AfterParty_End",
        ),
        (changed("pre-sign-up", &[("/request", None)]), "request"),
    ] {
        let error = decode::<UserPoolEvent>(document).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    let null = || Some(Value::Null);
    let empty = || Some(json!({}));
    for (id, changes) in [
        ("pre-sign-up", vec![("/response", empty())]),
        ("pre-sign-up", vec![("/version", Some(json!(1)))]),
        (
            "pre-sign-up",
            vec![("/triggerSource", Some(json!("PreSignUp_SomethingNew")))],
        ),
        ("pre-sign-up", vec![("/userName", None)]),
        ("pre-sign-up", vec![("/userName", null())]),
        ("pre-sign-up", vec![("/callerContext/clientId", null())]),
        (
            "pre-sign-up",
            vec![(
                "/callerContext",
                Some(json!({"awsSdk": "1", "clientId": "c"})),
            )],
        ),
        ("pre-sign-up", vec![("/request/clientMetadata", null())]),
        (
            "post-authentication",
            vec![("/request/newDeviceUsed", None)],
        ),
        (
            "pre-authentication",
            vec![("/request/userNotFound", null())],
        ),
        ("pre-authentication", vec![("/request/userNotFound", None)]),
        ("define-auth-challenge", vec![("/request/session", null())]),
        (
            "define-auth-challenge",
            vec![("/request/session/0/challengeName", Some(json!("PASSKEY")))],
        ),
        (
            "define-auth-challenge",
            vec![("/request/session/0/challengeMetadata", None)],
        ),
        ("define-auth-challenge", vec![("/response", empty())]),
        ("create-auth-challenge", vec![("/request/session", null())]),
        (
            "create-auth-challenge",
            vec![("/request/userNotFound", Some(json!(true)))],
        ),
        (
            "verify-auth-challenge",
            vec![("/request/challengeAnswer", Some(json!({"code": 1})))],
        ),
        (
            "verify-auth-challenge",
            vec![("/request/challengeAnswer", null())],
        ),
        (
            "pre-token-generation",
            vec![("/request/groupConfiguration", empty())],
        ),
        (
            "pre-token-generation",
            vec![("/request/groupConfiguration", null())],
        ),
        (
            "pre-token-generation",
            vec![(
                "/response/claimsOverrideDetails",
                Some(json!({"claimsToSuppress": ["email"]})),
            )],
        ),
        (
            "pre-token-generation",
            vec![("/response/claimsOverrideDetails", empty())],
        ),
        ("pre-token-generation-v2", vec![("/request/scopes", None)]),
        (
            "pre-token-generation-v2",
            vec![("/request/groupConfiguration", None)],
        ),
        (
            "pre-token-generation-v2",
            vec![("/request/groupConfiguration/preferredRole", None)],
        ),
        (
            "pre-token-generation-v2",
            vec![(
                "/response/claimsAndScopeOverrideDetails",
                Some(json!({"accessTokenGeneration": {"scopesToAdd": ["a"]}})),
            )],
        ),
        (
            "pre-token-generation-v3-client-credentials",
            vec![("/request/userAttributes", null())],
        ),
        (
            "pre-token-generation-v3-client-credentials",
            vec![("/triggerSource", Some(json!("TokenGeneration_New")))],
        ),
        (
            "custom-message-sign-up",
            vec![("/request/userAttributes/email_verified", Some(json!(true)))],
        ),
        (
            "custom-message-sign-up",
            vec![
                ("/request/linkParameter", null()),
                ("/request/codeParameter", Some(json!("####"))),
            ],
        ),
        (
            "custom-message-sign-up",
            vec![
                ("/request/linkParameter", None),
                ("/request/usernameParameter", None),
            ],
        ),
        ("custom-email-sender-sign-up", vec![("/response", null())]),
        (
            "custom-sms-sender-authentication",
            vec![("/triggerSource", Some(json!("CustomSmsSender_SignUp")))],
        ),
        (
            "custom-sms-sender-authentication",
            vec![("/request/code", null()), ("/request/clientMetadata", None)],
        ),
        (
            "user-migration",
            vec![("/request/password", None), ("/response", empty())],
        ),
        (
            "user-migration",
            vec![("/response/finalUserStatus", Some(json!("ARCHIVED")))],
        ),
        (
            "inbound-federation-oidc",
            vec![("/request/providerType", Some(json!("Passkeys")))],
        ),
        (
            "inbound-federation-oidc",
            vec![("/request/attributes", empty())],
        ),
    ] {
        exact::<UserPoolEvent>(&changed(id, &changes));
    }
    exact::<SyncTriggerEvent>(&changed(
        "sync-trigger",
        &[("/datasetRecords/volume/oldValue", None)],
    ));
    exact::<SyncTriggerEvent>(&changed(
        "sync-trigger",
        &[("/datasetRecords/volume/op", Some(json!("merge")))],
    ));
}

#[test]
fn what_other_libraries_lose_is_kept() {
    let event: PreAuthenticationEvent = exact(SERVICE.sample("pre-authentication").unwrap().json);
    assert_eq!(event.request.user_not_found.into_option(), Some(false));
    let event: PreAuthenticationEvent =
        exact(SERVICE.sample("pre-authentication-metadata").unwrap().json);
    assert_eq!(event.metadata("page"), Some("login"));
    let event: CustomMessageEvent = exact(SERVICE.sample("custom-message-sign-up").unwrap().json);
    assert_eq!(
        event.request.link_parameter.as_deref(),
        Some("{##Verify##}")
    );
    let event: UserMigrationEvent = exact(SERVICE.sample("user-migration-answered").unwrap().json);
    assert_eq!(event.response.enable_sms_mfa.into_option(), Some(false));
    let event: PreTokenGenerationV2Event = exact(
        SERVICE
            .sample("pre-token-generation-v2-answered")
            .unwrap()
            .json,
    );
    let details = event
        .response
        .claims_and_scope_override_details
        .into_option()
        .unwrap();
    let claims = details
        .id_token_generation
        .into_option()
        .unwrap()
        .claims_to_add_or_override;
    assert_eq!(
        claims.get("berths").unwrap().value().unwrap(),
        json!([7, 8])
    );
}

#[test]
fn secrets_are_not_printed() {
    for (id, secret) in [
        ("user-migration", "Correct-Horse"),
        ("verify-auth-challenge", "493817"),
        ("create-auth-challenge-answered", "493817"),
        ("inbound-federation-oidc", "eySample"),
    ] {
        let event: UserPoolEvent = exact(SERVICE.sample(id).unwrap().json);
        assert!(!format!("{event:?}").contains(secret), "{id}");
    }
}
