//! Actions beside those of others, in pipelines of a moto server; and to the letter against an
//! endpoint of our own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::PipelineDeclaration;
use lambda_with::{ErrorKind, Function};
use lambda_with_aws::{Action, Exchange, Plan, Session, Wiring};
use lambda_with_codepipeline::CodePipeline;
use lambda_with_testing::{ACCOUNT, cycle, fake, leaves, moto, unique};
use serde_json::{Value, json};

/// A pipeline as others made it, with members no version of the SDK knows.
fn foreign(name: &str, role: &str) -> Value {
    json!({
        "name": name,
        "roleArn": role,
        "artifactStore": {"type": "S3", "location": "harbor-artifacts", "newer": [1.50, "é"]},
        "executionMode": "QUEUED",
        "pipelineType": "V2",
        "stages": [
            {"name": "Source", "actions": [{
                "name": "Source",
                "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
                "configuration": {"S3Bucket": "harbor-source", "S3ObjectKey": "source.zip"},
                "inputArtifacts": [],
                "outputArtifacts": [{"name": "Source", "newer": true}],
                "runOrder": 1,
            }]},
            {"name": "Staging", "newer": {"retry": null}, "actions": [{
                "name": "Load",
                "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
                "configuration": {"FunctionName": "load", "UserParameters": "100"},
                "inputArtifacts": [],
                "outputArtifacts": [],
                "runOrder": 1,
            }]},
        ],
    })
}

fn client(session: &Session) -> Client {
    Client::new(session.config())
}

/// The pipeline as it stands, without the number of its version.
async fn standing(session: &Session, name: &str) -> Value {
    let exchange = Exchange::new();
    let request = client(session).get_pipeline().name(name).customize();
    request.interceptor(exchange.clone()).send().await.unwrap();
    let mut document: Value = serde_json::from_slice(&exchange.answer()).unwrap();
    document["pipeline"]
        .as_object_mut()
        .unwrap()
        .remove("version")
        .unwrap();
    document["pipeline"].take()
}

/// Makes a pipeline with a role of its own. Gives the role's ARN.
async fn pipeline(session: &Session, name: &str) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = session.iam().create_role().role_name(name);
    let role = role
        .assume_role_policy_document(trust.to_string())
        .send()
        .await;
    let role = role.unwrap().role.unwrap().arn;
    let body = json!({ "pipeline": foreign(name, &role) }).to_string();
    let declaration = PipelineDeclaration::builder().name(name).role_arn(&role);
    let declaration = declaration.set_stages(Some(Vec::new())).build().unwrap();
    let request = client(session)
        .create_pipeline()
        .pipeline(declaration)
        .customize();
    request
        .interceptor(Exchange::sending(body))
        .send()
        .await
        .unwrap();
    role
}

fn action(name: &str, role: &str, action: &str) -> CodePipeline {
    let arn = format!("arn:aws:codepipeline:eu-west-1:{ACCOUNT}:{name}");
    CodePipeline::new(
        arn.parse().unwrap(),
        "Staging",
        action,
        role.parse().unwrap(),
    )
}

fn wiring(session: &Session, function: &Function, connections: &[CodePipeline]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::from_millis(50);
    wiring.options.wait = Duration::from_secs(5);
    for connection in connections {
        wiring.wire(connection).unwrap();
    }
    wiring
}

