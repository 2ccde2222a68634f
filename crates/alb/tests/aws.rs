//! A target group and a listener on moto, with what belongs to others beside it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::Client;
use lambda_with::Function;
use lambda_with_alb::{Alb, Rule};
use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_testing::{cycle, fake, moto, moto_endpoint, python, unique};
use serde::Deserialize;

/// Makes a load balancer whose listener has a rule already, and two target groups for functions.
const SCRIPT: &str = r#"
import boto3, json, sys
endpoint, name = sys.argv[1:]
def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="eu-west-1",
                        aws_access_key_id="test", aws_secret_access_key="test")
ec2, elb = client("ec2"), client("elbv2")
subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
balancer = elb.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
def group(word):
    made = elb.create_target_group(Name=name + word, TargetType="lambda")
    return made["TargetGroups"][0]["TargetGroupArn"]
ours, other = group("-o"), group("-x")
default = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
                               DefaultActions=[default])["Listeners"][0]["ListenerArn"]
elb.create_rule(ListenerArn=listener, Priority=5,
                Conditions=[{"Field": "path-pattern", "Values": ["/berths"]}],
                Actions=[{"Type": "forward", "TargetGroupArn": other}])
print(json.dumps({"ours": ours, "other": other, "listener": listener}))
"#;

#[derive(Deserialize)]
struct Balancer {
    ours: String,
    other: String,
    listener: String,
}

