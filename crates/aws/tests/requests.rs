//! The exact requests, where an emulator does not serve.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod feed;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use expect_test::expect;
use lambda_with::{
    ErrorKind, Function, Invocation, InvocationType, Invoke, LogType, Outcome, Permission,
    Resource, Statement,
};
use lambda_with_aws::{Action, RemoteFunction, Session, Wiring};
use lambda_with_testing::fake;
use serde_json::{Value, json};

use self::feed::Feed;

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

fn function() -> Function {
    Function::new(ARN.parse().unwrap()).unwrap()
}

fn wiring(session: &Session, feed: &Feed) -> Wiring {
    let mut wiring = Wiring::new(session, function()).unwrap();
    wiring.options.wait = Duration::from_millis(400);
    wiring.add(feed).unwrap();
    wiring
}

fn error(code: &str, message: &str) -> String {
    json!({ "__type": code, "Code": code, "message": message, "Message": message }).to_string()
}

fn clicks(position: &str) -> Feed {
    Feed {
        mapping: Some(json!({
            "BatchSize": 50,
            "EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks",
            "FunctionName": Resource::FUNCTION,
            "MaximumRetryAttempts": 3,
            "StartingPosition": position,
            "Tags": [{ "Key": "team", "Value": "web" }],
        })),
        ..Feed::named("kinesis-clicks")
    }
}

/// A mapping as AWS shows it.
fn shown(state: &str) -> Value {
    json!({
        "UUID": "u-1", "FunctionArn": ARN, "State": state, "BatchSize": 50,
        "BisectBatchOnFunctionError": false, "DestinationConfig": { "OnFailure": {} },
        "EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks",
        "FunctionResponseTypes": [], "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": 3, "ParallelizationFactor": 1,
        "StartingPosition": "LATEST", "TumblingWindowInSeconds": 0, "LastProcessingResult": "OK",
    })
}

