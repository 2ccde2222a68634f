//! Sending failure records.

use bytes::Bytes;
use lambda_with::rules::stream::{Destination, Failure, Sender, Settings};

use crate::handle::FunctionHandle;
use crate::history::What;
use crate::trace;

/// Sends what the destination of a mapping receives for records that were given up; the record
/// alone is kept where there is no destination.
pub(super) fn send(
    function: &FunctionHandle,
    mapping: &str,
    settings: &Settings,
    failure: &Failure,
) {
    let engine = &function.engine;
    let Ok(arn) = function.arn() else { return };
    let fresh = trace::request_id();
    let sender = Sender {
        function: &arn,
        origin: &settings.origin,
        request_id: &fresh,
        timestamp: engine.clock.timestamp(),
    };
    let request_id = failure.request_id.as_deref().unwrap_or(&fresh);
    let name = function.function.name();
    tracing::warn!(
        mapping,
        function = name,
        condition = %failure.condition,
        attempts = failure.attempts,
        "records are given up"
    );
    engine.note(&function.function, request_id, || What::GivenUp {
        condition: failure.condition,
        attempts: failure.attempts,
        spans: failure.spans.clone(),
    });
    let note = |to: Option<&Destination>, body: &Bytes| {
        engine.note(&function.function, request_id, || match to {
            Some(Destination::Topic(topic)) => What::Produced {
                topic: topic.clone(),
                body: body.clone(),
            },
            Some(Destination::Arn(to)) => What::Sent {
                to: Some(to.clone()),
                body: body.clone(),
            },
            None => What::Sent {
                to: None,
                body: body.clone(),
            },
        });
    };
    let to = settings.on_failure.as_ref();
    match to {
        None => {
            let body = failure.to_json(&sender);
            note(to, &body);
            engine.deliveries.failure(name, None, None, &body);
        }
        Some(destination @ Destination::Topic(_)) => {
            let destination = destination.to_string();
            for message in failure.kafka_messages(&sender) {
                note(to, &message.value);
                let key = message.key.as_deref().map(String::from_utf8_lossy);
                engine
                    .deliveries
                    .failure(name, Some(&destination), key.as_deref(), &message.value);
            }
        }
        Some(Destination::Arn(arn)) if arn.service() == "s3" => {
            let body = failure.to_object(&sender);
            let uuid = trace::request_id();
            let key = failure.object_key(mapping, sender.timestamp, &uuid);
            note(to, &body);
            engine
                .deliveries
                .failure(name, Some(arn.as_str()), Some(&key), &body);
        }
        Some(Destination::Arn(arn)) => {
            let body = failure.to_json(&sender);
            note(to, &body);
            engine
                .deliveries
                .failure(name, Some(arn.as_str()), None, &body);
        }
    }
}
