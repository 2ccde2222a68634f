//! The mapping in CloudFormation's words, both ways.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Mapping, ProvisionedPollers, SchemaAttribute, SchemaRegistry};
use crate::{EpochSeconds, Error, ErrorKind, Resource, Rfc3339, Timestamp};

impl Mapping {
    /// The properties of `AWS::Lambda::EventSourceMapping`; what is unset is left out.
    ///
    /// `FunctionName` is [`Resource::FUNCTION`]. A `starting_position_timestamp` that is no time is
    /// left out too: [`Mapping::check`] finds it.
    #[must_use]
    pub fn properties(&self) -> Value {
        let mut out = Properties(Map::new());
        out.put("FunctionName", Some(Resource::FUNCTION));
        out.put("EventSourceArn", self.source.as_ref());
        if !self.bootstrap_servers.is_empty() {
            let endpoints = json!({ "KafkaBootstrapServers": self.bootstrap_servers });
            out.put(
                "SelfManagedEventSource",
                Some(json!({ "Endpoints": endpoints })),
            );
        }
        out.put("Enabled", self.enabled);
        out.put("BatchSize", self.batch_size);
        out.put("MaximumBatchingWindowInSeconds", self.batching_window);
        out.put("StartingPosition", self.starting_position);
        out.put("StartingPositionTimestamp", self.starting_seconds());
        out.put("ParallelizationFactor", self.parallelization_factor);
        out.put("MaximumRecordAgeInSeconds", self.maximum_record_age);
        out.put("MaximumRetryAttempts", self.maximum_retry_attempts);
        out.put(
            "BisectBatchOnFunctionError",
            self.bisect_batch_on_function_error,
        );
        out.put("TumblingWindowInSeconds", self.tumbling_window);
        let partial = |report: bool| report.then_some(REPORT).into_iter().collect::<Vec<_>>();
        out.put(
            "FunctionResponseTypes",
            self.report_batch_item_failures.map(partial),
        );
        let pattern = |pattern| json!({ "Pattern": pattern });
        let filters: Vec<Value> = self.filters.iter().map(pattern).collect();
        out.put_within("FilterCriteria", "Filters", some(&filters));
        out.put("KmsKeyArn", self.filter_key.as_ref());
        let on_failure = self.on_failure.as_ref();
        let on_failure = on_failure.map(|to| json!({ "Destination": to }));
        out.put_within("DestinationConfig", "OnFailure", on_failure);
        out.put_within(
            "ScalingConfig",
            "MaximumConcurrency",
            self.maximum_concurrency,
        );
        out.put(
            "ProvisionedPollerConfig",
            self.provisioned_pollers.as_ref().map(pollers),
        );
        out.put("Topics", self.topic.as_ref().map(|topic| [topic]));
        out.put("Queues", self.queue.as_ref().map(|queue| [queue]));
        out.put("SourceAccessConfigurations", some(&self.access));
        let kafka = if self.source.is_some() {
            MSK
        } else {
            SELF_MANAGED
        };
        out.put_within(kafka, "ConsumerGroupId", self.consumer_group.as_ref());
        out.put_within(
            kafka,
            "SchemaRegistryConfig",
            self.schema_registry.as_ref().map(registry),
        );
        out.put_within(kafka, "ConsumptionMode", self.consumption_mode);
        out.put_within(DOCUMENT_DB, "DatabaseName", self.database.as_ref());
        out.put_within(DOCUMENT_DB, "CollectionName", self.collection.as_ref());
        out.put_within(DOCUMENT_DB, "FullDocument", self.full_document);
        out.put_within("MetricsConfig", "Metrics", some(&self.metrics));
        out.put_within("LoggingConfig", "SystemLogLevel", self.log_level);
        let tag = |(key, value)| json!({ "Key": key, "Value": value });
        let tags: Vec<Value> = self.tags.iter().map(tag).collect();
        out.put("Tags", some(&tags));
        Value::Object(out.0)
    }

