//! Methods of a REST API that exists, beside those of others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::IntegrationType;
use expect_test::{Expect, expect};
use lambda_with::Function;
use lambda_with_api_gateway::RestApi;
use lambda_with_aws::{Session, Wiring};
use lambda_with_testing::{cycle, fake, moto};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:shop";

fn methods(api: &str, routes: &[&str]) -> RestApi {
    RestApi {
        api_id: Some(api.into()),
        routes: routes.iter().map(ToString::to_string).collect(),
        ..RestApi::default()
    }
}

fn wiring(session: &Session, function: &Function, connections: &[&RestApi]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    for connection in connections {
        wiring.wire(*connection).unwrap();
    }
    wiring
}

/// A deployed API with a method of somebody else.
async fn api(client: &Client) -> String {
    let api = client.create_rest_api().name("shop").send().await.unwrap();
    let (api, root) = (api.id.unwrap(), api.root_resource_id.unwrap());
    let request = client.create_resource().rest_api_id(&api).parent_id(root);
    let theirs = request
        .path_part("theirs")
        .send()
        .await
        .unwrap()
        .id
        .unwrap();
    let request = client.put_method().rest_api_id(&api).resource_id(&theirs);
    let request = request.http_method("GET").authorization_type("NONE");
    request.send().await.unwrap();
    let request = client.put_integration().rest_api_id(&api);
    let request = request
        .resource_id(&theirs)
        .http_method("GET")
        .r#type(IntegrationType::HttpProxy)
        .integration_http_method("GET")
        .uri("https://example.com");
    request.send().await.unwrap();
    let request = client.create_deployment().rest_api_id(&api);
    request.stage_name("prod").send().await.unwrap();
    api
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let client = Client::new(session.config());
    let api = api(&client).await;
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let connect = |function: &Function, routes: &[&str]| {
        let (function, connection) = (function.clone(), methods(&api, routes));
        move |session: &Session| wiring(session, &function, &[&connection])
    };
    let one = connect(&one, &["GET /orders/{id}"]);
    let other = connect(&other, &["POST /theirs"]);
    cycle(&session, &[&one, &other], async || {
        let request = client.get_resources().rest_api_id(&api);
        let answer = request.embed("methods").send().await.unwrap();
        let mut all = Vec::new();
        for resource in answer.items() {
            let (id, path) = (resource.id().unwrap(), resource.path().unwrap());
            all.push(format!("{id} {path}"));
            let methods = resource.resource_methods().into_iter().flatten();
            all.extend(methods.map(|(verb, method)| format!("{id} {verb} {method:?}")));
        }
        all.sort_unstable();
        all
    })
    .await;
}

