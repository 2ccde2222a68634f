//! The exact requests, where an emulator does not serve.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod feed;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lambda_with::{
    ErrorKind, Function, Invocation, InvocationType, Invoke, LogType, Outcome, Permission,
    Resource, Statement,
};
use lambda_with_aws::{RemoteFunction, Session, Wiring};
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

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
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