fn balancer() -> Balancer {
    let output = Command::new(python::program("python"))
        .args(["-c", SCRIPT, moto_endpoint(), &unique("tides")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn wiring(session: &Session, function: &Function, alb: &Alb) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.wait = Duration::from_secs(3);
    wiring.wire(alb).unwrap();
    wiring
}

fn actions(plan: &Plan) -> Vec<(Action, &str)> {
    let changes = plan.changes.iter();
    let words = changes.map(|change| change.what.split(" of ").next().unwrap());
    let changes = plan.changes.iter().zip(words);
    changes
        .filter(|(change, _)| {
            change.what.contains("target group") || change.what.contains("listener")
        })
        .map(|(change, word)| (change.action, word))
        .collect()
}

/// The listener's rules, each with its priority, its paths and where it leads.
async fn rules(client: &Client, listener: &str) -> Vec<String> {
    let answer = client.describe_rules().listener_arn(listener).send().await;
    let rules = answer.unwrap().rules.unwrap();
    let shown = rules.iter().map(|rule| {
        let paths = rule.conditions().iter();
        let paths = paths.flat_map(|c| match c.path_pattern_config() {
            Some(config) => config.values(),
            None => c.values(),
        });
        let paths: Vec<&str> = paths.map(String::as_str).collect();
        let group = rule
            .actions()
            .first()
            .and_then(|action| action.target_group_arn());
        let group = group.and_then(|group| group.split('/').nth(1)?.rsplit('-').next());
        let group = group.unwrap_or("-");
        format!("{} {} {group}", rule.priority().unwrap(), paths.join(","))
    });
    shown.collect()
}

async fn targets(client: &Client, group: &str) -> Vec<String> {
    let answer = client
        .describe_target_health()
        .target_group_arn(group)
        .send()
        .await;
    let targets = answer.unwrap().target_health_descriptions.unwrap();
    let ids = targets
        .iter()
        .map(|t| t.target().unwrap().id().unwrap().to_owned());
    ids.collect()
}

async fn multi_value_headers(client: &Client, group: &str) -> Option<String> {
    let request = client.describe_target_group_attributes();
    let answer = request.target_group_arn(group).send().await.unwrap();
    let mut attributes = answer.attributes().iter();
    let found = attributes.find(|a| a.key() == Some("lambda.multi_value_headers.enabled"));
    found.and_then(|a| a.value()).map(str::to_owned)
}

fn rule(priority: u32, paths: &[&str]) -> Rule {
    Rule {
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        ..Rule::new(priority)
    }
}

#[tokio::test]
async fn connect_connect_change_disconnect() {
    let session = moto::session();
    let client = Client::new(session.config());
    let function = moto::function(&session, "tides").await;
    let Balancer { ours, listener, .. } = balancer();
    let alb = Alb {
        listener: Some(listener.parse().unwrap()),
        rules: vec![rule(10, &["/tides/*", "/tides"]), Rule::new(20)],
        multi_value_headers: true,
        ..Alb::new(&ours)
    };
    let first = wiring(&session, &function, &alb);
    let all = |action| [(action, "target"), (action, "rule 10"), (action, "rule 20")];
    assert_eq!(actions(&first.diff().await.unwrap()), all(Action::Create));
    assert_eq!(targets(&client, &ours).await, [""; 0]);
    first.connect(|_| ()).await.unwrap();
    assert_eq!(targets(&client, &ours).await, [function.arn.as_str()]);
    let multi = multi_value_headers(&client, &ours).await;
    assert_eq!(multi.as_deref(), Some("true"));
    let theirs = "5 /berths x";
    assert_eq!(
        rules(&client, &listener).await,
        [theirs, "10 /tides/*,/tides o", "20 * o", "default  -"]
    );
    assert!(first.status().await.unwrap().is_clean());
    let again = first.connect(|_| ()).await.unwrap();
    assert_eq!(actions(&again), all(Action::Keep));

    let changed = Alb {
        rules: vec![rule(10, &["/tides/*"]), Rule::new(20)],
        multi_value_headers: false,
        ..alb
    };
    let second = wiring(&session, &function, &changed);
    let plan = second.connect(|_| ()).await.unwrap();
    let (updated, kept) = (Action::Update, Action::Keep);
    assert_eq!(
        actions(&plan),
        [(updated, "target"), (updated, "rule 10"), (kept, "rule 20")]
    );
    let multi = multi_value_headers(&client, &ours).await;
    assert_eq!(multi.as_deref(), Some("false"));
    assert_eq!(
        rules(&client, &listener).await,
        [theirs, "10 /tides/* o", "20 * o", "default  -"]
    );

    let plan = second.disconnect(|_| ()).await.unwrap();
    assert!(
        actions(&plan)
            .iter()
            .all(|(action, _)| *action == Action::Remove)
    );
    assert_eq!(targets(&client, &ours).await, [""; 0]);
    assert_eq!(rules(&client, &listener).await, [theirs, "default  -"]);
    assert_eq!(actions(&second.disconnect(|_| ()).await.unwrap()), []);
}

#[tokio::test]
async fn what_leads_elsewhere_is_left_alone() {
    let session = moto::session();
    let client = Client::new(session.config());
    let function = moto::function(&session, "tides").await;
    let Balancer {
        ours,
        other,
        listener,
    } = balancer();
    let taken = moto::function(&session, "berths").await;
    wiring(&session, &taken, &Alb::new(&other))
        .connect(|_| ())
        .await
        .unwrap();
    let rule_5 = Alb {
        listener: Some(listener.parse().unwrap()),
        rules: vec![rule(5, &["/berths"])],
        ..Alb::new(&ours)
    };
    for (alb, expected) in [
        (Alb::new(&other), taken.arn.as_str()),
        (rule_5, "goes to arn:aws:elasticloadbalancing"),
    ] {
        let ours = wiring(&session, &function, &alb);
        let refusal = ours.connect(|_| ()).await.unwrap_err().to_string();
        assert!(refusal.contains(expected), "{refusal}");
        assert_eq!(actions(&ours.disconnect(|_| ()).await.unwrap()), []);
    }
    assert_eq!(targets(&client, &other).await, [taken.arn.as_str()]);
    assert_eq!(targets(&client, &ours).await, [""; 0]);
    assert_eq!(
        rules(&client, &listener).await,
        ["5 /berths x", "default  -"]
    );
}

#[tokio::test]
async fn a_group_or_listener_that_is_not_there() {
    let session = moto::session();
    let function = moto::function(&session, "tides").await;
    let Balancer { ours, listener, .. } = balancer();
    let gone = Alb::new(ours.replace("-o/", "-gone/"));
    let unlistened = Alb {
        listener: Some(listener.replace("/tides", "/gone").parse().unwrap()),
        rules: vec![Rule::new(1)],
        ..Alb::new(&ours)
    };
    for alb in [gone, unlistened] {
        let wiring = wiring(&session, &function, &alb);
        let error = wiring.connect(|_| ()).await.unwrap_err();
        assert_eq!(error.kind(), lambda_with::ErrorKind::NotFound, "{error}");
        assert_eq!(actions(&wiring.disconnect(|_| ()).await.unwrap()), []);
    }
}

#[test]
fn a_group_that_is_to_be_made_is_not_set_up() {
    let (session, _) = fake::session(|_, _, _| (500, String::new()));
    let function = lambda_with_testing::function("tides");
    let mut wiring = Wiring::new(&session, function).unwrap();
    let error = wiring.wire(&Alb::new("tides")).unwrap_err();
    assert!(error.context("fix").unwrap().contains("export"), "{error}");
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let client = Client::new(session.config());
    let balancer = balancer();
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let connect = |function: &Function, group: &str, priority| {
        let alb = Alb {
            listener: Some(balancer.listener.parse().unwrap()),
            rules: vec![rule(priority, &["/tides"])],
            ..Alb::new(group)
        };
        let function = function.clone();
        move |session: &Session| wiring(session, &function, &alb)
    };
    let one = connect(&one, &balancer.ours, 10);
    let other = connect(&other, &balancer.other, 20);
    cycle(&session, &[&one, &other], async || {
        let mut all = rules(&client, &balancer.listener).await;
        all.sort();
        all.extend(targets(&client, &balancer.ours).await);
        all.extend(targets(&client, &balancer.other).await);
        all
    })
    .await;
}
