//! Routes of an API that exists, beside those of others, against a moto server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use aws_sdk_apigatewayv2::Client;
use aws_sdk_apigatewayv2::types::{IntegrationType, ProtocolType};
use lambda_with::policy::Policy;
use lambda_with::{Function, Integration, Permission, Statement};
use lambda_with_api_gateway::{HttpApi, RestApi, WebSocketApi};
use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_testing::{cycle, fake, moto};

/// An API with a route of somebody else.
async fn api(client: &Client) -> String {
    let request = client
        .create_api()
        .name("shop")
        .protocol_type(ProtocolType::Http);
    let api = request.send().await.unwrap().api_id.unwrap();
    client
        .create_stage()
        .api_id(&api)
        .stage_name("$default")
        .auto_deploy(true)
        .send()
        .await
        .unwrap();
    let request = client
        .create_integration()
        .api_id(&api)
        .integration_type(IntegrationType::HttpProxy);
    let request = request
        .integration_uri("https://example.com")
        .integration_method("GET");
    let theirs = request.send().await.unwrap().integration_id.unwrap();
    let request = client.create_route().api_id(&api).route_key("GET /theirs");
    request
        .target(format!("integrations/{theirs}"))
        .send()
        .await
        .unwrap();
    api
}

/// Every route and integration, as it stands.
async fn all(client: &Client, api: &str) -> String {
    let routes = client.get_routes().api_id(api).send().await.unwrap();
    let integrations = client.get_integrations().api_id(api).send().await.unwrap();
    format!("{:#?} {:#?}", routes.items(), integrations.items())
}

fn routes(api: &str, keys: &[&str]) -> HttpApi {
    HttpApi {
        api_id: Some(api.into()),
        routes: keys.iter().map(ToString::to_string).collect(),
        ..HttpApi::default()
    }
}

fn wiring(session: &Session, function: &Function, connection: &HttpApi) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.wire(connection).unwrap();
    wiring
}

