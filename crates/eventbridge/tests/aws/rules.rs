//! Rules and their targets.

use aws_sdk_eventbridge::types::{RuleState as State, Tag, Target};
use lambda_with::Function;
use lambda_with_aws::{Action, Session};
use lambda_with_eventbridge::Rule;
use lambda_with_testing::{cycle, moto, unique};
use serde_json::{Value, json};

use super::{changes, wiring};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:audit";

fn events(session: &Session) -> aws_sdk_eventbridge::Client {
    aws_sdk_eventbridge::Client::new(session.config())
}

fn pattern(source: &str) -> String {
    json!({ "source": [source] }).to_string()
}

/// The rule and its targets, as far as others see them.
async fn standing(
    session: &Session,
    rule: &str,
    bus: Option<&str>,
) -> Option<(Value, Vec<Target>)> {
    let request = events(session).describe_rule().name(rule);
    let found = request
        .set_event_bus_name(bus.map(Into::into))
        .send()
        .await
        .ok()?;
    let shown = json!({
        "pattern": found.event_pattern, "schedule": found.schedule_expression,
        "state": found.state.map(|state| state.to_string()), "description": found.description,
    });
    let request = events(session).list_targets_by_rule().rule(rule);
    let targets = request
        .set_event_bus_name(bus.map(Into::into))
        .send()
        .await
        .unwrap();
    Some((shown, targets.targets.unwrap_or_default()))
}

/// A target that leads to a queue, made by somebody else.
async fn foreign(session: &Session, rule: &str, id: &str) {
    let target = Target::builder()
        .id(id)
        .arn(QUEUE)
        .input("{\"to\":\"audit\"}")
        .build()
        .unwrap();
    let request = events(session).put_targets().rule(rule).targets(target);
    request.send().await.unwrap();
}

async fn foreign_rule(session: &Session, name: &str) {
    let tag = Tag::builder().key("team").value("audit").build().unwrap();
    let request = events(session)
        .put_rule()
        .name(name)
        .event_pattern(pattern("shop.orders"));
    let request = request
        .description("by hand")
        .state(State::Disabled)
        .tags(tag);
    request.send().await.unwrap();
}

#[tokio::test]
async fn connect_status_connect_disconnect_status() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let bus = unique("shop");
    events(&session)
        .create_event_bus()
        .name(&bus)
        .send()
        .await
        .unwrap();
    let rule = Rule {
        bus: Some(bus.clone()),
        input: Some(json!({"job": "count"})),
        maximum_retry_attempts: Some(3),
        ..Rule::matching(unique("placed"), pattern("shop.orders"))
    };
    let nightly = Rule::scheduled(unique("nightly"), "rate(1 day)");
    let connections = [rule.clone(), nightly];
    let all = wiring(&session, &function, &connections);
    let diff = all.diff().await.unwrap();
    assert_eq!(changes(&diff).len(), 6, "{diff}");
    assert!(standing(&session, &rule.name, Some(&bus)).await.is_none());

    all.connect(|_| ()).await.unwrap();
    let status = all.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    let (_, targets) = standing(&session, &rule.name, Some(&bus)).await.unwrap();
    assert_eq!(targets[0].arn(), function.arn.as_str());
    assert_eq!(targets[0].input(), Some(r#"{"job":"count"}"#));
    assert_eq!(
        targets[0].retry_policy().unwrap().maximum_retry_attempts(),
        Some(3)
    );
    let again = all.connect(|_| ()).await.unwrap();
    assert!(
        again.is_empty() && again.to_string().contains("no changes"),
        "{again}"
    );

    let mut changed = connections.clone();
    changed[0].input = None;
    changed[0].pattern = Some(json!({"source": ["shop.stock"]}));
    let other = wiring(&session, &function, &changed);
    let report = other.connect(|_| ()).await.unwrap();
    assert_eq!(changes(&report).len(), 2, "{report}");
    let (shown, targets) = standing(&session, &rule.name, Some(&bus)).await.unwrap();
    assert_eq!(shown["pattern"], pattern("shop.stock"));
    assert_eq!(targets[0].input(), None);

    let report = other.disconnect(|_| ()).await.unwrap();
    assert_eq!(changes(&report).len(), 6, "{report}");
    assert!(standing(&session, &rule.name, Some(&bus)).await.is_none());
    assert!(other.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_rule_of_others_keeps_what_they_set() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let name = unique("orders");
    foreign_rule(&session, &name).await;
    foreign(&session, &name, "audit").await;
    let before = standing(&session, &name, None).await.unwrap();

    let rule = Rule::matching(&name, r#"{ "source": ["shop.orders"] }"#);
    let all = wiring(&session, &function, std::slice::from_ref(&rule));
    let report = all.connect(|_| ()).await.unwrap();
    assert_eq!(changes(&report).len(), 2, "{report}");
    let after = standing(&session, &name, None).await.unwrap();
    assert_eq!(after.0, before.0);
    assert!(after.1.contains(&before.1[0]) && after.1.len() == 2);
    assert!(all.connect(|_| ()).await.unwrap().is_empty());

    // What the definition says is changed, and nothing besides.
    let described = Rule {
        description: Some("Counts orders".into()),
        ..rule
    };
    let all = wiring(&session, &function, &[described]);
    let report = all.connect(|_| ()).await.unwrap();
    assert_eq!(changes(&report), [(Action::Update, format!("rule {name}"))]);
    let (shown, _) = standing(&session, &name, None).await.unwrap();
    assert_eq!(
        (&shown["description"], &shown["state"]),
        (&json!("Counts orders"), &before.0["state"])
    );

    all.disconnect(|_| ()).await.unwrap();
    let (_, targets) = standing(&session, &name, None).await.unwrap();
    assert_eq!(targets, before.1);
}

#[tokio::test]
async fn a_rule_of_others_with_another_pattern_is_refused() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let name = unique("orders");
    foreign_rule(&session, &name).await;
    let before = standing(&session, &name, None).await;
    for rule in [
        Rule::matching(&name, pattern("shop.stock")),
        Rule::scheduled(&name, "rate(1 day)"),
    ] {
        let error = wiring(&session, &function, &[rule])
            .connect(|_| ())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("was not made here"), "{error}");
        assert_eq!(standing(&session, &name, None).await, before);
    }
}

#[tokio::test]
async fn our_rule_stays_while_others_have_targets() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let rule = Rule::matching(unique("orders"), pattern("shop.orders"));
    let all = wiring(&session, &function, std::slice::from_ref(&rule));
    all.connect(|_| ()).await.unwrap();
    foreign(&session, &rule.name, "audit").await;
    all.disconnect(|_| ()).await.unwrap();
    let (_, targets) = standing(&session, &rule.name, None).await.unwrap();
    let ids: Vec<&str> = targets.iter().map(Target::id).collect();
    assert_eq!(ids, ["audit"]);
    // Interrupted half way, it is completed.
    let request = events(&session)
        .remove_targets()
        .rule(&rule.name)
        .ids("audit");
    request.send().await.unwrap();
    let report = all.disconnect(|_| ()).await.unwrap();
    assert_eq!(
        changes(&report),
        [(Action::Remove, format!("rule {}", rule.name))]
    );
    assert!(standing(&session, &rule.name, None).await.is_none());
}