#[tokio::test(start_paused = true)]
async fn mappings_are_made_waited_for_and_deleted() {
    let reads = AtomicU32::new(0);
    let (session, log) = fake::session(move |method, path, _| match (method, path) {
        ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
        ("GET", path) if path.contains("/policy") => {
            (404, error("ResourceNotFoundException", "none"))
        }
        ("POST", _) => match reads.fetch_add(1, Ordering::Relaxed) {
            0 => (
                400,
                error(
                    "InvalidParameterValueException",
                    "The provided execution role does not have permissions to call GetRecords",
                ),
            ),
            _ => (202, shown("Creating").to_string()),
        },
        ("DELETE", _) => {
            reads.store(9, Ordering::Relaxed);
            (202, shown("Deleting").to_string())
        }
        ("GET", path) if path.ends_with("/u-1") => (
            200,
            shown(match reads.fetch_add(1, Ordering::Relaxed) {
                0..=2 => "Creating",
                _ => "Enabled",
            })
            .to_string(),
        ),
        _ => match reads.load(Ordering::Relaxed) {
            2..=8 => (
                200,
                json!({ "EventSourceMappings": [shown("Enabled")] }).to_string(),
            ),
            _ => (200, r#"{"EventSourceMappings":[]}"#.into()),
        },
    });
    let wiring = wiring(&session, &clicks("LATEST"));
    wiring.connect(|_| ()).await.unwrap();
    let posts = fake::of(&log, "POST");
    assert_eq!(
        posts.len(),
        2,
        "the role's policy had not spread at first: {posts:?}"
    );
    assert_eq!(posts[1].0, "/2015-03-31/event-source-mappings");
    let body: Value = serde_json::from_str(&posts[1].1).unwrap();
    assert_eq!(
        body,
        json!({
            "BatchSize": 50,
            "EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks",
            "FunctionName": ARN,
            "MaximumRetryAttempts": 3,
            "StartingPosition": "LATEST",
            "Tags": { "team": "web" },
        })
    );
    assert!(wiring.status().await.unwrap().is_clean());
    wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(fake::of(&log, "DELETE").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_what_differs_is_updated_and_what_cannot_be_is_refused() {
    let (session, log) = fake::session(|method, path, _| match (method, path) {
        ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
        ("GET", path) if path.contains("/policy") => {
            (404, error("ResourceNotFoundException", "none"))
        }
        ("GET", path) if path.ends_with("/u-1") => {
            let mut drifted = shown("Disabled");
            drifted["ParallelizationFactor"] = json!(4);
            (200, drifted.to_string())
        }
        ("PUT", _) => (202, shown("Updating").to_string()),
        _ => (
            200,
            json!({ "EventSourceMappings": [shown("Disabled")] }).to_string(),
        ),
    });
    let error = wiring(&session, &clicks("LATEST"))
        .connect(|_| ())
        .await
        .unwrap_err();
    assert!(
        error
            .message()
            .contains("does not show it: Enabled, ParallelizationFactor"),
        "{error}"
    );
    let puts = fake::of(&log, "PUT");
    assert_eq!(puts[0].0, "/2015-03-31/event-source-mappings/u-1");
    let body: Value = serde_json::from_str(&puts[0].1).unwrap();
    assert_eq!(body, json!({ "Enabled": true, "ParallelizationFactor": 1 }));

    let error = wiring(&session, &clicks("TRIM_HORIZON"))
        .connect(|_| ())
        .await
        .unwrap_err();
    assert!(
        error
            .message()
            .contains("StartingPosition is \"LATEST\" and cannot become"),
        "{error}"
    );
    assert_eq!(fake::of(&log, "PUT").len(), 1, "nothing more was written");
}

#[tokio::test(start_paused = true)]
async fn the_function_itself_is_configured() {
    let mount = json!([{ "Arn": "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-1", "LocalMountPath": "/mnt/models" }]);
    let store =
        std::sync::Mutex::new(json!({ "RevisionId": "r1", "LastUpdateStatus": "Successful" }));
    let (session, log) = fake::session(move |method, path, body| match (method, path) {
        ("GET", path) if path.contains("/configuration") => {
            (200, store.lock().unwrap().to_string())
        }
        ("PUT", _) => {
            let asked: Value = serde_json::from_str(body).unwrap();
            store.lock().unwrap()["FileSystemConfigs"] = asked["FileSystemConfigs"].clone();
            (200, store.lock().unwrap().to_string())
        }
        _ => (404, error("ResourceNotFoundException", "none")),
    });
    let feed = Feed {
        configuration: Some(json!({ "FileSystemConfigs": mount })),
        ..Feed::named("efs-models")
    };
    let wiring = wiring(&session, &feed);
    wiring.connect(|_| ()).await.unwrap();
    assert!(wiring.connect(|_| ()).await.unwrap().is_empty());
    assert!(wiring.status().await.unwrap().is_clean());
    wiring.disconnect(|_| ()).await.unwrap();
    let bodies: Vec<Value> = fake::of(&log, "PUT")
        .iter()
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect();
    assert_eq!(
        bodies,
        [
            json!({ "FileSystemConfigs": mount, "RevisionId": "r1" }),
            json!({ "FileSystemConfigs": [], "RevisionId": "r1" }),
        ]
    );

    let other = Feed {
        configuration: Some(json!({ "MemorySize": 512 })),
        ..Feed::named("more")
    };
    let error = Wiring::new(&session, function())
        .unwrap()
        .add(&other)
        .unwrap_err();
    assert!(error.message().contains("MemorySize"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn tokens_are_not_shown() {
    let token = "amzn1.ask.skill.secret";
    let mut skill = Statement::service("alexa-skill", "alexa-appkit.amazon.com");
    skill.event_source_token = Some(token.into());
    let feed = Feed {
        permissions: vec![Permission::ResourceBased(skill)],
        ..Feed::named("alexa-skill")
    };
    let (session, log) = fake::session(|method, path, _| match (method, path) {
        ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
        ("POST", _) => (201, "{}".into()),
        _ => (404, error("ResourceNotFoundException", "none")),
    });
    let wiring = wiring(&session, &feed);
    let plan = wiring.diff().await.unwrap();
    let error = wiring.connect(|_| ()).await.unwrap_err();
    let posts = fake::of(&log, "POST");
    assert!(posts[0].1.contains(token));
    for shown in [
        plan.to_string(),
        serde_json::to_string(&plan).unwrap(),
        error.to_string(),
    ] {
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn invocations() {
    let (session, log) = fake::session(|_, path, body| match body {
        r#""throttle""# => (429, error("TooManyRequestsException", "Rate exceeded")),
        _ if path.contains("missing") => (
            404,
            error("ResourceNotFoundException", "Function not found"),
        ),
        _ => (200, r#"{"ok":true}"#.into()),
    });
    let remote = RemoteFunction::new(&session, &function());
    let invocation = Invocation {
        log_type: LogType::Tail,
        client_context: Some("{}".into()),
        trace_header: Some("Root=1-2-3".into()),
        ..Invocation::new(r#"{"id":7}"#)
    };
    let outcome = remote.invoke(invocation).await.unwrap();
    assert_eq!(outcome.payload().unwrap(), r#"{"ok":true}"#);
    assert!(
        matches!(&outcome, Outcome::Success { executed_version, .. } if executed_version == "$LATEST")
    );
    let posts = fake::of(&log, "POST");
    assert_eq!(posts[0].1, r#"{"id":7}"#);
    assert!(
        posts[0].0.starts_with("/2015-03-31/functions/arn"),
        "{}",
        posts[0].0
    );
    for (kind, expected) in [
        (InvocationType::DryRun, true),
        (InvocationType::Event, false),
    ] {
        let outcome = remote
            .invoke(Invocation {
                invocation_type: kind,
                ..Invocation::new("{}")
            })
            .await;
        assert_eq!(matches!(outcome.unwrap(), Outcome::DryRun), expected);
    }
    let large = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new(vec![b'1'; 1_100_000])
    };
    assert_eq!(
        remote.invoke(large).await.unwrap_err().kind(),
        ErrorKind::Limit
    );
    let error = remote
        .invoke(Invocation::new(r#""throttle""#))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    let qualified = Invocation {
        qualifier: Some("missing".into()),
        ..Invocation::new("{}")
    };
    assert_eq!(
        remote.invoke(qualified).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

/// Lambda's API with the mapping of `shown`, which takes a while to go.
fn lasting() -> (Session, fake::Log) {
    let mapping = std::sync::Mutex::new((shown("Enabled"), 0_u32));
    fake::session(move |method, path, body| {
        let (standing, reads) = &mut *mapping.lock().unwrap();
        let list = |standing: &Value| {
            let all: Vec<&Value> = Some(standing)
                .filter(|it| !it.is_null())
                .into_iter()
                .collect();
            json!({ "EventSourceMappings": all }).to_string()
        };
        match (method, path) {
            ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
            ("GET", path) if path.contains("/policy") => {
                (404, error("ResourceNotFoundException", "none"))
            }
            ("DELETE", _) => {
                standing["State"] = json!("Deleting");
                *reads = 3;
                (202, standing.to_string())
            }
            ("POST", _) if standing.is_null() => {
                let asked: Value = serde_json::from_str(body).unwrap();
                *standing = shown("Enabled");
                standing["StartingPosition"] = asked["StartingPosition"].clone();
                (202, standing.to_string())
            }
            ("POST", _) => (409, error("ResourceConflictException", "already exists")),
            ("GET", path) if path.ends_with("/u-1") => (200, standing.to_string()),
            _ => {
                let answer = list(standing);
                if standing["State"] == "Deleting" {
                    *reads -= 1;
                    if *reads == 0 {
                        *standing = Value::Null;
                    }
                }
                (200, answer)
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_mapping_is_made_anew_only_when_told() {
    let (session, log) = lasting();
    let mut ours = wiring(&session, &clicks("TRIM_HORIZON"));
    ours.options.wait = Duration::from_secs(30);
    let refused = ours.connect(|_| ()).await.unwrap_err();
    expect![[r#"event source mapping of kinesis stream/clicks to orders: StartingPosition is "LATEST" and cannot become "TRIM_HORIZON", because a mapping reads it only when it is made; --replace deletes it and makes it anew, as disconnect and connect would: it forgets how far it has read, and reads again all that the source still keeps"#]]
        .assert_eq(refused.message());
    assert_eq!(
        log.lock()
            .unwrap()
            .iter()
            .find(|(method, ..)| method != "GET"),
        None
    );

    ours.options.replace = true;
    let plan = ours.diff().await.unwrap().to_string();
    assert!(plan.contains("  ~ event source mapping of kinesis stream/clicks to orders (deleted and made anew: it forgets"), "{plan}");
    assert_eq!(fake::of(&log, "DELETE"), [], "a diff writes nothing");
    let done = ours.connect(|_| ()).await.unwrap();
    let actions: Vec<_> = done.changes.iter().map(|change| change.action).collect();
    assert_eq!(actions, [Action::Update], "{done}");
    let posts = fake::of(&log, "POST");
    assert_eq!((fake::of(&log, "DELETE").len(), posts.len()), (1, 1));
    let body: Value = serde_json::from_str(&posts[0].1).unwrap();
    assert_eq!(body["StartingPosition"], "TRIM_HORIZON");
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    assert!(ours.status().await.unwrap().is_clean());

    // Cut off in between, it is completed by running it again, told or not.
    let (session, log) = lasting();
    let mut ours = wiring(&session, &clicks("TRIM_HORIZON"));
    ours.options.replace = true;
    ours.options.wait = Duration::ZERO;
    let cut = ours.connect(|_| ()).await.unwrap_err();
    let standing = cut.context("standing").unwrap();
    assert!(
        standing.starts_with("removed") && standing.ends_with("(not made anew yet)"),
        "{cut}"
    );
    assert_eq!(fake::of(&log, "POST"), []);
    let mut again = wiring(&session, &clicks("TRIM_HORIZON"));
    again.options.replace = true;
    again.options.wait = Duration::from_secs(30);
    again.connect(|_| ()).await.unwrap();
    assert!(again.status().await.unwrap().is_clean());
    assert_eq!(fake::of(&log, "POST").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_group_is_drawn_or_named_once_for_all() {
    let registry = json!({ "SchemaRegistryURI": "https://registry.example.com" });
    let events = |config| Feed {
        mapping: Some(json!({
            "AmazonManagedKafkaEventSourceConfig": config,
            "EventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/events/1",
            "FunctionName": Resource::FUNCTION, "StartingPosition": "LATEST", "Topics": ["orders"],
        })),
        ..Feed::named("msk-events")
    };
    let standing = json!({
        "AmazonManagedKafkaEventSourceConfig": {
            "ConsumerGroupId": "drawn", "SchemaRegistryConfig": registry,
        },
        "BatchSize": 100, "EventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/events/1",
        "FunctionArn": ARN, "StartingPosition": "LATEST", "State": "Enabled", "Topics": ["orders"],
        "UUID": "u-1",
    });
    let (session, _) = fake::session(move |_, path, _| match path {
        path if path.contains("/configuration") => (200, "{}".into()),
        path if path.contains("/policy") => (404, error("ResourceNotFoundException", "none")),
        path if path.ends_with("/u-1") => (200, standing.to_string()),
        _ => (
            200,
            json!({ "EventSourceMappings": [standing] }).to_string(),
        ),
    });
    let drawn = wiring(
        &session,
        &events(json!({ "SchemaRegistryConfig": registry })),
    );
    let plan = drawn.diff().await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    let named = json!({ "ConsumerGroupId": "orders", "SchemaRegistryConfig": registry });
    let plan = wiring(&session, &events(named)).diff().await.unwrap();
    assert!(plan.refusals[0].contains("--replace"), "{plan}");
}
