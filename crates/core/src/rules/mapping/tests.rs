mod sources;
mod values;

use expect_test::expect;
use serde_json::json;

use super::*;
use crate::Severity;

/// The least a mapping of this kind needs.
fn plain(kind: SourceKind) -> Mapping {
    let mut mapping = Mapping::default();
    let (source, secret) = match kind {
        SourceKind::ActiveMq | SourceKind::RabbitMq => {
            ("mq:eu-west-1:123456789012:broker:jobs:b-1", true)
        }
        SourceKind::DocumentDb => ("rds:eu-west-1:123456789012:cluster:orders", true),
        SourceKind::DynamoDb => (
            "dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123",
            false,
        ),
        SourceKind::Kinesis => ("kinesis:eu-west-1:123456789012:stream/telemetry", false),
        SourceKind::Kafka => ("", true),
        SourceKind::Msk => ("kafka:eu-west-1:123456789012:cluster/logins/3f0b-4", false),
        SourceKind::SqsFifo => ("sqs:eu-west-1:123456789012:orders.fifo", false),
        SourceKind::SqsStandard => ("sqs:eu-west-1:123456789012:orders", false),
    };
    if source.is_empty() {
        mapping.bootstrap_servers = vec!["broker-1.example.com:9094".into()];
    } else {
        mapping.source = Some(format!("arn:aws:{source}").parse().unwrap());
    }
    if secret {
        mapping.access = vec![SourceAccess::new(AccessType::BasicAuth, SECRET)];
    }
    if kind.is_stream() {
        mapping.starting_position = Some(StartingPosition::Latest);
        mapping.maximum_retry_attempts = Some(3);
        mapping.bisect_batch_on_function_error = Some(true);
    }
    if kind.is_kafka() {
        mapping.topic = Some("logins".into());
    }
    if kind.is_mq() {
        mapping.queue = Some("jobs".into());
    }
    if kind == SourceKind::DocumentDb {
        mapping.database = Some("shop".into());
    }
    mapping
}

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:broker-a1b2c3";
const KINDS: [SourceKind; 9] = [
    SourceKind::ActiveMq,
    SourceKind::DocumentDb,
    SourceKind::DynamoDb,
    SourceKind::Kafka,
    SourceKind::Kinesis,
    SourceKind::Msk,
    SourceKind::RabbitMq,
    SourceKind::SqsFifo,
    SourceKind::SqsStandard,
];

