//! Requests answered over HTTP, to a server that records what is put there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bucket;

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use lambda_with::BoxError;
use lambda_with::{Error, ErrorKind};
use lambda_with_cloudformation::{
    Answer, CustomResource, CustomResourceEvent, CustomResourceResponse, Https, Partly, Provided,
    Put, SERVICE, provide,
};
use lambda_with_testing::clock::{frozen, passing};
use lambda_with_testing::sample;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::bucket::{Bucket, header};

/// Does what its word says, and remembers the calls.
#[derive(Debug, Default)]
struct Harbor {
    word: &'static str,
    calls: Mutex<Vec<String>>,
}

impl Harbor {
    fn new(word: &'static str) -> Self {
        Self {
            word,
            ..Self::default()
        }
    }

    async fn act(&self, call: String) -> Result<Provided, BoxError> {
        self.calls.lock().unwrap().push(call);
        match self.word {
            "default" => Ok(Provided::default()),
            "south" => Ok(Provided::new("berths-south")),
            "error" => Err("the quay is full: 20 berths".into()),
            "caused" => Err(Error::new(ErrorKind::Unavailable, "no ship")
                .caused_by("fog")
                .into()),
            "partly" => Err(Partly::new("berths-half", "12 of 24").into()),
            "gone" => Err(Error::new(ErrorKind::NotFound, "no such berths").into()),
            "panic" => panic!("berth {} of {}", 25, 24),
            "hang" => passing().await,
            "large" => Ok(Provided::new("berths-north").data("Map", "x".repeat(4096))),
            "long" => Err("x".repeat(10_000).into()),
            _ => Ok(Provided::new("berths-north")
                .data("Café", "naïve")
                .no_echo()),
        }
    }
}

impl CustomResource for Harbor {
    async fn create(&self, _event: &CustomResourceEvent) -> Result<Provided, BoxError> {
        self.act("create".into()).await
    }

    async fn update(&self, _event: &CustomResourceEvent, id: &str) -> Result<Provided, BoxError> {
        self.act(format!("update {id}")).await
    }

    async fn delete(&self, _event: &CustomResourceEvent, id: &str) -> Result<(), BoxError> {
        self.act(format!("delete {id}")).await.map(drop)
    }

    async fn clean_up(&self, _event: &CustomResourceEvent) -> Result<(), BoxError> {
        self.act("clean up".into()).await.map(drop)
    }
}

/// Time enough for what is to be done at once, on whatever machine.
const MINUTE: Duration = Duration::from_secs(60);
/// What is left of it for Lambda to be told that no answer went through.
const LEFT: Duration = Duration::from_millis(100);

fn within(time: Duration) -> SystemTime {
    SystemTime::now() + time
}

async fn run(
    bucket: &Bucket,
    id: &str,
    harbor: &Harbor,
    time: Duration,
) -> Result<CustomResourceResponse, Error> {
    let https = Https::new().unwrap();
    provide(&bucket.event(id), harbor, &https, within(time)).await
}

