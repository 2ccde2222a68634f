//! Jobs whose results are put over HTTP, by the AWS SDK to a server that records them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod endpoint;

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use lambda_with::BoxError;
use lambda_with::{Error, ErrorKind};
use lambda_with_codepipeline::{
    Action, CodePipelineEvent, FailureResult, FailureType, JobResult, JobResults, Outcome, Put,
    SERVICE, SuccessResult, perform,
};
use lambda_with_testing::clock::{frozen, passing};
use lambda_with_testing::sample;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::endpoint::Endpoint;

const JOB: &str = "6f1e2d3c-4b5a-4968-8776-655443322110";

/// Does what its word says, and counts the calls.
struct Smoke(&'static str, Mutex<u32>);

impl Smoke {
    fn new(word: &'static str) -> Self {
        Self(word, Mutex::new(0))
    }
}

impl Action for Smoke {
    async fn run(&self, event: &CodePipelineEvent) -> Result<JobResult, BoxError> {
        *self.1.lock().unwrap() += 1;
        match self.0 {
            "full" => Ok(JobResult::succeeded()
                .variable("Berths", "24")
                .summary("all answer")
                .percent(100)
                .execution("run-7")),
            "on" => {
                let polls = event
                    .continuation::<Value>()?
                    .map_or(0, |state| state["polls"].as_i64().unwrap_or_default());
                Ok(JobResult::goes_on(&json!({"polls": polls + 1}))?
                    .percent(40)
                    .execution("run-7"))
            }
            "out of sync" => Ok(
                JobResult::failed(FailureType::RevisionOutOfSync, "of yesterday")
                    .execution("run-7"),
            ),
            "error" => Err(Error::new(ErrorKind::Unavailable, "no ship")
                .caused_by("fog")
                .into()),
            "silent" => Err(String::new().into()),
            "long" => Err("é".repeat(6000).into()),
            "panic" => panic!("berth {} of {}", 25, 24),
            "hang" => passing().await,
            "silent hang" => std::future::pending().await,
            "large state" => Ok(JobResult::goes_on(&"x".repeat(2047))?),
            "early variables" => Ok(JobResult::goes_on(&1)?.variable("A", "1")),
            "percent" => Ok(JobResult::succeeded().percent(101)),
            "summary" => Ok(JobResult::succeeded().summary("s".repeat(2049))),
            _ => Ok(JobResult::succeeded()),
        }
    }
}

/// Time enough for what is to be done at once, on whatever machine.
const MINUTE: Duration = Duration::from_secs(60);
/// What is left of it for Lambda to be told that no result went through.
const LEFT: Duration = Duration::from_millis(100);

fn within(time: Duration) -> SystemTime {
    SystemTime::now() + time
}

fn event(id: &str) -> CodePipelineEvent {
    serde_json::from_value(sample(&SERVICE, id)).unwrap()
}

fn failure(kind: &str, message: &str) -> Value {
    json!({"jobId": JOB, "failureDetails": {"type": kind, "message": message}})
}

#[tokio::test]
async fn every_job_gets_its_result_exactly_once() {
    let failed = |message: &str| ("PutJobFailureResult", failure("JobFailed", message));
    let mut out_of_sync = failure("RevisionOutOfSync", "of yesterday");
    out_of_sync["failureDetails"]["externalExecutionId"] = json!("run-7");
    for (word, (call, body)) in [
        ("ok", ("PutJobSuccessResult", json!({"jobId": JOB}))),
        (
            "full",
            (
                "PutJobSuccessResult",
                json!({"jobId": JOB, "outputVariables": {"Berths": "24"}, "executionDetails":
                    {"summary": "all answer", "externalExecutionId": "run-7", "percentComplete": 100}}),
            ),
        ),
        (
            "on",
            (
                "PutJobSuccessResult",
                json!({"jobId": JOB, "continuationToken": "{\"polls\":1}", "executionDetails":
                    {"externalExecutionId": "run-7", "percentComplete": 40}}),
            ),
        ),
        ("out of sync", ("PutJobFailureResult", out_of_sync)),
        ("error", failed("no ship: fog")),
        ("silent", failed("no reason was given")),
        ("long", failed(&"é".repeat(5000))),
        ("panic", failed("the function panicked: berth 25 of 24")),
        (
            "hang",
            failed("the function was not done before its time was over"),
        ),
        (
            "large state",
            failed(
                "the continuation token has 2049 (rule: a continuation token has 1 to 2,048 characters)",
            ),
        ),
        (
            "early variables",
            failed(
                "a job that goes on has output variables (rule: a job that goes on has no output variables yet)",
            ),
        ),
        (
            "percent",
            failed("the job is 101 percent complete (rule: a job is 0 to 100 percent complete)"),
        ),
        (
            "summary",
            failed("the summary has 2049 (rule: a summary has at most 2,048 characters)"),
        ),
    ] {
        let _frozen = frozen();
        let endpoint = Endpoint::new([(200, "{}")]).await;
        let smoke = Smoke::new(word);
        let began = Instant::now();
        let deadline = within(MINUTE);
        let outcome = perform(&event("job"), &smoke, &endpoint.client(), deadline)
            .await
            .unwrap();
        assert!(began.elapsed() < MINUTE - LEFT, "{word}");
        assert_eq!(endpoint.calls(), [(call.to_owned(), body)], "{word}");
        assert_eq!(
            matches!(outcome, Outcome::Success(_)),
            call == "PutJobSuccessResult"
        );
        assert_eq!(*smoke.1.lock().unwrap(), 1);
    }
}

#[tokio::test]
async fn a_job_that_goes_on_reads_its_state() {
    let endpoint = Endpoint::new([(200, "{}")]).await;
    let deadline = within(MINUTE);
    let event = event("job-continued");
    perform(&event, &Smoke::new("on"), &endpoint.client(), deadline)
        .await
        .unwrap();
    let [(_, body)] = endpoint.calls().try_into().unwrap();
    assert_eq!(body["jobId"], event.job.id.as_str());
    assert_eq!(body["continuationToken"], "{\"polls\":4}");
}

#[tokio::test]
async fn a_result_is_put_until_it_is_taken() {
    let throttled = r#"{"__type":"ThrottlingException","message":"slow down"}"#;
    let already = r#"{"__type":"InvalidJobStateException","message":"it has one"}"#;
    for (answers, calls) in [
        (vec![(500, ""), (200, "{}")], 2),
        (vec![(400, throttled), (503, ""), (200, "{}")], 3),
        // The first call was taken, and its answer lost: not a second result.
        (vec![(500, ""), (400, already)], 2),
        (vec![(400, already)], 1),
    ] {
        let endpoint = Endpoint::new(answers.clone()).await;
        let smoke = Smoke::new("ok");
        let deadline = within(MINUTE);
        let outcome = perform(&event("job"), &smoke, &endpoint.client(), deadline).await;
        assert!(
            matches!(outcome.unwrap(), Outcome::Success(_)),
            "{answers:?}"
        );
        let success = ("PutJobSuccessResult".to_owned(), json!({"jobId": JOB}));
        assert_eq!(endpoint.calls(), vec![success; calls], "{answers:?}");
        assert_eq!(*smoke.1.lock().unwrap(), 1, "done once");
    }
}

#[tokio::test]
async fn a_success_that_is_refused_is_a_failure() {
    for (code, said) in [
        (
            "OutputVariablesSizeExceededException",
            "the success was refused: PutJobSuccessResult failed: no",
        ),
        (
            "ValidationException",
            "the success was refused: PutJobSuccessResult failed: no",
        ),
    ] {
        let refusal = json!({"__type": code, "message": "no"}).to_string();
        let refusal: &'static str = Box::leak(refusal.into_boxed_str());
        let endpoint = Endpoint::new([(400, refusal), (200, "{}")]).await;
        let deadline = within(MINUTE);
        let outcome = perform(
            &event("job"),
            &Smoke::new("full"),
            &endpoint.client(),
            deadline,
        )
        .await;
        assert!(matches!(outcome.unwrap(), Outcome::Failure(_)));
        let calls = endpoint.calls();
        assert_eq!(calls.len(), 2);
        assert_eq!(
            calls[1],
            ("PutJobFailureResult".to_owned(), failure("JobFailed", said))
        );
    }
}

#[tokio::test]
async fn a_result_that_is_not_taken_fails_the_invocation() {
    for (status, body, kind) in [
        (
            400,
            r#"{"__type":"JobNotFoundException"}"#,
            ErrorKind::NotFound,
        ),
        (
            400,
            r#"{"__type":"AccessDeniedException","message":"no"}"#,
            ErrorKind::Denied,
        ),
        (0, "", ErrorKind::Unavailable),
    ] {
        let _frozen = frozen();
        let endpoint = Endpoint::new([(status, body)]).await;
        let (client, smoke) = (endpoint.client(), Smoke::new("ok"));
        let began = Instant::now();
        // Less than one try may take.
        let given = Duration::from_secs(9);
        let error = perform(&event("job"), &smoke, &client, within(given)).await;
        assert!(began.elapsed() < given, "{status} {body}");
        let error = error.unwrap_err();
        assert_eq!(
            (error.kind(), error.context("job")),
            (kind, Some(JOB)),
            "{error}"
        );
        assert_eq!(endpoint.calls().len(), 1, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_is_put_until_the_time_is_over() {
    struct Busy(Mutex<u32>);

    impl JobResults for Busy {
        async fn put_success(&self, _id: &str, _success: &SuccessResult) -> Result<Put, Error> {
            *self.0.lock().unwrap() += 1;
            Err(Error::new(ErrorKind::Unavailable, "busy"))
        }

        async fn put_failure(&self, _id: &str, failure: &FailureResult) -> Result<Put, Error> {
            panic!("{failure:?}")
        }
    }

    let busy = Busy(Mutex::new(0));
    let began = Instant::now();
    let error = perform(&event("job"), &Smoke::new("ok"), &busy, within(MINUTE)).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.message(), error.context("job")),
        ("busy", Some(JOB)),
        "{error}"
    );
    assert!(began.elapsed() < MINUTE - LEFT);
    assert!((2..=20).contains(&*busy.0.lock().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_client_of_ones_own() {
    /// Panics first, then takes what comes.
    #[derive(Default)]
    struct Clumsy(Mutex<Vec<String>>);

    impl JobResults for Clumsy {
        async fn put_success(&self, id: &str, success: &SuccessResult) -> Result<Put, Error> {
            let mut calls = self.0.lock().unwrap();
            calls.push(format!("{id} {:?}", success.summary));
            let first = calls.len() == 1;
            drop(calls);
            assert!(!first, "no socket");
            Ok(Put::Taken)
        }

        async fn put_failure(&self, _id: &str, failure: &FailureResult) -> Result<Put, Error> {
            panic!("{failure:?}")
        }
    }

    let clumsy = Clumsy::default();
    let deadline = within(MINUTE);
    perform(&event("job"), &Smoke::new("full"), &clumsy, deadline)
        .await
        .unwrap();
    let call = format!("{JOB} Some(\"all answer\")");
    assert_eq!(*clumsy.0.lock().unwrap(), [call.as_str(), &call]);
    let past = SystemTime::now() - Duration::from_secs(1);
    let (job, hanging) = (event("job"), Smoke::new("silent hang"));
    let late = perform(&job, &hanging, &clumsy, past);
    let late = tokio::time::timeout(MINUTE, late).await;
    assert!(late.unwrap().is_err());
}
