//! Filters beside those of others, against a moto server; policies, and what moto does not keep,
//! against an endpoint of our own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use lambda_with::{ErrorKind, Function};
use lambda_with_aws::{Action, Plan, Session, Wire, Wiring};
use lambda_with_cloudwatch_logs::{AccountPolicy, SubscriptionFilter};
use lambda_with_testing::{cycle, fake, moto, unique};
use serde_json::{Value, json};

async fn log_group(session: &Session) -> String {
    let name = unique("/harbor/ferries");
    let client = Client::new(session.config());
    client
        .create_log_group()
        .log_group_name(&name)
        .send()
        .await
        .unwrap();
    name
}

/// What stands: name, pattern and destination.
async fn standing(session: &Session, group: &str) -> Vec<[String; 3]> {
    let client = Client::new(session.config());
    let request = client.describe_subscription_filters().log_group_name(group);
    let found = request
        .send()
        .await
        .unwrap()
        .subscription_filters
        .unwrap_or_default();
    let text = |text: Option<String>| text.unwrap_or_default();
    let mut found: Vec<_> = found
        .into_iter()
        .map(|f| {
            [
                text(f.filter_name),
                text(f.filter_pattern),
                text(f.destination_arn),
            ]
        })
        .collect();
    found.sort();
    found
}

/// A filter made by somebody else.
async fn foreign(session: &Session, group: &str, name: &str, function: &Function) {
    let request = Client::new(session.config()).put_subscription_filter();
    let request = request
        .log_group_name(group)
        .filter_name(name)
        .filter_pattern("WARN")
        .destination_arn(function.arn.as_str());
    request.send().await.unwrap();
}

