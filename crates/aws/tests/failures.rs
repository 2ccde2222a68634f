//! What becomes of errors, where an emulator does not serve.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod feed;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lambda_with::policy::Policy;
use lambda_with::{CallerRole, ErrorKind, Function, Permission, RoleStatement, Statement};
use lambda_with_aws::{Session, Wiring};
use lambda_with_testing::fake;
use serde_json::json;

use self::feed::Feed;

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

fn function() -> Function {
    Function::new(ARN.parse().unwrap()).unwrap()
}

fn wiring(session: &Session, feed: &Feed) -> Wiring {
    let mut wiring = Wiring::new(session, function()).unwrap();
    wiring.options.wait = Duration::from_millis(400);
    wiring.add(feed).unwrap();
    wiring
}

fn statement() -> Feed {
    let statement = Statement::service("sns-alerts", "sns.amazonaws.com")
        .source_arn("arn:aws:sns:eu-west-1:123456789012:alerts".parse().unwrap());
    Feed {
        permissions: vec![Permission::ResourceBased(statement)],
        ..Feed::named("sns-alerts")
    }
}

fn error(code: &str, message: &str) -> String {
    json!({ "__type": code, "Code": code, "message": message, "Message": message }).to_string()
}

/// The error of connecting one statement at an endpoint where AddPermission fails like this.
async fn add_permission_fails(
    status: u16,
    code: &'static str,
    message: &'static str,
) -> lambda_with::Error {
    let (session, _) = fake::session(move |method, path, _| match (method, path) {
        ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
        ("POST", _) => (status, error(code, message)),
        _ => (404, error("ResourceNotFoundException", "none")),
    });
    wiring(&session, &statement())
        .connect(|_| ())
        .await
        .unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn each_failure_has_one_clear_message() {
    let denied = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: \
                  lambda:AddPermission on resource: arn:aws:lambda:eu-west-1:123456789012:function:orders";
    for (status, code, message, kind, fix) in [
        (
            403,
            "AccessDeniedException",
            denied,
            ErrorKind::Denied,
            "allow lambda:AddPermission",
        ),
        (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            ErrorKind::Denied,
            "does not accept these credentials",
        ),
        (
            403,
            "ExpiredTokenException",
            "expired",
            ErrorKind::Denied,
            "sign in again",
        ),
        (
            400,
            "PolicyLengthExceededException",
            "too long",
            ErrorKind::Limit,
            "",
        ),
        (
            429,
            "TooManyRequestsException",
            "Rate exceeded",
            ErrorKind::Throttled,
            "run it again",
        ),
    ] {
        let error = add_permission_fails(status, code, message).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.context("code"), Some(code), "{error}");
        assert_eq!(
            error.context("standing"),
            Some("nothing was written"),
            "{error}"
        );
        assert_eq!(
            error.context("step"),
            Some("the policy of orders"),
            "{error}"
        );
        assert!(
            error.context("fix").unwrap_or_default().contains(fix),
            "{error}"
        );
        assert!(
            error
                .message()
                .contains("AddPermission for statement sns-alerts"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_function_another_account_another_region() {
    let missing = |account: &'static str| {
        let (session, _) = fake::session(move |_, path, _| match path {
            "/" => (
                200,
                format!(
                    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                ),
            ),
            _ => (
                404,
                error("ResourceNotFoundException", "Function not found"),
            ),
        });
        session
    };
    for (account, fix) in [
        ("123456789012", "create the function first"),
        ("210987654321", "account 210987654321"),
    ] {
        let session = missing(account);
        let error = wiring(&session, &statement()).diff().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error.message().contains(ARN) && error.context("fix").unwrap().contains(fix),
            "{error}"
        );
    }
    let abroad = "arn:aws:lambda:us-east-1:123456789012:function:orders"
        .parse()
        .unwrap();
    let error = Wiring::new(&missing("1"), Function::new(abroad).unwrap()).unwrap_err();
    assert!(error.to_string().contains("--region us-east-1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_not_there() {
    let session = Session::load(lambda_with_aws::SessionOptions {
        region: Some("eu-west-1".into()),
        profile: Some("nobody-has-this-profile".into()),
        endpoint_url: Some("http://127.0.0.1:1".into()),
        ..Default::default()
    });
    let error = wiring(&session.await.unwrap(), &statement())
        .diff()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.context("reason").is_some(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn nothing_reachable_and_no_credentials() {
    let unreachable = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"));
    let session = Session::new(unreachable.build()).unwrap();
    let error = wiring(&session, &statement()).diff().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(
        error.context("fix").unwrap().contains("--profile"),
        "{error}"
    );

    let credentials = aws_sdk_lambda::config::Credentials::new("test", "test", None, None, "test");
    let closed = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(aws_sdk_lambda::config::SharedCredentialsProvider::new(
            credentials,
        ))
        .endpoint_url("http://127.0.0.1:1")
        .region(aws_config::Region::new("eu-west-1"));
    let session = Session::new(closed.build()).unwrap();
    let error = wiring(&session, &statement()).diff().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(
        error.context("fix").unwrap().contains("--endpoint-url"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_policy_with_unneeded_statements_is_taken_away() {
    let (session, log) = fake::session(|method, path, body| {
        match (method, path) {
        ("GET", path) if path.contains("/configuration") => (200, r#"{"Role":"arn:aws:iam::123456789012:role/service-role/orders-role"}"#.into()),
        ("POST", _) if body.contains("Action=GetRolePolicy") => (200, "<GetRolePolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><GetRolePolicyResult><RoleName>orders-role</RoleName><PolicyName>lambda-with-orders</PolicyName><PolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D</PolicyDocument></GetRolePolicyResult></GetRolePolicyResponse>".into()),
        ("POST", _) if body.contains("Action=DeleteRolePolicy") => (403, "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Code>AccessDenied</Code><Message>not authorized to perform: iam:DeleteRolePolicy on resource: role orders-role</Message></Error></ErrorResponse>".into()),
        _ => (404, error("ResourceNotFoundException", "none")),
    }
    });
    let error = wiring(&session, &Feed::named("none"))
        .connect(|_| ())
        .await
        .unwrap_err();
    assert!(
        error
            .context("fix")
            .unwrap()
            .contains("iam:DeleteRolePolicy"),
        "{error}"
    );
    let delete = fake::of(&log, "POST")
        .into_iter()
        .find(|(_, body)| body.contains("Delete"))
        .unwrap();
    assert_eq!(
        delete.1,
        "Action=DeleteRolePolicy&Version=2010-05-08&RoleName=orders-role&PolicyName=lambda-with-orders"
    );

    let poll = RoleStatement::new(["kms:Decrypt"], "*", "x");
    let missing = lambda_with_aws::may_poll(&session, &function(), &[poll]).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_statement_taken_out_and_not_put_back_is_named() {
    let (session, log) = fake::session(|method, path, _| match (method, path) {
        ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
        ("GET", path) if path.contains("/policy") => {
            let policy = r#"{"Version":"2012-10-17","Statement":[{"Sid":"sns-alerts","Effect":"Allow","Principal":"*","Action":"lambda:*"}]}"#;
            (
                200,
                json!({ "Policy": policy, "RevisionId": "r7" }).to_string(),
            )
        }
        ("DELETE", _) => (204, String::new()),
        ("POST", _) => (403, error("AccessDeniedException", "denied")),
        _ => (200, "{}".into()),
    });
    let error = wiring(&session, &statement())
        .connect(|_| ())
        .await
        .unwrap_err();
    let standing = error.context("standing").unwrap();
    assert_eq!(
        standing,
        "removed statement sns-alerts in the policy of orders (not replaced yet)"
    );
    let removed = fake::of(&log, "DELETE");
    assert!(
        removed[0].0.ends_with("/policy/sns-alerts?RevisionId=r7"),
        "{}",
        removed[0].0
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_just_made_is_waited_for() {
    let iam = fake::Iam::default();
    let (made, unknown) = (AtomicU32::new(0), AtomicU32::new(3));
    let (session, log) = fake::session(move |method, path, body| {
        let answer = |operation: &str, result: &str| {
            let result = format!("<{operation}Result>{result}</{operation}Result>");
            (
                200,
                format!("<{operation}Response>{result}</{operation}Response>"),
            )
        };
        let trust = Policy::trust(&firehose()).to_json();
        let role = format!(
            "<Role><Path>/lambda-with/</Path><RoleName>r</RoleName><RoleId>R</RoleId><Arn>a</Arn>\
             <CreateDate>2026-01-01T00:00:00Z</CreateDate>\
             <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument></Role>"
        );
        match body.split('&').next().unwrap_or_default() {
            "Action=CreateRole" => {
                made.fetch_add(1, Ordering::Relaxed);
                answer("CreateRole", &role)
            }
            "Action=GetRole" if made.load(Ordering::Relaxed) > 0 => answer("GetRole", &role),
            "Action=PutRolePolicy"
                if unknown
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .is_ok() =>
            {
                (
                    404,
                    "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>"
                        .into(),
                )
            }
            _ => iam.answer(body).unwrap_or_else(|| match (method, path) {
                ("GET", path) if path.contains("/configuration") => (200, "{}".into()),
                ("GET", path) if path.contains("/event-source") => (200, "{}".into()),
                _ => (404, error("ResourceNotFoundException", "none")),
            }),
        }
    });
    let feed = Feed {
        permissions: vec![Permission::CallerRole(firehose())],
        ..Feed::named("firehose-clicks")
    };
    let mut impatient = wiring(&session, &feed);
    impatient.options.wait = Duration::ZERO;
    let refused = impatient.connect(|_| ()).await.unwrap_err();
    let standing = refused.context("standing").unwrap();
    assert!(
        standing.starts_with("created role") && refused.context("code") == Some("NoSuchEntity"),
        "{refused}"
    );
    let mut patient = wiring(&session, &feed);
    patient.options.wait = Duration::from_secs(30);
    patient.connect(|_| ()).await.unwrap();
    let asked = |operation: &str| {
        let posts = fake::of(&log, "POST").into_iter();
        posts
            .filter(|(_, body)| body.starts_with(&format!("Action={operation}&")))
            .count()
    };
    assert_eq!((asked("CreateRole"), asked("PutRolePolicy")), (1, 4));
    assert!(patient.connect(|_| ()).await.unwrap().is_empty());
}

fn firehose() -> CallerRole {
    CallerRole::new(
        "firehose.amazonaws.com",
        [RoleStatement::new(
            ["lambda:InvokeFunction"],
            ARN,
            "it invokes",
        )],
    )
}
