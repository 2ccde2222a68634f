//! Driving a stream: list shards, read, invoke, report, keep checkpoints.

mod keep;
mod read;
mod report;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lambda_with::rules::stream::{Action, Batch, Bookmark, Consumer, Failure, Lineage, Settings};
use lambda_with::{Error, Invocation, Outcome, Shard, Stream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use self::keep::Saved;
use self::read::Read;
use crate::handle::FunctionHandle;
use crate::poller::{Polled, Poller, count, sleep, told};
use crate::trace;

impl FunctionHandle {
    /// Reads a stream for this function, until stopped or the engine stops.
    ///
    /// ```
    /// use lambda_with::rules::stream::{Origin, Settings};
    /// use lambda_with::{Function, FunctionError, Record};
    /// use lambda_with_local::{FunctionOptions, Local, Options, Run, ScriptedStream};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), lambda_with::Error> {
    /// let clicks = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:clicks".parse()?)?;
    /// let run = Run::handler(|_, _| async { Ok::<_, FunctionError>("null".into()) });
    /// let mut options = Options::in_memory();
    /// options.functions.push(FunctionOptions::new(clicks, run));
    /// let local = Local::start(options).await?;
    ///
    /// let stream = ScriptedStream::new(["shardId-000000000000"]);
    /// stream.put("shardId-000000000000", [ScriptedStream::record("1", "a key", "{}")]);
    /// let arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks".parse()?;
    /// let settings = Settings::new(Origin::Kinesis { stream: arn });
    /// let poller = local.handle().function("clicks")?.stream("clicks", stream.clone(), settings);
    /// tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    /// assert_eq!(poller.polled().succeeded, 1);
    /// assert_eq!(stream.checkpoints()["shardId-000000000000"], "1");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `mapping` names the event source mapping, on AWS by its UUID: checkpoints are kept under it,
    /// and a stream of the same name goes on where it was, also after a crash. Records that ran and
    /// whose checkpoint was not kept yet run again, as they may on AWS. Run one stream of a name at
    /// a time.
    ///
    /// Failure records are sent by [`Options::destinations`](crate::Options::destinations), or become
    /// lines of `deliveries.jsonl`. The shard goes on as soon as they are on disk. Invocations are made as the function's owner.
    pub fn stream(
        &self,
        mapping: impl Into<String>,
        source: impl Stream + 'static,
        settings: Settings,
    ) -> Poller {
        let polled = Arc::default();
        let (stop, stopped) = watch::channel(false);
        let (gone, done) = oneshot::channel();
        let drive = Drive {
            mapping: mapping.into(),
            source: Arc::new(source),
            function: self.clone(),
            settings,
            polled: Arc::clone(&polled),
            lineage: Lineage::default(),
            listed: Vec::new(),
            consumers: BTreeMap::new(),
            reading: HashSet::new(),
            pauses: HashMap::new(),
            list_at: Some(Instant::now()),
            kept: BTreeMap::new(),
            pending: BTreeMap::new(),
            save_at: None,
            reads: JoinSet::new(),
            runs: JoinSet::new(),
            reports: JoinSet::new(),
            saves: JoinSet::new(),
        };
        let engine = self.engine.stop.subscribe();
        self.engine.tasks().spawn(async move {
            drive.run(stopped, engine).await;
            drop(gone);
        });
        Poller::new(stop, polled, done)
    }
}

/// What a running stream holds.
struct Drive<S> {
    mapping: String,
    source: Arc<S>,
    function: FunctionHandle,
    settings: Settings,
    polled: Arc<Mutex<Polled>>,
    lineage: Lineage,
    listed: Vec<Shard>,
    /// By shard; for Kafka a single one of all partitions.
    consumers: BTreeMap<String, Consumer>,
    reading: HashSet<String>,
    /// Until when not to read a shard, and how long the last pause was.
    pauses: HashMap<String, (Instant, Duration)>,
    /// When to list the shards; nothing while they are being listed.
    list_at: Option<Instant>,
    /// The bookmarks that are kept.
    kept: BTreeMap<String, Bookmark>,
    /// What is to be kept or forgotten of shards that are read no more.
    pending: BTreeMap<String, Option<Bookmark>>,
    /// When to try again to keep what could not be kept.
    save_at: Option<Instant>,
    reads: JoinSet<Read>,
    runs: JoinSet<Run>,
    reports: JoinSet<Reported>,
    saves: JoinSet<Saved>,
}

struct Run {
    consumer: String,
    batch: u64,
    request_id: String,
    outcome: Result<Outcome, Error>,
}

/// Records that were given up, and of which that has been handed over.
struct Reported {
    consumer: String,
    failure: u64,
    records: u64,
}

impl<S: Stream + 'static> Drive<S> {
    async fn run(mut self, stopped: watch::Receiver<bool>, engine: watch::Receiver<bool>) {
        if let Err(error) = self.resume().await {
            tracing::error!(%error, mapping = self.mapping, "the stream is not read");
            return self.count(|polled| polled.error = Some(error.to_string()));
        }
        let mut stop = pin!(async {
            tokio::select! {
                () = told(stopped) => {}
                () = told(engine) => {}
            }
        });
        loop {
            self.list();
            self.read();
            self.act();
            self.save();
            let clock = self.function.engine.clock;
            let due = self.consumers.values().filter_map(Consumer::deadline).min();
            let due = due.map(|due| clock.until(due));
            let next = self.wakes_at();
            let next = next.map(|next| next.saturating_duration_since(Instant::now()));
            tokio::select! {
                () = &mut stop => break,
                Some(read) = self.reads.join_next() => self.received(read),
                Some(run) = self.runs.join_next() => self.ran(run),
                Some(reported) = self.reports.join_next() => self.reported(reported),
                Some(saved) = self.saves.join_next() => self.saved(saved),
                () = sleep(due) => {}
                () = sleep(next) => {}
            }
        }
        self.wind_down().await;
    }

    /// When something is to be done that no invocation waits for.
    fn wakes_at(&self) -> Option<Instant> {
        let now = Instant::now();
        let pauses = self.pauses.values().map(|(until, _)| *until);
        let pauses = pauses.filter(|until| *until > now);
        pauses.chain(self.list_at).chain(self.save_at).min()
    }

    /// Starts the invocations that are due, and reports what is given up.
    fn act(&mut self) {
        let now = self.function.engine.clock.now();
        let (mut due, mut given_up) = (Vec::new(), Vec::new());
        for (key, consumer) in &mut self.consumers {
            while let Some(action) = consumer.next(now) {
                match action {
                    Action::Invoke(batch) => due.push((key.clone(), batch)),
                    Action::Report(failure) => given_up.push((key.clone(), failure)),
                }
            }
        }
        for (key, batch) in due {
            self.count(|polled| polled.batches += 1);
            self.invoke(key, batch);
        }
        for (key, failure) in given_up {
            self.report(key, failure);
        }
        self.finish();
    }

    fn invoke(&mut self, consumer: String, batch: Batch) {
        let function = self.function.clone();
        self.runs.spawn(async move {
            let request_id = trace::request_id();
            let invocation = Invocation::new(batch.event);
            let outcome = function.invoke_as(request_id.clone(), invocation).await;
            Run {
                consumer,
                batch: batch.id,
                request_id,
                outcome,
            }
        });
    }

    fn ran(&mut self, run: Result<Run, JoinError>) {
        // The task only ends early when the engine's runtime is going down.
        let Ok(run) = run else { return };
        let outcome = match &run.outcome {
            Ok(outcome) => Some(outcome),
            Err(error) => {
                tracing::warn!(%error, mapping = self.mapping, "a batch could not be invoked");
                None
            }
        };
        let now = self.function.engine.clock.now();
        let Some(consumer) = self.consumers.get_mut(&run.consumer) else {
            return;
        };
        let settled = consumer.finish(run.batch, &run.request_id, outcome, now);
        if let Some(reason) = &settled.reason {
            tracing::warn!(reason, mapping = self.mapping, "a batch failed");
        }
        self.count(|polled| {
            polled.succeeded += count(settled.succeeded);
            polled.failed += count(settled.failed);
        });
    }

    fn report(&mut self, consumer: String, failure: Failure) {
        let (function, mapping) = (self.function.clone(), self.mapping.clone());
        let settings = self.settings.clone();
        self.reports.spawn(async move {
            report::send(&function, &mapping, &settings, &failure).await;
            Reported {
                consumer,
                failure: failure.id,
                records: count(failure.spans.iter().map(|span| span.records).sum()),
            }
        });
    }

    fn reported(&mut self, reported: Result<Reported, JoinError>) {
        // The task only ends early when the engine's runtime is going down.
        let Ok(reported) = reported else { return };
        self.count(|polled| polled.given_up += reported.records);
        if let Some(consumer) = self.consumers.get_mut(&reported.consumer) {
            consumer.reported(reported.failure);
        }
    }

    /// Lets end what runs, and keeps how far it came. Reads are given up: they take nothing away.
    async fn wind_down(&mut self) {
        self.reads.shutdown().await;
        while let Some(run) = self.runs.join_next().await {
            self.ran(run);
        }
        while let Some(reported) = self.reports.join_next().await {
            self.reported(reported);
        }
        while let Some(saved) = self.saves.join_next().await {
            self.saved(saved);
        }
        self.save_at = None;
        self.save();
        while let Some(saved) = self.saves.join_next().await {
            self.saved(saved);
        }
    }

    fn count(&self, change: impl FnOnce(&mut Polled)) {
        change(&mut self.polled.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
