//! The role of jobs on moto: all there is to set up on AWS, where jobs run once.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_aws::{Action, Plan, Wiring};
use lambda_with_s3_batch::S3Batch;
use lambda_with_testing::{moto, unique};

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_status_connect_change_disconnect() {
    let session = moto::session();
    let function = moto::function(&session, "thumbnails").await;
    let job = unique("photos");
    let roles = async || {
        let answer = session.iam().list_roles().send().await.unwrap();
        let names = answer.roles.into_iter().map(|role| role.role_name);
        names.filter(|name| name.contains(&job)).collect::<Vec<_>>()
    };
    let wiring = |batch: &S3Batch| {
        let mut wiring = Wiring::new(&session, function.clone()).unwrap();
        wiring.add(batch).unwrap();
        wiring
    };
    let photos = S3Batch::new(&job, "harbor-manifests/2026/");
    let first = wiring(&photos);
    assert!(actions(&first.diff().await.unwrap()).contains(&Action::Create));
    first.connect(|_| ()).await.unwrap();
    let [role] = &roles().await[..] else {
        panic!("one role")
    };
    assert!(first.status().await.unwrap().is_clean());
    let again = first.connect(|_| ()).await.unwrap();
    assert!(actions(&again).iter().all(|action| *action == Action::Keep));

    let reported = S3Batch {
        report: Some("harbor-reports".into()),
        ..photos
    };
    let second = wiring(&reported);
    let plan = second.connect(|_| ()).await.unwrap();
    assert!(actions(&plan).contains(&Action::Update), "{plan}");
    let policies = session.iam().list_role_policies().role_name(role);
    let [policy] = &policies.send().await.unwrap().policy_names[..] else {
        panic!("one policy")
    };
    let request = session.iam().get_role_policy().role_name(role);
    let standing = request.policy_name(policy).send().await.unwrap();
    assert!(standing.policy_document().contains("harbor-reports"));

    second.disconnect(|_| ()).await.unwrap();
    assert_eq!(roles().await, [""; 0]);
    assert_eq!(actions(&second.disconnect(|_| ()).await.unwrap()), []);
}