/// An API with one method, which runs our function; `served` is what was deployed.
fn standing(served: Option<Value>, theirs: Value) -> (Session, fake::Log) {
    let lambda = fake::Lambda::new(ARN);
    let uri =
        format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{ARN}/invocations");
    let get = json!({
        "authorizationType": "NONE", "httpMethod": "GET",
        "methodIntegration": {
            "cacheNamespace": "theirs", "httpMethod": "POST", "timeoutInMillis": 29_000,
            "type": "AWS_PROXY", "uri": uri,
        },
    });
    let mut methods = theirs;
    methods["GET"] = get;
    let answer = move |method: &str, path: &str| match (method, path) {
        ("GET", path) if path.contains("/resources") => {
            let tree = json!({ "item": [
                { "id": "r0", "path": "/" },
                { "id": "r1", "path": "/orders", "resourceMethods": methods },
            ] });
            (200, tree.to_string())
        }
        ("GET", path) if path.contains("/authorizers") => {
            let staff = json!({ "id": "a1", "name": "staff", "type": "COGNITO_USER_POOLS" });
            (200, json!({ "item": [staff] }).to_string())
        }
        ("GET", path) if path.contains("/stages/") && served.is_some() => {
            (200, json!({ "deploymentId": "d1" }).to_string())
        }
        ("GET", path) if path.contains("/deployments/") => {
            (200, json!({ "apiSummary": served }).to_string())
        }
        ("GET", _) => (
            404,
            r#"{"__type":"ResourceNotFoundException","message":"none"}"#.into(),
        ),
        ("POST", path) if path.ends_with("/resources/r1") => (201, r#"{"id":"r2"}"#.into()),
        _ => (200, "{}".into()),
    };
    fake::session(move |method, path, body| {
        let of_lambda = lambda.answer(method, path, body);
        of_lambda.unwrap_or_else(|| answer(method, path))
    })
}

/// The method of somebody else's.
fn theirs() -> Value {
    json!({ "PUT": { "methodIntegration": { "type": "MOCK" } } })
}

fn shop() -> Function {
    Function::new(ARN.parse().unwrap()).unwrap()
}

/// What a plan says of the API.
fn said(plan: &lambda_with_aws::Plan) -> String {
    let lines = plan.to_string();
    let lines = lines.lines().filter(|line| !line.starts_with("  policy"));
    let mut text = String::new();
    for line in lines.filter(|line| !line.contains("statement") && !line.starts_with("      ")) {
        text.push_str(line.trim_start());
        text.push('\n');
    }
    text
}

async fn check(served: Option<Value>, connection: &RestApi, expected: Expect) {
    let (session, log) = standing(served, theirs());
    let plan = wiring(&session, &shop(), &[connection]).diff().await;
    expected.assert_eq(&said(&plan.unwrap()));
    let log = log.lock().unwrap();
    assert!(log.iter().all(|(method, ..)| method == "GET"), "{log:?}");
}

#[tokio::test]
async fn what_would_be_done() {
    let deployed = || Some(json!({ "/orders": { "GET": { "authorizationType": "NONE" } } }));
    let orders = methods("a1b2c3", &["GET /orders"]);
    check(
        deployed(),
        &orders,
        expect![[r#"
        shop:
    "#]],
    )
    .await;
    // Written, but cut off before it was deployed.
    check(
        Some(json!({})),
        &orders,
        expect![[r#"
            shop:
            ~ deployment of API a1b2c3 to stage prod
        "#]],
    )
    .await;
    check(
        None,
        &orders,
        expect![[r#"
            shop:
            warning: API a1b2c3 has no stage prod
        "#]],
    )
    .await;
    let more = methods("a1b2c3", &["GET /orders/{id}", "PUT /orders"]);
    check(
        deployed(),
        &more,
        expect![[r#"
            shop:
            + method GET /orders/{id} of API a1b2c3
            ~ deployment of API a1b2c3 to stage prod
            refused: method PUT /orders of API a1b2c3 is somebody else's: it leads to MOCK
            orphan: method GET /orders of API a1b2c3, not in this definition, runs this function
        "#]],
    )
    .await;
    let nobody = RestApi {
        authorizer: Some("nobody".into()),
        ..orders
    };
    check(
        deployed(),
        &nobody,
        expect![[r#"
            shop:
            refused: API a1b2c3 has no authorizer `nobody`: create it first
        "#]],
    )
    .await;
}

#[tokio::test]
async fn only_what_differs_is_written_and_then_deployed() {
    let deployed = json!({ "/orders": { "GET": { "authorizationType": "NONE" } } });
    let (session, log) = standing(Some(deployed), theirs());
    let guarded = RestApi {
        authorizer: Some("staff".into()),
        timeout_in_millis: 5000,
        ..methods("a1b2c3", &["GET /orders"])
    };
    let new = methods("a1b2c3", &["POST /orders/{id}"]);
    let mut ours = wiring(&session, &shop(), &[&guarded, &new]);
    ours.options.wait = Duration::ZERO;
    // The endpoint does not keep what it is told.
    ours.connect(|_| ()).await.unwrap_err();
    let log = log.lock().unwrap();
    let api = log
        .iter()
        .filter(|(method, path, _)| method != "GET" && path.starts_with("/restapis/a1b2c3"));
    let mut text = String::new();
    for (method, path, body) in api {
        let path = path.trim_start_matches("/restapis/a1b2c3");
        text.push_str(&format!("{method} {path} {body}\n"));
    }
    expect![[r#"
        PATCH /resources/r1/methods/GET {"patchOperations":[{"op":"replace","path":"/authorizationType","value":"COGNITO_USER_POOLS"},{"op":"replace","path":"/authorizerId","value":"a1"}]}
        PATCH /resources/r1/methods/GET/integration {"patchOperations":[{"op":"replace","path":"/timeoutInMillis","value":"5000"}]}
        POST /resources/r1 {"pathPart":"{id}"}
        PUT /resources/r2/methods/POST {"authorizationType":"NONE"}
        PUT /resources/r2/methods/POST/integration {"httpMethod":"POST","timeoutInMillis":29000,"type":"AWS_PROXY","uri":"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:shop/invocations"}
        POST /deployments {"stageName":"prod"}
    "#]].assert_eq(&text);
}

#[tokio::test]
async fn what_is_left_is_deployed_where_there_is_something() {
    let deployed = Some(json!({ "/orders": { "GET": {} } }));
    let orders = methods("a1b2c3", &["GET /orders"]);
    for (theirs, expected) in [
        (
            theirs(),
            expect![[r#"
        shop:
        - method GET /orders of API a1b2c3
        ~ deployment of API a1b2c3 to stage prod
    "#]],
        ),
        (
            json!({}),
            expect![[r#"
        shop:
        - method GET /orders of API a1b2c3
        - resource /orders of API a1b2c3
        warning: API a1b2c3 has no method left, which cannot be deployed: its stage prod goes on serving what was deployed, without permission to run the function
    "#]],
        ),
    ] {
        let (session, _) = standing(deployed.clone(), theirs);
        let ours = wiring(&session, &shop(), &[&orders]);
        expected.assert_eq(&said(&ours.diff_disconnect().await.unwrap()));
    }
}
