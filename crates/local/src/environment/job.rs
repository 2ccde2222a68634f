//! The job an environment is at: its begin, its answer, and what its extensions still do after that.

use std::time::Duration;

use bytes::Bytes;
use lambda_with::FunctionError;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::environment::telling::Work;
use crate::environment::{Environment, Phase};
use crate::function::concurrency::Permit;
use crate::function::pool::{Finished, Job};
use crate::log::Report;
use crate::refusal::json_bytes;
use crate::streaming::Writer;
use crate::trace;

/// What the runtime is sent when it has asked for work.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub(crate) request_id: String,
    pub(crate) invocation_id: String,
    pub(crate) deadline: Duration,
    pub(crate) arn: String,
    pub(crate) trace_header: String,
    pub(crate) client_context: Option<String>,
    pub(crate) payload: Bytes,
}

/// How an answer fails to fit the job at hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mismatch {
    /// There is no job.
    Idle,
    /// It is for another request.
    Request,
    /// It is for another attempt at the same request.
    Attempt,
}

/// The job at hand.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) job: Job,
    pub(super) invocation_id: String,
    pub(super) since: Instant,
    /// When its answer began to arrive, and how much of it has gone out.
    pub(super) responded: Option<Instant>,
    pub(super) produced: usize,
}

/// A job that is answered, and whose extensions are still at it.
#[derive(Debug)]
pub(super) struct After {
    pub(super) request_id: String,
    pub(super) since: Instant,
    pub(super) init: Option<Duration>,
    pub(super) status: Option<String>,
    /// Who waits for the log's tail, and the answer for him.
    pub(super) tail: Option<(oneshot::Sender<Finished>, Result<Bytes, Bytes>)>,
    pub(super) wanted: bool,
    pub(super) work: Option<Box<Work>>,
    pub(super) _permit: Permit,
}

impl Environment {
    /// Hands over a job to a runtime that waits for one; gives it back when none does.
    pub(crate) fn deliver(&self, job: Job) -> Result<(), Box<Job>> {
        let waiting = match self.lock().next.take() {
            Some(next) if !next.is_closed() => next,
            _ => return Err(Box::new(job)),
        };
        let dispatch = self.begin(job);
        match waiting.send(dispatch) {
            Ok(()) => Ok(()),
            Err(_) => match self.lock().running.take() {
                Some(running) => Err(Box::new(running.job)),
                None => Ok(()),
            },
        }
    }

    /// Begins a job.
    pub(crate) fn begin(&self, job: Job) -> Dispatch {
        let dispatch = Dispatch {
            request_id: job.request_id.clone(),
            invocation_id: trace::request_id(),
            deadline: self.pool.clock.now() + self.timeout(),
            arn: job.arn.clone(),
            trace_header: job.trace_header.clone(),
            client_context: job.client_context.clone(),
            payload: job.payload.clone(),
        };
        if let Some(times) = &job.times {
            let now = self.pool.clock.now();
            times.began(now);
            let state = self.lock();
            if let Some(init) = state.init {
                times.initialized(now, state.started.elapsed(), init);
            }
        }
        if job.tail || self.is_followed() {
            self.output.begin(Some(&format!(
                "START RequestId: {} Version: {}",
                job.request_id, self.pool.version
            )));
            self.tell_start(&job);
        }
        self.extensions.invoke(|| {
            json_bytes(&json!({
                "eventType": "INVOKE",
                "deadlineMs": u64::try_from(dispatch.deadline.as_millis()).unwrap_or(u64::MAX),
                "requestId": dispatch.request_id,
                "invokedFunctionArn": dispatch.arn,
                "tracing": { "type": "X-Amzn-Trace-Id", "value": dispatch.trace_header },
            }))
        });
        self.lock().running = Some(Running {
            invocation_id: dispatch.invocation_id.clone(),
            since: Instant::now(),
            responded: None,
            produced: 0,
            job,
        });
        dispatch
    }

    /// Whether the job of this id is the one at hand; `attempt` is compared where it is given.
    pub(crate) fn is_running(&self, id: &str, attempt: Option<&[u8]>) -> Result<(), Mismatch> {
        match &self.lock().running {
            None => Err(Mismatch::Idle),
            Some(running) if running.job.request_id != id => Err(Mismatch::Request),
            Some(running) => match attempt {
                Some(attempt) if attempt != running.invocation_id.as_bytes() => {
                    Err(Mismatch::Attempt)
                }
                _ => Ok(()),
            },
        }
    }

