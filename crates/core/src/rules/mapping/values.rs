//! Values of settings. Each is read and written as AWS spells it, in a definition too.

use serde::{Deserialize, Serialize};

/// Where a new mapping begins to read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StartingPosition {
    /// `TRIM_HORIZON`: with the oldest record there is.
    TrimHorizon,
    /// `LATEST`: with what comes once the mapping works, some minutes after it was made.
    Latest,
    /// `AT_TIMESTAMP`: with the first record of a time. Not for DynamoDB.
    AtTimestamp,
}

/// Pollers kept for one mapping.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProvisionedPollers {
    /// The least: of SQS 2 to 200, 2 unless set; of Kafka 1 to 200, 1 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u32>,
    /// The most: of SQS 2 to 10,000, of Kafka 1 to 2,000; 200 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<u32>,
    /// Mappings of one group share their pollers: up to 128 letters, digits, `-` and `_`. Kafka only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A metric CloudWatch gets of a mapping.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Metric {
    /// How many records were read, filtered, invoked, failed and dropped.
    EventCount,
    /// How often the source could not be read. Kafka only.
    ErrorCount,
    /// How far behind the consumer is. Kafka only.
    KafkaMetrics,
}

/// How much a mapping logs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// Everything, the state of the consumer each minute included.
    Debug,
    /// What pollers do, besides warnings.
    Info,
    /// Trouble alone.
    Warn,
}

/// How records of a self-managed Kafka cluster are shared out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum ConsumptionMode {
    /// Each partition to one consumer, in order.
    Stream,
    /// Record by record, without order: a share group, from Kafka 4.2 on.
    Queue,
}

/// What the event of a changed document holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum FullDocument {
    /// What changed, alone.
    Default,
    /// The whole document too, as it was when Lambda looked it up.
    UpdateLookup,
}

/// One entry of `SourceAccessConfigurations`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SourceAccess {
    /// What the entry is.
    #[serde(rename = "Type")]
    pub kind: AccessType,
    /// A secret's ARN, a subnet, a virtual host: what the type demands. At most 200 characters.
    #[serde(default, rename = "URI", skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

impl SourceAccess {
    /// An entry with a value.
    pub fn new(kind: AccessType, uri: impl Into<String>) -> Self {
        Self {
            kind,
            uri: Some(uri.into()),
        }
    }
}

/// A way into a source, or a part of one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessType {
    /// Name and password in a secret: Amazon MQ, DocumentDB, and SASL/PLAIN of self-managed Kafka.
    BasicAuth,
    /// SASL/SCRAM-512 with a secret: Kafka.
    #[serde(rename = "SASL_SCRAM_512_AUTH")]
    SaslScram512Auth,
    /// SASL/SCRAM-256 with a secret: self-managed Kafka.
    #[serde(rename = "SASL_SCRAM_256_AUTH")]
    SaslScram256Auth,
    /// A client certificate in a secret: Kafka.
    ClientCertificateTlsAuth,
    /// The certificate authority of the brokers, in a secret: self-managed Kafka.
    ServerRootCaCertificate,
    /// A subnet the brokers can be reached from, `subnet:subnet-ID`: self-managed Kafka.
    VpcSubnet,
    /// A security group for it, `security_group:sg-ID`: self-managed Kafka.
    VpcSecurityGroup,
    /// The virtual host: RabbitMQ.
    VirtualHost,
    /// OAuth with a secret: self-managed Kafka.
    OauthbearerAuth,
    /// The OAuth scope.
    OauthbearerScope,
    /// The OAuth audience.
    OauthbearerAudience,
    /// Confluent Cloud's logical cluster.
    OauthbearerLogicalCluster,
    /// Confluent Cloud's identity pool.
    OauthbearerIdentityPool,
    /// The execution role itself: self-managed Kafka.
    IamAuth,
    /// A token for the execution role; needs the audience: self-managed Kafka.
    IamOauthbearerAuth,
}

/// Where the schemas of Kafka's records are.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaRegistry {
    /// The ARN of a Glue registry, or the URL of a Confluent one.
    pub uri: String,
    /// What the event holds.
    pub format: RecordFormat,
    /// The parts of a record that have a schema: at least one.
    pub validate: Vec<SchemaAttribute>,
    /// How Lambda gets into the registry. For Glue the execution role is enough; of the types only
    /// `BASIC_AUTH`, `CLIENT_CERTIFICATE_TLS_AUTH`, `SERVER_ROOT_CA_CERTIFICATE` and
    /// `OAUTHBEARER_AUTH`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<SourceAccess>,
}

/// How a record with a schema stands in the event.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordFormat {
    /// As JSON, whatever it was.
    Json,
    /// As it was, without the registry's prefix.
    Source,
}

/// A part of a record.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SchemaAttribute {
    /// The key.
    Key,
    /// The value.
    Value,
}
