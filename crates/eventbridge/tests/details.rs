//! Details of AWS's own events: what they keep of the samples, and where schemas and events disagree.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use lambda_with::{Nullable, Scalar, decode};
use lambda_with_eventbridge::details::{
    autoscaling, codebuild, codedeploy, codepipeline, ec2, ecr, events, guardduty, health, s3,
};
use lambda_with_eventbridge::{Detail, EventBridgeEvent, SERVICE};
use lambda_with_testing::{edit, exact, exact_value, sample};
use serde::Serialize;
use serde_json::{Value, json};

fn event(id: &str) -> EventBridgeEvent {
    exact_value(&sample(&SERVICE, id))
}

/// Reads a sample's detail as a `T`, which keeps all of it but these members.
#[track_caller]
fn check<T: Debug + Detail + PartialEq + Serialize>(id: &str, unknown: &[&str]) -> T {
    let event = event(id);
    let detail: T = event.detail_as().unwrap();
    let mut document = sample(&SERVICE, id)["detail"].clone();
    for pointer in unknown {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap();
        assert!(parent.remove(name).is_some(), "{id} has no {pointer}");
    }
    assert_eq!(serde_json::to_value(&detail).unwrap(), document, "{id}");
    exact_value::<T>(&document)
}

/// The detail of a sample with one member set or taken away, exactly.
fn edited<T: Debug + Detail + PartialEq + Serialize>(
    id: &str,
    pointer: &str,
    value: Option<Value>,
) -> T {
    let json = edit(&SERVICE, id, &format!("/detail{pointer}"), value);
    let event: EventBridgeEvent = decode(json.clone()).unwrap();
    let read: T = event.detail_as().unwrap();
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), document["detail"]);
    read
}

#[test]
fn samples_keep_all_the_schemas_know() {
    check::<events::ScheduledEvent>("scheduled", &[]);
    let stopping =
        check::<ec2::Ec2InstanceStateChangeNotification>("ec2-instance-state-change", &[]);
    // The key has a hyphen, whatever some fixtures show.
    assert_eq!(stopping.instance_id.as_deref(), Some("i-0a1b2c3d4e5f60718"));
    check::<ec2::Ec2SpotInstanceInterruptionWarning>("ec2-spot-interruption", &[]);
    check::<s3::ObjectCreated>("s3-object-created", &[]);
    check::<s3::ObjectAnnotationCreated>("s3-object-annotation-created", &[]);
    check::<s3::ObjectRetentionUpdated>("s3-object-retention-updated", &[]);
    check::<codedeploy::CodeDeployDeploymentStateChangeNotification>(
        "codedeploy-deployment-failed",
        &[],
    );
    check::<autoscaling::Ec2InstanceTerminateLifecycleAction>(
        "autoscaling-terminate-lifecycle-action",
        &[],
    );
    let launched =
        check::<autoscaling::Ec2InstanceLaunchSuccessful>("autoscaling-launch-successful", &[]);
    // Keys with blanks.
    let details = launched.details.as_ref().unwrap();
    assert_eq!(details.availability_zone.as_deref(), Some("eu-west-1b"));
    check::<codebuild::CodeBuildBuildStateChange>("codebuild-build-succeeded", &[]);
    check::<guardduty::GuardDutyFinding>("guardduty-finding", &[]);
    check::<health::AwsHealthEvent>("health", &[]);
}

#[test]
fn a_failed_scan_has_no_counts() {
    let scan = check::<ecr::EcrImageScan>("ecr-image-scan-failed", &[]);
    assert!(scan.finding_severity_counts.is_missing());
    let counts = json!({"CRITICAL": 1, "MEDIUM": 9});
    let scan: ecr::EcrImageScan = edited(
        "ecr-image-scan-failed",
        "/finding-severity-counts",
        Some(counts),
    );
    let counts = scan.finding_severity_counts.as_ref().unwrap();
    assert_eq!(
        (&counts.critical, &counts.high),
        (&Nullable::Value(1.into()), &Nullable::Missing)
    );
}

#[test]
fn members_amazon_s3_leaves_out() {
    // Nobody's address removed it, and it has no size.
    let deleted = check::<s3::ObjectDeleted>("s3-object-deleted-lifecycle", &[]);
    assert!(deleted.source_ip_address.is_missing());
    for (pointer, value) in [
        ("/object/etag", None),
        ("/object/version-id", None),
        ("/bucket", Some(json!(null))),
    ] {
        edited::<s3::ObjectDeleted>("s3-object-deleted-lifecycle", pointer, value);
    }
}

