//! Sends failed records to topics, as Lambda does.

use std::fmt;

use lambda_with::rules::destination::Message;
use lambda_with::{Error, ErrorKind};
use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;

use crate::poll::failed;

/// A producer of failed records for the topics of one cluster.
///
/// ```no_run
/// use lambda_with::rules::destination::Message;
/// use lambda_with_kafka::send::KafkaProducer;
/// use rdkafka::config::ClientConfig;
///
/// # async fn example(message: Message) -> Result<(), lambda_with::Error> {
/// let mut config = ClientConfig::new();
/// config.set("bootstrap.servers", "127.0.0.1:9092");
/// KafkaProducer::new(config)?.to_topic("orders-failed", &message).await?;
/// # Ok(())
/// # }
/// ```
///
/// A record goes to the partition that Java's client would choose for its key, to any one without a
/// key. What is not acknowledged by all replicas within 20 seconds has failed.
pub struct KafkaProducer(ThreadedProducer<Context>);

struct Context;

type Answer = oneshot::Sender<Result<(), KafkaError>>;

impl KafkaProducer {
    /// A producer for the cluster these settings name; nothing is contacted yet.
    ///
    /// # Errors
    ///
    /// When the settings are wrong.
    pub fn new(mut config: ClientConfig) -> Result<Self, Error> {
        config
            .set("acks", "all")
            .set("message.timeout.ms", "20000")
            .set("message.max.bytes", "16777216")
            .set("partitioner", "murmur2_random");
        let made = config.create_with_context(Context);
        made.map(Self).map_err(|error| {
            let what = format!("no producer can be made: {error}");
            Error::new(ErrorKind::Invalid, what).caused_by(error)
        })
    }

    /// Sends a failed record to a topic, and waits until it is there.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such topic, `Denied` when it may not be written to, `Limit` when
    /// the record is too large, `Unavailable` when it may be sent another time.
    pub async fn to_topic(&self, topic: &str, message: &Message) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        let mut record = BaseRecord::<[u8], [u8], _>::with_opaque_to(topic, Box::new(answer));
        record.key = message.key.as_deref();
        record.payload = Some(&message.body);
        let sent = match self.0.send(record) {
            Ok(()) => answered.await.map_err(|error| {
                let what = "the producer ended before the record was sent";
                Error::new(ErrorKind::Unavailable, what).caused_by(error)
            })?,
            Err((error, _)) => Err(error),
        };
        sent.map_err(|error| failed("Produce", topic, error))
    }
}

impl fmt::Debug for KafkaProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaProducer").finish_non_exhaustive()
    }
}

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<Answer>;

    fn delivery(&self, result: &DeliveryResult<'_>, answer: Self::DeliveryOpaque) {
        let result = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error.clone()),
        };
        // Fails when nobody waits any more.
        let _ = answer.send(result);
    }
}
