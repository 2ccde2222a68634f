//! Schedules.

use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use lambda_with::Integration;
use lambda_with_aws::Session;
use lambda_with_eventbridge::Schedule;
use lambda_with_testing::{cycle, moto, unique};
use serde_json::json;

use super::{changes, wiring};

fn scheduler(session: &Session) -> aws_sdk_scheduler::Client {
    aws_sdk_scheduler::Client::new(session.config())
}

async fn schedule_of(session: &Session, schedule: &Schedule) -> Option<GetScheduleOutput> {
    let request = scheduler(session).get_schedule().name(&schedule.name);
    request
        .set_group_name(schedule.group.clone())
        .send()
        .await
        .ok()
}

#[tokio::test]
async fn schedules_come_and_go() {
    let session = moto::session();
    let function = moto::function(&session, "reports").await;
    let group = unique("group");
    scheduler(&session)
        .create_schedule_group()
        .name(&group)
        .send()
        .await
        .unwrap();
    let morning = Schedule {
        group: Some(group),
        timezone: Some("Europe/Dublin".into()),
        start: Some("2099-04-01T00:00:00Z".into()),
        flexible_window: Some(15),
        input: Some(json!({"due": "<aws.scheduler.scheduled-time>"})),
        description: Some("The day's report".into()),
        ..Schedule::new(unique("morning"), "cron(30 6 ? * MON-FRI *)")
    };
    let tides = Schedule::new(unique("tides"), "rate(6 hours)");
    let connections = [morning.clone(), tides.clone()];
    let all = wiring(&session, &function, &connections);
    all.connect(|_| ()).await.unwrap();
    let status = all.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    let found = schedule_of(&session, &morning).await.unwrap();
    assert_eq!(found.start_date().unwrap().secs(), 4_078_684_800);
    let target = found.target().unwrap();
    assert_eq!(
        (target.arn(), target.input()),
        (
            function.arn.as_str(),
            Some(r#"{"due":"<aws.scheduler.scheduled-time>"}"#)
        )
    );
    let role = lambda_with_aws::caller_role(&function, &morning.name()).unwrap();
    assert_eq!(target.role_arn(), role.as_str());
    assert!(all.connect(|_| ()).await.unwrap().is_empty());

    // Less is said now: what is the definition's own goes, what is not said stays.
    let later = Schedule {
        timezone: None,
        start: None,
        description: None,
        input: None,
        ..morning.clone()
    };
    let changed = wiring(&session, &function, &[later, tides.clone()]);
    let report = changed.connect(|_| ()).await.unwrap();
    assert_eq!(changes(&report).len(), 1, "{report}");
    let found = schedule_of(&session, &morning).await.unwrap();
    assert_eq!(
        (found.start_date(), found.target().unwrap().input()),
        (None, None)
    );
    assert_eq!(found.description(), Some("The day's report"));
    assert!(changed.connect(|_| ()).await.unwrap().is_empty());

    changed.disconnect(|_| ()).await.unwrap();
    for schedule in [&morning, &tides] {
        assert!(schedule_of(&session, schedule).await.is_none());
    }
    assert!(changed.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_schedule_of_another_is_left_alone() {
    let session = moto::session();
    let (ours, theirs) = (
        moto::function(&session, "ours").await,
        moto::function(&session, "theirs").await,
    );
    let tides = [Schedule::new(unique("tides"), "rate(6 hours)")];
    wiring(&session, &theirs, &tides)
        .connect(|_| ())
        .await
        .unwrap();
    let all = wiring(&session, &ours, &tides);
    let error = all.connect(|_| ()).await.unwrap_err();
    assert!(
        error.to_string().contains("somebody else's: it goes to"),
        "{error}"
    );
    all.disconnect(|_| ()).await.unwrap();
    assert!(schedule_of(&session, &tides[0]).await.is_some());
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let function = moto::function(&session, "reports").await;
    let tides = Schedule::new(unique("tides"), "rate(6 hours)");
    let connect = |session: &Session| wiring(session, &function, std::slice::from_ref(&tides));
    cycle(&session, &[&connect], async || {
        let found = schedule_of(&session, &tides).await;
        found.into_iter().map(|found| found.target).collect()
    })
    .await;
}
