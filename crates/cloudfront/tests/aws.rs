//! A function at one point of a distribution that exists: what is written, and what stays.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_with::Function;
use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_cloudfront::{CloudFront, Trigger};
use lambda_with_testing::{cycle, fake};

const ID: &str = "E2HARBOREXAMPL";
const CONFIG: &str = "/2020-05-31/distribution/E2HARBOREXAMPL/config";
const GREETER: &str = "arn:aws:lambda:us-east-1:123456789012:function:greeter";
const OTHER: &str = "arn:aws:lambda:us-east-1:123456789012:function:other:3";
const EARLY: &str = "The function execution role must be assumable with edgelambda.amazonaws.com as well as lambda.amazonaws.com principals.";

/// A distribution with a member nobody knows, and a behaviour that runs somebody else's function.
fn standing(of_the_default: &str) -> String {
    let other = format!(
        "<LambdaFunctionAssociation><LambdaFunctionARN>{OTHER}</LambdaFunctionARN><EventType>viewer-request</EventType></LambdaFunctionAssociation>"
    );
    format!(
        "<?xml version=\"1.0\"?>\n<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <Comment>tides &amp; times</Comment><NewerThanThisCrate size=\"2\"/>\
         <DefaultCacheBehavior><TargetOriginId>site</TargetOriginId>{of_the_default}<Compress>true</Compress></DefaultCacheBehavior>\
         <CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/bookings/*</PathPattern>\
         <LambdaFunctionAssociations><Quantity>1</Quantity><Items>{other}</Items></LambdaFunctionAssociations>\
         </CacheBehavior></Items></CacheBehaviors></DistributionConfig>"
    )
}

const NONE: &str =
    "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>";

fn ours(version: u32) -> String {
    format!(
        "<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation>\
         <LambdaFunctionARN>{GREETER}:{version}</LambdaFunctionARN><EventType>viewer-request</EventType>\
         <IncludeBody>true</IncludeBody></LambdaFunctionAssociation></Items></LambdaFunctionAssociations>"
    )
}

/// The distribution. Its first change is refused because the role is new, its second because
/// somebody else was quicker.
fn endpoint() -> (Session, fake::Log, Arc<Mutex<String>>) {
    let lambda = fake::Lambda::new(GREETER);
    let document = Arc::new(Mutex::new(standing(NONE)));
    let state = Arc::clone(&document);
    let writes = Mutex::new(0);
    let refuse = |status: u16, code: &str, message: &str| {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        (status, Vec::new(), body)
    };
    let (session, log) = fake::session_in("us-east-1", move |asked| {
        if let Some((status, body)) = lambda.answer(asked.method, asked.path, asked.body) {
            return (status, Vec::new(), body);
        }
        let mut document = state.lock().unwrap();
        let mut writes = writes.lock().unwrap();
        let etag = vec![("etag", format!("E{writes}"))];
        match (asked.method, asked.path) {
            ("GET", CONFIG) => (200, etag, document.clone()),
            ("PUT", CONFIG) => {
                if asked.header("if-match") != Some(&*etag[0].1) {
                    return refuse(412, "PreconditionFailed", "The precondition failed.");
                }
                assert_eq!(asked.header("content-type"), Some("application/xml"));
                *writes += 1;
                match *writes {
                    1 => refuse(400, "InvalidLambdaFunctionAssociation", EARLY),
                    2 => refuse(412, "PreconditionFailed", "The precondition failed."),
                    _ => {
                        *document = asked.body.to_owned();
                        (200, Vec::new(), "<Distribution/>".into())
                    }
                }
            }
            (_, path) if path.starts_with("/2020-05-31/") => {
                refuse(404, "NoSuchDistribution", "no such distribution")
            }
            _ => (200, Vec::new(), "<Response/>".into()),
        }
    });
    (session, log, document)
}

fn wiring(session: &Session, version: u32, connection: &CloudFront) -> Wiring {
    let arn = format!("{GREETER}:{version}");
    let mut wiring = Wiring::new(session, Function::new(arn.parse().unwrap()).unwrap()).unwrap();
    wiring.options.wait = Duration::from_secs(9);
    wiring.wire(connection).unwrap();
    wiring
}

fn greeter() -> CloudFront {
    CloudFront {
        include_body: true,
        ..CloudFront::new(ID, Trigger::ViewerRequest)
    }
}

