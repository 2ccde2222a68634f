//! What an environment tells those who have subscribed to its telemetry.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>.

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{Environment, Running};
use crate::clock::Clock;
use crate::environment::telemetry::{millis, outcome, record, tracing};
use crate::function::pool::Job;
use crate::log::Report;

/// What is told of a job when its runtime is done with it.
#[derive(Debug)]
pub(super) struct Work {
    tracing: Option<Value>,
    /// When the answer began and when it was there.
    responded: Option<(Instant, Instant)>,
    produced: usize,
    told: bool,
    /// When the runtime was ready for more.
    ready: Option<Instant>,
}

impl Work {
    /// What is kept of a job that has ended.
    pub(super) fn of(running: &Running, produced: usize) -> Box<Self> {
        Box::new(Self {
            tracing: tracing(&running.job.trace_header),
            responded: running.responded.map(|began| (began, Instant::now())),
            produced: running.produced.max(produced),
            told: false,
            ready: None,
        })
    }
}

impl Environment {
    /// Whether somebody reads along, so that it is worth putting anything together.
    pub(super) fn is_followed(&self) -> bool {
        self.pool.log.is_wanted() || self.telemetry.is_heard()
    }

    /// An initialization begins: another life of the environment.
    pub(super) fn tell_init_start(&self, phase: &'static str) {
        {
            let mut state = self.lock();
            (state.init_phase, state.runtime_up, state.init_over) = (phase, false, false);
        }
        self.telemetry.open();
        self.telemetry.tell("initStart", || {
            json!({
                "initializationType": self.pool.initialization(),
                "phase": phase,
                "functionName": self.pool.function.name(),
                "functionVersion": self.pool.version,
                "instanceId": self.log_stream,
                "instanceMaxMemory": u64::from(self.pool.function.memory) * 1024 * 1024,
            })
        });
    }

    /// The runtime has come up, or has failed to.
    pub(super) fn tell_runtime_up(&self, status: Option<&str>) {
        if !std::mem::replace(&mut self.lock().runtime_up, true) {
            self.output.say(&[]);
            self.telemetry
                .tell("initRuntimeDone", || self.initialized(status));
        }
    }

    /// The initialization is over, well or not. Nobody can subscribe any more.
    pub(super) fn tell_init_over(&self, status: Option<&str>) {
        if std::mem::replace(&mut self.lock().init_over, true) {
            return;
        }
        if self.telemetry.is_heard() {
            self.tell_runtime_up(status);
            for extension in self.extensions.records() {
                self.telemetry.tell("extension", || extension);
            }
            let took = self.lock().started.elapsed();
            self.telemetry.tell("initReport", || {
                let mut record = self.initialized(status);
                record["metrics"] = json!({ "durationMs": millis(took) });
                record
            });
        }
        self.telemetry.close();
    }

    fn initialized(&self, status: Option<&str>) -> Value {
        let mut record = record(None, status);
        record.insert(
            "initializationType".to_owned(),
            json!(self.pool.initialization()),
        );
        record.insert("phase".to_owned(), json!(self.lock().init_phase));
        record.into()
    }

    pub(super) fn tell_start(&self, job: &Job) {
        self.telemetry.tell("start", || {
            let mut record = json!({ "requestId": job.request_id, "version": self.pool.version });
            if let Some(tracing) = tracing(&job.trace_header) {
                record["tracing"] = tracing;
            }
            record
        });
    }

    /// The answer to the job at hand begins to arrive.
    pub(crate) fn responds(&self) {
        if self.telemetry.is_heard()
            && let Some(running) = &mut self.lock().running
        {
            running.responded = Some(Instant::now());
        }
    }

    /// The answer to the job at hand has this many bytes, which have gone out already.
    pub(crate) fn has_produced(&self, bytes: usize) {
        if self.telemetry.is_heard()
            && let Some(running) = &mut self.lock().running
        {
            running.produced = bytes;
        }
    }