fn actions(plan: &Plan) -> Vec<Action> {
    let changes = plan
        .changes
        .iter()
        .filter(|change| change.what.contains("of API"));
    changes.map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_change_disconnect() {
    let session = moto::session();
    let client = Client::new(session.config());
    let function = moto::function(&session, "shop").await;
    let api = api(&client).await;
    let before = all(&client, &api).await;

    let first = wiring(
        &session,
        &function,
        &routes(&api, &["GET /orders/{id}", "POST /orders"]),
    );
    assert_eq!(actions(&first.diff().await.unwrap()), [Action::Create; 3]);
    assert_eq!(all(&client, &api).await, before);
    first.connect(|_| ()).await.unwrap();
    let status = first.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    assert!(first.connect(|_| ()).await.unwrap().is_empty());

    let guarded = HttpApi {
        authorizer: Some("AWS_IAM".into()),
        timeout_in_millis: 5000,
        ..routes(&api, &["GET /orders/{id}"])
    };
    let second = wiring(&session, &function, &guarded);
    let plan = second.diff().await.unwrap();
    assert_eq!(actions(&plan), [Action::Update, Action::Update], "{plan}");
    assert!(
        plan.orphans
            .iter()
            .any(|orphan| orphan.what.contains("POST /orders")),
        "{plan}"
    );
    second.connect(|_| ()).await.unwrap();
    let mut pruning = wiring(&session, &function, &guarded);
    pruning.options.prune = true;
    pruning.connect(|_| ()).await.unwrap();
    let status = second.status().await.unwrap();
    assert!(status.is_clean(), "{status}");

    assert_eq!(
        actions(&second.disconnect(|_| ()).await.unwrap()),
        [Action::Remove; 2]
    );
    assert_eq!(all(&client, &api).await, before);
    assert!(second.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn refusals() {
    let session = moto::session();
    let client = Client::new(session.config());
    let function = moto::function(&session, "refused").await;
    let api = api(&client).await;
    let before = all(&client, &api).await;
    for (connection, expected) in [
        (routes(&api, &["GET /theirs"]), "somebody else's"),
        (routes("a1b2c3d4e5", &["GET /"]), "API a1b2c3d4e5"),
    ] {
        let error = wiring(&session, &function, &connection)
            .connect(|_| ())
            .await
            .unwrap_err();
        assert!(error.message().contains(expected), "{error}");
    }
    assert_eq!(all(&client, &api).await, before);

    let mut wiring = Wiring::new(&session, function.clone()).unwrap();
    for error in [
        wiring.wire(&HttpApi::default()),
        wiring.add(&RestApi::default()),
    ] {
        let error = error.unwrap_err();
        assert!(error.to_string().contains("export"), "{error}");
    }
    let existing = RestApi {
        api_id: Some("a1b2c3d4e5".into()),
        ..RestApi::default()
    };
    wiring.add(&existing).unwrap();
    wiring.connect(|_| ()).await.unwrap();
    let status = wiring.status().await.unwrap();
    assert!(status.is_clean() && status.things.len() == 1, "{status}");
}

#[tokio::test]
async fn an_authorizer_is_found_by_its_name() {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop";
    let function = Function::new(arn.parse().unwrap()).unwrap();
    let connection = routes("a1b2c3d4e5", &["GET /orders/{id}"]);
    let statements = granted(connection.permissions(&function), arn);
    let (session, log) = fake::session(move |method, path, body| match (method, path) {
        ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
        ("GET", path) if path.ends_with("/authorizers") => {
            let staff = r#"{"authorizerId":"x7y8z9","authorizerType":"JWT","name":"staff"}"#;
            (200, format!(r#"{{"items":[{staff}]}}"#))
        }
        ("GET", path) if path.contains("/stages/") => (200, r#"{"autoDeploy":false}"#.into()),
        ("GET", path) if path.contains("/apis/") => (200, r#"{"items":[]}"#.into()),
        ("POST", path) if path.ends_with("/integrations") => {
            (201, body.replacen('{', r#"{"integrationId":"i1","#, 1))
        }
        ("POST", path) if path.ends_with("/routes") => (201, "{}".into()),
        ("GET", path) if path.contains("/policy") => (200, statements.clone()),
        _ => (
            404,
            r#"{"__type":"ResourceNotFoundException","Message":"none"}"#.into(),
        ),
    });
    let guarded = |name: &str| HttpApi {
        authorizer: Some(name.into()),
        ..routes("a1b2c3d4e5", &["GET /orders/{id}"])
    };
    let mut known = Wiring::new(&session, function.clone()).unwrap();
    known.wire(&guarded("staff")).unwrap();
    let plan = known.diff().await.unwrap();
    assert!(
        plan.warnings[0].contains("does not deploy by itself"),
        "{plan}"
    );
    known.options.wait = std::time::Duration::ZERO;
    known.connect(|_| ()).await.unwrap_err();
    let posts = fake::of(&log, "POST");
    let posts: Vec<_> = posts
        .into_iter()
        .filter(|(path, _)| path.starts_with("/v2"))
        .collect();
    assert_eq!(posts[0].0, "/v2/apis/a1b2c3d4e5/integrations");
    let route: serde_json::Value = serde_json::from_str(&posts[1].1).unwrap();
    let expected = serde_json::json!({
        "authorizationType": "JWT",
        "authorizerId": "x7y8z9",
        "routeKey": "GET /orders/{id}",
        "target": "integrations/i1",
    });
    assert_eq!(
        (posts[1].0.as_str(), route),
        ("/v2/apis/a1b2c3d4e5/routes", expected)
    );

    let mut unknown = Wiring::new(&session, function).unwrap();
    unknown.wire(&guarded("nobody")).unwrap();
    let error = unknown.connect(|_| ()).await.unwrap_err();
    assert!(
        error.message().contains("no authorizer `nobody`"),
        "{error}"
    );
}

/// A policy in which the connection's statement stands already.
fn granted(permissions: Vec<Permission>, arn: &str) -> String {
    let statements: Vec<Statement> = permissions
        .into_iter()
        .filter_map(|permission| match permission {
            Permission::ResourceBased(statement) => Some(statement),
            _ => None,
        })
        .collect();
    let policy = Policy::of_function(&arn.parse().unwrap(), &statements).to_json();
    serde_json::json!({ "Policy": policy, "RevisionId": "1" }).to_string()
}

#[tokio::test]
async fn a_web_socket_api_beside_routes_of_others() {
    let session = moto::session();
    let client = Client::new(session.config());
    let function = moto::function(&session, "chat").await;
    let request = client
        .create_api()
        .name("chat")
        .protocol_type(ProtocolType::Websocket)
        .route_selection_expression("$request.body.action");
    let api = request.send().await.unwrap().api_id.unwrap();
    let request = client.create_route().api_id(&api).route_key("theirs");
    request.send().await.unwrap();
    let before = all(&client, &api).await;

    let chat = WebSocketApi {
        api_id: Some(api.clone()),
        ..toml::from_str(r#"routes = ["$connect", "$default", "send"]"#).unwrap()
    };
    let mut ours = Wiring::new(&session, function.clone()).unwrap();
    ours.wire(&chat).unwrap();
    let plan = ours.diff().await.unwrap();
    assert_eq!(actions(&plan), [Action::Create; 4], "{plan}");
    assert_eq!(all(&client, &api).await, before);
    ours.connect(|_| ()).await.unwrap();
    let routes = client.get_routes().api_id(&api).send().await.unwrap();
    let mut keys: Vec<&str> = routes
        .items()
        .iter()
        .filter_map(|route| route.route_key())
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, ["$connect", "$default", "send", "theirs"]);
    let status = ours.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    ours.disconnect(|_| ()).await.unwrap();
    assert_eq!(all(&client, &api).await, before);
}

#[tokio::test]
async fn a_route_becomes_two_way_and_one_way_again() {
    // What stands: whether the route says that it is two-way, and whether it has a response.
    let state = Arc::new(Mutex::new((false, false)));
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:chat";
    let function = Function::new(arn.parse().unwrap()).unwrap();
    let chat = |two_way: &[&str]| WebSocketApi {
        api_id: Some("w9x8y7z6v5".into()),
        routes: vec!["send".into()],
        two_way: two_way.iter().map(ToString::to_string).collect(),
        ..WebSocketApi::default()
    };
    let statements = granted(chat(&[]).permissions(&function), arn);
    let uri =
        format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}/invocations");
    let integration = format!(
        r#"{{"items":[{{"integrationId":"i1","description":"lambda-with for {arn}","integrationUri":"{uri}","timeoutInMillis":29000}}]}}"#
    );
    let stands = state.clone();
    let (session, log) = fake::session(move |method, path, body| {
        let mut state = stands.lock().unwrap();
        match (method, path) {
            ("GET", path) if path.ends_with("/routes") => {
                let expression = match state.0 {
                    true => r#","routeResponseSelectionExpression":"$default""#,
                    false => "",
                };
                let route = format!(
                    r#"{{"items":[{{"routeId":"r1","routeKey":"send","target":"integrations/i1"{expression}}}]}}"#
                );
                (200, route)
            }
            ("GET", path) if path.ends_with("/integrations") => (200, integration.clone()),
            ("GET", path) if path.ends_with("/routeresponses") => {
                let response = r#"{"routeResponseId":"p1","routeResponseKey":"$default"}"#;
                let response = if state.1 { response } else { "" };
                (200, format!(r#"{{"items":[{response}]}}"#))
            }
            ("GET", path) if path.contains("/stages/") => (200, r#"{"autoDeploy":true}"#.into()),
            ("PATCH", _) => {
                state.0 |= body.contains("$default");
                (200, "{}".into())
            }
            ("POST", path) if path.ends_with("/routeresponses") => {
                state.1 = true;
                (201, "{}".into())
            }
            ("DELETE", _) => {
                state.1 = false;
                (204, String::new())
            }
            ("GET", path) if path.contains("/policy") => (200, statements.clone()),
            ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
            _ => (
                404,
                r#"{"__type":"ResourceNotFoundException","Message":"none"}"#.into(),
            ),
        }
    });
    for (two_way, standing, last) in [
        (&["send"][..], (true, true), "POST"),
        (&[], (true, false), "DELETE"),
        (&["send"], (true, true), "POST"),
    ] {
        let mut wiring = Wiring::new(&session, function.clone()).unwrap();
        wiring.wire(&chat(two_way)).unwrap();
        let plan = wiring.connect(|_| ()).await.unwrap();
        assert!(plan.to_string().contains("TwoWay"), "{plan}");
        assert_eq!(*state.lock().unwrap(), standing);
        let (_, path, _) = {
            let log = log.lock().unwrap();
            log.iter()
                .rfind(|(method, ..)| method == last)
                .cloned()
                .unwrap()
        };
        let place = "/v2/apis/w9x8y7z6v5/routes/r1/routeresponses";
        assert!(path.starts_with(place), "{path}");
        assert!(wiring.connect(|_| ()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let client = Client::new(session.config());
    let api = api(&client).await;
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let connect = |function: &Function, key| {
        let (function, connection) = (function.clone(), routes(&api, &[key]));
        move |session: &Session| wiring(session, &function, &connection)
    };
    let (one, other) = (connect(&one, "GET /one"), connect(&other, "GET /other"));
    cycle(&session, &[&one, &other], async || {
        let routes = client.get_routes().api_id(&api).send().await.unwrap();
        let integrations = client.get_integrations().api_id(&api).send().await;
        let routes = routes.items().iter().map(|route| format!("{route:?}"));
        let integrations = integrations.unwrap();
        let integrations = integrations.items().iter().map(|it| format!("{it:?}"));
        routes.chain(integrations).collect()
    })
    .await;
}
