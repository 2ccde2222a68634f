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

/// What `permissions --granted` says of these documents.
fn lacking(documents: &[Value]) -> (i32, Vec<(String, Value)>) {
    let folder = tempfile::tempdir().unwrap();
    let mut args = vec![
        "permissions".to_owned(),
        "orders".to_owned(),
        "--output=json".to_owned(),
    ];
    for (index, document) in documents.iter().enumerate() {
        let path = folder.path().join(format!("policy {index}.json"));
        std::fs::write(&path, document.to_string()).unwrap();
        args.extend(["--granted".to_owned(), path.display().to_string()]);
    }
    let ran = defined(TOML, args);
    let lacking = ran.json();
    let lacking = lacking.as_array().unwrap().iter();
    let lacking = lacking.map(|one| {
        (
            one["reason"].as_str().unwrap().to_owned(),
            one["fix"].clone(),
        )
    });
    (ran.code, lacking.collect())
}

#[test]
fn what_given_policies_do_not_grant() {
    let needed = defined(TOML, ["permissions", "orders"]).ok().json();
    let function = needed[0]["resource_based_policy"].clone();
    let role = needed[0]["execution_role"]["policy"].clone();
    // As documents, and as the AWS CLI prints them.
    assert_eq!(lacking(&[function.clone(), role.clone()]), (0, vec![]));
    let policy = json!({ "Policy": function.to_string(), "RevisionId": "7" });
    let inline = json!({ "RoleName": "orders", "PolicyName": "all", "PolicyDocument": role });
    assert_eq!(lacking(&[policy, inline]), (0, vec![]));

    let mut other = function.clone();
    other["Statement"][0]["Condition"]["StringEquals"]["AWS:SourceAccount"] = json!("111122223333");
    let (code, found) = lacking(&[other, role.clone()]);
    assert_eq!((code, found.len()), (1, 1), "{found:?}");
    let (reason, fix) = &found[0];
    assert!(
        reason.contains("111122223333") && reason.contains("210987654321"),
        "{reason}"
    );
    assert_eq!(fix, &function["Statement"][0]);

    let deny = json!({ "Statement": { "Effect": "Deny", "Action": "sqs:*", "Resource": "*" } });
    let (code, found) = lacking(&[function, role, deny]);
    assert_eq!((code, found.len()), (1, 3), "{found:?}");
    assert!(
        found
            .iter()
            .all(|(reason, fix)| reason.ends_with("denies it") && fix.is_null())
    );
}

#[test]
fn policies_that_cannot_be_read() {
    let ran = defined(TOML, ["permissions", "--granted", "nowhere.json"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("nowhere.json"), "{}", ran.stderr);
    let ran = defined(TOML, ["permissions", "--granted", "lambda-with.toml"]);
    assert!(
        ran.code != 0 && ran.stderr.contains("is not JSON"),
        "{ran:?}"
    );
}

#[test]
fn every_command_takes_dry_run_and_yes() {
    for args in [
        &["list"][..],
        &["show", "s3"],
        &["event", "s3"],
        &["permissions"],
        &["dev", "."],
    ] {
        for flag in ["--dry-run", "--yes"] {
            // `dev --yes` would run until stopped.
            if (args[0], flag) != ("dev", "--yes") {
                defined(TOML, args.iter().chain([&flag])).ok();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lambda-with.toml"), TOML).unwrap();
    let mut export = crate::run::command();
    let export =
        export
            .current_dir(folder.path())
            .args(["export", "--out", "template.json", "--dry-run"]);
    let ran = crate::run::run_with(export, "").ok();
    assert!(ran.json()["Resources"].is_object() && !folder.path().join("template.json").exists());
}
