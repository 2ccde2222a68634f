//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::ErrorKind;
use lambda_with_codepipeline::{CodePipelineEvent, SERVICE};
use lambda_with_testing::{Root, edit, exact, sample, samples};
use serde_json::{Value, json};

fn event(id: &str) -> CodePipelineEvent {
    exact(&sample(&SERVICE, id).to_string())
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(&SERVICE, &[Root::of::<CodePipelineEvent>()]);
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    let configuration = "/actionConfiguration/configuration/UserParameters";
    for (pointer, value) in [
        (configuration, None),
        (configuration, Some(Value::Null)),
        (configuration, Some(json!(""))),
        (configuration, Some(json!("some text: no JSON"))),
        ("/inputArtifacts", None),
        ("/inputArtifacts", Some(Value::Null)),
        ("/inputArtifacts/0/revision", None),
        ("/inputArtifacts/0/location/type", Some(json!("Elsewhere"))),
        ("/outputArtifacts", None),
        ("/continuationToken", None),
        ("/continuationToken", Some(Value::Null)),
        ("/encryptionKey", None),
        ("/encryptionKey", Some(Value::Null)),
        ("/artifactCredentials/expirationTime", None),
        ("/artifactCredentials/expirationTime", Some(Value::Null)),
        (
            "/artifactCredentials/expirationTime",
            Some(json!(1_764_079_200_999_i64)),
        ),
    ] {
        let mut document = sample(&SERVICE, "job-encrypted");
        let token = json!("A token: any text");
        document["CodePipeline.job"]["data"]["continuationToken"] = token;
        let document = {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let parent = format!("/CodePipeline.job/data{parent}");
            let members = document
                .pointer_mut(&parent)
                .unwrap()
                .as_object_mut()
                .unwrap();
            match value {
                Some(value) => drop(members.insert(name.into(), value)),
                None => assert!(members.remove(name).is_some(), "{pointer}"),
            }
            document.to_string()
        };
        exact::<CodePipelineEvent>(&document);
    }
    let account = "/CodePipeline.job/accountId";
    exact::<CodePipelineEvent>(&edit(&SERVICE, "job", account, None));
}

#[test]
fn what_other_libraries_lose() {
    let data = event("job-encrypted").job.data;
    let key = data.encryption_key.as_ref().unwrap();
    assert!(key.id.ends_with("2c") && key.r#type == "KMS");
    let expires = data.artifact_credentials.expiration_time.as_ref().unwrap();
    assert_eq!(
        expires.timestamp().unwrap().unix_millis(),
        1_764_079_200_123
    );
    let artifacts = event("job-artifacts").job.data.input_artifacts;
    let charts = &artifacts.as_ref().unwrap()[1].location.s3_location;
    assert_eq!(charts.object_key, "harbor/Charts/north & south+1.zip");
}

#[test]
fn credentials_are_not_shown() {
    let shown = format!("{:?}", event("job"));
    for secret in ["ASIAHARBOREXAMPLE", "made-up", "bWFk"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(shown.matches("[redacted]").count(), 3);
}

#[test]
fn parameters_and_states() {
    let smoke: Value = event("job").user_parameters().unwrap();
    assert_eq!(smoke["expect"], 200);
    let text = event("job-artifacts");
    let error = text.user_parameters::<Value>().unwrap_err();
    assert_eq!(error.context("member"), Some("UserParameters"));
    let configuration = &text.job.data.action_configuration.configuration;
    let parameters = configuration.user_parameters.as_ref().unwrap();
    assert_eq!(*parameters, "https://staging.example.com/berths");
    let error = event("job-bare").user_parameters::<Value>().unwrap_err();
    assert!(error.message().contains("no UserParameters"), "{error}");

    assert_eq!(event("job").continuation::<Value>().unwrap(), None);
    let state: Option<Value> = event("job-continued").continuation().unwrap();
    assert_eq!(state.unwrap()["execution"], "ferry-42");
    let pointer = "/CodePipeline.job/data/continuationToken";
    let text = edit(&SERVICE, "job", pointer, Some(json!("poll 3")));
    let error = exact::<CodePipelineEvent>(&text)
        .continuation::<Value>()
        .unwrap_err();
    assert_eq!(error.context("member"), Some("continuationToken"));
}

#[test]
fn artifacts_by_name() {
    let job = event("job-artifacts").job;
    assert!(job.input("Charts").unwrap().revision.is_some());
    assert!(job.output("Report").unwrap().revision.is_null());
    for found in [job.input("Report"), job.output("Charts")] {
        assert_eq!(found.unwrap_err().kind(), ErrorKind::NotFound);
    }
    let error = job.input("Chart").unwrap_err();
    assert_eq!(error.context("artifacts"), Some("Source, Charts"));
    assert!(event("job-bare").job.input("Source").is_err());
}
