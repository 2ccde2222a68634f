//! What every language of `export` must hold, for connections of every kind.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::clients::{program, python};
use crate::run::{command, defined, run_with, workspace};

/// One definition with every kind of connection, and most of their settings.
pub(crate) const EVERYTHING: &str = include_str!("everything.toml");

/// Expands a SAM template as CloudFormation does, after `sam package` has put the code into a bucket.
const EXPAND: &str = r#"
import json, sys
from samtranslator.translator.transform import transform
class Managed:
    def load(self):
        return {}
template = json.load(open(sys.argv[1]))
for resource in template["Resources"].values():
    if isinstance(resource["Properties"].get("CodeUri"), str):
        resource["Properties"]["CodeUri"] = "s3://code/package.zip"
values = {name: name for name in template.get("Parameters", {})}
print(json.dumps(transform(template, values, Managed())))
"#;

#[track_caller]
pub(crate) fn exported(toml: &str, format: &str) -> Value {
    defined(toml, ["export", "--format", format]).ok().json()
}

pub(crate) fn written(folder: &Path, name: &str, value: &Value) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, serde_json::to_string_pretty(value).unwrap()).unwrap();
    path
}

fn expanded(template: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "template.json", template);
    serde_json::from_str(&python(EXPAND, [path])).unwrap()
}

pub(crate) fn of_kind<'a>(template: &'a Value, kind: &str) -> Vec<&'a Value> {
    let resources = template["Resources"].as_object().unwrap().values();
    resources
        .filter(|resource| resource["Type"] == kind)
        .map(|resource| &resource["Properties"])
        .collect()
}

