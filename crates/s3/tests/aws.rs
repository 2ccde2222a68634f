//! Notifications beside those of others, against a moto server; and letter for letter against an
//! endpoint of our own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Event, EventBridgeConfiguration,
    LambdaFunctionConfiguration, NotificationConfiguration, QueueConfiguration, TopicConfiguration,
};
use lambda_with::{ErrorKind, Function};
use lambda_with_aws::{Action, Exchange, Plan, Session, Wiring};
use lambda_with_s3::S3;
use lambda_with_testing::{cycle, fake, moto};

fn client(session: &Session) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::new(session.config())
}

async fn bucket(session: &Session) -> String {
    let name = lambda_with_testing::unique("uploads");
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let request = client(session).create_bucket().bucket(&name);
    request
        .create_bucket_configuration(place)
        .send()
        .await
        .unwrap();
    name
}

/// What stands, byte for byte.
async fn raw(session: &Session, bucket: &str) -> String {
    let exchange = Exchange::new();
    let request = client(session)
        .get_bucket_notification_configuration()
        .bucket(bucket);
    request
        .customize()
        .interceptor(exchange.clone())
        .send()
        .await
        .unwrap();
    String::from_utf8(exchange.answer()).unwrap()
}

/// A topic, a queue, a function and the EventBridge switch, set by somebody else.
async fn foreign(session: &Session, bucket: &str) {
    let topic = TopicConfiguration::builder()
        .id("audit")
        .topic_arn("arn:aws:sns:eu-west-1:123456789012:audit")
        .events(Event::S3ObjectRemovedDelete)
        .build();
    let queue = QueueConfiguration::builder()
        .id("index")
        .queue_arn("arn:aws:sqs:eu-west-1:123456789012:index")
        .events(Event::from("s3:ObjectTagging:*"))
        .build();
    let function = LambdaFunctionConfiguration::builder()
        .id("by hand")
        .lambda_function_arn("arn:aws:lambda:eu-west-1:123456789012:function:other")
        .events(Event::from("s3:ObjectRestore:*"))
        .build();
    let all = NotificationConfiguration::builder()
        .topic_configurations(topic.unwrap())
        .queue_configurations(queue.unwrap())
        .lambda_function_configurations(function.unwrap())
        .event_bridge_configuration(EventBridgeConfiguration::builder().build());
    let request = client(session)
        .put_bucket_notification_configuration()
        .bucket(bucket);
    request
        .notification_configuration(all.build())
        .send()
        .await
        .unwrap();
}

fn prefixed(bucket: &str, prefix: &str) -> S3 {
    S3 {
        prefix: Some(prefix.into()),
        ..S3::new(bucket, lambda_with_testing::ACCOUNT)
    }
}

