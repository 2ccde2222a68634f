//! Sending to the RabbitMQ broker.

use std::time::{Duration, Instant};

use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

pub(crate) async fn open() -> (Connection, Channel, String) {
    let uri = format!("amqp://guest:guest@127.0.0.1:{}/%2f", super::rabbitmq());
    let begun = Instant::now();
    let connection = loop {
        match Connection::connect(&uri, ConnectionProperties::default()).await {
            Ok(connection) => break connection,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let channel = connection.create_channel().await.unwrap();
    (connection, channel, uri)
}

pub(crate) async fn declare(channel: &Channel, queue: &str) {
    let options = QueueDeclareOptions::default();
    let declared = channel.queue_declare(queue.into(), options, FieldTable::default());
    declared.await.unwrap();
}

pub(crate) async fn send(channel: &Channel, queue: &str, body: &[u8], properties: BasicProperties) {
    let options = BasicPublishOptions::default();
    let sent = channel.basic_publish("".into(), queue.into(), options, body, properties);
    sent.await.unwrap().await.unwrap();
}
