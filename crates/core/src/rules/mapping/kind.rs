//! The kinds of sources, and what tells them apart.

use std::time::Duration;

use crate::rules::filter::DataKey;

/// What a mapping polls.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SourceKind {
    /// A broker of Amazon MQ that runs ActiveMQ.
    ActiveMq,
    /// A change stream of Amazon DocumentDB.
    DocumentDb,
    /// The stream of a DynamoDB table.
    DynamoDb,
    /// A Kafka cluster that is not Amazon's.
    Kafka,
    /// A Kinesis data stream, or a consumer of one.
    Kinesis,
    /// A cluster of Amazon MSK.
    Msk,
    /// A broker of Amazon MQ that runs RabbitMQ.
    RabbitMq,
    /// A FIFO queue of Amazon SQS.
    SqsFifo,
    /// A standard queue of Amazon SQS.
    SqsStandard,
}

impl SourceKind {
    /// What it is called in a sentence: `a Kinesis stream`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ActiveMq => "an ActiveMQ broker",
            Self::DocumentDb => "a DocumentDB change stream",
            Self::DynamoDb => "a DynamoDB stream",
            Self::Kafka => "a self-managed Kafka cluster",
            Self::Kinesis => "a Kinesis stream",
            Self::Msk => "an MSK cluster",
            Self::RabbitMq => "a RabbitMQ broker",
            Self::SqsFifo => "a FIFO queue",
            Self::SqsStandard => "a standard queue",
        }
    }

    /// The field of a connection that names the source: `queue`, `stream`, `cluster`, `broker`,
    /// `bootstrap_servers`. What is found wrong with the source names it.
    #[must_use]
    pub fn source_field(self) -> &'static str {
        match self {
            Self::ActiveMq | Self::RabbitMq => "broker",
            Self::DocumentDb | Self::Msk => "cluster",
            Self::DynamoDb | Self::Kinesis => "stream",
            Self::Kafka => "bootstrap_servers",
            Self::SqsFifo | Self::SqsStandard => "queue",
        }
    }

    /// The service in the source's ARN; self-managed Kafka has none.
    #[must_use]
    pub fn service(self) -> Option<&'static str> {
        match self {
            Self::ActiveMq | Self::RabbitMq => Some("mq"),
            Self::DocumentDb => Some("rds"),
            Self::DynamoDb => Some("dynamodb"),
            Self::Kafka => None,
            Self::Kinesis => Some("kinesis"),
            Self::Msk => Some("kafka"),
            Self::SqsFifo | Self::SqsStandard => Some("sqs"),
        }
    }

    /// Where filters find a record's data; none where there are no filters.
    #[must_use]
    pub fn data_key(self) -> Option<&'static DataKey> {
        match self {
            Self::ActiveMq | Self::RabbitMq => Some(&DataKey::MQ),
            Self::DocumentDb => None,
            Self::DynamoDb => Some(&DataKey::DYNAMODB),
            Self::Kafka | Self::Msk => Some(&DataKey::KAFKA),
            Self::Kinesis => Some(&DataKey::KINESIS),
            Self::SqsFifo | Self::SqsStandard => Some(&DataKey::SQS),
        }
    }

    /// The batch size of a mapping that sets none.
    #[must_use]
    pub fn default_batch_size(self) -> u32 {
        if self.is_sqs() { 10 } else { 100 }
    }

    /// How long a batch gathers where the mapping sets no window.
    #[must_use]
    pub fn default_batching_window(self) -> Duration {
        match self.is_sqs() || self.is_stream() {
            true => Duration::ZERO,
            false => Duration::from_millis(500),
        }
    }

    /// The most invocations of one mapping at once, where Lambda does not let it scale further.
    #[must_use]
    pub fn most_at_once(self) -> Option<usize> {
        match self {
            Self::ActiveMq => Some(5),
            Self::DocumentDb | Self::RabbitMq => Some(1),
            _ => None,
        }
    }

    /// Whether it is a queue of Amazon SQS.
    #[must_use]
    pub fn is_sqs(self) -> bool {
        matches!(self, Self::SqsFifo | Self::SqsStandard)
    }

    /// Whether it is a stream of shards: Kinesis or DynamoDB.
    #[must_use]
    pub fn is_stream(self) -> bool {
        matches!(self, Self::DynamoDb | Self::Kinesis)
    }

    /// Whether it is Kafka, Amazon's or not.
    #[must_use]
    pub fn is_kafka(self) -> bool {
        matches!(self, Self::Kafka | Self::Msk)
    }

    /// Whether it is a broker of Amazon MQ.
    #[must_use]
    pub fn is_mq(self) -> bool {
        matches!(self, Self::ActiveMq | Self::RabbitMq)
    }

    /// The page of the Lambda guide about its settings.
    #[must_use]
    pub fn page(self) -> &'static str {
        match self {
            Self::ActiveMq | Self::RabbitMq => {
                "https://docs.aws.amazon.com/lambda/latest/dg/services-mq-params.html"
            }
            Self::DocumentDb => "https://docs.aws.amazon.com/lambda/latest/dg/with-documentdb.html",
            Self::DynamoDb => {
                "https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html"
            }
            Self::Kafka => "https://docs.aws.amazon.com/lambda/latest/dg/kafka-esm-parameters.html",
            Self::Kinesis => {
                "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html"
            }
            Self::Msk => "https://docs.aws.amazon.com/lambda/latest/dg/msk-esm-parameters.html",
            Self::SqsFifo | Self::SqsStandard => {
                "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html"
            }
        }
    }
}