#[test]
fn codepipelines_version_is_of_any_type() {
    use codepipeline::{
        CodePipelineActionExecutionStateChange as Action,
        CodePipelinePipelineExecutionStateChange as Pipeline,
        CodePipelineStageExecutionStateChange as Stage,
    };
    check::<Pipeline>("codepipeline-pipeline-succeeded", &[]);
    check::<Action>("codepipeline-action-failed", &[]);
    for version in [json!("1"), json!(1), json!(1.0)] {
        let pipeline: Pipeline = edited(
            "codepipeline-pipeline-succeeded",
            "/version",
            Some(version.clone()),
        );
        let expected: Scalar = exact(&version.to_string());
        assert_eq!(pipeline.version, Nullable::Value(expected));
        edited::<Action>(
            "codepipeline-action-failed",
            "/version",
            Some(version.clone()),
        );
        let stage: Stage = exact_value(&json!({"pipeline": "harbor-web", "version": version}));
        assert!(stage.version.is_some());
    }
}

#[test]
fn codepipelines_artifacts_are_one_many_or_none() {
    use codepipeline::{
        CodePipelineActionExecutionStateChange as Action, InputArtifactsOneOrMany as Artifacts,
    };
    let one =
        json!({"name": "built", "s3location": {"bucket": "harbor-artifacts", "key": "a.zip"}});
    for (artifacts, count) in [(json!([one, one]), 2), (json!([]), 0), (one, 1)] {
        let action: Action = edited(
            "codepipeline-action-failed",
            "/input-artifacts",
            Some(artifacts),
        );
        let found = match action.input_artifacts.as_ref().unwrap() {
            Artifacts::Many(artifacts) => artifacts.len(),
            Artifacts::One(_) => 1,
        };
        assert_eq!(found, count);
    }
    let action: Action = edited("codepipeline-action-failed", "/input-artifacts", None);
    assert!(action.input_artifacts.is_missing() && action.output_artifacts.is_missing());
}

#[test]
fn codedeploys_two_kinds_are_not_mixed_up() {
    let event = event("codedeploy-deployment-failed");
    assert!(event.is::<codedeploy::CodeDeployDeploymentStateChangeNotification>());
    assert!(!event.is::<codedeploy::CodeDeployInstanceStateChangeNotification>());
}

#[test]
fn severities_are_numbers_as_they_came() {
    for severity in [json!(2), json!(2.0), json!(8.9)] {
        let finding: guardduty::GuardDutyFinding =
            edited("guardduty-finding", "/severity", Some(severity.clone()));
        assert_eq!(
            finding.severity.as_ref().unwrap().to_string(),
            severity.to_string()
        );
    }
}

#[test]
fn unknown_members_are_skipped_and_stay_in_the_event() {
    let json = edit(
        &SERVICE,
        "ec2-instance-state-change",
        "/detail/since",
        Some(json!(7)),
    );
    let event: EventBridgeEvent = decode(json).unwrap();
    let detail: ec2::Ec2InstanceStateChangeNotification = event.detail_as().unwrap();
    assert_eq!(detail.state.as_deref(), Some("stopping"));
    assert_eq!(event.detail.value().unwrap()["since"], 7);
}

#[test]
fn each_source_has_an_enum_of_its_details() {
    match s3::Any::of(&event("s3-object-created")).unwrap() {
        s3::Any::ObjectCreated(created) => {
            assert_eq!(created.reason.as_deref(), Some("PutObject"));
        }
        other => panic!("{other:?}"),
    }
    let unknown = edit(
        &SERVICE,
        "s3-object-created",
        "/detail-type",
        Some(json!("Object Polished")),
    );
    let unknown: EventBridgeEvent = decode(unknown).unwrap();
    for event in [unknown, event("custom")] {
        let any = s3::Any::of(&event).unwrap();
        assert_eq!(any, s3::Any::Other(event.detail.clone()));
    }
    let wrong = edit(
        &SERVICE,
        "s3-object-created",
        "/detail/bucket",
        Some(json!("harbor-uploads")),
    );
    let error = s3::Any::of(&decode::<EventBridgeEvent>(wrong).unwrap()).unwrap_err();
    assert_eq!(error.context("path"), Some("bucket"));
}

#[test]
fn calls_of_whatever_service_are_read() {
    let call = check::<ec2::AwsApiCallViaCloudTrail>(
        "api-call",
        &[
            "/readOnly",
            "/managementEvent",
            "/recipientAccountId",
            "/eventCategory",
            "/tlsDetails",
        ],
    );
    assert!(call.response_elements.is_null());
}
