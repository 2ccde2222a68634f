//! Working through one function's asynchronous events.

use std::sync::Arc;
use std::time::Duration;

use lambda_with::rules::destination::{DeadLetter, InvocationRecord, Message};
use lambda_with::rules::recursion::Chain;
use lambda_with::rules::retry::{self, Condition, Decision};
use lambda_with::{Arn, ErrorKind, Outcome};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::function::{Attempt, Function};
use crate::history::What;
use crate::options::Asynchronous;
use crate::queue::{Event, Place};
use crate::refusal::is_loop;
use crate::trace;

/// How long to wait after the queue could not be read or written, at first and at last.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(32);

/// Works through the events of one function until told to stop; what runs then is let run to its end.
pub(crate) async fn work(
    engine: Arc<Engine>,
    function: Arc<Function>,
    woken: Arc<Notify>,
    stop: watch::Receiver<bool>,
) {
    let run = |place, event| {
        let (engine, function) = (engine.clone(), function.clone());
        async move { attempt(&engine, &function, place, event).await }
    };
    let (name, at_once) = (function.name(), function.parallel);
    drain(&engine, name, at_once, &woken, stop, run).await;
}

/// Does something with each event of a queue that is due, so many at once.
pub(crate) async fn drain<F>(
    engine: &Engine,
    queue: &str,
    at_once: usize,
    woken: &Notify,
    mut stop: watch::Receiver<bool>,
    run: impl Fn(Place, Event) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    while !*stop.borrow_and_update() {
        while running.try_join_next().is_some() {}
        let taken = engine.queue.take(queue, engine.clock.now()).await;
        let taken = taken.unwrap_or_else(|error| {
            tracing::error!(%error, function = queue, "no events can be read");
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
            let running_one = run(place, event);
            running.spawn(async move {
                running_one.await;
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
                .put_back(function.name(), place, event, engine.clock.now())
                .await;
        }
        Decision::RetryAt(due) => {
            let at = Clock::timestamp_of(due);
            engine.note(function, &event.request_id, || What::Retrying { at });
            return engine.put_back(function.name(), place, event, due).await;
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
    engine.finish(function.name(), place).await;
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
        is_event: true,
    };
    match engine.run(function, attempt).await {
        Ok(outcome) if outcome.is_function_error() => Some((retry::Attempt::Failed, Some(outcome))),
        Ok(outcome) => Some((retry::Attempt::Succeeded, Some(outcome))),
        Err(error) if error.kind() == ErrorKind::Unavailable => None,
        Err(error) if is_loop(&error) => Some((retry::Attempt::Stopped, None)),
        Err(_) => Some((retry::Attempt::NotRun, None)),
    }
}

/// Hands over the record of an event that is done with, and the event itself for its dead-letter queue.
async fn send(
    engine: &Arc<Engine>,
    function: &Arc<Function>,
    settings: &Asynchronous,
    event: &Event,
    condition: Condition,
    outcome: Option<&Outcome>,
) {
    let to = match condition {
        Condition::Success => settings.on_success.as_ref(),
        _ => settings.on_failure.as_ref(),
    };
    let letter = settings.dead_letter.as_ref();
    let letter = letter.filter(|_| condition != Condition::Success);
    let is_dropped = condition != Condition::Success && to.is_none() && letter.is_none();
    let Ok(arn) = function.qualified(event.qualifier.as_deref()) else {
        return;
    };
    let header = |event: &Event| {
        let header = event.trace_header.clone();
        // As a call of the function itself would carry it.
        let chain = Chain::default();
        trace::entered(header, chain, &function.definition.arn, engine.clock.now()).0
    };
    let record = InvocationRecord {
        timestamp: engine.clock.timestamp(),
        request_id: &event.request_id,
        function: &arn,
        condition,
        attempts: event.state.attempts,
        request: &event.payload,
        outcome,
    };
    if is_dropped {
        let body = record.to_json();
        engine.deliveries.dropped(function.name(), &body);
        engine.note(function, &event.request_id, || What::Sent {
            to: None,
            body,
        });
    }
    if let Some(to) = to {
        let message = Message {
            trace_header: Some(header(event)),
            ..record.message(to, &trace::request_id())
        };
        if !to_function(engine, function, to, &message, event).await {
            engine.post(&event.request_id, message).await;
        }
    }
    if let Some(to) = letter {
        let letter = DeadLetter::new(&event.request_id, event.payload.clone(), outcome);
        let message = Message {
            trace_header: Some(header(event)),
            ..letter.message(&arn, to)
        };
        engine.post(&event.request_id, message).await;
    }
}

/// Queues a record for a function of this engine, if that is where it goes.
async fn to_function(
    engine: &Arc<Engine>,
    from: &Function,
    to: &Arn,
    message: &Message,
    of: &Event,
) -> bool {
    let Ok((function, qualifier)) = engine.find(to.as_str()) else {
        return false;
    };
    engine.note(from, &of.request_id, || What::Sent {
        to: Some(to.clone()),
        body: message.body.clone(),
    });
    let event = Event {
        request_id: trace::request_id(),
        payload: message.body.clone(),
        qualifier,
        trace_header: message.trace_header.clone(),
        state: retry::State::accepted(engine.clock.now()),
    };
    let mut pause = PAUSE;
    while let Err(error) = engine.accept(&function, event.clone()).await {
        if error.kind() != ErrorKind::Unavailable || pause > LONGEST_PAUSE {
            engine.give_up(&of.request_id, message, &error);
            break;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    true
}
