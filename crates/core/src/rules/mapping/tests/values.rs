//! Values and combinations, source by source.

use super::*;

#[test]
fn settings_of_streams() {
    use SourceKind::{DynamoDb, Kinesis};
    let at = StartingPosition::AtTimestamp;
    for kind in [DynamoDb, Kinesis] {
        check(
            kind,
            |m| m.starting_position = None,
            "LW0012! starting_position",
        );
        check(kind, |m| m.source = None, "LW0012! stream");
        check(kind, |m| m.maximum_record_age = Some(-1), "");
        for bad in [0, 59, 604_801, -2] {
            check(
                kind,
                |m| m.maximum_record_age = Some(bad),
                "LW0011! maximum_record_age",
            );
        }
        for bad in [10_001, -2] {
            check(
                kind,
                |m| m.maximum_retry_attempts = Some(bad),
                "LW0011! maximum_retry_attempts",
            );
        }
        check(
            kind,
            |m| m.maximum_retry_attempts = None,
            "LW0027 maximum_retry_attempts",
        );
        check(
            kind,
            |m| (m.maximum_retry_attempts, m.maximum_record_age) = (Some(-1), Some(60)),
            "",
        );
        check(
            kind,
            |m| {
                (m.maximum_retry_attempts, m.on_failure) =
                    (None, Some("arn:aws:s3:::failed".into()));
            },
            "LW0028 on_failure",
        );
        check(
            kind,
            |m| m.parallelization_factor = Some(11),
            "LW0011! parallelization_factor",
        );
        check(
            kind,
            |m| m.parallelization_factor = Some(0),
            "LW0011! parallelization_factor",
        );
        check(
            kind,
            |m| m.tumbling_window = Some(901),
            "LW0011! tumbling_window",
        );
        check(kind, |m| m.batch_size = Some(10_000), "");
        check(kind, |m| m.batch_size = Some(10_001), "LW0011! batch_size");
        check(
            kind,
            |m| m.batching_window = Some(301),
            "LW0011! batching_window",
        );
        check(
            kind,
            |m| m.metrics = vec![Metric::KafkaMetrics],
            "LW0010! metrics",
        );
        for bad in [
            "kafka://failed",
            "arn:aws:sqs:eu-west-1:123456789012:f.fifo",
            "arn:aws:lambda:eu-west-1:123456789012:function:f",
            "failed",
        ] {
            check(
                kind,
                |m| m.on_failure = Some(bad.into()),
                "LW0019! on_failure",
            );
        }
        check(
            kind,
            |m| m.on_failure = Some("arn:aws:sns:eu-west-1:123456789012:failed".into()),
            "",
        );
    }
    check(
        Kinesis,
        |m| m.starting_position = Some(at),
        "LW0014! starting_position_timestamp",
    );
    check(
        Kinesis,
        |m| m.starting_position_timestamp = Some("2026-03-02T10:00:00Z".into()),
        "LW0014! starting_position_timestamp",
    );
    check(
        Kinesis,
        |m| {
            (m.starting_position, m.starting_position_timestamp) =
                (Some(at), Some("2026-03-02T10:00:00Z".into()));
        },
        "",
    );
    check(
        Kinesis,
        |m| {
            (m.starting_position, m.starting_position_timestamp) =
                (Some(at), Some("yesterday".into()));
        },
        "LW0014! starting_position_timestamp",
    );
    check(
        DynamoDb,
        |m| m.starting_position = Some(at),
        "LW0014! starting_position",
    );
}

#[test]
fn traps_of_streams() {
    for kind in [SourceKind::DynamoDb, SourceKind::Kinesis] {
        let whole = "LW0030 bisect_batch_on_function_error";
        check(kind, |m| m.bisect_batch_on_function_error = None, whole);
        for change in [
            (|m| m.report_batch_item_failures = Some(true)) as fn(&mut Mapping),
            |m| m.batch_size = Some(1),
        ] {
            let both = |m: &mut Mapping| {
                m.bisect_batch_on_function_error = None;
                change(m);
            };
            check(kind, both, "");
        }
        let old = |m: &mut Mapping| {
            (m.maximum_record_age, m.batching_window) = (Some(60), Some(60));
        };
        check(kind, old, "LW0032 maximum_record_age");
        let mut function = function();
        function.reserved_concurrency = Some(4);
        for (lanes, expected) in [(4, ""), (5, "LW0031 parallelization_factor")] {
            let mut mapping = plain(kind);
            mapping.parallelization_factor = Some(lanes);
            assert_eq!(found(&mapping.check(kind, &function)), expected);
        }
    }
}

