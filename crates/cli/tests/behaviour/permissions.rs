//! `permissions`.

use serde_json::{Value, json};

use crate::run::defined;

const TOML: &str = r#"
account = "123456789012"
region = "eu-west-1"

[functions.orders]
arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders:live"
role = "arn:aws:iam::123456789012:role/service/orders"
on_failure = "arn:aws:sns:eu-west-1:123456789012:failed"

[[functions.orders.with]]
service = "s3"
bucket = "order-files"
account = "210987654321"

[[functions.orders.with]]
service = "sqs"
queue = "arn:aws:sqs:eu-west-1:123456789012:orders"

[functions.idle]
bin = "idle"
"#;

#[test]
fn as_policies() {
    let all = defined(TOML, ["permissions"]).ok().json();
    let orders = defined(TOML, ["permissions", "orders"]).ok().json();
    assert_eq!(all[0], orders[0]);
    assert_eq!(
        all[1],
        json!({ "function": "idle", "arn": "arn:aws:lambda:eu-west-1:123456789012:function:idle" })
    );
    let orders = &orders[0];
    let statements = orders["resource_based_policy"]["Statement"]
        .as_array()
        .unwrap();
    assert_eq!(statements.len(), 1);
    assert_eq!(
        statements[0]["Principal"],
        json!({ "Service": "s3.amazonaws.com" })
    );
    assert_eq!(statements[0]["Resource"], orders["arn"]);
    assert_eq!(
        statements[0]["Condition"],
        json!({
            "ArnLike": { "AWS:SourceArn": "arn:aws:s3:::order-files" },
            "StringEquals": { "AWS:SourceAccount": "210987654321" },
        })
    );
    let role = &orders["execution_role"];
    assert_eq!(
        role["role"],
        json!("arn:aws:iam::123456789012:role/service/orders")
    );
    let granted: Vec<(&Value, &Value)> = role["policy"]["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .map(|statement| (&statement["Action"], &statement["Resource"]))
        .collect();
    let queue = json!("arn:aws:sqs:eu-west-1:123456789012:orders");
    let actions = json!([
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage"
    ]);
    let topic = json!("arn:aws:sns:eu-west-1:123456789012:failed");
    assert_eq!(
        granted,
        [(&actions, &queue), (&json!("sns:Publish"), &topic)]
    );
}

#[test]
fn as_calls() {
    let text = defined(TOML, ["permissions", "--format", "cli"])
        .ok()
        .stdout;
    let calls: Vec<&str> = text.lines().collect();
    let add = "aws lambda add-permission --function-name orders --qualifier live --region eu-west-1 --statement-id s3-order-files --action lambda:InvokeFunction --principal s3.amazonaws.com --source-arn arn:aws:s3:::order-files --source-account 210987654321";
    assert_eq!(calls[0], add);
    let put = "aws iam put-role-policy --role-name orders --policy-name connections --policy-document '{\"Version\":\"2012-10-17\",";
    assert!(calls[1].starts_with(put), "{}", calls[1]);
    assert_eq!(calls.len(), 2);
    let words = defined(TOML, ["permissions", "--format", "cli", "--output", "json"])
        .ok()
        .json();
    assert_eq!(words[0][10], "s3-order-files", "{words}");
    let api = "[functions.f]\nbin = \"f\"\n[[functions.f.with]]\nservice = \"api-gateway\"\napi = \"http\"\nname = \"f\"\nroutes = [\"GET /\"]\n";
    let lines = |toml: &str| {
        let ran = defined(toml, ["permissions", "--format", "cli"]).ok();
        ran.stdout.lines().next().unwrap_or_default().to_owned()
    };
    assert!(lines(api).starts_with("# aws lambda add-permission "));
    assert!(
        lines(&format!("{api}api_id = \"a1b2c3\"\n")).starts_with("aws lambda add-permission ")
    );
    let new = TOML
        .replace("role = ", "# role = ")
        .replace("arn = \"arn:aws:lambda", "bin = \"orders\" # ");
    let text = defined(&new, ["permissions", "--format", "cli"])
        .ok()
        .stdout;
    assert!(
        text.contains(
            "aws iam create-role --role-name orders-role --assume-role-policy-document '{"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "--policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        ),
        "{text}"
    );
}