#[tokio::test]
async fn two_targets_of_one_function_and_the_limit_of_five() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let rule = |id: Option<&str>, name: &str| Rule {
        target_id: id.map(Into::into),
        ..Rule::matching(name, pattern("shop.orders"))
    };
    let name = unique("orders");
    let all = wiring(
        &session,
        &function,
        &[rule(None, &name), rule(Some("second"), &name)],
    );
    all.connect(|_| ()).await.unwrap();
    assert!(all.status().await.unwrap().is_clean());
    let (_, targets) = standing(&session, &name, None).await.unwrap();
    assert_eq!(targets.len(), 2);

    // One definition less: the other target is left over, and named as such.
    let one = wiring(&session, &function, &[rule(Some("second"), &name)]);
    let diff = one.diff().await.unwrap();
    assert!(
        diff.to_string().contains("orphan: target orders-"),
        "{diff}"
    );
    let mut pruning = wiring(&session, &function, &[rule(Some("second"), &name)]);
    pruning.options.prune = true;
    pruning.connect(|_| ()).await.unwrap();
    let (_, targets) = standing(&session, &name, None).await.unwrap();
    assert_eq!(
        targets.iter().map(Target::id).collect::<Vec<_>>(),
        ["second"]
    );

    for id in ["a", "b", "c", "d"] {
        foreign(&session, &name, id).await;
    }
    let error = all.connect(|_| ()).await.unwrap_err();
    assert!(
        error.to_string().contains("6 targets, more than the 5"),
        "{error}"
    );
    let (_, targets) = standing(&session, &name, None).await.unwrap();
    assert_eq!(targets.len(), 5);
}

#[tokio::test]
async fn a_target_of_another_is_not_taken() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let name = unique("orders");
    foreign_rule(&session, &name).await;
    foreign(&session, &name, "audit").await;
    let rule = Rule {
        target_id: Some("audit".into()),
        ..Rule::matching(&name, pattern("shop.orders"))
    };
    let all = wiring(&session, &function, &[rule]);
    let error = all.connect(|_| ()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("somebody else's: it goes to arn:aws:sqs"),
        "{error}"
    );
    all.disconnect(|_| ()).await.unwrap();
    assert_eq!(standing(&session, &name, None).await.unwrap().1.len(), 1);
}

#[tokio::test]
async fn a_bus_that_is_not_there() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let rule = Rule {
        bus: Some("nowhere".into()),
        ..Rule::matching("orders", pattern("shop.orders"))
    };
    let all = wiring(&session, &function, &[rule]);
    let error = all.connect(|_| ()).await.unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(all.disconnect(|_| ()).await.is_ok());
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let (ours, theirs) = (unique("ours"), unique("theirs"));
    foreign_rule(&session, &theirs).await;
    foreign(&session, &theirs, "audit").await;
    for name in [&ours, &theirs] {
        let connect = |function: &Function| {
            let (function, rule) = (
                function.clone(),
                Rule::matching(name, pattern("shop.orders")),
            );
            move |session: &Session| wiring(session, &function, std::slice::from_ref(&rule))
        };
        cycle(&session, &[&connect(&one), &connect(&other)], async || {
            let Some((rule, targets)) = standing(&session, name, None).await else {
                return Vec::new();
            };
            let targets = targets.iter().map(|target| format!("{target:?}"));
            let mut all: Vec<String> = [rule.to_string()].into_iter().chain(targets).collect();
            all.sort();
            all
        })
        .await;
    }
}