fn wiring(session: &Session, function: &Function, connections: &[S3]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::from_millis(300);
    wiring.options.wait = Duration::from_secs(5);
    for connection in connections {
        wiring.wire(connection).unwrap();
    }
    wiring
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

/// The elements of a configuration, each as it stands in it, sorted.
fn elements(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let children = document
        .root_element()
        .children()
        .filter(roxmltree::Node::is_element);
    let mut elements: Vec<String> = children.map(|node| xml[node.range()].to_owned()).collect();
    elements.sort_unstable();
    elements
}

#[tokio::test]
async fn connect_status_connect_disconnect_status() {
    let session = moto::session();
    let function = moto::function(&session, "thumbnails").await;
    let bucket = bucket(&session).await;
    foreign(&session, &bucket).await;
    let before = raw(&session, &bucket).await;

    let connections = [prefixed(&bucket, "images/"), prefixed(&bucket, "my+films/")];
    let wiring = wiring(&session, &function, &connections);
    let diff = wiring.diff().await.unwrap();
    assert_eq!(actions(&diff), [Action::Create; 4], "{diff}");
    assert_eq!(raw(&session, &bucket).await, before);
    wiring.connect(|_| ()).await.unwrap();
    let status = wiring.status().await.unwrap();
    assert!(status.is_clean(), "{status}");

    let after = raw(&session, &bucket).await;
    let stands = elements(&after);
    for element in elements(&before) {
        assert!(stands.contains(&element), "{element} is not in {after}");
    }
    assert_eq!(stands.len(), elements(&before).len() + 2);
    let again = wiring.connect(|_| ()).await.unwrap();
    assert!(
        again.is_empty() && again.to_string().contains("no changes"),
        "{again}"
    );
    assert_eq!(raw(&session, &bucket).await, after);

    assert_eq!(
        actions(&wiring.disconnect(|_| ()).await.unwrap()),
        [Action::Remove; 4]
    );
    assert_eq!(raw(&session, &bucket).await, before);
    let status = wiring.status().await.unwrap();
    assert_eq!(
        status.to_string().matches("  missing ").count(),
        4,
        "{status}"
    );
}

#[tokio::test]
async fn two_owners_of_one_bucket() {
    let session = moto::session();
    let bucket = bucket(&session).await;
    foreign(&session, &bucket).await;
    let before = raw(&session, &bucket).await;
    let (one, other) = (
        moto::function(&session, "one").await,
        moto::function(&session, "other").await,
    );
    let named = |id: &str, prefix: &str| S3 {
        id: Some(id.into()),
        ..prefixed(&bucket, prefix)
    };
    let ones = |prefix: &str| [named("one-a", prefix), named("one-b", "one/b/")];
    let others = [prefixed(&bucket, "other/a/"), prefixed(&bucket, "other/b/")];
    wiring(&session, &one, &ones("one/a/"))
        .connect(|_| ())
        .await
        .unwrap();
    wiring(&session, &other, &others)
        .connect(|_| ())
        .await
        .unwrap();
    let both = elements(&raw(&session, &bucket).await);

    let updated = wiring(&session, &one, &ones("one/c/"));
    let report = updated.connect(|_| ()).await.unwrap();
    let changed: Vec<Action> = actions(&report)
        .into_iter()
        .filter(|action| *action != Action::Keep)
        .collect();
    assert_eq!(changed, [Action::Update], "{report}");
    let now = elements(&raw(&session, &bucket).await);
    let differing: Vec<&String> = now
        .iter()
        .filter(|element| !both.contains(element))
        .collect();
    assert_eq!((now.len(), differing.len()), (both.len(), 1));
    assert!(differing[0].contains("one/c/"));

    wiring(&session, &other, &others)
        .disconnect(|_| ())
        .await
        .unwrap();
    let left = elements(&raw(&session, &bucket).await);
    let foreign = elements(&before);
    assert_eq!(left.len(), foreign.len() + 2);
    assert!(left.iter().all(|element| now.contains(element)));
    assert!(foreign.iter().all(|element| left.contains(element)));
    assert!(updated.status().await.unwrap().is_clean());
    updated.disconnect(|_| ()).await.unwrap();
    assert_eq!(raw(&session, &bucket).await, before);
}

#[tokio::test]
async fn many_connect_at_once() {
    let session = moto::session();
    let bucket = bucket(&session).await;
    foreign(&session, &bucket).await;
    let before = elements(&raw(&session, &bucket).await);
    let mut tasks = Vec::new();
    for n in 0..4 {
        let function = moto::function(&session, "racer").await;
        let connections = [
            prefixed(&bucket, &format!("{n}/a/")),
            prefixed(&bucket, &format!("{n}/b/")),
        ];
        // A session of its own each: nothing is shared, as between processes.
        let wiring = wiring(&moto::session(), &function, &connections);
        tasks.push(tokio::spawn(async move {
            wiring.connect(|_| ()).await.unwrap();
            wiring
        }));
    }
    let mut wirings = Vec::new();
    for task in tasks {
        wirings.push(task.await.unwrap());
    }
    let stands = elements(&raw(&session, &bucket).await);
    assert_eq!(stands.len(), before.len() + 8, "{stands:#?}");
    assert!(before.iter().all(|element| stands.contains(element)));
    for wiring in wirings {
        assert!(wiring.status().await.unwrap().is_clean());
    }
}

#[tokio::test]
async fn what_s3_would_refuse_is_refused_before_the_write() {
    let session = moto::session();
    let bucket = bucket(&session).await;
    let (one, other) = (
        moto::function(&session, "first").await,
        moto::function(&session, "second").await,
    );
    wiring(&session, &one, &[prefixed(&bucket, "images/")])
        .connect(|_| ())
        .await
        .unwrap();
    let before = raw(&session, &bucket).await;
    for connections in [
        vec![prefixed(&bucket, "images/raw/")],
        vec![S3::new(&bucket, lambda_with_testing::ACCOUNT)],
        vec![prefixed(&bucket, "a/"), prefixed(&bucket, "a/b/")],
    ] {
        let overlapping = wiring(&session, &other, &connections);
        assert!(!overlapping.diff().await.unwrap().refusals.is_empty());
        let error = overlapping.connect(|_| ()).await.unwrap_err();
        assert!(error.message().contains("cannot both stand"), "{error}");
        assert_eq!(error.context("standing"), Some("nothing was written"));
    }
    let taken = wiring(&session, &one, &[prefixed(&bucket, "images/")]);
    let id = taken.status().await.unwrap().things[1]
        .thing
        .what
        .split(' ')
        .nth(1)
        .unwrap()
        .to_owned();
    let same_id = S3 {
        id: Some(id),
        ..prefixed(&bucket, "films/")
    };
    let error = wiring(&session, &other, &[same_id])
        .connect(|_| ())
        .await
        .unwrap_err();
    assert!(error.message().contains("somebody else's"), "{error}");
    assert_eq!(raw(&session, &bucket).await, before);
    let policy = session
        .lambda()
        .get_policy()
        .function_name(other.name())
        .send()
        .await;
    assert!(policy.is_err(), "no permission was granted either");

    let moved = wiring(&session, &one, &[prefixed(&bucket, "images/new/")]);
    let error = moved.connect(|_| ()).await.unwrap_err();
    assert!(error.message().contains("--prune"), "{error}");
    let mut pruning = wiring(&session, &one, &[prefixed(&bucket, "images/new/")]);
    pruning.options.prune = true;
    pruning.connect(|_| ()).await.unwrap();
    assert!(pruning.status().await.unwrap().is_clean());
    assert_eq!(elements(&raw(&session, &bucket).await).len(), 1);
}

#[tokio::test]
async fn a_missing_bucket() {
    let session = moto::session();
    let function = moto::function(&session, "lonely").await;
    let nowhere = lambda_with_testing::unique("nowhere");
    let wiring = wiring(
        &session,
        &function,
        &[S3::new(&nowhere, lambda_with_testing::ACCOUNT)],
    );
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.context("code")),
        (ErrorKind::NotFound, Some("NoSuchBucket"))
    );
    assert!(
        error.to_string().contains(&nowhere) && error.context("fix").is_some(),
        "{error}"
    );
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

