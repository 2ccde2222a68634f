//! Wiring that follows from a definition alone, against a moto server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod feed;

use std::time::Duration;

use expect_test::expect;
use lambda_with::{
    Arn, Caller, CallerRole, Delivery, Function, Permission, Resource, RoleStatement, Statement,
};
use lambda_with_aws::{Action, Plan, Session, Status, Wiring, caller_role, may_invoke, may_poll};
use lambda_with_testing::moto;
use serde_json::json;

use self::feed::Feed;

fn topic(name: &str) -> Feed {
    let arn = format!(
        "arn:aws:sns:eu-west-1:{}:{name}",
        lambda_with_testing::ACCOUNT
    );
    let statement = Statement::service(format!("sns-{name}"), "sns.amazonaws.com")
        .source_arn(arn.parse().unwrap())
        .source_account(lambda_with_testing::ACCOUNT);
    Feed {
        permissions: vec![Permission::ResourceBased(statement)],
        ..Feed::named(&format!("sns-{name}"))
    }
}

fn queue(arn: &str, batch: u32) -> Feed {
    let actions = [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    ];
    let statement = RoleStatement::new(actions, arn, "Lambda polls");
    Feed {
        name: "sqs-orders".into(),
        permissions: vec![Permission::ExecutionRole(statement)],
        mapping: Some(json!({
            "BatchSize": batch,
            "EventSourceArn": arn,
            "FunctionName": Resource::FUNCTION,
            "FilterCriteria": { "Filters": [{ "Pattern": r#"{"body":{"kind":["placed"]}}"# }] },
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        })),
        ..Feed::default()
    }
}

async fn a_queue(session: &Session) -> String {
    let client = aws_sdk_sqs::Client::new(session.config());
    let name = lambda_with_testing::unique("orders");
    client
        .create_queue()
        .queue_name(&name)
        .send()
        .await
        .unwrap();
    format!(
        "arn:aws:sqs:eu-west-1:{}:{name}",
        lambda_with_testing::ACCOUNT
    )
}

fn wiring(session: &Session, function: &Function, feeds: &[Feed]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::from_millis(100);
    wiring.options.wait = Duration::from_secs(5);
    for feed in feeds {
        wiring.add(feed).unwrap();
    }
    wiring
}

async fn policy_text(session: &Session, function: &Function) -> String {
    let request = session.lambda().get_policy().function_name(function.name());
    request
        .send()
        .await
        .map(|answer| answer.policy.unwrap_or_default())
        .unwrap_or_default()
}

/// Text of a plan or status without what differs from run to run.
fn plain(text: &dyn std::fmt::Display, function: &Function, queue: &str) -> String {
    let queue = queue.rsplit(':').next().unwrap_or_default();
    let text = text
        .to_string()
        .replace(function.name(), "FUNCTION")
        .replace(queue, "QUEUE");
    let line = |line: &str| match line.strip_prefix("  policy: ") {
        Some(_) => "  policy: N of 20480 bytes\n".to_owned(),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[tokio::test]
async fn connect_status_connect_disconnect_status() {
    let session = moto::session();
    let function = moto::function(&session, "orders").await;
    let queue_arn = a_queue(&session).await;
    let foreign = session
        .lambda()
        .add_permission()
        .function_name(function.name());
    let foreign = foreign
        .statement_id("ByHand")
        .action("lambda:InvokeFunction");
    foreign
        .principal("events.amazonaws.com")
        .send()
        .await
        .unwrap();
    let put = session
        .iam()
        .put_role_policy()
        .role_name(function.name())
        .policy_name("theirs");
    let theirs = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}]}"#;
    put.policy_document(theirs).send().await.unwrap();
    let before = policy_text(&session, &function).await;

    let feeds = [topic("alerts"), queue(&queue_arn, 10)];
    let wiring = wiring(&session, &function, &feeds);
    let diff = wiring.diff().await.unwrap();
    expect![[r#"
        FUNCTION:
          + inline policy lambda-with-FUNCTION of role FUNCTION
              Statement: [{"Action":["sqs:DeleteMessage","sqs:GetQueueAttributes","sqs:ReceiveMessage"],"Effect":"Allow","Resource":"arn:aws:sqs:eu-west-1:123456789012:QUEUE"}]
          + statement sns-alerts in the policy of FUNCTION
              Action: "lambda:InvokeFunction"
              Condition: {"ArnLike":{"AWS:SourceArn":"arn:aws:sns:eu-west-1:123456789012:alerts"},"StringEquals":{"AWS:SourceAccount":"123456789012"}}
              Effect: "Allow"
              Principal: {"Service":"sns.amazonaws.com"}
              Resource: "arn:aws:lambda:eu-west-1:123456789012:function:FUNCTION"
          + event source mapping of sqs QUEUE to FUNCTION
              BatchSize: 10
              EventSourceArn: "arn:aws:sqs:eu-west-1:123456789012:QUEUE"
              FilterCriteria: {"Filters":[{"Pattern":"{\"body\":{\"kind\":[\"placed\"]}}"}]}
              FunctionResponseTypes: ["ReportBatchItemFailures"]
          policy: N of 20480 bytes
    "#]]
    .assert_eq(&plain(&diff, &function, &queue_arn));
    assert_eq!(
        policy_text(&session, &function).await,
        before,
        "a diff writes nothing"
    );
    let role = may_poll(&session, &function, &needs(&queue_arn))
        .await
        .unwrap();
    assert_eq!(role.len(), 1, "{role:?}");

    let mut said = Vec::new();
    let report = wiring
        .connect(|progress| said.push(format!("{progress:?}")))
        .await
        .unwrap();
    assert_eq!(actions(&report), [Action::Create; 3]);
    assert_eq!(said.len(), 6, "{said:?}");
    let status = wiring.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    assert!(
        may_poll(&session, &function, &needs(&queue_arn))
            .await
            .unwrap()
            .is_empty()
    );

    let diff = plain(&wiring.diff().await.unwrap(), &function, &queue_arn);
    assert!(diff.starts_with("FUNCTION: no changes\n"), "{diff}");
    let again = wiring.connect(|_| ()).await.unwrap();
    assert!(again.is_empty() && again.changes.len() == 3, "{again}");

    let gone = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(actions(&gone), [Action::Remove; 3]);
    assert_eq!(policy_text(&session, &function).await, before);
    let request = session
        .iam()
        .get_role_policy()
        .role_name(function.name())
        .policy_name("theirs");
    assert!(
        request.send().await.is_ok(),
        "a foreign inline policy stays"
    );
    let status = wiring.status().await.unwrap();
    expect![[r#"
        FUNCTION:
          missing   inline policy lambda-with-FUNCTION of role FUNCTION
          missing   statement sns-alerts in the policy of FUNCTION
          missing   event source mapping of sqs QUEUE to FUNCTION
          policy: N of 20480 bytes
    "#]]
    .assert_eq(&plain(&status, &function, &queue_arn));
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

fn needs(queue: &str) -> Vec<RoleStatement> {
    vec![RoleStatement::new(
        ["sqs:ReceiveMessage"],
        queue,
        "Lambda polls",
    )]
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

#[tokio::test]
async fn drift_is_named_and_put_right() {
    let session = moto::session();
    let function = moto::function(&session, "drift").await;
    let queue_arn = a_queue(&session).await;
    let ours = wiring(
        &session,
        &function,
        &[topic("alerts"), queue(&queue_arn, 10)],
    );
    ours.connect(|_| ()).await.unwrap();

    let lambda = session.lambda();
    let mappings = lambda
        .list_event_source_mappings()
        .event_source_arn(&queue_arn);
    let uuid = mappings.send().await.unwrap().event_source_mappings()[0]
        .uuid
        .clone();
    let update = lambda
        .update_event_source_mapping()
        .set_uuid(uuid)
        .batch_size(3);
    update
        .maximum_batching_window_in_seconds(7)
        .send()
        .await
        .unwrap();
    let remove = lambda.remove_permission().function_name(function.name());
    remove.statement_id("sns-alerts").send().await.unwrap();
    let other = lambda
        .add_permission()
        .function_name(function.name())
        .statement_id("sns-alerts");
    let other = other
        .action("lambda:InvokeFunction")
        .principal("sns.amazonaws.com");
    other.send().await.unwrap();
    let orphan = lambda
        .add_permission()
        .function_name(function.name())
        .statement_id("s3-former");
    let orphan = orphan
        .action("lambda:InvokeFunction")
        .source_arn("arn:aws:s3:::former")
        .principal("s3.amazonaws.com");
    orphan.send().await.unwrap();
    let put = session.iam().put_role_policy().role_name(function.name());
    let put = put.policy_name(format!("lambda-with-{}", function.name()));
    let changed = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:ReceiveMessage","Resource":"*"}]}"#;
    put.policy_document(changed).send().await.unwrap();

    let status: Status = ours.status().await.unwrap();
    expect![[r#"
        FUNCTION:
          drifted   inline policy lambda-with-FUNCTION of role FUNCTION
              Statement: [{"Action":"sqs:ReceiveMessage","Effect":"Allow","Resource":"*"}] → [{"Action":["sqs:DeleteMessage","sqs:GetQueueAttributes","sqs:ReceiveMessage"],"Effect":"Allow","Resource":"arn:aws:sqs:eu-west-1:123456789012:QUEUE"}]
          drifted   statement sns-alerts in the policy of FUNCTION
              Condition: {"ArnLike":{"AWS:SourceArn":"arn:aws:sns:eu-west-1:123456789012:alerts"},"StringEquals":{"AWS:SourceAccount":"123456789012"}}
          drifted   event source mapping of sqs QUEUE to FUNCTION
              BatchSize: 3 → 10
              MaximumBatchingWindowInSeconds: 7 → 0
          policy: N of 20480 bytes
          orphan: statement s3-former in the policy of FUNCTION, not in this definition
              fix: connect with --prune, or `aws lambda remove-permission --function-name FUNCTION --statement-id s3-former`
    "#]]
    .assert_eq(&plain(&status, &function, &queue_arn));
    let report = ours.connect(|_| ()).await.unwrap();
    assert_eq!(actions(&report), [Action::Update; 3]);
    assert!(policy_text(&session, &function).await.contains("s3-former"));

    let mut pruning = wiring(
        &session,
        &function,
        &[topic("alerts"), queue(&queue_arn, 10)],
    );
    pruning.options.prune = true;
    let report = pruning.connect(|_| ()).await.unwrap();
    assert_eq!(
        report
            .changes
            .iter()
            .filter(|change| change.is_change())
            .count(),
        1,
        "{report}"
    );
    assert!(ours.status().await.unwrap().is_clean());
}

#[tokio::test]
async fn an_interrupted_connect_is_completed() {
    let session = moto::session();
    let function = moto::function(&session, "interrupted").await;
    let missing = format!(
        "arn:aws:sqs:eu-west-1:{}:nowhere",
        lambda_with_testing::ACCOUNT
    );
    let wiring_to = |queue_arn: &str| {
        wiring(
            &session,
            &function,
            &[topic("alerts"), topic("more"), queue(queue_arn, 10)],
        )
    };
    let error = wiring_to(&missing).connect(|_| ()).await.unwrap_err();
    let standing = error.context("standing").unwrap();
    assert!(standing.contains("created statement sns-alerts"), "{error}");
    assert!(standing.contains("created inline policy"), "{error}");
    assert!(
        error.context("step").unwrap().contains("nowhere"),
        "{error}"
    );

    let report = wiring_to(&a_queue(&session).await)
        .connect(|_| ())
        .await
        .unwrap();
    let done: Vec<Action> = actions(&report);
    assert_eq!(
        done,
        [Action::Update, Action::Keep, Action::Keep, Action::Create]
    );
}

#[tokio::test]
async fn two_connect_one_function_at_once() {
    let session = moto::session();
    let function = moto::function(&session, "race").await;
    let (one, other) = (moto::session(), moto::session());
    let (left, right): (Vec<Feed>, Vec<Feed>) = (
        (0..4).map(|n| topic(&format!("l{n}"))).collect(),
        (0..4).map(|n| topic(&format!("r{n}"))).collect(),
    );
    let (left, right) = (
        wiring(&one, &function, &left),
        wiring(&other, &function, &right),
    );
    let (l, r) = tokio::join!(left.connect(|_| ()), right.connect(|_| ()));
    l.unwrap();
    r.unwrap();
    let text = policy_text(&session, &function).await;
    for sid in ["l0", "l1", "l2", "l3", "r0", "r1", "r2", "r3"] {
        assert_eq!(text.matches(&format!("\"sns-{sid}\"")).count(), 1, "{text}");
    }
}

#[tokio::test]
async fn callers_roles() {
    let session = moto::session();
    let function = moto::function(&session, "caller").await;
    let invoke = RoleStatement::new(
        ["lambda:InvokeFunction"],
        function.arn.as_str(),
        "it invokes",
    );
    let feed = |source: &str| {
        let mut role = CallerRole::new("firehose.amazonaws.com", [invoke.clone()]);
        role.source_arn = Some(source.parse().unwrap());
        role.source_account = Some(lambda_with_testing::ACCOUNT.into());
        Feed {
            name: "firehose-clicks".into(),
            permissions: vec![Permission::CallerRole(role)],
            ..Feed::default()
        }
    };
    let one = feed("arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks");
    let ours = wiring(&session, &function, &[one]);
    assert_eq!(
        actions(&ours.connect(|_| ()).await.unwrap()),
        [Action::Create]
    );
    assert!(ours.status().await.unwrap().is_clean());
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    let role: Arn = caller_role(&function, "firehose-clicks").unwrap();
    let name = role.resource().rsplit('/').next().unwrap();
    let found = session
        .iam()
        .get_role()
        .role_name(name)
        .send()
        .await
        .unwrap()
        .role
        .unwrap();
    assert_eq!(found.arn, role.as_str());

    let other = feed("arn:aws:firehose:eu-west-1:123456789012:deliverystream/views");
    let changed = wiring(&session, &function, &[other]);
    assert_eq!(
        actions(&changed.connect(|_| ()).await.unwrap()),
        [Action::Update]
    );
    assert_eq!(
        actions(&changed.disconnect(|_| ()).await.unwrap()),
        [Action::Remove]
    );
    assert!(
        session
            .iam()
            .get_role()
            .role_name(name)
            .send()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn may_a_service_invoke() {
    let session = moto::session();
    let function = moto::function(&session, "may").await;
    wiring(&session, &function, &[topic("alerts")])
        .connect(|_| ())
        .await
        .unwrap();
    let caller = |topic: &str| {
        Caller::Service(Delivery {
            principal: "sns.amazonaws.com".into(),
            source_arn: Some(
                format!("arn:aws:sns:eu-west-1:123456789012:{topic}")
                    .parse()
                    .unwrap(),
            ),
            source_account: Some(lambda_with_testing::ACCOUNT.into()),
            event_source_token: None,
        })
    };
    assert!(
        may_invoke(&session, &function, &caller("alerts"))
            .await
            .unwrap()
            .is_allowed()
    );
    let denied = may_invoke(&session, &function, &caller("other"))
        .await
        .unwrap();
    let error = denied.into_result().unwrap_err();
    assert!(error.message().contains("aws:SourceArn"), "{error}");
    assert!(error.context("fix").unwrap().contains("other"), "{error}");
}

#[tokio::test]
async fn a_policy_that_would_be_too_large_is_refused_before_the_first_write() {
    let session = moto::session();
    let function = moto::function(&session, "large").await;
    let feeds: Vec<Feed> = (0..80).map(|n| topic(&format!("topic-{n}"))).collect();
    let wiring = wiring(&session, &function, &feeds);
    let plan = wiring.diff().await.unwrap();
    assert!(
        plan.warnings[0].contains("% are used") && plan.refusals.len() == 1,
        "{plan}"
    );
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert!(error.message().contains("20480"), "{error}");
    assert_eq!(policy_text(&session, &function).await, "");
}
