//! Settings of the function that are no connection's: its URL, retries and destinations, loops.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_lambda::types::FunctionUrlAuthType;
use expect_test::expect;
use lambda_with::{Function, Resource};
use lambda_with_aws::{Action, Session, Wiring};
use lambda_with_testing::{cycle, fake, moto};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
const ADDRESS: &str = "https://a1b2c3.lambda-url.eu-west-1.on.aws/";

fn resource(kind: &'static str, properties: Value) -> Resource {
    Resource::new("It", kind, properties)
}

fn url(properties: Value) -> Resource {
    resource("AWS::Lambda::Url", properties)
}

fn asynchronous(properties: Value) -> Resource {
    resource("AWS::Lambda::EventInvokeConfig", properties)
}

fn wired(session: &Session, function: &Function, settings: &[Resource]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::from_millis(20);
    for setting in settings {
        wiring.setting(setting).unwrap();
    }
    wiring
}

/// Lambda with one function, for what moto serves in part: URLs whose mode changes, conditions of
/// statements, aliases, configurations that hold more than ours, loops.
#[derive(Default)]
struct Account {
    configuration: Value,
    url: Option<Value>,
    asynchronous: Option<Value>,
    recursion: Option<String>,
    statements: Vec<Value>,
}

impl Account {
    fn answer(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        let missing = || json!({ "__type": "ResourceNotFoundException", "Message": "none" });
        let answer = match (method, path.rsplit('/').next().unwrap_or_default()) {
            ("GET", "configuration") => Some(self.configuration.clone()),
            ("GET", "concurrency") => Some(json!({})),
            ("GET", "event-source-mappings") => Some(json!({ "EventSourceMappings": [] })),
            ("GET", "url") => self.url.clone(),
            ("POST", "url") => {
                let mut made = asked;
                made["FunctionUrl"] = json!(ADDRESS);
                Some(self.url.insert(small(made)).clone())
            }
            ("PUT", "url") => self.url.as_mut().map(|standing| {
                for (member, value) in asked.as_object().unwrap() {
                    standing[member] = value.clone();
                }
                *standing = small(standing.take());
                standing.clone()
            }),
            ("DELETE", "url") => self.url.take().map(|_| json!({})),
            ("GET", "event-invoke-config") => self.asynchronous.clone().map(|mut config| {
                config["FunctionArn"] = json!(format!("{ARN}:$LATEST"));
                config["LastModified"] = json!(1_573_686_021.479);
                config
            }),
            ("PUT", "event-invoke-config") => Some(self.asynchronous.insert(asked).clone()),
            ("DELETE", "event-invoke-config") => self.asynchronous.take().map(|_| json!({})),
            ("GET", "recursion-config") => Some(json!({
                "RecursiveLoop": self.recursion.as_deref().unwrap_or("Terminate"),
            })),
            ("PUT", "recursion-config") => {
                self.recursion = asked["RecursiveLoop"].as_str().map(str::to_owned);
                Some(asked)
            }
            ("GET", "policy") => (!self.statements.is_empty()).then(|| {
                let policy = json!({ "Version": "2012-10-17", "Statement": self.statements });
                json!({ "Policy": policy.to_string(), "RevisionId": "1" })
            }),
            ("POST", "policy") => {
                self.statements.push(statement(&asked));
                Some(json!({}))
            }
            ("DELETE", sid) => {
                self.statements.retain(|statement| statement["Sid"] != sid);
                Some(json!({}))
            }
            _ => None,
        };
        match answer {
            Some(answer) => (200, answer.to_string()),
            None => (404, missing().to_string()),
        }
    }
}

/// Lambda shows headers in small letters.
fn small(mut url: Value) -> Value {
    for member in ["AllowHeaders", "ExposeHeaders"] {
        if let Some(headers) = url.pointer_mut(&format!("/Cors/{member}")) {
            let text = headers.to_string().to_lowercase();
            *headers = serde_json::from_str(&text).unwrap();
        }
    }
    url
}