#[test]
fn settings_of_queues() {
    use SourceKind::{SqsFifo, SqsStandard};
    check(
        SqsStandard,
        |m| m.batch_size = Some(11),
        "LW0013! batch_size",
    );
    check(
        SqsStandard,
        |m| (m.batch_size, m.batching_window) = (Some(10_000), Some(1)),
        "",
    );
    check(SqsFifo, |m| m.batch_size = Some(11), "LW0011! batch_size");
    check(SqsFifo, |m| m.batching_window = Some(0), "");
    check(
        SqsStandard,
        |m| m.maximum_concurrency = Some(1),
        "LW0011! maximum_concurrency",
    );
    check(
        SqsStandard,
        |m| m.provisioned_pollers = pollers(1, 200),
        "LW0011! provisioned_pollers.minimum",
    );
    check(
        SqsStandard,
        |m| m.provisioned_pollers = pollers(9, 8),
        "LW0011! provisioned_pollers",
    );
    check(
        SqsStandard,
        |m| m.provisioned_pollers = pollers(2, 10_001),
        "LW0011! provisioned_pollers.maximum",
    );
    check(
        SqsStandard,
        |m| (m.maximum_concurrency, m.provisioned_pollers) = (Some(2), pollers(2, 3)),
        "LW0020! provisioned_pollers",
    );
    let group = ProvisionedPollers {
        group: Some("a".into()),
        ..ProvisionedPollers::default()
    };
    check(
        SqsStandard,
        |m| m.provisioned_pollers = Some(group),
        "LW0010! provisioned_pollers.group",
    );
    check(
        SqsFifo,
        |m| m.source = plain(SqsStandard).source,
        "LW0024! queue",
    );
    check(
        SqsStandard,
        |m| m.source = plain(SqsFifo).source,
        "LW0024! queue",
    );
}

