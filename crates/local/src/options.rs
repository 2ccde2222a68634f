//! What an engine is started with.

use std::ffi::OsString;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::destination::Message;
use lambda_with::rules::{recursion::RecursiveLoop, retry};
use lambda_with::{
    Arn, Error, EventQueue, Function, FunctionError, Record, Source, Statement, Timestamp,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::environment::mount::Mount;
use crate::log::LogSink;

/// What an engine is started with: its functions, and where it keeps and offers things.
///
/// ```
/// use lambda_with::Function;
/// use lambda_with_local::{Command, FunctionOptions, Options, Run};
///
/// let orders = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?)?;
/// let mut options = Options::new(".lambda-with");
/// options.invoke_port = Some(9000);
/// options.functions.push(FunctionOptions::new(orders, Run::Command(Command::new("target/debug/orders"))));
/// # Ok::<(), lambda_with::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Options {
    /// The directory of the queue of accepted events (`queue.redb`), of published versions and aliases
    /// (`versions`), of the checkpoints of streams
    /// (`checkpoints.redb`), of the records of what came of both (`deliveries.jsonl`), and of traces
    /// (`traces.jsonl`). `None` keeps all in memory, and follows the clock of the tokio runtime,
    /// which tests can pause.
    pub data_dir: Option<PathBuf>,
    /// The port of Lambda's HTTP API on 127.0.0.1; 0 takes any free one, `None` offers none.
    pub invoke_port: Option<u16>,
    /// The functions, each name once.
    pub functions: Vec<FunctionOptions>,
    /// The queue of asynchronous events, where it is shared with other engines; that of the data
    /// directory unless set.
    pub queue: Option<SharedQueue>,
    /// Sends what goes to destinations and dead-letter queues, other than to functions of this engine.
    /// Without it all that becomes lines of `deliveries.jsonl`.
    pub destinations: Option<Destinations>,
    /// Receives the functions' log lines. Without it they go to `tracing`, at the level `DEBUG`.
    pub log: Option<LogSink>,
    /// Whether [`Handle::history`](crate::Handle::history) keeps what happened; the last 100,000.
    pub history: bool,
    /// Whether every invocation is traced that its caller does not want untraced, and functions have
    /// an X-Ray daemon to send to: [`Handle::trace`](crate::Handle::trace) shows what became of it,
    /// and so does `traces.jsonl` in the data directory.
    pub traces: bool,
    /// What the choice between the versions of an alias follows from; any unless set. The same seed
    /// makes the same choices in the same order.
    pub seed: Option<u64>,
    /// How many invocations of all functions run at once, or wait for a process; 1,000 unless set, as in
    /// an account that has not asked for more. Ten times as many synchronous requests may come in a
    /// second.
    pub account_concurrency: Option<u32>,
}

/// A queue of asynchronous events that several engines share, on one machine or on many.
///
/// ```
/// use std::time::Duration;
///
/// use lambda_with_local::{Options, ScriptedSource, SharedQueue};
///
/// let queue = SharedQueue::new(ScriptedSource::new(Duration::from_secs(30)));
/// let (mut one, mut other) = (Options::in_memory(), Options::in_memory());
/// one.queue = Some(queue.clone());
/// other.queue = Some(queue);
/// ```
///
/// An event is in the queue before its caller is told that it was accepted; where the queue does not
/// take it, the caller is told `Unavailable`. Whichever engine receives it runs it, and deletes it when
/// its records are on that engine's own disk. When the engine is killed, the event comes to another
/// after the queue's visibility timeout. So it may run twice, as on AWS.
///
/// The engines should have the same functions. An event of a function an engine does not have is left
/// to the others: it is given out again after five seconds, and as often as the queue allows. One whose
/// version or alias is missing is tried again as one that was throttled.
#[derive(Clone)]
pub struct SharedQueue(Arc<dyn Erased>);

impl SharedQueue {
    /// The queue to share; clones of it are the same.
    pub fn new(queue: impl EventQueue + 'static) -> Self {
        Self(Arc::new(queue))
    }

    pub(crate) fn visibility(&self) -> Duration {
        self.0.visibility()
    }

    pub(crate) fn max_size(&self) -> usize {
        self.0.max_size()
    }

    pub(crate) async fn send(&self, event: Bytes, delay: Duration) -> Result<(), Error> {
        self.0.send(event, delay).await
    }

    pub(crate) async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        self.0.receive(max, wait).await
    }

    pub(crate) async fn hide(&self, records: &[Record], time: Duration) -> Result<(), Error> {
        self.0.hide(records, time).await
    }

    pub(crate) async fn delete(&self, record: &Record) -> Result<(), Error> {
        self.0.delete(record).await
    }
}

impl fmt::Debug for SharedQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedQueue")
    }
}