/// The statements as the guide's page on the auth type `NONE` shows them.
fn statement(asked: &Value) -> Value {
    let condition = match asked.get("FunctionUrlAuthType") {
        Some(kind) => json!({ "StringEquals": { "lambda:FunctionUrlAuthType": kind } }),
        None => json!({ "Bool": { "lambda:InvokedViaFunctionUrl": "true" } }),
    };
    json!({
        "Sid": asked["StatementId"], "Effect": "Allow", "Principal": asked["Principal"],
        "Action": asked["Action"], "Resource": ARN, "Condition": condition,
    })
}

fn account() -> (Arc<Mutex<Account>>, Session, fake::Log) {
    let account = Arc::new(Mutex::new(Account {
        configuration: json!({}),
        ..Account::default()
    }));
    let at = Arc::clone(&account);
    let (session, log) =
        fake::session(move |method, path, body| at.lock().unwrap().answer(method, path, body));
    (account, session, log)
}

fn orders() -> Function {
    Function::new(ARN.parse().unwrap()).unwrap()
}

/// What was written: method, end of the path, body.
fn written(log: &fake::Log) -> Vec<(String, String, Value)> {
    let log = log.lock().unwrap();
    let writes = log.iter().filter(|(method, _, _)| method != "GET");
    writes
        .map(|(method, path, body)| {
            let path = path.split_once("orders").unwrap().1.to_owned();
            let body = serde_json::from_str(body).unwrap_or_default();
            (method.clone(), path, body)
        })
        .collect()
}

#[tokio::test]
async fn a_url_from_first_to_last() {
    let session = moto::session();
    let function = moto::function(&session, "address").await;
    let lambda = session.lambda();
    let request = lambda.add_permission().function_name(function.name());
    let request = request
        .statement_id("theirs")
        .action("lambda:InvokeFunction");
    request
        .principal("events.amazonaws.com")
        .send()
        .await
        .unwrap();
    let cors = json!({ "AllowOrigins": ["https://app.example.com"], "MaxAge": 600 });
    let signed = url(json!({
        "AuthType": "AWS_IAM", "Cors": cors, "InvokeMode": "RESPONSE_STREAM",
    }));
    let standing = async || {
        let policy = lambda.get_policy().function_name(function.name()).send();
        let url = lambda
            .get_function_url_config()
            .function_name(function.name());
        let url = url.send().await.ok().map(|url| {
            let mode = url.invoke_mode();
            format!("{:?} {mode:?} {:?}", url.auth_type(), url.cors())
        });
        let policy = policy.await.unwrap().policy;
        policy.into_iter().chain(url).collect()
    };
    let made = |session: &Session| wired(session, &function, std::slice::from_ref(&signed));
    cycle(&session, &[&made], standing).await;

    // One that somebody made is taken over: a function has one URL at most.
    let request = lambda
        .create_function_url_config()
        .function_name(function.name());
    let request = request.auth_type(FunctionUrlAuthType::None).send();
    let address = request.await.unwrap().function_url;
    let plan = wired(
        &session,
        &function,
        &[url(json!({ "AuthType": "AWS_IAM" }))],
    );
    let plan = plan.connect(|_| ()).await.unwrap();
    assert_eq!(plan.changes[0].action, Action::Update, "{plan}");
    assert_eq!(plan.changes[0].note.as_deref(), Some(&*address), "{plan}");
}

