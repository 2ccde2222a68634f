//! Sending failure records.

use lambda_with::rules::stream::{Failure, Sender, Settings};

use crate::handle::FunctionHandle;
use crate::history::What;
use crate::trace;

/// Hands over what the destination of a mapping receives for records that were given up; the record
/// alone is kept where there is no destination.
pub(super) async fn send(
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
    let Some(to) = &settings.on_failure else {
        let body = failure.to_json(&sender);
        engine.deliveries.dropped(name, &body);
        return engine.note(&function.function, request_id, || What::Sent {
            to: None,
            body,
        });
    };
    for message in failure.messages(&sender, to, mapping, &trace::request_id()) {
        engine.post(request_id, message).await;
    }
}
