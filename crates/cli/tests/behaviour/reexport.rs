//! `export --out` into a file that others write into too.

use std::path::Path;

use crate::formats::EVERYTHING;
use crate::run::{Ran, command, run_with};

const FORMATS: [&str; 3] = ["cloudformation", "sam", "terraform"];

pub(crate) const QUEUE: &str = r#"
[functions.orders]
bin = "orders"
timeout = 30
[[functions.orders.with]]
service = "sqs"
queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
"#;

pub(crate) const BUCKET: &str = r#"
[functions.orders]
bin = "orders"
timeout = 60
[[functions.orders.with]]
service = "s3"
bucket = "order-files"
account = "123456789012"
"#;

/// A folder with a definition, and the file it is exported to.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new(toml: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.define(toml);
        place
    }

    pub(crate) fn define(&self, toml: &str) {
        std::fs::write(self.0.path().join("lambda-with.toml"), toml).unwrap();
    }

    pub(crate) fn export(&self, format: &str, more: &[&str]) -> Ran {
        let args = ["export", "--format", format, "--out", "out.json"];
        run_with(
            command().current_dir(self.0.path()).args(args).args(more),
            "",
        )
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.0.path().join("out.json")
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    pub(crate) fn put(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }

    /// The files beside the definition.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn parsed(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_second_export_changes_nothing() {
    for format in FORMATS {
        let place = Place::new(EVERYTHING);
        let first = place.export(format, &[]).ok();
        assert!(first.stderr.contains("wrote out.json"), "{}", first.stderr);
        let text = place.text();
        let again = place.export(format, &[]).ok();
        assert!(
            again.stderr.contains("out.json is up to date"),
            "{}",
            again.stderr
        );
        assert_eq!(place.text(), text);
        assert_eq!(place.export(format, &["--check"]).ok().stdout, "");
        assert_eq!(place.files(), ["lambda-with.toml", "out.json"]);
        // Another layout of the same content is nobody's business.
        let line = parsed(&place.path()).to_string();
        place.put(&line);
        place.export(format, &[]).ok();
        assert_eq!(place.text(), line);
    }
}

#[test]
fn what_others_wrote_stays_byte_for_byte() {
    let outputs = "\"Outputs\" : { \"B\":{\"Value\":1.50}, \"A\": {\"Value\": \"}, {\"} },";
    let table = "\"ZTable\": {\"Type\" :\"AWS::DynamoDB::Table\",\n\t\t\"Properties\": { \"b\": 1e3, \"a\":[ ] } }";
    let own = "\"Own\": {  \"Type\": \"String\"  }";
    let place = Place::new(QUEUE);
    place.export("cloudformation", &[]).ok();
    let edited = place
        .text()
        .replacen('{', &format!("{{\n  {outputs}"), 1)
        .replace("\"Resources\": {", &format!("\"Resources\": {{ {table} ,"))
        .replace("\"Parameters\": {", &format!("\"Parameters\": {{ {own},"));
    place.put(&edited);
    assert_eq!(
        place.export("cloudformation", &[]).ok().stderr,
        "out.json is up to date\n"
    );
    assert_eq!(place.text(), edited);

    place.define(BUCKET);
    let ran = place.export("cloudformation", &["--check"]);
    assert_eq!(ran.code, 1);
    for line in [
        "changed Resources.OrdersFunction",
        "removed Resources.SqsOrders",
        "added   Resources.OrderFilesBucket",
    ] {
        assert!(
            ran.stdout.lines().any(|there| there.starts_with(line)),
            "{line}\n{}",
            ran.stdout
        );
    }
    assert_eq!(place.text(), edited, "--check writes nothing");

    place.export("cloudformation", &[]).ok();
    let text = place.text();
    for foreign in [outputs, table, own] {
        assert!(text.contains(foreign), "{foreign}\n{text}");
    }
    let resources = parsed(&place.path())["Resources"].clone();
    let mut ids: Vec<&String> = resources.as_object().unwrap().keys().collect();
    ids.sort();
    assert_eq!(
        ids,
        [
            "OrderFilesBucket",
            "OrdersFunction",
            "OrdersRole",
            "S3OrderFilesPermission",
            "ZTable"
        ]
    );
    assert_eq!(resources["OrdersFunction"]["Properties"]["Timeout"], 60);

    // Back again, and nothing of ours is left that does not belong there.
    place.define(QUEUE);
    place.export("cloudformation", &[]).ok();
    let sorted = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(sorted(&place.text()), sorted(&edited));
}

#[test]
fn terraform_files_are_shared_too() {
    let place = Place::new(QUEUE);
    place.export("terraform", &[]).ok();
    let bucket = "\"aws_s3_bucket\": { \"mine\": {\"bucket\" : \"order-files\"} },";
    let role = "\"hand_made\": { \"//\": \"by hand\", \"assume_role_policy\": \"{}\" },";
    let output = "\"output\": {\"x\": {\"value\": 1}},";
    let edited = place
        .text()
        .replacen('{', &format!("{{ {output}"), 1)
        .replace("\"resource\": {", &format!("\"resource\": {{ {bucket}"))
        .replace(
            "\"aws_iam_role\": {",
            &format!("\"aws_iam_role\": {{ {role}"),
        );
    place.put(&edited);
    place.define(BUCKET);
    place.export("terraform", &[]).ok();
    let text = place.text();
    for foreign in [bucket, role, output] {
        assert!(text.contains(foreign), "{foreign}\n{text}");
    }
    let document = parsed(&place.path());
    assert!(
        document["resource"]
            .get("aws_lambda_event_source_mapping")
            .is_none(),
        "{text}"
    );
    assert!(document["resource"]["aws_s3_bucket_notification"]["order_files_bucket"].is_object());
}

#[test]
fn a_template_becomes_one_of_sam() {
    let place = Place::new(QUEUE);
    place.put("{\n    \"Resources\": {}\n}\n");
    place.export("sam", &[]).ok();
    let text = place.text();
    assert!(
        text.starts_with(
            "{\n    \"Transform\": \"AWS::Serverless-2016-10-31\",\n    \"Resources\": {\n"
        ),
        "{text}"
    );
    assert_eq!(place.export("sam", &["--check"]).ok().stdout, "");
}

#[test]
fn an_empty_file_is_a_new_one() {
    let (place, new) = (Place::new(QUEUE), Place::new(QUEUE));
    place.put("\n");
    place.export("terraform", &[]).ok();
    new.export("terraform", &[]).ok();
    assert_eq!(place.text(), new.text());
}

#[test]
fn a_check_without_a_file_fails() {
    let place = Place::new(QUEUE);
    let ran = place.export("terraform", &["--check", "--output", "json"]);
    assert_eq!(ran.code, 1);
    let changes = ran.json()["changes"].as_array().unwrap().clone();
    assert!(
        changes.iter().all(|change| change["change"] == "added"),
        "{changes:?}"
    );
    assert!(
        changes
            .iter()
            .any(|change| change["entry"] == "resource.aws_iam_role.orders_role")
    );
    assert_eq!(place.files(), ["lambda-with.toml"]);
}