#[test]
fn settings_of_kafka_and_brokers() {
    use SourceKind::{ActiveMq, DocumentDb, Kafka, Msk, RabbitMq};
    check(Msk, |m| m.topic = None, "LW0012! topic");
    check(Msk, |m| m.topic = Some("t".repeat(250)), "LW0011! topic");
    check(
        Msk,
        |m| m.schema_registry = registry(),
        "LW0021! schema_registry",
    );
    check(
        Msk,
        |m| (m.schema_registry, m.provisioned_pollers) = (registry(), pollers(1, 2000)),
        "",
    );
    let mut registry = registry();
    registry.as_mut().unwrap().validate.clear();
    registry.as_mut().unwrap().access[0].kind = AccessType::VirtualHost;
    check(
        Msk,
        |m| (m.schema_registry, m.provisioned_pollers) = (registry, pollers(1, 2001)),
        "LW0011! provisioned_pollers.maximum, LW0012! schema_registry.validate, LW0022! schema_registry.access",
    );
    check(
        Msk,
        |m| m.log_level = Some(LogLevel::Info),
        "LW0021! log_level",
    );
    check(
        Msk,
        |m| m.on_failure = Some("kafka://failed".into()),
        "LW0021! on_failure",
    );
    check(
        Msk,
        |m| (m.on_failure, m.provisioned_pollers) = (Some("kafka://failed".into()), pollers(1, 2)),
        "",
    );
    for bad in ["kafka://", "kafka://.failed", "kafka://fai led"] {
        check(
            Msk,
            |m| m.on_failure = Some(bad.into()),
            "LW0019! on_failure, LW0021! on_failure",
        );
    }
    let to = |uri: &str, secret: Option<&str>| {
        let mut registry = super::registry().unwrap();
        registry.uri = uri.to_owned();
        registry.access[0].uri = secret.map(str::to_owned);
        move |m: &mut Mapping| {
            (m.schema_registry, m.provisioned_pollers) = (Some(registry), pollers(1, 2));
        }
    };
    let glue = "arn:aws:glue:eu-west-1:123456789012:registry/orders";
    for (uri, secret, expected) in [
        (glue, Some(SECRET), ""),
        ("https://registry.example.com", Some(SECRET), ""),
        ("registry", Some(SECRET), "LW0011! schema_registry.uri"),
        (SECRET, Some(SECRET), "LW0011! schema_registry.uri"),
        (glue, Some("secret"), "LW0022! schema_registry.access"),
        (glue, None, "LW0022! schema_registry.access"),
    ] {
        check(Msk, to(uri, secret), expected);
    }
    check(
        Msk,
        |m| m.maximum_retry_attempts = Some(2),
        "LW0021 maximum_retry_attempts",
    );
    check(Kafka, |m| m.access.clear(), "LW0022 access");
    check(
        Kafka,
        |m| m.bootstrap_servers.clear(),
        "LW0012! bootstrap_servers",
    );
    for bad in [
        "b.example.com",
        "b.example.com:",
        "b.example.com:+9",
        "b.example.com:65536",
        ":9092",
        "b..com:9092",
        "-b.com:9092",
        "b b.com:9092",
        "kafka_1:9092",
    ] {
        check(
            Kafka,
            |m| m.bootstrap_servers = vec![bad.into()],
            "LW0011! bootstrap_servers",
        );
    }
    for good in ["localhost:9092", "192.0.2.1:1", "b-1.example.com:65535"] {
        check(Kafka, |m| m.bootstrap_servers = vec![good.into()], "");
    }
    let group = |name: &str| {
        Some(ProvisionedPollers {
            group: Some(name.to_owned()),
            ..pollers(1, 2).unwrap()
        })
    };
    check(Kafka, |m| m.provisioned_pollers = group("a-b_1"), "");
    check(
        Kafka,
        |m| m.provisioned_pollers = group("a b"),
        "LW0011! provisioned_pollers.group",
    );
    check(Kafka, |m| m.consumer_group = Some("a b/1".into()), "");
    check(
        Kafka,
        |m| m.consumer_group = Some("a#b".into()),
        "LW0011! consumer_group",
    );
    let tag = |key: &str, value: &str| [(key.to_owned(), value.to_owned())].into();
    check(Kafka, |m| m.tags = tag("Größe: 1", "a@b"), "");
    check(Kafka, |m| m.tags = tag("size", "<1"), "LW0011! tags");
    check(
        Kafka,
        |m| m.bootstrap_servers = vec!["b.example.com:9092".into(); 11],
        "LW0011! bootstrap_servers",
    );
    check(
        Kafka,
        |m| {
            (
                m.consumption_mode,
                m.starting_position,
                m.maximum_retry_attempts,
            ) = (
                Some(ConsumptionMode::Queue),
                Some(StartingPosition::Latest),
                Some(-1),
            );
        },
        "LW0011! maximum_retry_attempts, LW0021 maximum_retry_attempts, LW0020! starting_position",
    );
    for (kind, uri, expected) in [
        (AccessType::VpcSubnet, Some("subnet:subnet-0a1b"), ""),
        (AccessType::VpcSubnet, Some("subnet-0a1b"), "LW0022! access"),
        (
            AccessType::VpcSecurityGroup,
            Some("security_group:sg-1"),
            "",
        ),
        (
            AccessType::SaslScram256Auth,
            Some("secret"),
            "LW0022! access",
        ),
        (AccessType::SaslScram256Auth, Some(SECRET), ""),
        (AccessType::IamAuth, None, ""),
        (AccessType::IamAuth, Some("x"), "LW0022! access"),
        (AccessType::IamOauthbearerAuth, None, "LW0022! access"),
        (AccessType::OauthbearerScope, Some("read"), "LW0022! access"),
        (AccessType::VirtualHost, Some("/"), "LW0022! access"),
    ] {
        let uri = uri.map(str::to_owned);
        check(
            Kafka,
            |m| m.access.push(SourceAccess { kind, uri }),
            expected,
        );
    }
    check(
        RabbitMq,
        |m| {
            m.access
                .push(SourceAccess::new(AccessType::VirtualHost, "/"));
        },
        "",
    );
    check(
        ActiveMq,
        |m| {
            m.access
                .push(SourceAccess::new(AccessType::VirtualHost, "/"));
        },
        "LW0022! access",
    );
    for kind in [ActiveMq, RabbitMq, DocumentDb] {
        check(kind, |m| m.access.clear(), "LW0012! access");
    }
    check(ActiveMq, |m| m.queue = None, "LW0012! queue");
    check(DocumentDb, |m| m.database = None, "LW0012! database");
    check(
        DocumentDb,
        |m| m.collection = Some("c".repeat(58)),
        "LW0011! collection",
    );
    let mut slow = function();
    slow.timeout = 841;
    for kind in KINDS {
        let limited = kind.is_kafka() || kind.is_mq() || kind == DocumentDb;
        let expected = if limited { "LW0023! timeout" } else { "" };
        assert_eq!(found(&plain(kind).check(kind, &slow)), expected, "{kind:?}");
    }
}
