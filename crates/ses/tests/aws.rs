//! Actions beside those of others, against a moto server; and letter for letter against an endpoint
//! of our own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_ses::Client;
use aws_sdk_ses::types::{
    InvocationType, LambdaAction, ReceiptAction, ReceiptRule, StopAction, StopScope, TlsPolicy,
};
use lambda_with::{ErrorKind, Function};
use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_ses::{Ses, SesInvocation};
use lambda_with_testing::{cycle, fake, moto, unique};

async fn rule_set(session: &Session) -> String {
    let name = unique("harbor");
    let request = Client::new(session.config()).create_receipt_rule_set();
    request.rule_set_name(&name).send().await.unwrap();
    name
}

/// A rule made by somebody else: a function of theirs, and an end.
async fn foreign(session: &Session, set: &str, rule: &str, function: &Function) {
    let run = LambdaAction::builder()
        .function_arn(function.arn.as_str())
        .invocation_type(InvocationType::RequestResponse);
    let stop = StopAction::builder().scope(StopScope::RuleSet);
    let rule = ReceiptRule::builder()
        .name(rule)
        .enabled(true)
        .tls_policy(TlsPolicy::Require)
        .recipients("theirs@example.org")
        .actions(
            ReceiptAction::builder()
                .lambda_action(run.build().unwrap())
                .build(),
        )
        .actions(
            ReceiptAction::builder()
                .stop_action(stop.build().unwrap())
                .build(),
        );
    let request = Client::new(session.config()).create_receipt_rule();
    let request = request.rule_set_name(set).rule(rule.build().unwrap());
    request.send().await.unwrap();
}

async fn standing(session: &Session, set: &str, rule: &str) -> ReceiptRule {
    let request = Client::new(session.config()).describe_receipt_rule();
    let answer = request.rule_set_name(set).rule_name(rule).send().await;
    answer.unwrap().rule.unwrap()
}

fn wiring(session: &Session, function: &Function, ses: &Ses) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::from_millis(10);
    wiring.options.wait = Duration::from_secs(3);
    wiring.wire(ses).unwrap();
    wiring
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

#[tokio::test]
async fn an_action_in_a_rule_of_others() {
    let session = moto::session();
    let (ours, other) = (
        moto::function(&session, "inbox").await,
        moto::function(&session, "other").await,
    );
    let set = rule_set(&session).await;
    foreign(&session, &set, "berths", &other).await;
    foreign(&session, &set, "cranes", &other).await;
    let before = standing(&session, &set, "berths").await;
    let untouched = standing(&session, &set, "cranes").await;

    let ses = Ses {
        existing: true,
        invocation: SesInvocation::RequestResponse,
        ..Ses::new(&set, "berths")
    };
    let wiring = wiring(&session, &ours, &ses);
    let diff = wiring.diff().await.unwrap();
    assert_eq!(actions(&diff), [Action::Create, Action::Update], "{diff}");
    assert!(diff.warnings[0].contains("is not active"), "{diff}");
    assert_eq!(standing(&session, &set, "berths").await, before);
    wiring.connect(|_| ()).await.unwrap();
    let status = wiring.status().await.unwrap();
    assert!(status.is_clean(), "{status}");

    let after = standing(&session, &set, "berths").await;
    let [theirs, run, stop] = after.actions() else {
        panic!("{after:?}");
    };
    assert_eq!([theirs, stop], [&before.actions()[0], &before.actions()[1]]);
    let run = run.lambda_action().unwrap();
    assert_eq!(run.function_arn(), ours.arn.as_str());
    assert_eq!(
        (after.recipients(), after.tls_policy()),
        (before.recipients(), before.tls_policy())
    );

    let again = wiring.connect(|_| ()).await.unwrap();
    assert!(again.to_string().contains("no changes"), "{again}");
    let removed = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(actions(&removed), [Action::Remove; 2]);
    assert_eq!(standing(&session, &set, "berths").await, before);
    assert_eq!(standing(&session, &set, "cranes").await, untouched);
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
    let status = wiring.status().await.unwrap();
    assert!(!status.is_clean(), "{status}");
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let session = moto::session();
    let function = moto::function(&session, "inbox").await;
    let set = rule_set(&session).await;
    let existing = Ses {
        existing: true,
        ..Ses::new(&set, "berths")
    };
    let error = wiring(&session, &function, &existing).connect(|_| ()).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("there is no receipt rule berths") && error.contains("nothing was written"),
        "{error}"
    );

    let gone = wiring(&session, &function, &Ses::new(unique("gone"), "berths"));
    let error = gone.connect(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(
        error
            .context("fix")
            .unwrap()
            .contains("create-receipt-rule-set"),
        "{error}"
    );
    assert!(gone.disconnect(|_| ()).await.unwrap().is_empty());
}

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:inbox";

