//! Every rule with an answer that breaks it, and what answers leave as it came.

use lambda_with::{Error, Nullable, Scalar};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::generated::*;

fn sample<T: DeserializeOwned>(id: &str) -> T {
    lambda_with::decode(SERVICE.sample(id).unwrap().json).unwrap()
}

/// A sample with changed members: each by its JSON pointer.
fn changed<T: DeserializeOwned>(id: &str, changes: &[(&str, Value)]) -> T {
    let mut document: Value = sample(id);
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    lambda_with::decode(document.to_string()).unwrap()
}

#[track_caller]
fn refused(rule: &str, result: Result<impl Sized, Error>) {
    let error = result.err().unwrap_or_else(|| panic!("allowed: {rule}"));
    assert!(
        error.context("rule").is_some_and(|r| r.contains(rule)),
        "{rule}: {error}"
    );
}

/// What differs between a document and the answer to it, apart from the response.
fn beside_response(id: &str, answer: &impl Serialize) -> (Value, Value) {
    let (mut before, mut after): (Value, Value) =
        (sample(id), serde_json::to_value(answer).unwrap());
    for document in [&mut before, &mut after] {
        document.as_object_mut().unwrap().remove("response");
    }
    (before, after)
}

#[test]
fn sign_ups() {
    let none =
        || changed::<PreSignUpEvent>("pre-sign-up", &[("/request/userAttributes", json!({}))]);
    refused("can be verified", none().verify_email());
    refused("can be verified", none().verify_phone());
    let answer = sample::<PreSignUpEvent>("pre-sign-up")
        .confirm()
        .verify_email()
        .unwrap();
    let answer = answer.verify_phone().unwrap();
    assert_eq!(
        serde_json::to_value(&answer.response).unwrap(),
        json!({"autoConfirmUser": true, "autoVerifyEmail": true, "autoVerifyPhone": true})
    );
    let (before, after) = beside_response("pre-sign-up", &answer);
    assert_eq!(before, after);
}

#[test]
fn challenges() {
    let event = || sample::<DefineAuthChallengeEvent>("define-auth-challenge");
    refused("a challenge, tokens or a failure", event().check());
    let mut both = event().challenge(ChallengeName::Custom);
    both.response.issue_tokens = true.into();
    refused("a challenge, tokens or a failure", both.check());
    let nobody = || sample::<DefineAuthChallengeEvent>("define-auth-challenge-start");
    refused("who does not exist", nobody().issue_tokens());
    for (answer, expected) in [
        (
            event().challenge(ChallengeName::Custom),
            json!(["CUSTOM_CHALLENGE", false, false]),
        ),
        (event().issue_tokens().unwrap(), json!([null, true, false])),
        (
            event().issue_tokens().unwrap().fail(),
            json!([null, false, true]),
        ),
        (nobody().fail(), json!([null, false, true])),
    ] {
        answer.check().unwrap();
        let response = serde_json::to_value(&answer.response).unwrap();
        let said = json!([
            response["challengeName"],
            response["issueTokens"],
            response["failAuthentication"]
        ]);
        assert_eq!(said, expected);
    }

    let create = || sample::<CreateAuthChallengeEvent>("create-auth-challenge");
    refused(
        "not public too",
        create().ask([("code", "1")], [("code", "1")]),
    );
    let answer = create()
        .ask([("to", "s***")], [("code", "1")])
        .unwrap()
        .named("mail");
    assert_eq!(
        serde_json::to_value(&answer).unwrap()["response"],
        json!({"publicChallengeParameters": {"to": "s***"}, "privateChallengeParameters": {"code": "1"}, "challengeMetadata": "mail"})
    );

    let id = "verify-auth-challenge";
    refused(
        "right or wrong",
        sample::<VerifyAuthChallengeEvent>(id).check(),
    );
    for (changes, key, expected) in [
        (vec![], "code", true),
        (vec![], "other", false),
        (
            vec![("/request/challengeAnswer", json!("493818"))],
            "code",
            false,
        ),
        (
            vec![("/request/challengeAnswer", json!("49381"))],
            "code",
            false,
        ),
        (
            vec![("/request/challengeAnswer", json!(493_817))],
            "code",
            false,
        ),
        (vec![("/request/userNotFound", json!(true))], "code", false),
        (
            vec![
                ("/request/privateChallengeParameters", json!({"code": ""})),
                ("/request/challengeAnswer", json!("")),
            ],
            "code",
            false,
        ),
        (
            vec![("/request/privateChallengeParameters", Value::Null)],
            "code",
            false,
        ),
    ] {
        let answer = changed::<VerifyAuthChallengeEvent>(id, &changes).compare(key);
        answer.check().unwrap();
        assert_eq!(
            answer.response.answer_correct,
            Nullable::Value(expected),
            "{changes:?}"
        );
    }
}

