//! The services of the guide, and what their crates say of themselves.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::problem::{At, Problems};

/// How a service comes to run a function.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Synchronous,
    Asynchronous,
    Polling,
    Special,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synchronous => "synchronous",
            Self::Asynchronous => "asynchronous",
            Self::Polling => "polling",
            Self::Special => "special",
        }
    }

    /// The name of the variant of `lambda_with::Mode`.
    pub fn variant(self) -> &'static str {
        match self {
            Self::Synchronous => "Synchronous",
            Self::Asynchronous => "Asynchronous",
            Self::Polling => "Polling",
            Self::Special => "Special",
        }
    }
}

/// All services of the guide's chapter: id, name, mode.
pub const ALL: [(&str, &str, Mode); 29] = [
    (
        "alb",
        "Elastic Load Balancing (Application Load Balancer)",
        Mode::Synchronous,
    ),
    ("alexa", "Alexa", Mode::Synchronous),
    ("api-gateway", "Amazon API Gateway", Mode::Synchronous),
    ("cloudformation", "AWS CloudFormation", Mode::Asynchronous),
    (
        "cloudfront",
        "Amazon CloudFront (Lambda@Edge)",
        Mode::Synchronous,
    ),
    (
        "cloudwatch-logs",
        "Amazon CloudWatch Logs",
        Mode::Asynchronous,
    ),
    ("codecommit", "AWS CodeCommit", Mode::Asynchronous),
    ("codepipeline", "AWS CodePipeline", Mode::Asynchronous),
    ("cognito", "Amazon Cognito", Mode::Synchronous),
    ("config", "AWS Config", Mode::Asynchronous),
    ("connect", "Amazon Connect", Mode::Synchronous),
    ("dynamodb", "Amazon DynamoDB", Mode::Polling),
    ("efs", "Amazon EFS", Mode::Special),
    ("eventbridge", "Amazon EventBridge", Mode::Asynchronous),
    ("firehose", "Amazon Data Firehose", Mode::Synchronous),
    ("iot", "AWS IoT Core", Mode::Asynchronous),
    ("iot-events", "AWS IoT Events", Mode::Asynchronous),
    ("kafka", "Self-managed Apache Kafka", Mode::Polling),
    ("kinesis", "Amazon Kinesis Data Streams", Mode::Polling),
    ("lex", "Amazon Lex", Mode::Synchronous),
    ("mq", "Amazon MQ", Mode::Polling),
    ("msk", "Amazon MSK", Mode::Polling),
    ("s3", "Amazon S3", Mode::Asynchronous),
    ("s3-batch", "Amazon S3 Batch Operations", Mode::Synchronous),
    ("secrets-manager", "AWS Secrets Manager", Mode::Synchronous),
    ("ses", "Amazon SES", Mode::Asynchronous),
    ("sns", "Amazon SNS", Mode::Asynchronous),
    ("sqs", "Amazon SQS", Mode::Polling),
    ("x-ray", "AWS X-Ray", Mode::Special),
];

/// `[package.metadata.service]` of a service's crate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub id: String,
    pub name: String,
    pub mode: Mode,
    pub principal: Option<String>,
    pub guide: String,
    /// The crate's features but the default one.
    #[serde(skip)]
    pub features: Vec<String>,
    /// How many features choose among generated details; they are not listed above.
    #[serde(skip)]
    pub sources: usize,
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
    #[serde(default)]
    features: toml::Table,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    service: Option<Facts>,
}

/// The facts of all service crates in the tree, in the order of [`ALL`].
pub fn facts(root: &Path, problems: &mut Problems) -> Result<Vec<Facts>> {
    let mut found = Vec::new();
    for (id, name, mode) in ALL {
        let file = format!("crates/{id}/Cargo.toml");
        let path = root.join(&file);
        if !path.exists() {
            continue;
        }
        let manifest: Manifest =
            toml::from_str(&fs::read_to_string(&path)?).with_context(|| file.clone())?;
        let at = At::file(file);
        let Some(mut facts) = manifest.package.metadata.service else {
            problems.add(&at, "[package.metadata.service] is missing");
            continue;
        };
        for (key, is, must) in [
            ("id", facts.id.as_str(), id),
            ("name", &facts.name, name),
            ("mode", facts.mode.as_str(), mode.as_str()),
        ] {
            if is != must {
                let what =
                    format!("package.metadata.service.{key} is `{is}`, and must be `{must}`");
                problems.add(&at, what);
            }
        }
        let detailed = path.with_file_name("registry.toml").exists();
        let features = manifest
            .features
            .iter()
            .filter(|(key, _)| *key != "default");
        for (key, needs) in features {
            if detailed && needs.as_array().is_some_and(Vec::is_empty) {
                facts.sources += 1;
            } else {
                facts.features.push(key.clone());
            }
        }
        found.push(facts);
    }
    Ok(found)
}
