//! Subscriptions beside those of others, against a moto server; and what moto does not keep, against
//! an endpoint of our own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use aws_sdk_sns::Client;
use lambda_with::{ErrorKind, Function};
use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_sns::{FilterScope, Sns};
use lambda_with_testing::{cycle, fake, moto, unique};

async fn topic(session: &Session) -> String {
    let request = Client::new(session.config()).create_topic();
    let answer = request.name(unique("orders")).send().await.unwrap();
    answer.topic_arn.unwrap()
}

/// A subscription made by somebody else.
async fn foreign(session: &Session, topic: &str, protocol: &str, endpoint: &str) {
    let request = Client::new(session.config()).subscribe();
    let request = request
        .topic_arn(topic)
        .protocol(protocol)
        .endpoint(endpoint);
    let request = request.attributes("FilterPolicy", r#"{"kind":["theirs"]}"#);
    request.send().await.unwrap();
}

/// What stands: protocol, endpoint and attributes, sorted.
async fn standing(session: &Session, topic: &str) -> Vec<String> {
    let client = Client::new(session.config());
    let request = client.list_subscriptions_by_topic().topic_arn(topic);
    let found = request
        .send()
        .await
        .unwrap()
        .subscriptions
        .unwrap_or_default();
    let mut standing = Vec::new();
    for subscription in found {
        let arn = subscription.subscription_arn.unwrap();
        let request = client.get_subscription_attributes().subscription_arn(&arn);
        let attributes = request.send().await.unwrap().attributes.unwrap_or_default();
        let mut attributes: Vec<String> = attributes
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        attributes.sort_unstable();
        standing.push(format!("{arn} {}", attributes.join(" ")));
    }
    standing.sort_unstable();
    standing
}

fn wiring(session: &Session, function: &Function, sns: &Sns) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.wait = Duration::from_secs(3);
    wiring.wire(sns).unwrap();
    wiring
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

fn orders(topic: &str) -> Sns {
    Sns {
        filter_policy: Some(r#"{"kind":["placed"]}"#.into()),
        ..Sns::new(topic.parse().unwrap())
    }
}

#[tokio::test]
async fn connect_status_connect_disconnect_status() {
    let session = moto::session();
    let (ours, other) = (
        moto::function(&session, "orders").await,
        moto::function(&session, "other").await,
    );
    let topic = topic(&session).await;
    foreign(&session, &topic, "lambda", other.arn.as_str()).await;
    foreign(
        &session,
        &topic,
        "sqs",
        "arn:aws:sqs:eu-west-1:123456789012:archive",
    )
    .await;
    let before = standing(&session, &topic).await;

    let wiring = wiring(&session, &ours, &orders(&topic));
    assert_eq!(actions(&wiring.diff().await.unwrap()), [Action::Create; 2]);
    assert_eq!(standing(&session, &topic).await, before);
    wiring.connect(|_| ()).await.unwrap();
    let status = wiring.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    let after = standing(&session, &topic).await;
    assert_eq!(after.len(), 3);
    assert!(
        before
            .iter()
            .all(|subscription| after.contains(subscription))
    );

    let again = wiring.connect(|_| ()).await.unwrap();
    assert!(again.to_string().contains("no changes"), "{again}");
    assert_eq!(standing(&session, &topic).await, after);
    let removed = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(actions(&removed), [Action::Remove; 2]);
    assert_eq!(standing(&session, &topic).await, before);
    assert!(!wiring.status().await.unwrap().is_clean());
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn attributes_are_set_where_they_differ() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let topic = topic(&session).await;
    let queue = "arn:aws:sqs:eu-west-1:123456789012:undelivered"
        .parse()
        .unwrap();
    let nested = Sns {
        filter_policy: Some(r#"{"order":{"kind":["placed"]}}"#.into()),
        filter_scope: FilterScope::MessageBody,
        dead_letter_queue: Some(queue),
        ..orders(&topic)
    };
    let plain = Sns::new(topic.parse().unwrap());
    wiring(&session, &function, &plain)
        .connect(|_| ())
        .await
        .unwrap();
    for sns in [
        orders(&topic),
        nested.clone(),
        orders(&topic),
        nested,
        plain,
    ] {
        let wiring = wiring(&session, &function, &sns);
        let changed = wiring.connect(|_| ()).await.unwrap();
        let updates = actions(&changed);
        let updates = updates.iter().filter(|action| **action == Action::Update);
        assert_eq!(updates.count(), 1, "{changed}");
        assert!(wiring.status().await.unwrap().is_clean());
        assert!(wiring.connect(|_| ()).await.unwrap().is_empty());
        assert_eq!(standing(&session, &topic).await.len(), 1);
    }
}

#[tokio::test]
async fn another_version_is_named_and_left() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let topic = topic(&session).await;
    foreign(
        &session,
        &topic,
        "lambda",
        &format!("{}:live", function.arn),
    )
    .await;
    let wiring = wiring(&session, &function, &orders(&topic));
    let report = wiring.connect(|_| ()).await.unwrap().to_string();
    assert!(
        report.contains("not in this definition") && report.contains("aws sns unsubscribe"),
        "{report}"
    );
    wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(standing(&session, &topic).await.len(), 1);
}

#[tokio::test]
async fn a_topic_that_is_not_there() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let wiring = wiring(
        &session,
        &function,
        &orders("arn:aws:sns:eu-west-1:123456789012:gone"),
    );
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.context("fix").unwrap().contains("create it first"),
        "{error}"
    );
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
const TOPIC: &str = "arn:aws:sns:us-east-1:210987654321:orders";

/// An endpoint with one function, and a topic whose subscription has this ARN and these attributes.
fn endpoint(arn: &'static str, attributes: &'static str) -> (Session, fake::Log) {
    let lambda = fake::Lambda::new(FUNCTION);
    fake::session(move |method, path, body| {
        lambda.answer(method, path, body).unwrap_or_else(|| {
            let answer = |action: &str, inner: &str| {
                let result = format!("<{action}Result>{inner}</{action}Result>");
                (200, format!("<{action}Response>{result}</{action}Response>"))
            };
            let member = format!(
                "<member><SubscriptionArn>{arn}</SubscriptionArn><Protocol>lambda</Protocol><Endpoint>{FUNCTION}</Endpoint></member>"
            );
            match body.split('&').next().unwrap_or_default() {
                "Action=ListSubscriptionsByTopic" if arn.is_empty() => {
                    answer("ListSubscriptionsByTopic", "<Subscriptions/>")
                }
                "Action=ListSubscriptionsByTopic" => answer(
                    "ListSubscriptionsByTopic",
                    &format!("<Subscriptions>{member}</Subscriptions>"),
                ),
                "Action=GetSubscriptionAttributes" => answer(
                    "GetSubscriptionAttributes",
                    &format!("<Attributes>{attributes}</Attributes>"),
                ),
                "Action=SetSubscriptionAttributes" => answer("SetSubscriptionAttributes", ""),
                _ => (403, "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>User: me is not authorized to perform: SNS:Subscribe on resource: orders</Message></Error></ErrorResponse>".into()),
            }
        })
    })
}

/// The calls that write, without their version.
fn written(log: &fake::Log) -> Vec<String> {
    let calls = fake::of(log, "POST").into_iter().map(|(_, body)| body);
    calls
        .filter(|body| body.starts_with("Action=Subscribe") || body.starts_with("Action=Set"))
        .map(|body| body.replace("&Version=2010-03-31", ""))
        .collect()
}

fn orders_here() -> Function {
    lambda_with_testing::function("orders")
}

#[tokio::test]
async fn a_subscription_as_it_is_sent_and_refused() {
    let (session, log) = endpoint("", "");
    let wiring = wiring(&session, &orders_here(), &orders(TOPIC));
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert_eq!(
        written(&log),
        [concat!(
            "Action=Subscribe&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A210987654321%3Aorders&Protocol=lambda",
            "&Endpoint=arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Aorders",
            "&Attributes.entry.1.key=FilterPolicy&Attributes.entry.1.value=%7B%22kind%22%3A%5B%22placed%22%5D%7D",
            "&ReturnSubscriptionArn=true",
        )]
    );
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(
        error.context("fix").unwrap().contains("SNS:Subscribe"),
        "{error}"
    );
}

#[tokio::test]
async fn a_queue_is_taken_away_by_no_value() {
    let redrive =
        "<entry><key>RedrivePolicy</key><value>{\"deadLetterTargetArn\":\"arn:q\"}</value></entry>";
    let (session, log) = endpoint(
        "arn:aws:sns:us-east-1:210987654321:orders:7d0b1c62",
        redrive,
    );
    let wiring = wiring(&session, &orders_here(), &Sns::new(TOPIC.parse().unwrap()));
    // This topic forgets what it is told.
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("RedrivePolicy"), "{error}");
    assert_eq!(
        written(&log),
        [
            "Action=SetSubscriptionAttributes&SubscriptionArn=arn%3Aaws%3Asns%3Aus-east-1%3A210987654321%3Aorders%3A7d0b1c62&AttributeName=RedrivePolicy"
        ]
    );
}

#[tokio::test]
async fn a_subscription_that_waits_is_refused_before_the_write() {
    let (session, log) = endpoint("PendingConfirmation", "");
    let wiring = wiring(&session, &orders_here(), &orders(TOPIC));
    let error = wiring.connect(|_| ()).await.unwrap_err().to_string();
    assert!(
        error.contains("waits for confirmation") && error.contains("nothing was written"),
        "{error}"
    );
    assert!(written(&log).is_empty());
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let topic = topic(&session).await;
    let queue = "arn:aws:sqs:eu-west-1:123456789012:archive";
    foreign(&session, &topic, "sqs", queue).await;
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let connect = |function: &Function| {
        let (function, connection) = (function.clone(), orders(&topic));
        move |session: &Session| wiring(session, &function, &connection)
    };
    cycle(&session, &[&connect(&one), &connect(&other)], async || {
        standing(&session, &topic).await
    })
    .await;
}
