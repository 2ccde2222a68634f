//! Answers, and what AWS IoT would not take.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Json, Nullable};
use lambda_with_iot::{
    AuthorizerRequest, AuthorizerResponse, PolicyDocument, ProvisioningResponse, SERVICE,
};
use lambda_with_testing::{exact_value, sample};
use serde_json::{json, to_value};

fn policy() -> PolicyDocument {
    let arn = "arn:aws:iot:eu-west-1:123456789012";
    PolicyDocument::new()
        .allow("iot:Connect", format!("{arn}:client/crane-7"))
        .allow("iot:Publish", format!("{arn}:topic/harbor/crane-7/*"))
}

#[test]
fn answers_are_the_samples() {
    let mut allow = AuthorizerResponse::allow("crane7").unwrap();
    allow = allow.with_policy(&policy()).unwrap();
    allow.check().unwrap();
    assert_eq!(
        to_value(&allow).unwrap(),
        sample(&SERVICE, "authorizer-allow")
    );
    let deny = AuthorizerResponse::deny();
    deny.check().unwrap();
    assert_eq!(to_value(deny).unwrap(), sample(&SERVICE, "authorizer-deny"));
    let allow = ProvisioningResponse::allow().with_override("Berth", "4");
    assert_eq!(
        to_value(allow).unwrap(),
        sample(&SERVICE, "provisioning-allow")
    );
    let deny = ProvisioningResponse::deny();
    assert_eq!(
        to_value(deny).unwrap(),
        sample(&SERVICE, "provisioning-deny")
    );
    let deny = policy().deny("iot:Publish", "*");
    assert_eq!(to_value(deny).unwrap()["Statement"][2]["Effect"], "Deny");
}

#[test]
fn limits() {
    let good = AuthorizerResponse::allow("crane7").unwrap();
    let with = |change: fn(&mut AuthorizerResponse)| {
        let mut answer = good.clone();
        change(&mut answer);
        answer.check().err().map(|error| error.to_string())
    };
    for (change, expected) in [
        (with(|_| ()), None),
        (
            with(|it| it.principal_id = "".to_owned().into_nullable()),
            Some("letters and digits"),
        ),
        (
            with(|it| it.principal_id = Nullable::Missing),
            Some("letters and digits"),
        ),
        (
            with(|it| it.principal_id = "crane-7".to_owned().into_nullable()),
            Some("`crane-7`"),
        ),
        (
            with(|it| it.principal_id = "x".repeat(129).into_nullable()),
            Some("1 to 128"),
        ),
        (
            with(|it| it.principal_id = "x".repeat(128).into_nullable()),
            None,
        ),
        (
            with(|it| it.refresh_after_in_seconds = Nullable::Value(299)),
            Some("refreshAfter"),
        ),
        (
            with(|it| it.refresh_after_in_seconds = Nullable::Value(300)),
            None,
        ),
        (
            with(|it| it.refresh_after_in_seconds = Nullable::Missing),
            None,
        ),
        (
            with(|it| it.disconnect_after_in_seconds = Nullable::Value(86_401)),
            Some("disconnect"),
        ),
        (
            with(|it| it.disconnect_after_in_seconds = Nullable::Value(-1)),
            Some("is -1"),
        ),
        (with(|it| it.policy_documents = policies(10, 2_048)), None),
        (
            with(|it| it.policy_documents = policies(11, 20)),
            Some("11 policies"),
        ),
        (
            with(|it| it.policy_documents = policies(1, 2_049)),
            Some("2049 characters"),
        ),
        (
            with(|it| {
                it.is_authenticated = false;
                it.principal_id = Nullable::Missing;
            }),
            None,
        ),
    ] {
        match (&change, expected) {
            (None, None) => {}
            (Some(error), Some(expected)) => assert!(error.contains(expected), "{error}"),
            _ => panic!("{change:?}, expected {expected:?}"),
        }
    }
    let mut answer = good;
    for _ in 0..10 {
        answer = answer.with_policy(&policy()).unwrap();
    }
    assert!(answer.clone().with_policy(&policy()).is_err());
    assert!(
        answer
            .with_policy(&json!({ "x": "x".repeat(2_048) }))
            .is_err()
    );
    assert!(AuthorizerResponse::allow("no spaces").is_err());
}

/// Policies that are text of so many characters.
fn policies(number: usize, characters: usize) -> Nullable<Vec<Json>> {
    Nullable::Value(vec![
        Json::encode(&"é".repeat(characters)).unwrap();
        number
    ])
}

trait IntoNullable {
    fn into_nullable(self) -> Nullable<lambda_with::Text>;
}

impl IntoNullable for String {
    fn into_nullable(self) -> Nullable<lambda_with::Text> {
        Nullable::Value(self.into())
    }
}

#[test]
fn certificates() {
    let request: AuthorizerRequest = exact_value(&sample(&SERVICE, "authorizer-certificate"));
    let id = request.certificate_id().unwrap().to_owned();
    AuthorizerResponse::allow(id)
        .unwrap()
        .check_for(&request)
        .unwrap();
    AuthorizerResponse::deny().check_for(&request).unwrap();
    let error = AuthorizerResponse::allow("crane7")
        .unwrap()
        .check_for(&request);
    assert!(error.unwrap_err().to_string().contains("certificate's id"));
    let request: AuthorizerRequest = exact_value(&sample(&SERVICE, "authorizer-mqtt"));
    AuthorizerResponse::allow("crane7")
        .unwrap()
        .check_for(&request)
        .unwrap();
}