/// An endpoint with one bucket and one function. `rival` comes right after the nth write of the
/// bucket's configuration and may change it, or answers with another status.
fn endpoint(
    stored: &Arc<Mutex<String>>,
    rival: impl Fn(usize, &mut String) -> u16 + Send + Sync + 'static,
) -> (Session, fake::Log) {
    let (store, statement) = (Arc::clone(stored), Mutex::new(None::<String>));
    let puts = Mutex::new(0);
    let missing = r#"{"__type":"ResourceNotFoundException","Message":"none"}"#;
    fake::session(move |method, path, body| match (method, path) {
        ("GET", path) if path.contains("notification") => (200, store.lock().unwrap().clone()),
        ("PUT", path) if path.contains("notification") => {
            let (mut puts, mut stored) = (puts.lock().unwrap(), store.lock().unwrap());
            *puts += 1;
            *stored = body.to_owned();
            (rival(*puts, &mut stored), String::new())
        }
        ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
        ("POST", path) if path.contains("/policy") => {
            *statement.lock().unwrap() = Some(written(body));
            (201, "{}".into())
        }
        ("DELETE", path) if path.contains("/policy") => {
            *statement.lock().unwrap() = None;
            (204, String::new())
        }
        ("GET", path) if path.contains("/policy") => match &*statement.lock().unwrap() {
            Some(policy) => (200, policy.clone()),
            None => (404, missing.into()),
        },
        ("GET", _) => (200, r#"{"EventSourceMappings":[]}"#.into()),
        _ => (500, String::new()),
    })
}

const HEAD: &str = r#"<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/" xmlns:x="urn:x">"#;
const FOREIGN: &str = concat!(
    "<QueueConfiguration><Id>q &amp; a</Id><Queue>arn:aws:sqs:eu-west-1:123456789012:q</Queue>",
    "<Event>s3:ObjectRemoved:*</Event><NewerMember x:a=\"1\">kept</NewerMember>",
    "</QueueConfiguration><EventBridgeConfiguration></EventBridgeConfiguration>",
    "<x:NewerKind><Id>n</Id></x:NewerKind>",
);
const RIVAL: &str = concat!(
    "<TopicConfiguration><Id>rival</Id><Topic>arn:aws:sns:eu-west-1:123456789012:r</Topic>",
    "<Event>s3:ObjectAcl:Put</Event></TopicConfiguration>",
);

fn thumbnails() -> Function {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails";
    Function::new(arn.parse().unwrap()).unwrap()
}

#[tokio::test]
async fn foreign_entries_go_back_letter_for_letter() {
    let before = format!("{HEAD}{FOREIGN}</NotificationConfiguration>");
    let stored = Arc::new(Mutex::new(before.clone()));
    let (session, log) = endpoint(&stored, |_, _| 200);
    let wiring = wiring(&session, &thumbnails(), &[prefixed("harbor", "images/")]);
    wiring.connect(|_| ()).await.unwrap();
    let puts = fake::of(&log, "PUT");
    let ours = "<CloudFunctionConfiguration><Id>s3-harbor-images-";
    assert_eq!(puts.len(), 1);
    assert!(puts[0].0.starts_with("/?notification"), "{}", puts[0].0);
    assert!(
        puts[0].1.starts_with(&format!("{HEAD}{FOREIGN}{ours}")),
        "{}",
        puts[0].1
    );
    wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(*stored.lock().unwrap(), before);
}

#[tokio::test]
async fn a_lost_race_is_run_again_and_the_rival_stays() {
    let stored = Arc::new(Mutex::new(format!(
        "{HEAD}{FOREIGN}</NotificationConfiguration>"
    )));
    let (session, log) = endpoint(&stored, |nth, stored| {
        if nth == 1 {
            *stored = format!("{HEAD}{FOREIGN}{RIVAL}</NotificationConfiguration>");
        }
        200
    });
    let wiring = wiring(&session, &thumbnails(), &[prefixed("harbor", "images/")]);
    wiring.connect(|_| ()).await.unwrap();
    assert_eq!(fake::of(&log, "PUT").len(), 2);
    let stands = stored.lock().unwrap().clone();
    assert!(
        stands.starts_with(&format!("{HEAD}{FOREIGN}{RIVAL}<CloudFunction")),
        "{stands}"
    );
    assert!(wiring.status().await.unwrap().is_clean());
}

#[tokio::test]
async fn what_was_written_before_a_failure_is_named() {
    let stored = Arc::new(Mutex::new(format!(
        "{HEAD}{FOREIGN}</NotificationConfiguration>"
    )));
    let (session, _) = endpoint(&stored, |nth, stored| {
        *stored = format!("{HEAD}{FOREIGN}</NotificationConfiguration>");
        if nth == 1 { 200 } else { 403 }
    });
    let wiring = wiring(&session, &thumbnails(), &[prefixed("harbor", "images/")]);
    let error = wiring.connect(|_| ()).await.unwrap_err();
    let standing = error.context("standing").unwrap();
    assert!(
        standing.starts_with("created statement s3-harbor-images-"),
        "{error}"
    );
    assert!(
        standing.ends_with("of bucket harbor (written, not confirmed)"),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
}

/// The policy AWS shows after this AddPermission.
fn written(body: &str) -> String {
    let asked: serde_json::Value = serde_json::from_str(body).unwrap();
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [{
            "Sid": asked["StatementId"],
            "Effect": "Allow",
            "Principal": { "Service": asked["Principal"] },
            "Action": asked["Action"],
            "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails",
            "Condition": {
                "StringEquals": { "AWS:SourceAccount": asked["SourceAccount"] },
                "ArnLike": { "AWS:SourceArn": asked["SourceArn"] },
            },
        }],
    });
    serde_json::json!({ "Policy": policy.to_string(), "RevisionId": "r1" }).to_string()
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let bucket = bucket(&session).await;
    foreign(&session, &bucket).await;
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let connect = |function: &Function, prefix: &str| {
        let (function, connection) = (function.clone(), prefixed(&bucket, prefix));
        move |session: &Session| wiring(session, &function, std::slice::from_ref(&connection))
    };
    let (one, other) = (connect(&one, "one/"), connect(&other, "other/a b+c/"));
    cycle(&session, &[&one, &other], async || {
        elements(&raw(&session, &bucket).await)
    })
    .await;
}