#[test]
fn tokens_of_version_1() {
    let event = || sample::<PreTokenGenerationEvent>("pre-token-generation");
    for claim in [
        "sub",
        "iss",
        "username",
        "cognito:username",
        "cognito:mfa_enabled",
    ] {
        refused("stay as they are", event().add_claim(claim, "x"));
        refused("stay as they are", event().suppress_claim(claim));
    }
    refused(
        "can only be left out",
        event().add_claim("dev:custom:x", "x"),
    );
    refused("audience of an ID token", event().add_claim("aud", "x"));
    let mut number = event().add_claim("berth", "7").unwrap();
    let details = number
        .response
        .claims_override_details
        .into_option()
        .unwrap();
    number.response.claims_override_details = ClaimsOverrideDetails {
        claims_to_add_or_override: lambda_with::Map::from([("berth", Scalar::from(7))]).into(),
        ..details
    }
    .into();
    refused("are texts", number.check());

    let answer = event()
        .suppress_claim("cognito:groups")
        .unwrap()
        .suppress_claim("dev:x")
        .unwrap();
    let response = serde_json::to_value(answer.response).unwrap();
    let details = &response["claimsOverrideDetails"];
    assert_eq!(
        details["claimsToSuppress"],
        json!(["cognito:groups", "dev:x"])
    );
    let groups = serde_json::to_value(&event().request.group_configuration).unwrap();
    assert_eq!(
        details["groupOverrideDetails"], groups,
        "groups are not lost by saying nothing"
    );
    assert!(details.get("claimsToAddOrOverride").is_none());
    let none = event().groups(GroupConfiguration::default());
    let none = serde_json::to_value(none.response).unwrap();
    assert_eq!(
        none["claimsOverrideDetails"],
        json!({"groupOverrideDetails": {}})
    );
}

#[test]
fn tokens_of_versions_2_and_3() {
    let event = || sample::<PreTokenGenerationV2Event>("pre-token-generation-v2");
    let machine =
        || sample::<PreTokenGenerationV2Event>("pre-token-generation-v3-client-credentials");
    refused("stay as they are", event().add_id_claim("exp", &1));
    refused(
        "stay as they are",
        event().add_access_claim("client_id", "x"),
    );
    refused("stay as they are", event().suppress_id_claim("iat"));
    refused(
        "stay as they are",
        event()
            .suppress_access_claim("scope")
            .and_then(|e| e.suppress_access_claim("jti")),
    );
    refused(
        "can only be left out",
        event().add_access_claim("dev:x", "x"),
    );
    refused("audience of an ID token", event().add_id_claim("aud", "x"));
    refused(
        "audience of an access token",
        event().add_access_claim("aud", "x"),
    );
    refused(
        "no lists and objects",
        event().add_id_claim("address", &json!({"street": "x"})),
    );
    refused(
        "no lists and objects",
        event().add_id_claim("email_verified", &[true]),
    );
    refused("a scope is one word", event().add_scope("two words"));
    refused("a scope is one word", event().add_scope(""));
    refused("no ID token", machine().add_id_claim("x", "y"));
    refused("no ID token", machine().suppress_id_claim("x"));

    let client = event().caller_context.client_id.into_option().unwrap();
    let answer = event().add_access_claim("aud", client.as_str()).unwrap();
    let answer = answer
        .add_id_claim("address", "Pier 7")
        .unwrap()
        .add_id_claim("list", &[1, 2])
        .unwrap();
    let answer = answer
        .add_scope("berths/read")
        .unwrap()
        .suppress_scope("email");
    let (before, after) = beside_response("pre-token-generation-v2", &answer);
    assert_eq!(before, after);
    let groups = serde_json::to_value(&event().request.group_configuration).unwrap();
    let details =
        serde_json::to_value(&answer.response).unwrap()["claimsAndScopeOverrideDetails"].clone();
    assert_eq!(
        details,
        json!({
            "idTokenGeneration": {"claimsToAddOrOverride": {"address": "Pier 7", "list": [1, 2]}},
            "accessTokenGeneration": {"claimsToAddOrOverride": {"aud": client.as_str()}, "scopesToAdd": ["berths/read"], "scopesToSuppress": ["email"]},
            "groupOverrideDetails": groups,
        })
    );
    let scoped = serde_json::to_value(machine().add_scope("a").unwrap().response).unwrap();
    assert_eq!(
        scoped["claimsAndScopeOverrideDetails"],
        json!({"accessTokenGeneration": {"scopesToAdd": ["a"]}, "groupOverrideDetails": {}})
    );
}