fn of_the_edge(plan: &Plan) -> Vec<Action> {
    let changes = plan.changes.iter();
    let changes = changes.filter(|change| change.what.contains("distribution"));
    changes.map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_connect_new_version_disconnect() {
    let (session, log, document) = endpoint();
    let first = wiring(&session, 7, &greeter());
    assert_eq!(of_the_edge(&first.diff().await.unwrap()), [Action::Create]);
    assert_eq!(fake::of(&log, "PUT"), []);
    first.connect(|_| ()).await.unwrap();
    assert_eq!(*document.lock().unwrap(), standing(&ours(7)));
    let plan = first.connect(|_| ()).await.unwrap();
    assert_eq!(of_the_edge(&plan), [Action::Keep]);

    let second = wiring(&session, 8, &greeter());
    let plan = second.connect(|_| ()).await.unwrap();
    assert_eq!(of_the_edge(&plan), [Action::Update]);
    assert_eq!(*document.lock().unwrap(), standing(&ours(8)));

    let plan = second.disconnect(|_| ()).await.unwrap();
    assert_eq!(of_the_edge(&plan), [Action::Remove]);
    assert_eq!(*document.lock().unwrap(), standing(NONE));
    let plan = second.disconnect(|_| ()).await.unwrap();
    assert_eq!(of_the_edge(&plan), []);
    assert_eq!(fake::of(&log, "PUT").len(), 5);
}

#[tokio::test]
async fn a_point_at_which_another_function_runs_is_left_alone() {
    let (session, log, _) = endpoint();
    let bookings = CloudFront {
        path_pattern: Some("/bookings/*".into()),
        ..greeter()
    };
    let ours = wiring(&session, 7, &bookings);
    let refusal = ours.connect(|_| ()).await.unwrap_err().to_string();
    assert!(refusal.contains(OTHER), "{refusal}");
    assert_eq!(of_the_edge(&ours.disconnect(|_| ()).await.unwrap()), []);
    assert_eq!(fake::of(&log, "PUT"), []);
}

#[tokio::test]
async fn what_is_not_there() {
    let (session, log, _) = endpoint();
    let elsewhere = CloudFront {
        distribution: "E0NOTHEREEXAMP".into(),
        ..greeter()
    };
    let other_path = CloudFront {
        path_pattern: Some("/ferries/*".into()),
        ..greeter()
    };
    for (connection, expected) in [
        (elsewhere, "no such distribution"),
        (other_path, "has no behaviour for `/ferries/*`"),
    ] {
        let wiring = wiring(&session, 7, &connection);
        let error = wiring.connect(|_| ()).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(of_the_edge(&wiring.disconnect(|_| ()).await.unwrap()), []);
    }
    assert_eq!(fake::of(&log, "PUT"), []);
}

#[test]
fn what_cannot_run_at_the_edge_is_not_set_up() {
    let (session, _, _) = endpoint();
    let new = CloudFront {
        origin: Some("origin.harbor.example.com".into()),
        ..CloudFront::new("harbor", Trigger::ViewerRequest)
    };
    for (arn, connection, expected) in [
        (GREETER.to_owned(), greeter(), "names no version"),
        (
            format!("{GREETER}:live"),
            greeter(),
            "`live` is not the number",
        ),
        (format!("{GREETER}:7"), new, "`harbor` is not the id"),
    ] {
        let function = Function::new(arn.parse().unwrap()).unwrap();
        let mut wiring = Wiring::new(&session, function).unwrap();
        let error = wiring.wire(&connection).unwrap_err();
        assert!(error.message().contains(expected), "{error}");
        assert!(error.context("fix").is_some());
    }
}

#[tokio::test]
async fn from_first_to_last() {
    let (session, _, document) = endpoint();
    let connect = |version: u32, event| {
        let greeter = CloudFront {
            include_body: true,
            ..CloudFront::new(ID, event)
        };
        move |session: &Session| wiring(session, version, &greeter)
    };
    let one = connect(3, Trigger::ViewerRequest);
    let other = connect(4, Trigger::OriginRequest);
    cycle(&session, &[&one, &other], async || {
        // What surrounds the place, and what stands in it.
        let document = document.lock().unwrap().replace(NONE, "");
        let (start, rest) = document.split_once("site</TargetOriginId>").unwrap();
        let (place, end) = rest.split_once("<Compress>").unwrap();
        let place = place.split("<Items>").nth(1).unwrap_or_default();
        let all = [start, end, place]
            .into_iter()
            .filter(|text| !text.is_empty());
        all.map(str::to_owned).collect()
    })
    .await;
}