#[tokio::test]
async fn every_request_is_answered_exactly_once() {
    for (id, word, status, physical, reason, calls) in [
        ("create", "ok", "SUCCESS", "berths-north", "", "create"),
        (
            "create",
            "default",
            "SUCCESS",
            "harbor-Berths-9589625e",
            "",
            "create",
        ),
        (
            "create",
            "error",
            "FAILED",
            "Berths-CREATE_FAILED",
            "the quay is full: 20 berths",
            "create",
        ),
        (
            "create",
            "caused",
            "FAILED",
            "Berths-CREATE_FAILED",
            "no ship: fog",
            "create",
        ),
        (
            "create",
            "partly",
            "FAILED",
            "berths-half",
            "12 of 24",
            "create",
        ),
        (
            "create",
            "panic",
            "FAILED",
            "Berths-CREATE_FAILED",
            "the function panicked: berth 25 of 24",
            "create",
        ),
        (
            "create",
            "hang",
            "FAILED",
            "Berths-CREATE_FAILED",
            "the function was not done before its time was over",
            "create",
        ),
        (
            "update",
            "ok",
            "SUCCESS",
            "berths-north",
            "",
            "update berths-north",
        ),
        (
            "update",
            "default",
            "SUCCESS",
            "berths-north",
            "",
            "update berths-north",
        ),
        (
            "update",
            "south",
            "SUCCESS",
            "berths-south",
            "",
            "update berths-north",
        ),
        (
            "update",
            "panic",
            "FAILED",
            "berths-north",
            "the function panicked: berth 25 of 24",
            "update berths-north",
        ),
        (
            "update",
            "hang",
            "FAILED",
            "berths-north",
            "the function was not done before its time was over",
            "update berths-north",
        ),
        (
            "delete",
            "ok",
            "SUCCESS",
            "berths-north",
            "",
            "delete berths-north",
        ),
        (
            "delete",
            "gone",
            "SUCCESS",
            "berths-north",
            "",
            "delete berths-north",
        ),
        (
            "delete",
            "error",
            "FAILED",
            "berths-north",
            "the quay is full: 20 berths",
            "delete berths-north",
        ),
        (
            "delete",
            "panic",
            "FAILED",
            "berths-north",
            "the function panicked: berth 25 of 24",
            "delete berths-north",
        ),
        (
            "delete-never-created",
            "ok",
            "SUCCESS",
            "Berths-CREATE_FAILED",
            "",
            "clean up",
        ),
        (
            "delete-never-created",
            "gone",
            "SUCCESS",
            "Berths-CREATE_FAILED",
            "",
            "clean up",
        ),
        (
            "delete-never-created",
            "error",
            "FAILED",
            "Berths-CREATE_FAILED",
            "the quay is full: 20 berths",
            "clean up",
        ),
    ] {
        let _frozen = frozen();
        let bucket = Bucket::new([200]).await;
        let harbor = Harbor::new(word);
        let began = Instant::now();
        let given = run(&bucket, id, &harbor, MINUTE).await.unwrap();
        assert!(began.elapsed() < MINUTE - LEFT, "{id} {word}");
        let (requests, answers) = bucket.answers();
        let [answer] = answers.as_slice() else {
            panic!("{id} {word}: {answers:?}");
        };
        assert_eq!(requests, 1, "{id} {word}");
        assert_eq!(serde_json::to_value(&given).unwrap(), *answer);
        let event = sample(&SERVICE, id);
        for name in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(answer[name], event[name], "{id} {word}");
        }
        assert_eq!(
            (
                answer["Status"].as_str(),
                answer["PhysicalResourceId"].as_str()
            ),
            (Some(status), Some(physical)),
            "{id} {word}"
        );
        assert_eq!(
            answer["Reason"].as_str().unwrap_or_default(),
            reason,
            "{id} {word}"
        );
        assert_eq!(*harbor.calls.lock().unwrap(), [calls]);
    }
}

#[tokio::test]
async fn what_is_sent_to_the_letter() {
    let bucket = Bucket::new([200]).await;
    let harbor = Harbor::new("ok");
    run(&bucket, "create", &harbor, MINUTE).await.unwrap();
    let log = bucket.log.lock().unwrap();
    let (_, head, body) = &log[0];
    let path = "/arn%3Aaws%3Acloudformation%7CBerths?X-Amz-Signature=5ec2e7";
    assert_eq!(head.lines().next().unwrap(), format!("PUT {path} HTTP/1.1"));
    assert_eq!(header(head, "content-type"), Some(""));
    assert_eq!(
        header(head, "content-length"),
        Some(body.len().to_string().as_str())
    );
    assert_eq!(header(head, "transfer-encoding"), None);
    assert!(body.contains("Café") && body.len() > body.chars().count());
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["Data"], json!({"Café": "naïve"}));
    assert_eq!((&body["NoEcho"], body.get("Reason")), (&json!(true), None));
}

#[tokio::test]
async fn data_that_do_not_fit_fail_with_the_id_that_was_made() {
    for (id, word, physical, reason) in [
        ("create", "large", "berths-north", "the answer has 4"),
        ("update", "large", "berths-north", "the answer has 4"),
        ("create", "long", "Berths-CREATE_FAILED", "xxx"),
    ] {
        let bucket = Bucket::new([200]).await;
        let harbor = Harbor::new(word);
        run(&bucket, id, &harbor, MINUTE).await.unwrap();
        let (_, answers) = bucket.answers();
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0]["Status"], "FAILED");
        assert_eq!(answers[0]["PhysicalResourceId"], physical);
        assert!(answers[0]["Reason"].as_str().unwrap().starts_with(reason));
        assert!(bucket.log.lock().unwrap()[0].2.len() <= 4096);
    }
}