#[test]
fn messages() {
    let event = || sample::<CustomMessageEvent>("custom-message-sign-up");
    let admin = || sample::<CustomMessageEvent>("custom-message-admin-create-user");
    refused("a place for the code", event().sms("hello"));
    refused("a place for the code", event().sms("follow {##Verify##}"));
    refused("a place for the code", event().email("hello", "hello"));
    refused("a place for the name", admin().sms("your code is {####}"));
    refused(
        "at most 140",
        event().sms(format!("{{####}}{}", "x".repeat(135))),
    );
    refused(
        "an email 20,000",
        event().email("x", format!("{{####}}{}", "x".repeat(20_000))),
    );
    event().email("hello", "follow {##Verify##}").unwrap();
    event().sms(format!("{{####}}{}", "é".repeat(134))).unwrap();
    let answer = admin()
        .sms("{username}: {####}")
        .unwrap()
        .email("hello", "{username}: {####}")
        .unwrap();
    assert_eq!(
        serde_json::to_value(&answer.response).unwrap(),
        json!({"smsMessage": "{username}: {####}", "emailMessage": "{username}: {####}", "emailSubject": "hello"})
    );
    event().check().unwrap();
}

#[test]
fn migrations() {
    let event = || sample::<UserMigrationEvent>("user-migration");
    let forgot = || sample::<UserMigrationEvent>("user-migration-forgot-password");
    let none: [(&str, &str); 0] = [];
    let verified = [("email", "seute@example.com"), ("email_verified", "true")];
    refused("has attributes", event().migrate(none));
    refused(
        "verified address or number",
        forgot().migrate([("email", "seute@example.com")]),
    );
    refused("goes by SMS or EMAIL", event().welcome(["FAX"]));
    refused("goes by SMS or EMAIL", event().welcome([]));
    let mut kept = forgot().migrate(verified).unwrap();
    kept.response.final_user_status = FinalUserStatus::Confirmed.into();
    refused("sets a new one", kept.check());
    let answer = event().migrate(verified).unwrap();
    assert_eq!(answer.password(), Some("Correct-Horse-1"));
    assert_eq!(
        answer.response.final_user_status,
        Nullable::Value(FinalUserStatus::Confirmed)
    );
    let answer = answer.reset_password().welcome(["EMAIL"]).unwrap();
    assert_eq!(
        serde_json::to_value(&answer.response).unwrap(),
        json!({"userAttributes": {"email": "seute@example.com", "email_verified": "true"}, "finalUserStatus": "RESET_REQUIRED", "messageAction": null, "desiredDeliveryMediums": ["EMAIL"], "forceAliasCreation": null, "enableSMSMFA": null})
    );
    event().check().unwrap();
}

#[test]
fn federation() {
    let event = || sample::<InboundFederationEvent>("inbound-federation-oidc");
    let none: [(&str, &str); 0] = [];
    refused("takes over all attributes", event().map_attributes(none));
    let silent =
        changed::<InboundFederationEvent>("inbound-federation-oidc", &[("/response", json!({}))]);
    refused("which attributes to take over", silent.check());
    assert_eq!(event().provided("given_name").as_deref(), Some("Seute"));
    assert_eq!(event().provided("access_token"), None);
    let answer = event().map_attributes([("email", "x")]).unwrap();
    assert_eq!(
        serde_json::to_value(&answer.response).unwrap(),
        json!({"userAttributesToMap": {"email": "x"}})
    );
    assert_eq!(
        serde_json::to_value(answer.keep_all().response).unwrap(),
        json!({"userAttributesToMap": {}})
    );
}

#[test]
fn datasets() {
    let event = || sample::<SyncTriggerEvent>("sync-trigger");
    event().check().unwrap();
    for (pointer, value) in [
        ("/datasetRecords/volume/newValue", Value::Null),
        ("/datasetRecords/volume/op", json!("remove")),
        ("/datasetRecords/volume/op", json!("keep")),
        ("/datasetRecords/theme/newValue", json!("light")),
    ] {
        refused(
            "replaced by a value or removed",
            changed::<SyncTriggerEvent>("sync-trigger", &[(pointer, value)]).check(),
        );
    }
    let answer = event()
        .replace("volume", "4")
        .remove("harbor")
        .replace("new", "1");
    answer.check().unwrap();
    let records = serde_json::to_value(&answer.dataset_records).unwrap();
    assert_eq!(
        records["volume"],
        json!({"oldValue": "3", "newValue": "4", "op": "replace"})
    );
    assert_eq!(
        records["harbor"],
        json!({"newValue": null, "oldValue": null, "op": "remove"})
    );
    assert_eq!(
        records["new"],
        json!({"oldValue": null, "newValue": "1", "op": "replace"})
    );
}

#[test]
fn an_answer_keeps_members_that_are_not_known_yet() {
    let news = [
        ("/tenant", json!({"id": 7})),
        ("/request/deviceKey", json!("d1")),
        ("/request/userAttributes/custom:new", json!("x")),
        ("/callerContext/awsSdk", json!("old")),
        ("/response/autoVerifyFax", json!(null)),
        ("/version", json!(1)),
        ("/triggerSource", json!("PreSignUp_New")),
    ];
    let answer = changed::<PreSignUpEvent>("pre-sign-up", &news).confirm();
    let answer = serde_json::to_value(answer).unwrap();
    for (pointer, value) in news {
        assert_eq!(answer.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(answer["response"]["autoConfirmUser"], true);
}