/// An endpoint with one function and at most one rule, which is kept as the form it was sent as.
///
/// Rules are answered as given at first; a rule that was sent, as what was sent.
fn endpoint(rule: Option<&str>) -> (Session, fake::Log) {
    let lambda = fake::Lambda::new(FUNCTION);
    let stored = Arc::new(Mutex::new(rule.map(str::to_owned)));
    fake::session(move |method, path, body| {
        lambda.answer(method, path, body).unwrap_or_else(|| {
            let answer = |action: &str, inner: &str| {
                let result = format!("<{action}Result>{inner}</{action}Result>");
                (
                    200,
                    format!("<{action}Response>{result}</{action}Response>"),
                )
            };
            let refuse = |code: &str| {
                let error = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
                (400, format!("<ErrorResponse>{error}</ErrorResponse>"))
            };
            let mut stored = stored.lock().unwrap();
            match body.split(['&', '=']).nth(1).unwrap_or_default() {
                "DescribeReceiptRule" => match &*stored {
                    Some(rule) => answer("DescribeReceiptRule", &format!("<Rule>{rule}</Rule>")),
                    None => refuse("RuleDoesNotExist"),
                },
                "DescribeActiveReceiptRuleSet" => answer(
                    "DescribeActiveReceiptRuleSet",
                    "<Metadata><Name>harbor</Name></Metadata>",
                ),
                action @ ("CreateReceiptRule" | "UpdateReceiptRule") => {
                    *stored = Some(xml(body));
                    answer(action, "")
                }
                action @ "DeleteReceiptRule" => {
                    *stored = None;
                    answer(action, "")
                }
                _ => refuse("InvalidAction"),
            }
        })
    })
}

/// The rule of a form, as Amazon SES would answer it. Members of one parent stand together in it.
fn xml(form: &str) -> String {
    let decoded = |text: &str| {
        text.replace("%3A", ":")
            .replace("%2F", "/")
            .replace("%40", "@")
    };
    let mut xml = String::new();
    let mut open: Vec<String> = Vec::new();
    for pair in form.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        let Some(path) = name.strip_prefix("Rule.") else {
            continue;
        };
        // `Actions.member.1` is one element with its number.
        let path = path.replace(".member.", "|member.");
        let mut steps: Vec<String> = Vec::new();
        for (at, part) in path.split('|').enumerate() {
            match (at, part.strip_prefix("member.")) {
                (0, _) => steps.extend(part.split('.').map(str::to_owned)),
                (_, Some(rest)) => {
                    let mut rest = rest.split('.');
                    steps.push(format!("member {}", rest.next().unwrap()));
                    steps.extend(rest.map(str::to_owned));
                }
                _ => unreachable!("{path}"),
            }
        }
        let same = open.iter().zip(&steps).take_while(|(a, b)| a == b).count();
        let name_of = |step: &str| step.split(' ').next().unwrap_or_default().to_owned();
        for step in open.drain(same..).rev() {
            xml.push_str(&format!("</{}>", name_of(&step)));
        }
        for step in &steps[same..] {
            xml.push_str(&format!("<{}>", name_of(step)));
        }
        xml.push_str(&decoded(value));
        open = steps;
    }
    for step in open.iter().rev() {
        xml.push_str(&format!(
            "</{}>",
            step.split(' ').next().unwrap_or_default()
        ));
    }
    xml
}

/// The calls that write, without their version, decoded as far as needed to read them.
fn written(log: &fake::Log) -> Vec<String> {
    let calls = fake::of(log, "POST").into_iter().map(|(_, body)| body);
    let writes = |body: &String| {
        ["Create", "Update", "Delete"]
            .iter()
            .any(|word| body.starts_with(&format!("Action={word}Receipt")))
    };
    calls
        .filter(writes)
        .map(|body| {
            body.replace("&Version=2010-12-01", "")
                .replace("%3A", ":")
                .replace('&', "\n")
        })
        .collect()
}

fn inbox() -> Ses {
    Ses {
        recipients: vec!["harbor@example.org".into(), "example.com".into()],
        bucket: Some("harbor-mail".into()),
        prefix: Some("in/".into()),
        after: Some("junk".into()),
        ..Ses::new("harbor", "berths")
    }
}