/// What `EventQueue` is behind a pointer.
trait Erased: Send + Sync {
    fn visibility(&self) -> Duration;
    fn max_size(&self) -> usize;
    fn send(&self, event: Bytes, delay: Duration) -> Waiting<'_, ()>;
    fn receive(&self, max: usize, wait: Duration) -> Waiting<'_, Vec<Record>>;
    fn hide<'a>(&'a self, records: &'a [Record], time: Duration) -> Waiting<'a, ()>;
    fn delete<'a>(&'a self, record: &'a Record) -> Waiting<'a, ()>;
}

type Waiting<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

impl<Q: EventQueue> Erased for Q {
    fn visibility(&self) -> Duration {
        EventQueue::visibility(self)
    }

    fn max_size(&self) -> usize {
        EventQueue::max_size(self)
    }

    fn send(&self, event: Bytes, delay: Duration) -> Waiting<'_, ()> {
        Box::pin(EventQueue::send(self, event, delay))
    }

    fn receive(&self, max: usize, wait: Duration) -> Waiting<'_, Vec<Record>> {
        Box::pin(Source::receive(self, max, wait))
    }

    fn hide<'a>(&'a self, records: &'a [Record], time: Duration) -> Waiting<'a, ()> {
        Box::pin(EventQueue::hide(self, records, time))
    }

    fn delete<'a>(&'a self, record: &'a Record) -> Waiting<'a, ()> {
        Box::pin(Source::acknowledge(self, std::slice::from_ref(record)))
    }
}

/// Sends one message to where it goes.
///
/// ```
/// use std::sync::Arc;
///
/// use lambda_with::rules::destination::Message;
/// use lambda_with_local::Options;
///
/// let mut options = Options::in_memory();
/// options.destinations = Some(Arc::new(|message: Message| {
///     Box::pin(async move {
///         println!("{} receives {} bytes", message.to, message.body.len());
///         Ok(())
///     })
/// }));
/// ```
///
/// A message is on disk until it has been sent, so it survives a crash, and may then be sent twice.
/// Where the error is `Unavailable`, `Throttled` or `Conflict`, or there is no answer for 30 seconds, it
/// is tried again: after one second, then after longer and longer, for an hour. After that, and at once
/// after any other error, it becomes a line of `deliveries.jsonl` with the reason. Up to 32 messages
/// are sent at once; functions go on meanwhile, and so do the streams whose records failed.
pub type Destinations = Arc<dyn Fn(Message) -> Sending + Send + Sync>;

/// A message that is being sent.
pub type Sending = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl Options {
    /// An engine that keeps its queue in a directory, made when it is not there.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: Some(data_dir.into()),
            ..Self::default()
        }
    }

    /// An engine for tests: nothing on disk, no port, the runtime's clock, and a history.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            history: true,
            ..Self::default()
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("data_dir", &self.data_dir)
            .field("invoke_port", &self.invoke_port)
            .field("functions", &self.functions)
            .field("queue", &self.queue.is_some())
            .field("destinations", &self.destinations.is_some())
            .field("log", &self.log.is_some())
            .field("history", &self.history)
            .field("traces", &self.traces)
            .field("seed", &self.seed)
            .field("account_concurrency", &self.account_concurrency)
            .finish()
    }
}

/// One function of an engine.
#[derive(Clone, Debug)]
pub struct FunctionOptions {
    /// Its ARN, timeout, memory and reserved concurrency. An alias in the ARN is an alias of
    /// `$LATEST`, until it is moved; `policy` and `asynchronous` are then those of the alias.
    pub function: Function,
    /// What runs.
    pub run: Run,
    /// Environment variables of its processes, beside those Lambda sets; they win over inherited ones.
    pub environment: Vec<(String, String)>,
    /// A folder its processes see below `/mnt`, as a file system mounted there.
    pub mount: Option<Mount>,
    /// The folder of its external extensions: each file there is a program that is started before the
    /// function's own. `/opt/extensions` unless set, as on Lambda; without such a folder there are
    /// none.
    pub extensions: PathBuf,
    /// How many processes run at most; further invocations wait for one. 16 unless set,
    /// and never more than the function's reserved concurrency.
    pub max_environments: usize,
    /// The statements of its resource-based policy.
    pub policy: Vec<Statement>,
    /// What becomes of asynchronous events.
    pub asynchronous: Asynchronous,
    /// Whether it may invoke itself through SQS, S3, SNS and other functions without end.
    pub recursive_loop: RecursiveLoop,
}

impl FunctionOptions {
    /// A function without a policy, with Lambda's defaults.
    #[must_use]
    pub fn new(function: Function, run: Run) -> Self {
        Self {
            function,
            run,
            environment: Vec::new(),
            mount: None,
            extensions: PathBuf::from("/opt/extensions"),
            max_environments: 16,
            policy: Vec::new(),
            asynchronous: Asynchronous::default(),
            recursive_loop: RecursiveLoop::default(),
        }
    }
}

