//! Sending records.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lambda_with::rules::destination::Message;
use lambda_with::rules::stream::Destination;
use lambda_with::{Arn, Error, ErrorKind, Function, Invocation, InvocationType, Invoke};
use lambda_with_aws::{RemoteFunction, Session};
use lambda_with_kafka::send::KafkaProducer;
use lambda_with_local::Destinations;

use crate::dev::sources::{Access, config};

/// What sends records to the places that were named; nothing where none was.
pub(in crate::dev) fn destinations(access: &Access) -> Option<Destinations> {
    if access.endpoint_url.is_none() && access.brokers.kafka.is_none() {
        return None;
    }
    let sender = Arc::new(Sender {
        access: access.clone(),
        sessions: Mutex::default(),
        producer: Mutex::default(),
    });
    Some(Arc::new(move |message: Message| {
        let sender = Arc::clone(&sender);
        Box::pin(async move { sender.send(&message).await })
    }))
}

/// The clients, each made when it is first needed.
struct Sender {
    access: Access,
    /// By Region.
    sessions: Mutex<HashMap<String, Session>>,
    producer: Mutex<Option<Arc<KafkaProducer>>>,
}

impl Sender {
    async fn send(&self, message: &Message) -> Result<(), Error> {
        let to = match &message.to {
            Destination::Topic(topic) => return self.producer()?.to_topic(topic, message).await,
            Destination::Arn(to) => to,
        };
        let region = Some(to.region()).filter(|region| !region.is_empty());
        let session = self
            .session(region.unwrap_or(message.function.region()))
            .await?;
        match to.service() {
            "sqs" => {
                let client = aws_sdk_sqs::Client::new(session.config());
                lambda_with_sqs::send::to_queue(&client, to, message).await
            }
            "sns" => lambda_with_sns::send::to_topic(&session, to, message).await,
            "events" => lambda_with_eventbridge::send::to_bus(&session, to, message).await,
            "s3" => lambda_with_s3::send::to_bucket(&session, to, message).await,
            "lambda" => to_function(&session, to, message).await,
            _ => {
                let what = format!("{to} is no destination of records");
                Err(Error::new(ErrorKind::Invalid, what))
            }
        }
    }

    async fn session(&self, region: &str) -> Result<Session, Error> {
        let known = || self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = known().get(region) {
            return Ok(session.clone());
        }
        let Some(endpoint) = &self.access.endpoint_url else {
            let what = "records for AWS are not sent: say where with --endpoint-url or endpoint_url in [dev]";
            return Err(Error::new(ErrorKind::Invalid, what));
        };
        let config = config(region, endpoint, self.access.profile.as_deref()).await;
        let session = Session::new(config)?;
        known().insert(region.to_owned(), session.clone());
        Ok(session)
    }

    fn producer(&self) -> Result<Arc<KafkaProducer>, Error> {
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = &*producer {
            return Ok(producer.clone());
        }
        let Some(brokers) = &self.access.brokers.kafka else {
            let what = "records for Kafka are not sent: say where with kafka in [dev.brokers]";
            return Err(Error::new(ErrorKind::Invalid, what));
        };
        let mut client = rdkafka::ClientConfig::new();
        client.set("bootstrap.servers", brokers);
        let made = Arc::new(KafkaProducer::new(client)?);
        *producer = Some(made.clone());
        Ok(made)
    }
}

async fn to_function(session: &Session, to: &Arn, message: &Message) -> Result<(), Error> {
    let invocation = Invocation {
        invocation_type: InvocationType::Event,
        trace_header: message.trace_header.clone(),
        ..Invocation::new(message.body.clone())
    };
    let function = Function::new(to.clone())?;
    RemoteFunction::new(session, &function)
        .invoke(invocation)
        .await?;
    Ok(())
}
