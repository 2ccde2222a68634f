//! Roles that others made, against a moto server: what is added to them, and what stays.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod feed;

use std::time::Duration;

use lambda_with::policy::Policy;
use lambda_with::{CallerRole, Function, Permission, RoleStatement};
use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_testing::{moto, unique};

use self::feed::Feed;

fn wiring(session: &Session, function: &Function, permission: Permission) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::from_millis(50);
    let feed = Feed {
        permissions: vec![permission],
        ..Feed::named("feed")
    };
    wiring.add(&feed).unwrap();
    wiring
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

async fn trust_of(session: &Session, role: &str) -> String {
    let answer = session.iam().get_role().role_name(role).send();
    let role = answer.await.unwrap().role.unwrap();
    role.assume_role_policy_document.unwrap()
}

#[tokio::test]
async fn a_service_is_let_into_the_execution_role_and_out_again() {
    let session = moto::session();
    let function = moto::function(&session, "edge").await;
    let before = trust_of(&session, function.name()).await;
    let edge = Permission::ExecutionTrust {
        service: "edgelambda.amazonaws.com".into(),
    };
    let ours = wiring(&session, &function, edge.clone());
    assert!(
        ours.diff()
            .await
            .unwrap()
            .to_string()
            .contains("edgelambda")
    );
    assert_eq!(
        actions(&ours.connect(|_| ()).await.unwrap()),
        [Action::Create]
    );
    let during = trust_of(&session, function.name()).await;
    assert!(during.contains("edgelambda") && during.contains("lambda.amazonaws.com"));
    assert!(ours.status().await.unwrap().is_clean());
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    assert_eq!(
        actions(&ours.disconnect(|_| ()).await.unwrap()),
        [Action::Remove]
    );
    assert_eq!(trust_of(&session, function.name()).await, before);

    // What somebody else let in stays theirs.
    let theirs = Policy::execution_trust(["edgelambda.amazonaws.com"]).to_json();
    let request = session.iam().update_assume_role_policy();
    let request = request.role_name(function.name()).policy_document(theirs);
    request.send().await.unwrap();
    let theirs = trust_of(&session, function.name()).await;
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    assert!(ours.disconnect(|_| ()).await.unwrap().is_empty());
    assert_eq!(trust_of(&session, function.name()).await, theirs);
}

#[tokio::test]
async fn a_caller_role_of_others_gets_one_policy_and_keeps_its_own() {
    let session = moto::session();
    let function = moto::function(&session, "clicks").await;
    let role = unique("delivery");
    let trust = CallerRole::new("firehose.amazonaws.com", []);
    let request = session.iam().create_role().role_name(&role);
    let request = request.assume_role_policy_document(Policy::trust(&trust).to_json());
    let arn = request.send().await.unwrap().role.unwrap().arn;
    let request = session.iam().put_role_policy().role_name(&role);
    let theirs = Policy::of_role(&[RoleStatement::new(["s3:PutObject"], "*", "theirs")]);
    let request = request
        .policy_name("theirs")
        .policy_document(theirs.to_json());
    request.send().await.unwrap();
    let policies = || async {
        let answer = session.iam().list_role_policies().role_name(&role).send();
        answer.await.unwrap().policy_names
    };

    let invoke = RoleStatement::new(
        ["lambda:InvokeFunction"],
        function.arn.as_str(),
        "it invokes",
    );
    let mut caller = CallerRole::new("firehose.amazonaws.com", [invoke]);
    caller.role = Some(arn.parse().unwrap());
    let ours = wiring(&session, &function, Permission::CallerRole(caller.clone()));
    assert_eq!(
        actions(&ours.connect(|_| ()).await.unwrap()),
        [Action::Create]
    );
    assert_eq!(policies().await.len(), 2);
    assert!(ours.status().await.unwrap().is_clean());
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    assert_eq!(
        actions(&ours.disconnect(|_| ()).await.unwrap()),
        [Action::Remove]
    );
    assert_eq!(policies().await, ["theirs"]);

    // A role that does not trust the service is its owner's to change.
    caller.trusts = "scheduler.amazonaws.com".into();
    let other = wiring(&session, &function, Permission::CallerRole(caller.clone()));
    let plan = other.diff().await.unwrap();
    assert!(
        plan.warnings[0].contains("scheduler.amazonaws.com"),
        "{plan}"
    );
    caller.role = Some("arn:aws:iam::123456789012:role/nobody".parse().unwrap());
    let nobody = wiring(&session, &function, Permission::CallerRole(caller));
    let refusal = nobody.connect(|_| ()).await.unwrap_err().to_string();
    assert!(refusal.contains("does not exist"), "{refusal}");
}

#[tokio::test]
async fn what_others_deny_is_seen() {
    let session = moto::session();
    let function = moto::function(&session, "denied").await;
    let queue = "arn:aws:sqs:eu-west-1:123456789012:orders";
    let poll = RoleStatement::new(["sqs:ReceiveMessage"], queue, "Lambda polls");
    let ours = wiring(&session, &function, Permission::ExecutionRole(poll));
    ours.connect(|_| ()).await.unwrap();
    assert!(ours.status().await.unwrap().is_clean());
    let request = session.iam().put_role_policy().role_name(function.name());
    let deny =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sqs:*","Resource":"*"}}"#;
    let request = request.policy_name("deny").policy_document(deny);
    request.send().await.unwrap();
    let status = ours.status().await.unwrap();
    assert_eq!(
        status.denied,
        [format!(
            "the execution role may not do sqs:ReceiveMessage to {queue}: inline policy deny denies it"
        )]
    );
    assert!(!status.is_clean() && status.to_string().contains("denied"));
}