fn function() -> Function {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    Function::new(arn.parse().unwrap()).unwrap()
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        assert!(
            !finding.fix.is_empty() && !finding.page.is_empty(),
            "{finding}"
        );
        assert!(!finding.what.ends_with('.'), "{finding}");
        let mark = if finding.severity == Severity::Error {
            "!"
        } else {
            ""
        };
        format!("{}{mark} {}", finding.code, finding.field)
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(kind: SourceKind, change: impl FnOnce(&mut Mapping), expected: &str) {
    let mut mapping = plain(kind);
    change(&mut mapping);
    assert_eq!(
        found(&mapping.check(kind, &function())),
        expected,
        "{kind:?} {mapping:?}"
    );
}

fn pollers(minimum: u32, maximum: u32) -> Option<ProvisionedPollers> {
    Some(ProvisionedPollers {
        minimum: Some(minimum),
        maximum: Some(maximum),
        group: None,
    })
}

fn registry() -> Option<SchemaRegistry> {
    Some(SchemaRegistry {
        uri: "arn:aws:glue:eu-west-1:123456789012:registry/orders".into(),
        format: RecordFormat::Json,
        validate: vec![SchemaAttribute::Value],
        access: vec![SourceAccess::new(AccessType::BasicAuth, SECRET)],
    })
}

type Setting = (&'static str, fn(&mut Mapping), &'static [SourceKind]);

/// Every setting, with a value that is good where it is taken, and the kinds that take it.
fn settings() -> Vec<Setting> {
    use SourceKind::{
        ActiveMq, DocumentDb, DynamoDb, Kafka, Kinesis, Msk, RabbitMq, SqsFifo, SqsStandard,
    };
    const NOT_DOCUMENT_DB: &[SourceKind] = &[
        ActiveMq,
        DynamoDb,
        Kafka,
        Kinesis,
        Msk,
        RabbitMq,
        SqsFifo,
        SqsStandard,
    ];
    const STREAMS: &[SourceKind] = &[DynamoDb, Kinesis];
    const LOGS: &[SourceKind] = &[DynamoDb, Kafka, Kinesis, Msk];
    const KAFKA: &[SourceKind] = &[Kafka, Msk];
    vec![
        ("enabled", |m| m.enabled = Some(false), &KINDS),
        ("batch_size", |m| m.batch_size = Some(9), &KINDS),
        (
            "batching_window",
            |m| m.batching_window = Some(5),
            &[
                ActiveMq,
                DocumentDb,
                DynamoDb,
                Kafka,
                Kinesis,
                Msk,
                RabbitMq,
                SqsStandard,
            ],
        ),
        (
            "starting_position",
            |m| m.starting_position = Some(StartingPosition::TrimHorizon),
            &[DocumentDb, DynamoDb, Kafka, Kinesis, Msk],
        ),
        (
            "parallelization_factor",
            |m| m.parallelization_factor = Some(10),
            STREAMS,
        ),
        (
            "maximum_record_age",
            |m| m.maximum_record_age = Some(60),
            LOGS,
        ),
        (
            "maximum_retry_attempts",
            |m| m.maximum_retry_attempts = Some(0),
            LOGS,
        ),
        (
            "bisect_batch_on_function_error",
            |m| m.bisect_batch_on_function_error = Some(true),
            LOGS,
        ),
        (
            "tumbling_window",
            |m| m.tumbling_window = Some(900),
            STREAMS,
        ),
        (
            "report_batch_item_failures",
            |m| m.report_batch_item_failures = Some(true),
            &[DynamoDb, Kafka, Kinesis, Msk, SqsFifo, SqsStandard],
        ),
        (
            "filters",
            |m| m.filters = vec![r#"{"$or":[{"body":[""]},{"body":["x"]}]}"#.into()],
            NOT_DOCUMENT_DB,
        ),
        (
            "filter_key",
            |m| m.filter_key = Some("arn:aws:kms:eu-west-1:123456789012:key/1".parse().unwrap()),
            NOT_DOCUMENT_DB,
        ),
        (
            "on_failure",
            |m| m.on_failure = Some("arn:aws:s3:::failed".into()),
            LOGS,
        ),
        (
            "maximum_concurrency",
            |m| m.maximum_concurrency = Some(2),
            &[SqsFifo, SqsStandard],
        ),
        (
            "provisioned_pollers",
            |m| m.provisioned_pollers = pollers(2, 200),
            &[Kafka, Msk, SqsFifo, SqsStandard],
        ),
        ("topic", |m| m.topic = Some("logins".into()), KAFKA),
        (
            "queue",
            |m| m.queue = Some("jobs".into()),
            &[ActiveMq, RabbitMq],
        ),
        (
            "consumer_group",
            |m| m.consumer_group = Some("orders".into()),
            KAFKA,
        ),
        ("schema_registry", |m| m.schema_registry = registry(), KAFKA),
        (
            "consumption_mode",
            |m| m.consumption_mode = Some(ConsumptionMode::Stream),
            &[Kafka],
        ),
        (
            "database",
            |m| m.database = Some("shop".into()),
            &[DocumentDb],
        ),
        (
            "collection",
            |m| m.collection = Some("orders".into()),
            &[DocumentDb],
        ),
        (
            "full_document",
            |m| m.full_document = Some(FullDocument::UpdateLookup),
            &[DocumentDb],
        ),
        (
            "metrics",
            |m| m.metrics = vec![Metric::EventCount],
            &[DynamoDb, Kafka, Kinesis, Msk, SqsFifo, SqsStandard],
        ),
        ("log_level", |m| m.log_level = Some(LogLevel::Debug), KAFKA),
        (
            "tags",
            |m| m.tags = [("team".to_owned(), "orders".to_owned())].into(),
            &KINDS,
        ),
    ]
}

#[test]
fn each_source_takes_its_settings_and_no_others() {
    for (field, set, kinds) in settings() {
        for kind in KINDS {
            let mut mapping = plain(kind);
            set(&mut mapping);
            let findings = mapping.check(kind, &function());
            let refused = findings
                .iter()
                .any(|f| f.code == "LW0010" && f.field == field);
            assert_eq!(
                refused,
                !kinds.contains(&kind),
                "{field} {kind:?} {findings:?}"
            );
        }
    }
}

#[test]
fn every_setting_is_written_and_read_back() {
    for kind in KINDS {
        let mut mapping = plain(kind);
        assert_eq!(
            Mapping::of_properties(&mapping.properties()).unwrap(),
            mapping
        );
        for (field, set, _) in settings() {
            let before = mapping.properties();
            set(&mut mapping);
            let back = Mapping::of_properties(&mapping.properties()).unwrap();
            assert_eq!(back, mapping, "{field} {kind:?}");
            if field == "enabled" {
                assert_ne!(before, mapping.properties());
            }
        }
    }
    for (time, seconds) in [
        ("2026-03-02T10:35:30Z", "1772447730"),
        ("2026-03-02T11:35:30.120+01:00", "1772447730.12"),
    ] {
        let mut mapping = plain(SourceKind::Kinesis);
        mapping.starting_position_timestamp = Some(time.into());
        let written = &mapping.properties()["StartingPositionTimestamp"];
        assert_eq!(written.to_string(), seconds);
        let back = Mapping::of_properties(&mapping.properties()).unwrap();
        let instant = |mapping: &Mapping| {
            let time = mapping.starting_position_timestamp.as_ref().unwrap();
            time.timestamp().unwrap()
        };
        assert_eq!(instant(&back), instant(&mapping));
    }
    for (properties, named) in [
        (json!({ "BatchSize": "ten" }), "BatchSize"),
        (
            json!({ "StartingPosition": "EARLIEST" }),
            "StartingPosition",
        ),
        (json!({ "EventSourceArn": "orders" }), "EventSourceArn"),
    ] {
        let error = Mapping::of_properties(&properties).unwrap_err();
        assert!(error.message().contains(named), "{error}");
    }
}

#[test]
fn a_good_mapping_has_no_findings() {
    for kind in KINDS {
        check(kind, |_| (), "");
    }
    check(
        SourceKind::Msk,
        |m| {
            m.source = Some(
                "arn:aws:kafka:eu-west-1:123456789012:vpc-connection/210987654321/logins/1"
                    .parse()
                    .unwrap(),
            );
        },
        "",
    );
    check(
        SourceKind::Kinesis,
        |m| {
            m.source = Some(
                "arn:aws:kinesis:eu-west-1:123456789012:stream/a/consumer/b:1"
                    .parse()
                    .unwrap(),
            );
        },
        "",
    );
}

#[test]
fn a_finding_names_what_aws_says() {
    let mut mapping = plain(SourceKind::DynamoDb);
    mapping.starting_position = None;
    let findings = mapping.check(SourceKind::DynamoDb, &function());
    expect![[r#"
        error[LW0012] starting_position: a DynamoDB stream needs starting_position
          why: AWS refuses the mapping: 1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.
          fix: set starting_position
          see: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html"#]]
    .assert_eq(&findings[0].to_string());
}

#[test]
fn properties() {
    let mut mapping = plain(SourceKind::Kafka);
    mapping.consumer_group = Some("orders".into());
    mapping.schema_registry = registry();
    mapping.provisioned_pollers = Some(ProvisionedPollers {
        group: Some("shared".into()),
        ..pollers(1, 4).unwrap()
    });
    mapping.starting_position = Some(StartingPosition::AtTimestamp);
    mapping.starting_position_timestamp = Some("2026-03-02T10:35:30Z".into());
    mapping.log_level = Some(LogLevel::Warn);
    mapping.metrics = vec![Metric::EventCount, Metric::ErrorCount];
    expect![[r#"
        {
          "FunctionName": "${Function}",
          "LoggingConfig": {
            "SystemLogLevel": "WARN"
          },
          "MetricsConfig": {
            "Metrics": [
              "EventCount",
              "ErrorCount"
            ]
          },
          "ProvisionedPollerConfig": {
            "MaximumPollers": 4,
            "MinimumPollers": 1,
            "PollerGroupName": "shared"
          },
          "SelfManagedEventSource": {
            "Endpoints": {
              "KafkaBootstrapServers": [
                "broker-1.example.com:9094"
              ]
            }
          },
          "SelfManagedKafkaEventSourceConfig": {
            "ConsumerGroupId": "orders",
            "SchemaRegistryConfig": {
              "AccessConfigs": [
                {
                  "Type": "BASIC_AUTH",
                  "URI": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:broker-a1b2c3"
                }
              ],
              "EventRecordFormat": "JSON",
              "SchemaRegistryURI": "arn:aws:glue:eu-west-1:123456789012:registry/orders",
              "SchemaValidationConfigs": [
                {
                  "Attribute": "VALUE"
                }
              ]
            }
          },
          "SourceAccessConfigurations": [
            {
              "Type": "BASIC_AUTH",
              "URI": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:broker-a1b2c3"
            }
          ],
          "StartingPosition": "AT_TIMESTAMP",
          "StartingPositionTimestamp": 1772447730,
          "Topics": [
            "logins"
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&mapping.properties()).unwrap());
}