#[tokio::test]
async fn requests_that_are_no_requests_are_answered_too() {
    for (pointer, value, reason) in [
        (
            "/RequestType",
            json!("Import"),
            "`Import` is no type of request",
        ),
        (
            "/PhysicalResourceId",
            Value::Null,
            "names no physical resource id",
        ),
    ] {
        let bucket = Bucket::new([200]).await;
        let mut document = sample(&SERVICE, "update");
        *document.pointer_mut(pointer).unwrap() = value;
        document["ResponseURL"] = json!(bucket.url);
        let event: CustomResourceEvent = serde_json::from_value(document).unwrap();
        let (harbor, https) = (Harbor::new("ok"), Https::new().unwrap());
        let answer = provide(&event, &harbor, &https, within(MINUTE)).await;
        assert!(answer.unwrap().reason.as_deref().unwrap().contains(reason));
        assert_eq!(bucket.answers().1.len(), 1);
        assert!(harbor.calls.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_answer_is_put_again_until_it_is_taken() {
    for (statuses, requests) in [(vec![500, 200], 2), (vec![503, 429, 408, 200], 4)] {
        let bucket = Bucket::new(statuses.clone()).await;
        let harbor = Harbor::new("ok");
        run(&bucket, "create", &harbor, MINUTE).await.unwrap();
        let (seen, answers) = bucket.answers();
        assert_eq!((seen, answers.len()), (requests, 1), "{statuses:?}");
        assert_eq!(harbor.calls.lock().unwrap().len(), 1, "done once");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_taken_fails_the_invocation() {
    for (status, why) in [(403, "the status was 403"), (0, "before its time was over")] {
        let _frozen = frozen();
        let bucket = Bucket::new([status]).await;
        let (harbor, https) = (Harbor::new("ok"), Https::new().unwrap());
        let mut event = bucket.event("create");
        // Less than one try may take.
        let properties = json!({"ServiceTimeout": "4"});
        event.resource_properties = serde_json::from_value(properties).unwrap();
        let began = Instant::now();
        let error = provide(&event, &harbor, &https, within(MINUTE)).await;
        assert!(began.elapsed() < Duration::from_secs(4), "{status}");
        is_not_taken(&error.unwrap_err(), why);
        assert_eq!(bucket.answers().0, 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_put_until_the_time_is_over() {
    struct Busy(Mutex<u32>);

    impl Put for Busy {
        async fn put(&self, _answer: Answer<'_>) -> Result<u16, BoxError> {
            *self.0.lock().unwrap() += 1;
            Ok(500)
        }
    }

    let mut event: CustomResourceEvent =
        serde_json::from_value(sample(&SERVICE, "create")).unwrap();
    let properties = json!({"ServiceTimeout": "1"});
    event.resource_properties = serde_json::from_value(properties).unwrap();
    let (harbor, busy) = (Harbor::new("ok"), Busy(Mutex::new(0)));
    let began = Instant::now();
    let error = provide(&event, &harbor, &busy, within(MINUTE)).await;
    // At once, and after pauses of 100, 200 and 400 ms.
    assert_eq!(*busy.0.lock().unwrap(), 4);
    assert_eq!(began.elapsed().as_millis() / 100, 7);
    is_not_taken(&error.unwrap_err(), "the status was 500");
}

fn is_not_taken(error: &Error, why: &str) {
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().ends_with(why), "{error}");
    assert_eq!(error.context("resource"), Some("Berths"));
    assert!(!format!("{error:?}").contains("Signature"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_of_ones_own() {
    /// Fails with the address in its error, then panics, then sends.
    struct Clumsy(Mutex<u32>);

    impl Put for Clumsy {
        async fn put(&self, answer: Answer<'_>) -> Result<u16, BoxError> {
            assert!(!format!("{answer:?}").contains("Signature"));
            let mut tries = self.0.lock().unwrap();
            *tries += 1;
            match *tries {
                2 => {
                    drop(tries);
                    panic!("no socket")
                }
                3 => Ok(200),
                _ => Err(format!("cannot reach {}", answer.url).into()),
            }
        }
    }

    let event = serde_json::from_value(sample(&SERVICE, "create")).unwrap();
    let harbor = Harbor::new("ok");
    let taken = Clumsy(Mutex::new(0));
    provide(&event, &harbor, &taken, within(MINUTE))
        .await
        .unwrap();
    assert_eq!(*taken.0.lock().unwrap(), 3);
    let never = Clumsy(Mutex::new(3));
    let error = provide(&event, &harbor, &never, within(MINUTE)).await;
    let error = error.unwrap_err();
    assert!(
        error.message().ends_with("cannot reach [redacted]"),
        "{error}"
    );
}

#[tokio::test]
async fn the_service_timeout_counts_where_it_is_shorter() {
    let _frozen = frozen();
    let bucket = Bucket::new([200]).await;
    let mut event = bucket.event("create");
    let properties = json!({"ServiceTimeout": "1"});
    event.resource_properties = serde_json::from_value(properties).unwrap();
    let began = Instant::now();
    let https = Https::new().unwrap();
    let hour = within(Duration::from_secs(3600));
    let answer = provide(&event, &Harbor::new("hang"), &https, hour)
        .await
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(serde_json::to_value(answer.status).unwrap(), "FAILED");
    // A deadline that has passed leaves no time for anything, and is no reason to hang or panic.
    let past = SystemTime::now() - Duration::from_secs(1);
    let hanging = Harbor::new("hang");
    let late = provide(&event, &hanging, &https, past);
    let late = tokio::time::timeout(MINUTE, late).await;
    assert!(!matches!(late.unwrap(), Ok(answer) if answer.reason.is_none()));
}