/// What is done to actions.
fn actions(plan: &Plan) -> Vec<Action> {
    let changes = plan.changes.iter();
    let changes = changes.filter(|change| change.what.starts_with("action "));
    changes.map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_status_connect_update_disconnect_status() {
    let session = moto::session();
    let function = moto::function(&session, "smoke").await;
    let name = unique("harbor");
    let role = pipeline(&session, &name).await;
    let before = standing(&session, &name).await;

    let smoke = CodePipeline {
        user_parameters: Some(json!({"url": "https://staging.example.com"})),
        input_artifacts: vec!["Source".into()],
        namespace: Some("Smoke".into()),
        ..action(&name, &role, "Smoke")
    };
    let connections = [smoke.clone(), action(&name, &role, "Depth")];
    let wiring_of = |connections: &[CodePipeline]| wiring(&session, &function, connections);
    let both = wiring_of(&connections);
    assert_eq!(actions(&both.diff().await.unwrap()), [Action::Create; 2]);
    assert_eq!(
        standing(&session, &name).await,
        before,
        "looking writes nothing"
    );
    both.connect(|_| ()).await.unwrap();
    let status = both.status().await.unwrap();
    assert!(status.is_clean(), "{status}");

    let after = standing(&session, &name).await;
    let ours = json!({
        "name": "Smoke",
        "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
        "configuration": {"FunctionName": function.name(), "UserParameters": "{\"url\":\"https://staging.example.com\"}"},
        "inputArtifacts": [{"name": "Source"}],
        "outputArtifacts": [],
        "namespace": "Smoke",
        "region": "eu-west-1",
        "runOrder": 1,
    });
    assert_eq!(after["stages"][1]["actions"][1], ours);
    let mut without = after.clone();
    without["stages"][1]["actions"]
        .as_array_mut()
        .unwrap()
        .truncate(1);
    assert_eq!(without, before, "what others have stays as it was");
    let again = both.connect(|_| ()).await.unwrap();
    assert!(
        again.is_empty() && again.to_string().contains("no changes"),
        "{again}"
    );

    // A member of our action that somebody else set stays; one of ours is put right.
    let mut edited = after.clone();
    edited["stages"][1]["actions"][1]["timeoutInMinutes"] = json!(30);
    edited["stages"][1]["actions"][1]["runOrder"] = json!(7);
    update(&session, &name, &role, &edited).await;
    let status = both.status().await.unwrap().to_string();
    assert!(status.contains("runOrder: 7 → 1"), "{status}");
    both.connect(|_| ()).await.unwrap();
    let kept = standing(&session, &name).await;
    assert_eq!(kept["stages"][1]["actions"][1]["timeoutInMinutes"], 30);
    assert_eq!(kept["stages"][1]["actions"][1]["runOrder"], 1);

    let one = wiring_of(&[smoke]);
    let orphans = one.diff().await.unwrap().orphans;
    assert!(
        orphans.len() == 1 && orphans[0].what.contains("Staging/Depth"),
        "{orphans:?}"
    );
    assert_eq!(
        actions(&both.disconnect(|_| ()).await.unwrap()),
        [Action::Remove; 2]
    );
    assert_eq!(standing(&session, &name).await, before);
    assert!(both.disconnect(|_| ()).await.unwrap().is_empty());
    assert!(!both.status().await.unwrap().is_clean());
}

async fn update(session: &Session, name: &str, role: &str, document: &Value) {
    let declaration = PipelineDeclaration::builder().name(name).role_arn(role);
    let declaration = declaration.set_stages(Some(Vec::new())).build().unwrap();
    let body = json!({ "pipeline": document }).to_string();
    let request = client(session)
        .update_pipeline()
        .pipeline(declaration)
        .customize();
    request
        .interceptor(Exchange::sending(body))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_the_write() {
    let session = moto::session();
    let function = moto::function(&session, "smoke").await;
    let name = unique("harbor");
    let role = pipeline(&session, &name).await;
    let before = standing(&session, &name).await;
    let elsewhere = |stage: &str, action: &str| CodePipeline {
        stage: stage.into(),
        ..self::action(&name, &role, action)
    };
    for (connection, expected) in [
        (
            elsewhere("Staging", "Load"),
            "action Staging/Load of pipeline",
        ),
        (elsewhere("Source", "Source"), "is somebody else's, of S3"),
        (elsewhere("Production", "Smoke"), "has no stage Production"),
    ] {
        let wiring = wiring(&session, &function, &[connection]);
        assert_eq!(wiring.diff().await.unwrap().refusals.len(), 1);
        let error = wiring.connect(|_| ()).await.unwrap_err();
        assert!(error.message().contains(expected), "{error}");
        assert_eq!(error.context("standing"), Some("nothing was written"));
        assert!(actions(&wiring.disconnect(|_| ()).await.unwrap()).is_empty());
    }
    assert_eq!(standing(&session, &name).await, before);
}

#[tokio::test]
async fn a_missing_pipeline() {
    let session = moto::session();
    let function = moto::function(&session, "smoke").await;
    let name = unique("harbor");
    let role = pipeline(&session, &name).await;
    let nowhere = unique("nowhere");
    let wiring = wiring(&session, &function, &[action(&nowhere, &role, "Smoke")]);
    let error = wiring.connect(|_| ()).await.unwrap_err();
    let code = error.context("code");
    assert_eq!(
        (error.kind(), code),
        (ErrorKind::NotFound, Some("PipelineNotFoundException"))
    );
    assert!(
        error.to_string().contains(&nowhere) && error.context("fix").is_some(),
        "{error}"
    );
    assert!(actions(&wiring.disconnect(|_| ()).await.unwrap()).is_empty());
}

/// Connects or disconnects against an endpoint with one pipeline, one function and the policies of
/// roles. Gives the pipelines that were written: all else was asked by
/// name.
async fn alone(
    pipeline: &Value,
    update: (u16, &'static str),
    connection: CodePipeline,
    connect: bool,
) -> (Result<(), lambda_with::Error>, Vec<Value>) {
    let stored = Arc::new(Mutex::new(pipeline.clone()));
    let policies = Mutex::new(BTreeMap::<String, String>::new());
    let (session, log) = fake::session(move |method, path, body| {
        if body.starts_with("Action=") {
            return iam(body, &mut policies.lock().unwrap());
        }
        if method == "GET" {
            let role = "arn:aws:iam::123456789012:role/smoke";
            let found = if path.contains("/policy") { 404 } else { 200 };
            let configuration = json!({"Role": role, "FunctionName": "smoke"});
            return (found, configuration.to_string());
        }
        let request: Value = serde_json::from_str(body).unwrap();
        let mut stored = stored.lock().unwrap();
        match request.get("pipeline") {
            None => (
                200,
                json!({"pipeline": *stored, "metadata": {"created": 1.5}}).to_string(),
            ),
            Some(sent) if update.0 == 200 => {
                *stored = sent.clone();
                (200, json!({ "pipeline": *stored }).to_string())
            }
            Some(_) => (update.0, update.1.to_owned()),
        }
    });
    let wiring = wiring(
        &session,
        &lambda_with_testing::function("smoke"),
        &[connection],
    );
    let result = match connect {
        true => wiring.connect(|_| ()).await.map(drop),
        false => wiring.disconnect(|_| ()).await.map(drop),
    };
    let mut written = Vec::new();
    for (_, body) in fake::of(&log, "POST") {
        match serde_json::from_str::<Value>(&body) {
            Ok(Value::Object(mut asked)) => match asked.remove("pipeline") {
                Some(pipeline) if asked.is_empty() => written.push(pipeline),
                _ => assert_eq!(body, r#"{"name":"harbor"}"#),
            },
            _ => assert!(body.starts_with("Action="), "{body}"),
        }
    }
    (result, written)
}

/// Roles that exist, with their inline policies.
fn iam(body: &str, policies: &mut BTreeMap<String, String>) -> (u16, String) {
    let member = |name: &str| {
        let mut members = body.split('&').filter_map(|pair| pair.split_once('='));
        members
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    };
    let key = format!("{}/{}", member("RoleName"), member("PolicyName"));
    let answer = |operation: &str, result: String| {
        let xml = format!(
            "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
        );
        (200, xml)
    };
    let (role, policy) = (member("RoleName"), member("PolicyName"));
    match member("Action") {
        "GetRole" => {
            let arn = format!("arn:aws:iam::123456789012:role/{role}");
            let role = format!(
                "<Role><Path>/</Path><RoleName>{role}</RoleName><RoleId>A</RoleId><Arn>{arn}</Arn>\
                 <CreateDate>2026-01-01T00:00:00Z</CreateDate></Role>"
            );
            answer("GetRole", role)
        }
        "PutRolePolicy" => {
            policies.insert(key, member("PolicyDocument").to_owned());
            answer("PutRolePolicy", String::new())
        }
        "DeleteRolePolicy" if policies.remove(&key).is_some() => {
            answer("DeleteRolePolicy", String::new())
        }
        "GetRolePolicy" if policies.contains_key(&key) => {
            let document = &policies[&key];
            let named = format!("<RoleName>{role}</RoleName><PolicyName>{policy}</PolicyName>");
            let result = format!("{named}<PolicyDocument>{document}</PolicyDocument>");
            answer("GetRolePolicy", result)
        }
        _ => (
            404,
            "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>".into(),
        ),
    }
}

#[tokio::test]
async fn the_requests_to_the_letter() {
    let role = "arn:aws:iam::123456789012:role/pipelines";
    let mut stored = foreign("harbor", role);
    stored["version"] = json!(41);
    let smoke = action("harbor", role, "Smoke");
    let (result, sent) = alone(&stored, (200, ""), smoke.clone(), true).await;
    result.unwrap();
    let mut next = stored.clone();
    let ours = json!({
        "name": "Smoke",
        "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
        "configuration": {"FunctionName": "smoke"},
        "inputArtifacts": [], "outputArtifacts": [], "region": "eu-west-1", "runOrder": 1,
    });
    next["stages"][1]["actions"]
        .as_array_mut()
        .unwrap()
        .push(ours);
    assert_eq!(
        sent,
        [next.clone()],
        "as it was read, and nothing but the pipeline"
    );

    // An action as the console makes it, without what goes without saying: nothing to do.
    let mut sparse = next.clone();
    let action = sparse["stages"][1]["actions"][1].as_object_mut().unwrap();
    for member in ["inputArtifacts", "outputArtifacts", "region", "runOrder"] {
        action.remove(member);
    }
    let (result, sent) = alone(&sparse, (500, ""), smoke.clone(), true).await;
    result.unwrap();
    assert!(sent.is_empty());

    let (result, sent) = alone(&sparse, (200, ""), smoke.clone(), false).await;
    result.unwrap();
    assert_eq!(sent, [stored]);

    let mut last = next.clone();
    last["stages"][1]["actions"]
        .as_array_mut()
        .unwrap()
        .remove(0);
    let (result, sent) = alone(&last, (200, ""), smoke.clone(), false).await;
    assert!(
        result
            .unwrap_err()
            .message()
            .contains("the only action of its stage")
    );
    assert!(sent.is_empty());
}

#[tokio::test]
async fn refusals_of_codepipeline() {
    let role = "arn:aws:iam::123456789012:role/pipelines";
    let structure = r#"{"__type":"InvalidStructureException","message":"too many actions"}"#;
    let denied = r#"{"__type":"AccessDeniedException","message":"not authorized to perform: iam:PassRole on it"}"#;
    for (status, body, kind, expected) in [
        (400, structure, ErrorKind::Invalid, "too many actions"),
        (400, denied, ErrorKind::Denied, "allow iam:PassRole"),
    ] {
        let smoke = action("harbor", role, "Smoke");
        let (result, _) = alone(&foreign("harbor", role), (status, body), smoke, true).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let name = unique("harbor");
    let role = pipeline(&session, &name).await;
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let connect = |function: &Function, word: &str| {
        let (function, connection) = (function.clone(), action(&name, &role, word));
        move |session: &Session| wiring(session, &function, std::slice::from_ref(&connection))
    };
    let (one, other) = (connect(&one, "Smoke"), connect(&other, "Load_2"));
    cycle(&session, &[&one, &other], async || {
        leaves(&standing(&session, &name).await)
    })
    .await;
}