/// How asynchronous events are retried, and where their records go.
///
/// A record for a function of the same engine is sent there, every other record by
/// [`Options::destinations`]. Without that it becomes a line of `deliveries.jsonl`, which names the
/// destination.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html>.
#[derive(Clone, Debug, Default)]
pub struct Asynchronous {
    /// Retries and age.
    pub retry: retry::Config,
    /// Where the record of a success goes.
    pub on_success: Option<Arn>,
    /// Where the record of a failure goes.
    pub on_failure: Option<Arn>,
    /// Where the event itself goes when it failed.
    pub dead_letter: Option<Arn>,
}

/// What runs when a function is invoked.
#[derive(Clone, Debug)]
pub enum Run {
    /// Processes that speak the Runtime API.
    Command(Command),
    /// A Rust handler within this process.
    Handler(Handler),
}

impl Run {
    /// Runs a Rust closure: the event and its context in, JSON out.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use lambda_with::FunctionError;
    /// use lambda_with_local::{Context, Run};
    ///
    /// let echo = Run::handler(|event: Bytes, _: Context| async move { Ok::<_, FunctionError>(event) });
    /// ```
    ///
    /// A panic becomes a function error of the type `Runtime.Panic`. A handler that takes longer than
    /// the function's timeout is dropped at its next `await`.
    pub fn handler<F, R>(handler: F) -> Self
    where
        F: Fn(Bytes, Context) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Bytes, FunctionError>> + Send + 'static,
    {
        Self::Handler(Handler(Arc::new(
            move |event, context| match std::panic::catch_unwind(AssertUnwindSafe(|| {
                handler(event, context)
            })) {
                Ok(answer) => Box::pin(answer),
                Err(panic) => Box::pin(std::future::ready(Err(panicked(panic.as_ref())))),
            },
        )))
    }

    /// Runs a Rust function with its own types: the event is read with [`lambda_with::decode`], the
    /// answer is written as JSON, and an error becomes a function error with its text.
    ///
    /// ```
    /// use lambda_with_local::{Context, Run};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Order { total: u32 }
    ///
    /// async fn price(order: Order, _: Context) -> Result<u32, String> {
    ///     if order.total == 0 { Err("nothing was ordered".into()) } else { Ok(order.total) }
    /// }
    ///
    /// let run = Run::typed(price);
    /// ```
    ///
    /// A handler for `lambda_runtime` needs its own context around the event:
    /// `Run::typed(|event, _| handler(LambdaEvent::new(event, Default::default())))`.
    pub fn typed<T, A, E, F, R>(handler: F) -> Self
    where
        T: DeserializeOwned,
        A: Serialize,
        E: fmt::Display,
        F: Fn(T, Context) -> R + Send + Sync + 'static,
        R: Future<Output = Result<A, E>> + Send + 'static,
    {
        fn failed<E>(error: impl fmt::Display) -> FunctionError {
            FunctionError {
                error_type: Some(std::any::type_name::<E>().to_owned()),
                error_message: error.to_string(),
            }
        }
        Self::handler(move |event, context| {
            let answer = lambda_with::decode::<T>(event).map(|event| handler(event, context));
            async move {
                let answer = answer.map_err(failed::<Error>)?.await;
                let answer = answer.map_err(failed::<E>)?;
                let json = serde_json::to_vec(&answer).map_err(failed::<serde_json::Error>)?;
                Ok(Bytes::from(json))
            }
        })
    }
}

/// A Rust handler; made by [`Run::handler`].
#[derive(Clone)]
pub struct Handler(Arc<HandlerFn>);

type HandlerFn = dyn Fn(Bytes, Context) -> Answer + Send + Sync;
type Answer = Pin<Box<dyn Future<Output = Result<Bytes, FunctionError>> + Send>>;

impl Handler {
    pub(crate) fn call(&self, event: Bytes, context: Context) -> Answer {
        (self.0)(event, context)
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}

/// The function error a panic becomes.
pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> FunctionError {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("the handler panicked");
    FunctionError {
        error_type: Some("Runtime.Panic".to_owned()),
        error_message: text.to_owned(),
    }
}

/// What a Rust handler is told about its invocation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The same for all attempts at one event.
    pub request_id: String,
    /// When the function's time is over.
    pub deadline: Timestamp,
    /// The ARN that was invoked, with the qualifier the caller gave.
    pub invoked_function_arn: String,
    /// The version that runs: `$LATEST`, or a number.
    pub function_version: String,
    /// The X-Ray trace header.
    pub trace_header: String,
    /// The mobile client context as JSON text.
    pub client_context: Option<String>,
}

/// A program that speaks the Runtime API.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Command {
    /// The program, a path or a name found through `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its working directory (`LAMBDA_TASK_ROOT`); the engine's own when left out.
    pub dir: Option<PathBuf>,
}

impl Command {
    /// A program without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            dir: None,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }
}