    /// Reads what [`Mapping::properties`] writes; properties it does not know are passed over.
    ///
    /// ```
    /// use lambda_with::rules::mapping::{Mapping, StartingPosition};
    ///
    /// let mapping = Mapping {
    ///     starting_position: Some(StartingPosition::Latest),
    ///     on_failure: Some("arn:aws:sqs:eu-west-1:123456789012:orders-failed".into()),
    ///     ..Mapping::default()
    /// };
    /// assert_eq!(Mapping::of_properties(&mapping.properties())?, mapping);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Decode`, naming the property, when one is not of its type.
    pub fn of_properties(properties: &Value) -> Result<Self, Error> {
        let read = Reader(properties);
        let kafka = if properties.get(MSK).is_some() {
            MSK
        } else {
            SELF_MANAGED
        };
        let within = |inner: &str| format!("{kafka}/{inner}");
        let report: Option<Vec<String>> = read.at("FunctionResponseTypes")?;
        let began: Option<EpochSeconds> = read.at("StartingPositionTimestamp")?;
        let began = began.map(|began| began.timestamp()).transpose()?;
        let filters: Vec<Value> = read.or_default("FilterCriteria/Filters")?;
        let tags: Vec<Value> = read.or_default("Tags")?;
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let tags = tags
            .iter()
            .map(|tag| (text(tag, "Key"), text(tag, "Value")));
        Ok(Self {
            source: read.at("EventSourceArn")?,
            bootstrap_servers: read
                .or_default("SelfManagedEventSource/Endpoints/KafkaBootstrapServers")?,
            enabled: read.at("Enabled")?,
            batch_size: read.at("BatchSize")?,
            batching_window: read.at("MaximumBatchingWindowInSeconds")?,
            starting_position: read.at("StartingPosition")?,
            starting_position_timestamp: began.map(Rfc3339::from),
            parallelization_factor: read.at("ParallelizationFactor")?,
            maximum_record_age: read.at("MaximumRecordAgeInSeconds")?,
            maximum_retry_attempts: read.at("MaximumRetryAttempts")?,
            bisect_batch_on_function_error: read.at("BisectBatchOnFunctionError")?,
            tumbling_window: read.at("TumblingWindowInSeconds")?,
            report_batch_item_failures: report.map(|types| types.iter().any(|kind| kind == REPORT)),
            filters: filters
                .iter()
                .map(|filter| text(filter, "Pattern"))
                .collect(),
            filter_key: read.at("KmsKeyArn")?,
            on_failure: read.at("DestinationConfig/OnFailure/Destination")?,
            maximum_concurrency: read.at("ScalingConfig/MaximumConcurrency")?,
            provisioned_pollers: match properties.get("ProvisionedPollerConfig") {
                None | Some(Value::Null) => None,
                Some(_) => Some(ProvisionedPollers {
                    minimum: read.at("ProvisionedPollerConfig/MinimumPollers")?,
                    maximum: read.at("ProvisionedPollerConfig/MaximumPollers")?,
                    group: read.at("ProvisionedPollerConfig/PollerGroupName")?,
                }),
            },
            topic: read.at("Topics/0")?,
            queue: read.at("Queues/0")?,
            access: read.or_default("SourceAccessConfigurations")?,
            consumer_group: read.at(&within("ConsumerGroupId"))?,
            schema_registry: match read.at(&within("SchemaRegistryConfig/SchemaRegistryURI"))? {
                None => None,
                Some(uri) => Some(SchemaRegistry {
                    uri,
                    format: read.needed(&within("SchemaRegistryConfig/EventRecordFormat"))?,
                    access: read.or_default(&within("SchemaRegistryConfig/AccessConfigs"))?,
                    validate: read
                        .attributes(&within("SchemaRegistryConfig/SchemaValidationConfigs"))?,
                }),
            },
            consumption_mode: read.at(&within("ConsumptionMode"))?,
            database: read.at("DocumentDBEventSourceConfig/DatabaseName")?,
            collection: read.at("DocumentDBEventSourceConfig/CollectionName")?,
            full_document: read.at("DocumentDBEventSourceConfig/FullDocument")?,
            metrics: read.or_default("MetricsConfig/Metrics")?,
            log_level: read.at("LoggingConfig/SystemLogLevel")?,
            tags: tags.collect(),
        })
    }

    /// Seconds since the epoch, with a fraction only where there is one.
    fn starting_seconds(&self) -> Option<Value> {
        let time = self
            .starting_position_timestamp
            .as_ref()?
            .timestamp()
            .ok()?;
        let (seconds, millis) = (time.seconds(), time.nanos() / 1_000_000);
        if millis == 0 {
            return Some(seconds.into());
        }
        // Written as text and read as JSON, so that no arithmetic touches the digits.
        serde_json::from_str(
            &EpochSeconds::from(Timestamp::from_unix_millis(time.unix_millis())).to_string(),
        )
        .ok()
    }
}

const REPORT: &str = "ReportBatchItemFailures";
const MSK: &str = "AmazonManagedKafkaEventSourceConfig";
const SELF_MANAGED: &str = "SelfManagedKafkaEventSourceConfig";
const DOCUMENT_DB: &str = "DocumentDBEventSourceConfig";

struct Properties(Map<String, Value>);

impl Properties {
    fn put(&mut self, name: &str, value: Option<impl Serialize>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), json!(value));
        }
    }

    fn put_within(&mut self, name: &str, inner: &str, value: Option<impl Serialize>) {
        if let Some(value) = value {
            let place = self.0.entry(name).or_insert_with(|| json!({}));
            place[inner] = json!(value);
        }
    }
}

struct Reader<'a>(&'a Value);

impl Reader<'_> {
    fn at<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        match self.0.pointer(&format!("/{path}")) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::deserialize(value).map(Some).map_err(|error| {
                let what = format!("`{path}` of an event source mapping: {error}");
                Error::new(ErrorKind::Decode, what)
            }),
        }
    }

    fn or_default<T: Default + DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        Ok(self.at(path)?.unwrap_or_default())
    }

    fn needed<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.at(path)?.ok_or_else(|| {
            Error::new(
                ErrorKind::Decode,
                format!("an event source mapping without `{path}`"),
            )
        })
    }

    fn attributes(&self, path: &str) -> Result<Vec<SchemaAttribute>, Error> {
        let list: Vec<Value> = self.or_default(path)?;
        (0..list.len())
            .map(|index| self.needed(&format!("{path}/{index}/Attribute")))
            .collect()
    }
}

fn some<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

fn pollers(pollers: &ProvisionedPollers) -> Value {
    let mut out = Properties(Map::new());
    out.put("MinimumPollers", pollers.minimum);
    out.put("MaximumPollers", pollers.maximum);
    out.put("PollerGroupName", pollers.group.as_ref());
    Value::Object(out.0)
}

fn registry(registry: &SchemaRegistry) -> Value {
    let mut out = Properties(Map::new());
    out.put("SchemaRegistryURI", Some(&registry.uri));
    out.put("EventRecordFormat", Some(registry.format));
    out.put("AccessConfigs", some(&registry.access));
    let attribute = |attribute| json!({ "Attribute": attribute });
    let validate: Vec<Value> = registry.validate.iter().map(attribute).collect();
    out.put("SchemaValidationConfigs", Some(validate));
    Value::Object(out.0)
}