#[test]
fn templates_pass_the_linter() {
    let example =
        std::fs::read_to_string(workspace().join("examples/orders/lambda-with.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("cfn-lint"));
    command.args(["--format", "parseable", "--"]);
    for (name, toml) in [("everything", EVERYTHING), ("example", &example)] {
        for format in ["cloudformation", "sam"] {
            let template = exported(toml, format);
            command.arg(written(
                folder.path(),
                &format!("{name}-{format}.json"),
                &template,
            ));
            if format == "sam" {
                let name = format!("{name}-expanded.json");
                command.arg(written(folder.path(), &name, &expanded(&template)));
            }
        }
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn sam_grants_what_cloudformation_grants_and_nothing_twice() {
    let (plain, sam) = (
        exported(EVERYTHING, "cloudformation"),
        exported(EVERYTHING, "sam"),
    );
    let text = expanded(&sam)
        .to_string()
        .replace("OrdersFunctionAliaslive", "OrdersAlias");
    let expanded: Value = serde_json::from_str(&text).unwrap();
    for kind in [
        "AWS::IAM::Role",
        "AWS::IAM::RolePolicy",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::S3::Bucket",
    ] {
        let sorted = |template: &Value| {
            let mut all: Vec<String> = of_kind(template, kind)
                .iter()
                .map(ToString::to_string)
                .collect();
            all.sort();
            all
        };
        assert!(!sorted(&plain).is_empty(), "{kind}");
        assert_eq!(sorted(&expanded), sorted(&plain), "{kind}");
    }
}

#[test]
fn sam_has_its_own_functions_and_events() {
    let sam = exported(EVERYTHING, "sam");
    let orders = &sam["Resources"]["OrdersFunction"];
    assert_eq!(orders["Type"], "AWS::Serverless::Function");
    let build = json!({ "Binary": "orders" });
    assert_eq!(orders["Metadata"]["BuildMethod"], "rust-cargolambda");
    assert_eq!(orders["Metadata"]["BuildProperties"], build);
    let properties = &orders["Properties"];
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lambda-with.toml"), EVERYTHING).unwrap();
    std::fs::create_dir(folder.path().join("infra")).unwrap();
    let args = ["export", "--format", "sam", "--out", "infra/template.json"];
    run_with(command().current_dir(folder.path()).args(args), "").ok();
    let elsewhere = std::fs::read_to_string(folder.path().join("infra/template.json")).unwrap();
    assert!(elsewhere.contains(r#""CodeUri": "..""#));
    assert_eq!(properties["Runtime"], "provided.al2023");
    assert_eq!(properties["Handler"], "bootstrap");
    assert_eq!(properties["CodeUri"], ".");
    assert_eq!(properties["AutoPublishAlias"], "live");
    let events = properties["Events"].as_object().unwrap();
    let kinds: Vec<&Value> = events.values().map(|event| &event["Type"]).collect();
    assert_eq!(kinds, ["SQS"]);
    // An event cannot have tags and pollers of its own, and none belongs to a function elsewhere.
    let plain: Vec<&Value> = of_kind(&sam, "AWS::Lambda::EventSourceMapping");
    let queues: Vec<&str> = plain
        .iter()
        .filter_map(|mapping| mapping["EventSourceArn"].as_str())
        .filter(|source| source.contains(":sqs:"))
        .collect();
    assert_eq!(queues.len(), 2, "{queues:?}");
    assert!(queues.iter().any(|queue| queue.ends_with(":bulk")));
    let names: Vec<&String> = sam["Parameters"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "ArchiveRoleName",
            "GreeterRoleName",
            "HarborRoleName",
            "PetsCodeBucket",
            "PetsCodeKey",
            "RecordsRoleName",
            "StreamsRoleName",
        ]
    );
}

#[test]
fn what_is_made_elsewhere_is_said_to_be_left_out() {
    for format in ["cloudformation", "sam", "terraform"] {
        let ran = defined(EVERYTHING, ["export", "--format", format]).ok();
        let notes: Vec<&str> = ran
            .stderr
            .lines()
            .filter(|line| line.contains("but not"))
            .collect();
        for left_out in [
            "`rest-api-a1b2c3d4e5",
            "`efs-records`",
            "`codepipeline-harbor-SmokeTest",
        ] {
            let here = notes.iter().filter(|note| note.contains(left_out));
            assert_eq!(here.count(), 1, "{left_out}: {notes:#?}");
        }
    }
}

#[test]
fn a_bucket_outlives_its_connection() {
    for format in ["cloudformation", "sam"] {
        let template = exported(EVERYTHING, format);
        let bucket = &template["Resources"]["OrderFilesBucket"];
        assert_eq!(bucket["DeletionPolicy"], "Retain");
        assert_eq!(bucket["UpdateReplacePolicy"], "Retain");
    }
}

#[test]
fn a_changed_rest_api_gets_a_new_deployment() {
    let deployment = |routes: &str| {
        let toml = format!(
            "[functions.pets]\nbin = \"pets\"\n[[functions.pets.with]]\nservice = \"api-gateway\"\napi = \"rest\"\nname = \"zoo\"\nroutes = {routes}\n"
        );
        let template = exported(&toml, "cloudformation");
        let resources = template["Resources"].as_object().unwrap();
        let of = |kind: &str| {
            resources
                .iter()
                .find(|(_, resource)| resource["Type"] == kind)
                .unwrap()
        };
        let (id, _) = of("AWS::ApiGateway::Deployment");
        let (_, stage) = of("AWS::ApiGateway::Stage");
        assert_eq!(stage["Properties"]["DeploymentId"], json!({ "Ref": id }));
        let terraform = exported(&toml, "terraform");
        let blocks = terraform["resource"]["aws_api_gateway_deployment"]
            .as_object()
            .unwrap();
        let triggers: Vec<&Value> = blocks
            .values()
            .map(|block| &block["triggers"]["redeployment"])
            .collect();
        (id.clone(), triggers[0].as_str().unwrap().to_owned())
    };
    let (one, two) = (
        deployment(r#"["GET /pets"]"#),
        deployment(r#"["GET /pets", "PUT /pets"]"#),
    );
    assert_eq!(one, deployment(r#"["GET /pets"]"#));
    assert_ne!(one.0, two.0);
    assert_ne!(one.1, two.1);
}