fn wiring(session: &Session, function: &Function, connections: &[impl Wire]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.wait = Duration::from_secs(3);
    for connection in connections {
        wiring.wire(connection).unwrap();
    }
    wiring
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

fn errors(group: &str) -> SubscriptionFilter {
    SubscriptionFilter {
        pattern: "ERROR".into(),
        ..SubscriptionFilter::new(group)
    }
}

#[tokio::test]
async fn connect_status_connect_disconnect_status() {
    let session = moto::session();
    let (ours, other) = (
        moto::function(&session, "alerts").await,
        moto::function(&session, "other").await,
    );
    let group = log_group(&session).await;
    foreign(&session, &group, "by hand", &other).await;
    let before = standing(&session, &group).await;

    let wiring = wiring(&session, &ours, &[errors(&group)]);
    assert_eq!(actions(&wiring.diff().await.unwrap()), [Action::Create; 2]);
    assert_eq!(standing(&session, &group).await, before);
    wiring.connect(|_| ()).await.unwrap();
    let status = wiring.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    let after = standing(&session, &group).await;
    assert!(after.contains(&before[0]) && after.len() == 2, "{after:?}");
    assert!(
        after
            .iter()
            .any(|[_, pattern, goes]| pattern == "ERROR" && goes == ours.arn.as_str())
    );

    let again = wiring.connect(|_| ()).await.unwrap();
    assert!(again.to_string().contains("no changes"), "{again}");
    let removed = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(actions(&removed), [Action::Remove; 2]);
    assert_eq!(standing(&session, &group).await, before);
    assert!(!wiring.status().await.unwrap().is_clean());
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_changed_pattern_replaces_a_named_filter() {
    let session = moto::session();
    let function = moto::function(&session, "alerts").await;
    let group = log_group(&session).await;
    let named = |pattern: &str| SubscriptionFilter {
        pattern: pattern.into(),
        filter_name: Some("alerts".into()),
        ..SubscriptionFilter::new(&group)
    };
    wiring(&session, &function, &[named("ERROR")])
        .connect(|_| ())
        .await
        .unwrap();
    let changed = wiring(&session, &function, &[named("WARN")]);
    let diff = changed.diff().await.unwrap().to_string();
    assert!(
        diff.contains(r#"filterPattern: "ERROR" → "WARN""#),
        "{diff}"
    );
    changed.connect(|_| ()).await.unwrap();
    assert!(changed.status().await.unwrap().is_clean());
    assert_eq!(standing(&session, &group).await.len(), 1);
}

#[tokio::test]
async fn what_would_be_refused_is_refused_before_the_write() {
    let session = moto::session();
    let (ours, other) = (
        moto::function(&session, "alerts").await,
        moto::function(&session, "other").await,
    );
    let group = log_group(&session).await;
    foreign(&session, &group, "by hand", &other).await;
    let taken = SubscriptionFilter {
        filter_name: Some("by hand".into()),
        ..errors(&group)
    };
    let both = [
        errors(&group),
        SubscriptionFilter {
            pattern: "WARN".into(),
            ..errors(&group)
        },
    ];
    for (connections, why) in [
        (&[taken][..], "somebody else's"),
        (&both[..], "more than the 2 it takes"),
    ] {
        let before = standing(&session, &group).await;
        let error = wiring(&session, &ours, connections)
            .connect(|_| ())
            .await
            .unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(error.context("standing"), Some("nothing was written"));
        assert_eq!(standing(&session, &group).await, before);
    }
    let policy = session
        .lambda()
        .get_policy()
        .function_name(ours.name())
        .send()
        .await;
    assert!(policy.is_err(), "no permission was granted either");
}

#[tokio::test]
async fn leftovers_are_named_and_pruned() {
    let session = moto::session();
    let function = moto::function(&session, "alerts").await;
    let group = log_group(&session).await;
    wiring(&session, &function, &[errors(&group)])
        .connect(|_| ())
        .await
        .unwrap();
    let mut moved = wiring(&session, &function, &[SubscriptionFilter::new(&group)]);
    let diff = moved.diff().await.unwrap();
    assert!(
        diff.orphans
            .iter()
            .any(|orphan| orphan.fix.contains("--prune")),
        "{diff}"
    );
    moved.options.prune = true;
    moved.connect(|_| ()).await.unwrap();
    let stands = standing(&session, &group).await;
    assert_eq!((stands.len(), stands[0][1].as_str()), (1, ""));

    foreign(&session, &group, "by hand", &function).await;
    let kept = moved.connect(|_| ()).await.unwrap();
    assert!(kept.is_empty(), "{kept}");
    assert_eq!(standing(&session, &group).await.len(), 2);
    let diff = moved.diff().await.unwrap();
    assert!(diff.orphans[0].fix.contains("by hand"), "{diff}");
}

#[tokio::test]
async fn a_missing_log_group() {
    let session = moto::session();
    let function = moto::function(&session, "lonely").await;
    let group = unique("/nowhere");
    let wiring = wiring(&session, &function, &[errors(&group)]);
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.to_string().contains(&group) && error.context("fix").is_some(),
        "{error}"
    );
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:alerts";

fn alerts() -> Function {
    Function::new(FUNCTION.parse().unwrap()).unwrap()
}

/// The bodies of the calls that have this member.
fn bodies(log: &fake::Log, member: &str) -> Vec<Value> {
    let bodies = fake::of(log, "POST").into_iter().map(|(_, body)| body);
    let parsed = bodies.filter_map(|body| serde_json::from_str::<Value>(&body).ok());
    parsed.filter(|body| body.get(member).is_some()).collect()
}

/// An endpoint with one function, and a store for the calls of Amazon CloudWatch Logs.
fn endpoint(
    stored: &Arc<Mutex<Vec<Value>>>,
    logs: impl Fn(&Value, &mut Vec<Value>) -> (u16, Value) + Send + Sync + 'static,
) -> (Session, fake::Log) {
    let (stored, lambda) = (Arc::clone(stored), fake::Lambda::new(FUNCTION));
    fake::session(move |method, path, body| {
        lambda.answer(method, path, body).unwrap_or_else(|| {
            let request: Value = serde_json::from_str(body).unwrap();
            let (status, answer) = logs(&request, &mut stored.lock().unwrap());
            (status, answer.to_string())
        })
    })
}

const UNSEEN: &str = "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.";

#[tokio::test]
async fn the_filter_as_it_is_sent() {
    let refused = Mutex::new(false);
    let (session, log) = endpoint(&Arc::default(), move |request, stored| {
        if request.get("destinationArn").is_none() {
            return (200, json!({ "subscriptionFilters": stored }));
        }
        if !std::mem::replace(&mut *refused.lock().unwrap(), true) {
            let answer = json!({ "__type": "InvalidParameterException", "message": UNSEEN });
            return (400, answer);
        }
        stored.push(request.clone());
        (200, json!({}))
    });
    let filter = SubscriptionFilter {
        filter_name: Some("errors".into()),
        transformed: true,
        field_selection: Some(r#"@aws.region NOT IN ["eu-west-2"]"#.into()),
        system_fields: vec!["@aws.region".into(), "@aws.account".into()],
        ..errors("/harbor/ferries")
    };
    let wiring = wiring(&session, &alerts(), &[filter]);
    wiring.connect(|_| ()).await.unwrap();
    assert!(wiring.connect(|_| ()).await.unwrap().is_empty());
    let expected = json!({
        "logGroupName": "/harbor/ferries",
        "filterName": "errors",
        "filterPattern": "ERROR",
        "destinationArn": FUNCTION,
        "applyOnTransformedLogs": true,
        "fieldSelectionCriteria": "@aws.region NOT IN [\"eu-west-2\"]",
        "emitSystemFields": ["@aws.region", "@aws.account"],
    });
    // Tried again once the permission is seen.
    assert_eq!(bodies(&log, "destinationArn"), [expected.clone(), expected]);
}

#[tokio::test]
async fn a_full_log_group() {
    let other = |name: &str| {
        let goes = "arn:aws:lambda:eu-west-1:123456789012:function:other";
        json!({ "filterName": name, "destinationArn": goes, "filterPattern": "" })
    };
    let stored = Arc::new(Mutex::new(vec![other("a"), other("b")]));
    let (session, log) = endpoint(&stored, |request, stored| {
        match request.get("destinationArn") {
            None => (200, json!({ "subscriptionFilters": stored })),
            Some(_) => {
                let message = "Resource limit exceeded.";
                (
                    400,
                    json!({ "__type": "LimitExceededException", "message": message }),
                )
            }
        }
    });
    let wiring = wiring(&session, &alerts(), &[errors("/harbor/ferries")]);
    let error = wiring.connect(|_| ()).await.unwrap_err().to_string();
    let why =
        "would have 3 subscription filters, more than the 2 it takes: there are a, which goes to";
    assert!(error.contains(why), "{error}");
    assert!(bodies(&log, "destinationArn").is_empty());

    // More than the quota known here: it must have been raised, so that AWS is asked.
    stored.lock().unwrap().push(other("c"));
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    let [fix, standing] = ["fix", "standing"].map(|key| error.context(key).unwrap());
    assert!(fix.contains("remove a filter"), "{error}");
    assert!(standing.starts_with("created statement"), "{error}");
}

/// Amazon CloudWatch Logs with account policies.
fn policies(request: &Value, stored: &mut Vec<Value>) -> (u16, Value) {
    let named = |policy: &Value| policy["policyName"] == request["policyName"];
    if request.get("policyDocument").is_some() {
        stored.retain(|policy| !named(policy));
        stored.push(request.clone());
        (200, json!({ "accountPolicy": request }))
    } else if request.get("policyName").is_some() {
        stored.retain(|policy| !named(policy));
        (200, json!({}))
    } else {
        (200, json!({ "accountPolicies": stored }))
    }
}

#[tokio::test]
async fn an_account_policy() {
    let stored = Arc::default();
    let (session, log) = endpoint(&stored, policies);
    let policy = AccountPolicy {
        pattern: "ERROR".into(),
        exclude: vec!["/harbor/audit".into()],
        policy_name: None,
    };
    let wide = wiring(&session, &alerts(), std::slice::from_ref(&policy));
    wide.connect(|_| ()).await.unwrap();
    assert!(wide.status().await.unwrap().is_clean());
    assert!(wide.connect(|_| ()).await.unwrap().is_empty());
    let sent = bodies(&log, "policyDocument");
    let document = json!({ "DestinationArn": FUNCTION, "FilterPattern": "ERROR" });
    let expected = json!({
        "policyName": "lambda-with-account-policy",
        "policyDocument": document.to_string(),
        "policyType": "SUBSCRIPTION_FILTER_POLICY",
        "scope": "ALL",
        "selectionCriteria": "LogGroupName NOT IN [\"/harbor/audit\"]",
    });
    assert_eq!(sent, [expected]);

    let narrow = AccountPolicy {
        exclude: Vec::new(),
        ..policy
    };
    let narrow = wiring(&session, &alerts(), &[narrow]);
    let changed = narrow.connect(|_| ()).await.unwrap();
    assert_eq!(
        actions(&changed),
        [Action::Keep, Action::Update],
        "{changed}"
    );
    assert!(narrow.status().await.unwrap().is_clean());
    narrow.disconnect(|_| ()).await.unwrap();
    assert!(stored.lock().unwrap().is_empty());
    assert!(narrow.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_foreign_account_policy_stays() {
    let foreign = json!({
        "policyName": "archive",
        "policyType": "SUBSCRIPTION_FILTER_POLICY",
        "policyDocument": "{\"DestinationArn\":\"arn:aws:firehose:eu-west-1:123456789012:deliverystream/archive\"}",
    });
    let stored = Arc::new(Mutex::new(vec![foreign.clone()]));
    let (session, _) = endpoint(&stored, policies);
    for name in [None, Some("archive".to_owned())] {
        let policy = AccountPolicy {
            policy_name: name,
            ..AccountPolicy::default()
        };
        let wiring = wiring(&session, &alerts(), &[policy]);
        let error = wiring.connect(|_| ()).await.unwrap_err();
        assert!(
            error.to_string().contains("deliverystream/archive"),
            "{error}"
        );
        assert_eq!(error.context("standing"), Some("nothing was written"));
        assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
        assert_eq!(*stored.lock().unwrap(), std::slice::from_ref(&foreign));
    }
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let group = log_group(&session).await;
    let theirs = moto::function(&session, "theirs").await;
    foreign(&session, &group, "by hand", &theirs).await;
    let ours = moto::function(&session, "alerts").await;
    let connect = |session: &Session| wiring(session, &ours, &[errors(&group)]);
    cycle(&session, &[&connect], async || {
        standing(&session, &group).await
    })
    .await;
}

#[tokio::test]
async fn an_account_policy_from_first_to_last() {
    let stored = Arc::new(Mutex::new(Vec::new()));
    let (session, _) = endpoint(&stored, policies);
    let connect = |session: &Session| wiring(session, &alerts(), &[AccountPolicy::default()]);
    cycle(&session, &[&connect], async || {
        stored.lock().unwrap().clone()
    })
    .await;
}
