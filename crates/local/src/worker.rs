//! Working through one function's asynchronous events.

use std::sync::Arc;
use std::time::Duration;

use lambda_with::rules::destination::{DeadLetter, InvocationRecord};
use lambda_with::rules::recursion::Chain;
use lambda_with::rules::retry::{self, Condition, Decision};
use lambda_with::{Arn, ErrorKind, Outcome};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::deliver::Kind;
use crate::function::{Attempt, Function};
use crate::history::What;
use crate::local::Engine;
use crate::options::Asynchronous;
use crate::queue::{Event, Place};
use crate::refusal::is_loop;
use crate::trace;

/// How long to wait after the queue could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Works through the events of one function until told to stop; what runs then is let run to its end.
pub(crate) async fn work(
    engine: Arc<Engine>,
    function: Arc<Function>,
    woken: Arc<Notify>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(function.parallel));
    let mut running = JoinSet::new();
    while !*stop.borrow_and_update() {
        while running.try_join_next().is_some() {}
        let taken = engine.queue.take(function.name(), engine.clock.now()).await;
        let taken = taken.unwrap_or_else(|error| {
            tracing::error!(%error, function = function.name(), "no events can be read");
            crate::queue::Taken {
                next: Some(engine.clock.now() + PAUSE),
                ..Default::default()
            }
        });
        let none = taken.events.is_empty();
        for (place, event) in taken.events {
            let free = tokio::select! {
                free = places.clone().acquire_owned() => free,
                _ = stop.changed() => break,
            };
            let (engine, function) = (engine.clone(), function.clone());
            running.spawn(async move {
                attempt(&engine, &function, place, event).await;
                drop(free);
            });
        }
        if none {
            let next = taken
                .next
                .map_or(Duration::from_secs(3600), |due| engine.clock.until(due));
            tokio::select! {
                () = woken.notified() => {}
                () = tokio::time::sleep(next) => {}
                _ = stop.changed() => {}
            }
        }
    }
    while running.join_next().await.is_some() {}
}

/// One attempt at one event, and what follows from it.
async fn attempt(engine: &Arc<Engine>, function: &Arc<Function>, place: Place, mut event: Event) {
    let settings = function.asynchronous(event.qualifier.as_deref());
    let reserved = function.reserved();
    let before = event
        .state
        .before(&settings.retry, engine.clock.now(), reserved);
    let (decision, outcome) = match before {
        Decision::Run => match run(engine, function, &event).await {
            Some((attempt, outcome)) => {
                let now = engine.clock.now();
                (event.state.after(&settings.retry, now, attempt), outcome)
            }
            // The engine shuts down: the event stays accepted and runs again after a restart.
            None => return,
        },
        decided => (decided, None),
    };
    let condition = match decision {
        Decision::Run => {
            return engine
                .put_back(function, place, event, engine.clock.now())
                .await;
        }
        Decision::RetryAt(due) => {
            let at = Clock::timestamp_of(due);
            engine.note(function, &event.request_id, || What::Retrying { at });
            return engine.put_back(function, place, event, due).await;
        }
        Decision::Done => Condition::Success,
        Decision::Discard(condition) => {
            let (function, request_id) = (function.name(), event.request_id.as_str());
            tracing::warn!(function, request_id, ?condition, "an event is given up");
            condition
        }
    };
    engine.note(function, &event.request_id, || What::Finished(condition));
    send(
        engine,
        function,
        &settings,
        &event,
        condition,
        outcome.as_ref(),
    )
    .await;
    engine.finish(function, place).await;
}

/// Runs the function; `None` when the engine shuts down.
async fn run(
    engine: &Engine,
    function: &Function,
    event: &Event,
) -> Option<(retry::Attempt, Option<Outcome>)> {
    let attempt = Attempt {
        request_id: event.request_id.clone(),
        payload: event.payload.clone(),
        qualifier: event.qualifier.clone(),
        client_context: None,
        trace_header: event.trace_header.clone(),
        links: Vec::new(),
        chain: Chain::default(),
        stream: None,
        times: None,
        tail: false,
    };
    match engine.run(function, attempt).await {
        Ok(outcome) if outcome.is_function_error() => Some((retry::Attempt::Failed, Some(outcome))),
        Ok(outcome) => Some((retry::Attempt::Succeeded, Some(outcome))),
        Err(error) if error.kind() == ErrorKind::Unavailable => None,
        Err(error) if is_loop(&error) => Some((retry::Attempt::Stopped, None)),
        Err(_) => Some((retry::Attempt::NotRun, None)),
    }
}

/// Sends the record of an event that is done with, and the event itself to its dead-letter queue.
async fn send(
    engine: &Arc<Engine>,
    function: &Arc<Function>,
    settings: &Asynchronous,
    event: &Event,
    condition: Condition,
    outcome: Option<&Outcome>,
) {
    let (kind, to) = match condition {
        Condition::Success => (Kind::OnSuccess, settings.on_success.as_ref()),
        _ if settings.on_failure.is_none() && settings.dead_letter.is_none() => {
            (Kind::Dropped, None)
        }
        _ => (Kind::OnFailure, settings.on_failure.as_ref()),
    };
    if (to.is_some() || kind == Kind::Dropped)
        && let Ok(arn) = function.qualified(event.qualifier.as_deref())
    {
        let record = InvocationRecord {
            timestamp: engine.clock.timestamp(),
            request_id: &event.request_id,
            function: &arn,
            condition,
            attempts: event.state.attempts,
            request: &event.payload,
            outcome,
        };
        let body = record.to_json();
        engine.note(function, &event.request_id, || What::Sent {
            to: to.cloned(),
            body: body.clone(),
        });
        if !to_function(engine, function, to, &body, event).await {
            engine.deliveries.record(kind, function.name(), to, &body);
        }
    }
    if condition != Condition::Success
        && let Some(queue) = &settings.dead_letter
    {
        let letter = DeadLetter::new(&event.request_id, event.payload.clone(), outcome);
        let body = letter.body.clone();
        engine.note(function, &event.request_id, || What::Sent {
            to: Some(queue.clone()),
            body,
        });
        engine
            .deliveries
            .dead_letter(function.name(), queue, &letter);
    }
}

/// Queues a record for a function of this engine, if that is where it goes.
async fn to_function(
    engine: &Arc<Engine>,
    from: &Function,
    to: Option<&Arn>,
    record: &bytes::Bytes,
    of: &Event,
) -> bool {
    let Some((function, qualifier)) = to.and_then(|to| engine.find(to.as_str()).ok()) else {
        return false;
    };
    // As a call of the function itself would carry it.
    let chain = Chain::default();
    let (header, now) = (of.trace_header.clone(), engine.clock.now());
    let (header, _) = trace::entered(header, chain, &from.definition.arn, now);
    let event = Event {
        request_id: trace::request_id(),
        payload: record.clone(),
        qualifier,
        trace_header: Some(header),
        state: retry::State::accepted(engine.clock.now()),
    };
    let accepted = engine.accept(&function, event).await;
    if let Err(error) = &accepted {
        tracing::error!(%error, function = function.name(), "a record could not be queued");
    }
    accepted.is_ok()
}
