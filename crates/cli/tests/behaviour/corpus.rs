//! Public documents that are not ours, read and written back.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::run::{run, workspace};

/// Rows of the corpus whose services are there, and the services.
const ROWS: [(&str, &str); 26] = [
    ("API Gateway", "api-gateway"),
    ("Alexa", "alexa"),
    ("CloudWatch Logs", "cloudwatch-logs"),
    ("CodeCommit", "codecommit"),
    ("CloudFormation", "cloudformation"),
    ("CodePipeline", "codepipeline"),
    ("Cognito", "cognito"),
    ("Config", "config"),
    ("Connect", "connect"),
    ("Data Firehose", "firehose"),
    ("DynamoDB", "dynamodb"),
    ("ELB", "alb"),
    ("EventBridge", "eventbridge"),
    ("IoT Events", "iot-events"),
    ("IoT", "iot"),
    ("Kinesis", "kinesis"),
    ("Lex", "lex"),
    ("MQ", "mq"),
    ("MSK", "msk"),
    ("S3 Batch", "s3-batch"),
    ("S3", "s3"),
    ("SES", "ses"),
    ("SNS", "sns"),
    ("SQS", "sqs"),
    ("Secrets Manager", "secrets-manager"),
    ("self-managed Kafka", "kafka"),
];

/// Events of Amazon EventBridge that are filed under the service they are about.
const OF_EVENTBRIDGE: [&str; 3] = [
    "go/codepipeline-action-execution-stage-change-event.json",
    "go/codepipeline-execution-stage-change-event.json",
    "go/codepipeline-execution-state-change-event.json",
];

/// Documents that do not come back exactly, and why.
const EXPLAINED: [Explained; 0] = [];

struct Explained {
    file: &'static str,
    unknown: &'static [&'static str],
    changed: &'static [&'static str],
    /// Why it is right so.
    #[expect(dead_code, reason = "it is there to be read")]
    reason: &'static str,
}

#[test]
fn documents_are_exact_or_explained() {
    let corpus = std::env::var_os("LAMBDA_WITH_CORPUS")
        .map_or_else(|| workspace().join("../shared/corpus"), PathBuf::from);
    let Ok(index) = std::fs::read_to_string(corpus.join("index.tsv")) else {
        eprintln!(
            "no corpus at {}: set LAMBDA_WITH_CORPUS to compare with one",
            corpus.display()
        );
        return;
    };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (file, kind, row) = (columns[0], columns[1], columns[2]);
        let row = if OF_EVENTBRIDGE.contains(&file) {
            "EventBridge"
        } else {
            row
        };
        let Some((_, service)) = ROWS.iter().find(|(name, _)| *name == row) else {
            continue;
        };
        if !["event", "response"].contains(&kind) {
            continue;
        }
        seen += 1;
        let path = corpus.join(file);
        let ran = run([
            "decode".as_ref(),
            "--output".as_ref(),
            "json".as_ref(),
            path.as_os_str(),
        ]);
        if ran.code != 0 {
            wrong.push(format!("{file}: {}", ran.stderr));
            continue;
        }
        let decoded = ran.json();
        let found = decoded["type"].as_str().unwrap_or_default();
        // An answer may be, letter for letter, that of another service too.
        if kind == "event" && !found.starts_with(&format!("{service}/")) {
            wrong.push(format!("{file}: taken for {found}"));
        }
        let explained = EXPLAINED.iter().find(|explained| explained.file == file);
        let expected = |pick: fn(&Explained) -> &'static [&'static str]| -> Value {
            explained.map_or_else(|| json!([]), |explained| json!(pick(explained)))
        };
        let differences = (&decoded["unknown"], &decoded["changed"]);
        if differences != (&expected(|e| e.unknown), &expected(|e| e.changed)) {
            wrong.push(format!(
                "{file}: {found}: unknown, changed: {differences:?}"
            ));
        }
    }
    assert!(
        seen > 20,
        "only {seen} documents of {ROWS:?} in {}",
        corpus.display()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