    /// The runtime is done with the job that is answered: it has asked for more (`ready`), or ended.
    pub(super) fn tell_runtime_done(&self, ready: bool, status: Option<&str>) {
        if !self.telemetry.is_heard() {
            return;
        }
        self.output.say(&[]);
        let now = Instant::now();
        let told = {
            let mut state = self.lock();
            let Some(after) = &mut state.after else {
                return;
            };
            let Some(work) = &mut after.work else { return };
            if std::mem::replace(&mut work.told, true) {
                return;
            }
            work.ready = ready.then_some(now);
            let status = status.or(after.status.as_deref());
            let mut record = record(Some(&after.request_id), status);
            record.insert(
                "metrics".to_owned(),
                json!({
                    "durationMs": millis(now - after.since),
                    "producedBytes": work.produced,
                }),
            );
            if let Some((began, there)) = work.responded {
                let spans = [
                    ("responseLatency", after.since, began),
                    ("responseDuration", began, there),
                    ("runtimeOverhead", there, now),
                ];
                let spans = spans.map(|(name, from, to)| self.span(name, from, to));
                record.insert("spans".to_owned(), json!(spans));
            }
            trace_of(&mut record, work);
            record
        };
        self.telemetry.tell("runtimeDone", || told.into());
    }

    /// The end of a job.
    pub(super) fn tell_report(&self, report: &Report<'_>, work: Option<&Work>) {
        if !self.telemetry.is_heard() {
            return;
        }
        let id = report.request_id;
        self.telemetry.tell("end", || json!({ "requestId": id }));
        self.telemetry.tell("report", || {
            let mut record = record(Some(id), report.status);
            let mut metrics = json!({
                "durationMs": millis(report.duration),
                "billedDurationMs": report.billed(),
                "memorySizeMB": report.memory,
                "maxMemoryUsedMB": report.used.unwrap_or_default(),
            });
            if let Some(init) = report.init {
                metrics["initDurationMs"] = json!(millis(init));
            }
            record.insert("metrics".to_owned(), metrics);
            if let Some(work) = work {
                if let Some(ready) = work.ready {
                    let span = self.span("extensionOverhead", ready, Instant::now());
                    record.insert("spans".to_owned(), json!([span]));
                }
                trace_of(&mut record, work);
            }
            record.into()
        });
    }

    /// A job that never began, because its environment did not.
    pub(super) fn tell_never_began(&self, job: &Job, report: &Report<'_>) {
        if !self.telemetry.is_heard() {
            return;
        }
        self.tell_start(job);
        self.tell_fault(&job.request_id, report.status);
        self.telemetry.tell("runtimeDone", || {
            let mut record = record(Some(&job.request_id), report.status);
            let metrics = json!({ "durationMs": 0.0, "producedBytes": 0 });
            record.insert("metrics".to_owned(), metrics);
            record.into()
        });
        self.tell_report(report, None);
    }

    /// Why a job ended with its environment.
    pub(super) fn tell_fault(&self, id: &str, status: Option<&str>) {
        self.telemetry.tell("fault", || {
            let (status, kind) = outcome(status);
            let kind = kind.map(|kind| format!("\tErrorType: {kind}"));
            let kind = kind.unwrap_or_default();
            json!(format!("RequestId: {id} Status: {status}{kind}"))
        });
    }

    fn span(&self, name: &str, from: Instant, to: Instant) -> Value {
        let start = Clock::timestamp_of(self.pool.clock.now().saturating_sub(from.elapsed()));
        json!({
            "name": name,
            "start": start.to_rfc3339_millis(),
            "durationMs": millis(to.saturating_duration_since(from)),
        })
    }
}

fn trace_of(record: &mut Map<String, Value>, work: &Work) {
    if let Some(tracing) = &work.tracing {
        record.insert("tracing".to_owned(), tracing.clone());
    }
}