    /// What the answer to the job at hand is to be written to, where it is wanted in pieces.
    pub(crate) fn stream(&self) -> Option<Writer> {
        self.lock().running.as_mut()?.job.stream.take()
    }

    /// Ends the job of this id, if it is still the one at hand.
    pub(crate) fn finish(
        &self,
        id: &str,
        result: Result<Bytes, Bytes>,
        status: Option<&str>,
    ) -> bool {
        let (running, init) = {
            let mut state = self.lock();
            match state
                .running
                .take_if(|running| running.job.request_id == id)
            {
                Some(running) => (running, state.init.take()),
                None => return false,
            }
        };
        self.pool.settling(self);
        let produced = result.as_ref().map_or(0, Bytes::len);
        let work = self.telemetry.is_heard();
        let work = work.then(|| Work::of(&running, produced));
        let Running { job, since, .. } = running;
        if let Some(times) = &job.times {
            times.answered(self.pool.clock.now());
        }
        let wanted = job.tail || self.is_followed();
        if wanted {
            // Whoever has the answer finds in the log what was printed before it.
            self.output.catch_up();
        }
        let (answer, tail) = match job.tail {
            true => (None, Some((job.done, result))),
            false => (Some((job.done, result)), None),
        };
        let after = After {
            request_id: id.to_owned(),
            since,
            init,
            status: status.map(str::to_owned),
            wanted,
            tail,
            work,
            _permit: job.permit,
        };
        // Kept before the answer goes out: whoever has it may end the environment.
        let after = if after.work.is_some() || self.extensions.follow_invocations() {
            self.lock().after = Some(after);
            None
        } else {
            Some(after)
        };
        if let Some((done, result)) = answer {
            // Fails when the caller has gone away.
            let _ = done.send(Finished { result, tail: None });
        }
        if let Some(after) = after {
            self.report(after);
        }
        true
    }

    /// The runtime asks for work: waits until the extensions are done with what was before.
    pub(crate) async fn settled(&self) {
        if self.lock().phase == Phase::Starting {
            self.tell_runtime_up(None);
            self.extensions.ready().await;
            self.output.say(&self.extensions.log());
            self.tell_init_over(None);
        } else {
            self.tell_runtime_done(true, None);
            self.extensions.idle().await;
            self.over(None);
        }
    }

    /// Ends the job whose extensions were still at it; with this status, where something went wrong.
    pub(super) fn over(&self, status: Option<&str>) {
        self.tell_runtime_done(false, status);
        let after = self.lock().after.take();
        if let Some(after) = after {
            let status = status.map(str::to_owned).or(after.status.clone());
            self.report(After { status, ..after });
        }
    }

    /// Writes the end of a job's log.
    fn report(&self, after: After) {
        if !after.wanted {
            return;
        }
        let id = &after.request_id;
        let report = Report {
            request_id: id,
            duration: after.since.elapsed(),
            memory: self.pool.function.memory,
            used: self.memory(),
            init: after.init,
            status: after.status.as_deref(),
        };
        let lines = [format!("END RequestId: {id}"), report.to_string()];
        let tail = Some(self.output.finish(&lines));
        self.tell_report(&report, after.work.as_deref());
        if let Some((done, result)) = after.tail {
            // Fails when the caller has gone away.
            let _ = done.send(Finished { result, tail });
        }
    }

    /// Fails a job that waited for this environment, which never came to ask for it.
    pub(super) fn fail_start(&self, job: Job, object: Bytes, status: &str) {
        let id = &job.request_id;
        let mut lines = vec![format!(
            "START RequestId: {id} Version: {}",
            self.pool.version
        )];
        if let Ok(error) = serde_json::from_slice::<FunctionError>(&object) {
            let why = error.error_message;
            lines.push(match why.starts_with("RequestId: ") {
                true => why,
                false => format!("RequestId: {id} Error: {why}"),
            });
        }
        let report = Report {
            request_id: id,
            duration: self.lock().started.elapsed(),
            memory: self.pool.function.memory,
            used: None,
            init: None,
            status: Some(status),
        };
        lines.extend([format!("END RequestId: {id}"), report.to_string()]);
        let tail = self.output.finish(&lines);
        self.tell_never_began(&job, &report);
        drop(job.permit);
        // Fails when the caller has gone away.
        let _ = job.done.send(Finished {
            result: Err(object),
            tail: job.tail.then_some(tail),
        });
    }
}