#[tokio::test]
async fn a_rule_of_our_own_as_it_is_sent() {
    let (session, log) = endpoint(None);
    let wiring = wiring(&session, &lambda_with_testing::function("inbox"), &inbox());
    let diff = wiring.diff().await.unwrap();
    assert_eq!(actions(&diff), [Action::Create; 2], "{diff}");
    assert!(diff.warnings.is_empty(), "{diff}");
    wiring.connect(|_| ()).await.unwrap();
    assert!(wiring.status().await.unwrap().is_clean());
    assert!(wiring.connect(|_| ()).await.unwrap().is_empty());
    wiring.disconnect(|_| ()).await.unwrap();
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
    expect_test::expect![[r#"
        Action=CreateReceiptRule
        RuleSetName=harbor
        After=junk
        Rule.Enabled=true
        Rule.Name=berths
        Rule.Recipients.member.1=harbor%40example.org
        Rule.Recipients.member.2=example.com
        Rule.ScanEnabled=false
        Rule.TlsPolicy=Optional
        Rule.Actions.member.1.S3Action.BucketName=harbor-mail
        Rule.Actions.member.1.S3Action.ObjectKeyPrefix=in%2F
        Rule.Actions.member.2.LambdaAction.FunctionArn=arn:aws:lambda:eu-west-1:123456789012:function:inbox
        Rule.Actions.member.2.LambdaAction.InvocationType=Event
        ---
        Action=DeleteReceiptRule
        RuleSetName=harbor
        RuleName=berths"#]].assert_eq(&written(&log).join("\n---\n"));
}

/// A rule with members nobody here has heard of.
const NEWER: &str = "<Enabled>false</Enabled><Newer><Depth>3</Depth></Newer><Name>berths</Name><Recipients><member>old@example.org</member></Recipients>\
    <Actions><member><NewerAction><To>moon</To></NewerAction></member><member><S3Action><BucketName>archive</BucketName></S3Action></member>\
    <member><BounceAction><SmtpReplyCode>550</SmtpReplyCode></BounceAction></member></Actions><ScanEnabled>false</ScanEnabled>";

#[tokio::test]
async fn what_others_wrote_goes_back_as_it_came() {
    let (session, log) = endpoint(Some(NEWER));
    let wiring = wiring(&session, &lambda_with_testing::function("inbox"), &inbox());
    let report = wiring.connect(|_| ()).await.unwrap();
    assert_eq!(
        actions(&report),
        [Action::Create, Action::Update],
        "{report}"
    );
    assert!(wiring.status().await.unwrap().is_clean());
    wiring.disconnect(|_| ()).await.unwrap();
    expect_test::expect![[r#"
        Action=UpdateReceiptRule
        RuleSetName=harbor
        Rule.Enabled=true
        Rule.Newer.Depth=3
        Rule.Name=berths
        Rule.Recipients.member.1=harbor%40example.org
        Rule.Recipients.member.2=example.com
        Rule.Actions.member.1.NewerAction.To=moon
        Rule.Actions.member.2.S3Action.BucketName=archive
        Rule.Actions.member.3.S3Action.BucketName=harbor-mail
        Rule.Actions.member.3.S3Action.ObjectKeyPrefix=in%2F
        Rule.Actions.member.4.LambdaAction.FunctionArn=arn:aws:lambda:eu-west-1:123456789012:function:inbox
        Rule.Actions.member.4.LambdaAction.InvocationType=Event
        Rule.Actions.member.5.BounceAction.SmtpReplyCode=550
        Rule.ScanEnabled=false
        ---
        Action=UpdateReceiptRule
        RuleSetName=harbor
        Rule.Enabled=true
        Rule.Newer.Depth=3
        Rule.Name=berths
        Rule.Recipients.member.1=harbor%40example.org
        Rule.Recipients.member.2=example.com
        Rule.Actions.member.1.NewerAction.To=moon
        Rule.Actions.member.2.S3Action.BucketName=archive
        Rule.Actions.member.3.BounceAction.SmtpReplyCode=550
        Rule.ScanEnabled=false"#]].assert_eq(&written(&log).join("\n---\n"));
}

#[tokio::test]
async fn a_rule_that_is_full_is_refused_before_the_write() {
    let action = "<member><AddHeaderAction><HeaderName>X</HeaderName></AddHeaderAction></member>";
    let rule = format!("<Name>berths</Name><Actions>{}</Actions>", action.repeat(9));
    let (session, log) = endpoint(Some(&rule));
    let wiring = wiring(&session, &lambda_with_testing::function("inbox"), &inbox());
    let error = wiring.connect(|_| ()).await.unwrap_err().to_string();
    assert!(
        error.contains("would have 11 actions, more than the 10"),
        "{error}"
    );
    assert!(written(&log).is_empty());
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let set = rule_set(&session).await;
    let theirs = moto::function(&session, "theirs").await;
    foreign(&session, &set, "berths", &theirs).await;
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let ses = Ses {
        existing: true,
        ..Ses::new(&set, "berths")
    };
    let connect = |function: &Function| {
        let (function, ses) = (function.clone(), ses.clone());
        move |session: &Session| wiring(session, &function, &ses)
    };
    cycle(&session, &[&connect(&one), &connect(&other)], async || {
        let rule = standing(&session, &set, "berths").await;
        let actions = rule.actions().iter().map(|action| format!("{action:?}"));
        let head = format!("{:?} {:?}", rule.recipients, rule.tls_policy);
        [head].into_iter().chain(actions).collect()
    })
    .await;
}
