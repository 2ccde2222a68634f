//! `export --format terraform`: what refers to what, and what is refused.

use serde_json::{Value, json};

use crate::formats::{EVERYTHING, exported};
use crate::run::defined;

fn texts<'a>(value: &'a Value, all: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => all.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
        Value::Object(members) => members.values().for_each(|value| texts(value, all)),
        _ => {}
    }
}

/// The addresses a text refers to, and what of them.
fn references(text: &str) -> Vec<String> {
    let mut rest = text.replace("$${", "");
    let mut found = Vec::new();
    while let Some((_, after)) = rest.clone().split_once("${") {
        let (expression, after) = after.split_once('}').unwrap();
        let inner = expression.rsplit('(').next().unwrap().trim_end_matches(')');
        found.push(inner.to_owned());
        rest = after.to_owned();
    }
    found
}

#[test]
fn references_lead_somewhere() {
    let document = exported(EVERYTHING, "terraform");
    let mut all = Vec::new();
    texts(&document["resource"], &mut all);
    let mut seen = 0;
    for reference in all.iter().flat_map(|text| references(text)) {
        let parts: Vec<&str> = reference.split('.').collect();
        let target = match parts.as_slice() {
            ["var", name] => &document["variable"][name],
            ["data", kind, name, _] => &document["data"][kind][name],
            [kind, name, _] => &document["resource"][kind][name],
            _ => panic!("{reference}"),
        };
        assert!(target.is_object(), "{reference}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
    for (kind, blocks) in document["resource"].as_object().unwrap() {
        for (name, block) in blocks.as_object().unwrap() {
            for before in block["depends_on"].as_array().into_iter().flatten() {
                let (kind, name) = before
                    .as_str()
                    .and_then(|before| before.split_once('.'))
                    .unwrap();
                assert!(document["resource"][kind][name].is_object(), "{before}");
            }
            assert_ne!(block["depends_on"], json!([]), "{kind}.{name}");
        }
    }
}

#[test]
fn one_bucket_has_one_notification() {
    let ran = defined(EVERYTHING, ["export", "--format", "terraform"]).ok();
    assert!(
        ran.stderr
            .contains("replaces all notifications of the bucket `order-files`"),
        "{}",
        ran.stderr
    );
    let document = ran.json();
    let blocks = document["resource"]["aws_s3_bucket_notification"]
        .as_object()
        .unwrap();
    let [block] = blocks.values().collect::<Vec<_>>()[..] else {
        panic!("{blocks:#?}")
    };
    let entries = json!([
        {
            "events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"],
            "filter_prefix": "in/",
            "filter_suffix": ".json",
            "id": "s3-order-files-in-json-eedaf1bf",
            "lambda_function_arn": "${aws_lambda_alias.orders_alias.arn}",
        },
        {
            "events": ["s3:ObjectCreated:*"],
            "filter_prefix": "out/",
            "id": "archived",
            "lambda_function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:archive:7",
        },
    ]);
    assert_eq!(block["lambda_function"], entries);
    assert_eq!(block["depends_on"].as_array().unwrap().len(), 2);
}

#[test]
fn endpoints_of_a_cluster_are_one_text() {
    let document = exported(EVERYTHING, "terraform");
    let mappings = document["resource"]["aws_lambda_event_source_mapping"]
        .as_object()
        .unwrap();
    let sources = mappings
        .values()
        .filter_map(|mapping| mapping.get("self_managed_event_source"));
    let servers = "kafka-1.example.com:9096,kafka-2.example.com:9096";
    assert_eq!(
        sources.collect::<Vec<_>>(),
        [&json!({ "endpoints": { "KAFKA_BOOTSTRAP_SERVERS": servers } })]
    );
}

#[test]
fn functions_elsewhere_are_data() {
    let document = exported(EVERYTHING, "terraform");
    let data = json!({ "//": "lambda-with", "function_name": "archive", "qualifier": "7" });
    assert_eq!(document["data"]["aws_lambda_function"]["archive"], data);
    assert!(
        document["resource"]["aws_lambda_function"]
            .get("archive")
            .is_none()
    );
    let permissions = document["resource"]["aws_lambda_permission"]
        .as_object()
        .unwrap();
    let archive = "${data.aws_lambda_function.archive.function_name}";
    let mut of_archive = permissions
        .values()
        .filter(|block| block["function_name"] == archive);
    let permission = of_archive.next().unwrap();
    assert_eq!(of_archive.count(), 0);
    let sid = permission["statement_id"].as_str().unwrap();
    assert!(sid.starts_with("s3-order-files-archived-"), "{sid}");
    assert_eq!(permission["qualifier"], "7");
    assert_eq!(permission["source_account"], "123456789012");
    let role = &document["resource"]["aws_iam_role_policy"]["archive_role_policy"]["role"];
    assert_eq!(*role, "${basename(data.aws_lambda_function.archive.role)}");
}

#[test]
fn functions_whose_names_look_alike_are_two() {
    let function = |name: &str| {
        format!(
            "[functions.{name}]\narn = \"arn:aws:lambda:us-east-1:123456789012:function:{name}\"\n\
             [[functions.{name}.with]]\nservice = \"sqs\"\n\
             queue = \"arn:aws:sqs:us-east-1:123456789012:{name}\"\n"
        )
    };
    let document = exported(&(function("a-b") + &function("a_b")), "terraform");
    for block in document["resource"]["aws_iam_role_policy"]
        .as_object()
        .unwrap()
        .values()
    {
        let role = block["role"].as_str().unwrap();
        let data = role.split('.').nth(2).unwrap();
        let function = &document["data"]["aws_lambda_function"][data]["function_name"];
        let policy = block["policy"].as_str().unwrap();
        assert!(
            policy.contains(&format!(":{}\"", function.as_str().unwrap())),
            "{block}"
        );
    }
    assert_eq!(
        document["data"]["aws_lambda_function"]
            .as_object()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn text_stays_text() {
    let document = exported(EVERYTHING, "terraform");
    let variables =
        &document["resource"]["aws_lambda_function"]["orders_function"]["environment"]["variables"];
    assert_eq!(variables["ODD"], "$${not.a.reference} %%{nor.this}");
}

#[test]
fn what_has_no_translation_is_refused_by_name() {
    let toml = r#"
[functions.classify]
bin = "classify"
memory = 512
subnets = ["subnet-0a1b2c3d4e5f60718"]
security_groups = ["sg-0a1b2c3d4e5f60718"]
[[functions.classify.with]]
service = "efs"
access_point = "arn:aws:s3files:us-east-1:123456789012:file-system/fs-0a1b2c3d4e5f60718/access-point/fsap-0c1d2e3f4a5b60718"
mount_path = "/mnt/records"
direct_s3_read = "disabled"
"#;
    defined(toml, ["export", "--format", "cloudformation"]).ok();
    let ran = defined(toml, ["export", "--format", "terraform"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    let named =
        "`AWS::Lambda::Function.FileSystemConfigs.S3FilesConfig` has no translation to Terraform";
    assert!(ran.stderr.contains(named), "{}", ran.stderr);
}