#[tokio::test]
async fn a_url_for_everybody_and_for_some() {
    let (account, session, log) = account();
    let theirs = json!({
        "Sid": "theirs", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl",
        "Resource": ARN,
    });
    account.lock().unwrap().statements.push(theirs.clone());
    let public = url(json!({
        "AuthType": "NONE",
        "Cors": { "AllowHeaders": ["Content-Type", "X-Order"], "AllowOrigins": ["*"] },
        "InvokeMode": "BUFFERED",
    }));
    let ours = wired(&session, &orders(), &[public]);
    ours.connect(|_| ()).await.unwrap();
    let invoke_url = json!({
        "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE", "Principal": "*",
        "RevisionId": "1", "StatementId": "FunctionURLAllowPublicAccess",
    });
    let invoke = json!({
        "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": true, "Principal": "*",
        "RevisionId": "1", "StatementId": "FunctionURLInvokeAllowPublicAccess",
    });
    let made = json!({
        "AuthType": "NONE",
        "Cors": { "AllowHeaders": ["Content-Type", "X-Order"], "AllowOrigins": ["*"] },
        "InvokeMode": "BUFFERED",
    });
    let post = |path: &str, body| ("POST".to_owned(), path.to_owned(), body);
    let expected = [
        post("/policy", invoke_url),
        post("/policy", invoke),
        post("/url", made),
    ];
    assert_eq!(written(&log), expected);
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    expect![[r#"
        orders:
          connected statement FunctionURLAllowPublicAccess in the policy of orders
          connected statement FunctionURLInvokeAllowPublicAccess in the policy of orders
          connected URL of orders (https://a1b2c3.lambda-url.eu-west-1.on.aws/)
          policy: 672 of 20480 bytes
    "#]]
    .assert_eq(&ours.status().await.unwrap().to_string());

    // For those who sign: the statements for everybody are left over, and named.
    let signed = url(json!({ "AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM" }));
    let mut signed = wired(&session, &orders(), &[signed]);
    log.lock().unwrap().clear();
    let plan = signed.connect(|_| ()).await.unwrap();
    let change = json!({ "AuthType": "AWS_IAM", "Cors": {}, "InvokeMode": "RESPONSE_STREAM" });
    assert_eq!(written(&log), [("PUT".into(), "/url".into(), change)]);
    let orphans: Vec<&str> = plan.orphans.iter().map(|orphan| &*orphan.what).collect();
    assert!(
        orphans.len() == 2 && orphans[0].starts_with("statement FunctionURLAllowPublicAccess"),
        "{plan}"
    );
    signed.options.prune = true;
    signed.connect(|_| ()).await.unwrap();
    assert!(signed.status().await.unwrap().is_clean());
    assert_eq!(
        account.lock().unwrap().statements,
        std::slice::from_ref(&theirs)
    );

    ours.connect(|_| ()).await.unwrap();
    let plan = ours.diff_disconnect().await.unwrap();
    assert!(plan.warnings[0].contains(ADDRESS), "{plan}");
    ours.disconnect(|_| ()).await.unwrap();
    let account = account.lock().unwrap();
    assert_eq!((&account.url, &*account.statements), (&None, &[theirs][..]));
}

#[tokio::test]
async fn an_alias_has_a_url_and_settings_of_its_own() {
    let (_, session, log) = account();
    let live = Function::new(format!("{ARN}:live").parse().unwrap()).unwrap();
    let settings = [
        url(json!({ "AuthType": "AWS_IAM", "InvokeMode": "BUFFERED" })),
        asynchronous(json!({ "MaximumRetryAttempts": 0 })),
        resource("AWS::Lambda::Function", json!({ "RecursiveLoop": "Allow" })),
    ];
    let ours = wired(&session, &live, &settings);
    ours.connect(|_| ()).await.unwrap();
    assert!(ours.status().await.unwrap().is_clean());
    ours.disconnect(|_| ()).await.unwrap();
    let paths: Vec<String> = written(&log)
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    // Loops are the whole function's.
    expect![[r#"
        PUT /event-invoke-config?Qualifier=live
        PUT /recursion-config
        POST /url?Qualifier=live
        DELETE /url?Qualifier=live
        PUT /recursion-config
        DELETE /event-invoke-config?Qualifier=live"#]]
    .assert_eq(&paths.join("\n"));
}

#[tokio::test]
async fn retries_and_destinations_from_first_to_last() {
    let session = moto::session();
    let function = moto::function(&session, "retried").await;
    let setting = asynchronous(json!({
        "DestinationConfig": {
            "OnFailure": { "Destination": "arn:aws:sqs:eu-west-1:123456789012:failed" },
        },
        "FunctionName": "any", "MaximumRetryAttempts": 1, "Qualifier": "$LATEST",
    }));
    let made = |session: &Session| wired(session, &function, std::slice::from_ref(&setting));
    cycle(&session, &[&made], async || {
        let request = session.lambda().get_function_event_invoke_config();
        let answer = request.function_name(function.name()).send().await;
        let told = answer.ok().map(|it| {
            let attempts = it.maximum_retry_attempts();
            format!("{attempts:?} {:?}", it.destination_config())
        });
        told.into_iter().collect()
    })
    .await;
}

#[tokio::test]
async fn settings_of_others_stay_beside_ours() {
    let (account, session, log) = account();
    let theirs = json!({
        "DestinationConfig": {
            "OnFailure": {},
            "OnSuccess": { "Destination": "arn:aws:sns:eu-west-1:123456789012:done" },
        },
        "MaximumEventAgeInSeconds": 3600, "NewerThanThis": [1],
    });
    account.lock().unwrap().asynchronous = Some(theirs.clone());
    let failed = json!({ "Destination": "arn:aws:sqs:eu-west-1:123456789012:failed" });
    let setting = asynchronous(json!({
        "DestinationConfig": { "OnFailure": failed }, "MaximumRetryAttempts": 0,
    }));
    let ours = wired(&session, &orders(), &[setting]);
    expect![[r#"
        orders:
          ~ asynchronous invocations of orders
              DestinationConfig.OnFailure: {"Destination":"arn:aws:sqs:eu-west-1:123456789012:failed"}
              MaximumRetryAttempts: 0
          policy: 0 of 20480 bytes
    "#]]
    .assert_eq(&ours.diff().await.unwrap().to_string());
    ours.connect(|_| ()).await.unwrap();
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    ours.disconnect(|_| ()).await.unwrap();
    assert!(ours.disconnect(|_| ()).await.unwrap().is_empty());
    let mut with_ours = theirs.clone();
    with_ours["DestinationConfig"]["OnFailure"] = failed;
    with_ours["MaximumRetryAttempts"] = json!(0);
    let mut without = theirs;
    without["DestinationConfig"]
        .as_object_mut()
        .unwrap()
        .remove("OnFailure");
    let put = |body| ("PUT".to_owned(), "/event-invoke-config".to_owned(), body);
    assert_eq!(written(&log), [put(with_ours), put(without)]);
}

#[tokio::test]
async fn a_configuration_that_says_nothing_more_goes_with_ours() {
    let (account, session, _) = account();
    let failed = json!({ "Destination": "arn:aws:sqs:eu-west-1:123456789012:failed" });
    let setting = asynchronous(json!({ "DestinationConfig": { "OnFailure": failed } }));
    let ours = wired(&session, &orders(), &[setting]);
    // What Lambda does where nobody says anything is as good as nothing.
    let lambdas = json!({ "MaximumEventAgeInSeconds": 21_600, "MaximumRetryAttempts": 2 });
    for (theirs, stays) in [
        (lambdas, false),
        (json!({ "MaximumRetryAttempts": 1 }), true),
    ] {
        account.lock().unwrap().asynchronous = Some(theirs.clone());
        ours.connect(|_| ()).await.unwrap();
        ours.disconnect(|_| ()).await.unwrap();
        let left = account.lock().unwrap().asynchronous.take();
        assert_eq!(left, Some(theirs).filter(|_| stays));
    }
}

#[tokio::test]
async fn loops_are_allowed_and_stopped() {
    let (account, session, _) = account();
    let allowed = |wanted| {
        let member = resource("AWS::Lambda::Function", json!({ "RecursiveLoop": wanted }));
        wired(&session, &orders(), &[member])
    };
    let stands = || account.lock().unwrap().recursion.clone();
    for (wanted, found, during, after) in [
        ("Allow", None, Some("Allow"), Some("Terminate")),
        ("Terminate", None, None, None),
        (
            "Terminate",
            Some("Allow"),
            Some("Terminate"),
            Some("Terminate"),
        ),
    ] {
        account.lock().unwrap().recursion = found.map(str::to_owned);
        let ours = allowed(wanted);
        ours.connect(|_| ()).await.unwrap();
        assert_eq!(
            stands().as_deref(),
            during,
            "{wanted} where {found:?} stood"
        );
        assert!(ours.status().await.unwrap().is_clean());
        ours.disconnect(|_| ()).await.unwrap();
        assert_eq!(stands().as_deref(), after, "{wanted} where {found:?} stood");
    }
}

#[tokio::test]
async fn what_comes_with_the_code_is_compared_only() {
    let (account, session, log) = account();
    account.lock().unwrap().configuration = json!({
        "Environment": { "Variables": { "TABLE": "orders", "TOKEN": "standing", "THEIRS": "x" } },
        "MemorySize": 128, "Timeout": 3,
        "VpcConfig": { "SubnetIds": ["subnet-1"], "SecurityGroupIds": [], "VpcId": "vpc-1" },
    });
    let members = |members| resource("AWS::Lambda::Function", members);
    let differs = members(json!({
        "Environment": { "Variables": { "TABLE": "orders", "TOKEN": "secret" } },
        "MemorySize": 128, "ReservedConcurrentExecutions": 5, "Timeout": 30,
        "VpcConfig": { "SubnetIds": ["subnet-2"] },
    }));
    let ours = wired(&session, &orders(), &[differs]);
    expect![[r#"
        orders: no changes
          policy: 0 of 20480 bytes
          warning: orders differs from the definition, and is set by whoever deploys its code, not by connect: Environment has other values for TOKEN; ReservedConcurrentExecutions is not set, not 5; Timeout is 3, not 30; VpcConfig is SubnetIds ["subnet-1"], not SubnetIds ["subnet-2"]
    "#]]
    .assert_eq(&ours.diff().await.unwrap().to_string());
    ours.connect(|_| ()).await.unwrap();
    assert!(ours.disconnect(|_| ()).await.unwrap().warnings.is_empty());
    assert_eq!(written(&log), []);
    let same = members(json!({ "Timeout": 3, "VpcConfig": { "SubnetIds": ["subnet-1"] } }));
    let plan = wired(&session, &orders(), &[same]).diff().await.unwrap();
    assert!(plan.warnings.is_empty(), "{plan}");

    let (barred, _) = fake::session(|_, path, _| match path {
        path if path.ends_with("/concurrency") => (
            403,
            r#"{"__type":"AccessDeniedException","Message":"no"}"#.into(),
        ),
        path if path.contains("/policy") => (
            404,
            r#"{"__type":"ResourceNotFoundException","Message":"none"}"#.into(),
        ),
        _ => (200, "{}".into()),
    });
    let reserved = members(json!({ "ReservedConcurrentExecutions": 5 }));
    let plan = wired(&barred, &orders(), &[reserved]).diff().await.unwrap();
    assert!(
        plan.warnings[0].ends_with("ReservedConcurrentExecutions may not be read"),
        "{plan}"
    );

    let mut wiring = wired(&session, &orders(), &[]);
    for (setting, expected) in [
        (members(json!({ "Runtime": "python3.13" })), "Runtime"),
        (resource("AWS::SQS::Queue", json!({})), "AWS::SQS::Queue"),
    ] {
        let error = wiring.setting(&setting).unwrap_err();
        assert!(error.message().contains(expected), "{error}");
    }
}
