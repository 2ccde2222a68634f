//! Starting and ending an engine, and the handle its users hold.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_with::{Error, ErrorKind};
use lambda_with_x_ray::{Document, Trace};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::function::Function;
use crate::function::concurrency::Concurrency;
use crate::function::version::Base;
use crate::handle::FunctionHandle;
use crate::history::{Happening, History};
use crate::http::invoke_api;
use crate::http::{FrontDoor, serve_front_door};
use crate::log::Log;
use crate::options::Options;
use crate::poller::checkpoints::Checkpoints;
use crate::poller::mappings::Mappings;
use crate::queue::Queue;
use crate::queue::deliver::Deliveries;
use crate::queue::outbox::{OUTBOX, Sender};
use crate::queue::{outbox, shared, worker};
use crate::traces::Traces;

/// How many invocations run at once in an account, unless AWS was asked for more.
const CONCURRENCY: u32 = 1000;

/// How long a shutdown waits for what is running.
const GRACE: Duration = Duration::from_secs(5);

/// A running engine.
///
/// It works until it is [shut down](Local::shutdown) or dropped; both end all processes. Everything
/// it offers on the network is bound to 127.0.0.1.
///
/// Processes are ended as well when the program of the engine is killed. What the engine accepted is
/// on disk by then and runs after the next start.
#[derive(Debug)]
pub struct Local {
    handle: Handle,
}

impl Local {
    /// Starts an engine: opens the queue, begins to work through it, and opens the ports.
    ///
    /// Processes are started when first needed.
    ///
    /// # Errors
    ///
    /// `Invalid` for two functions of one name or a timeout of zero, `Conflict` when another engine
    /// uses the data directory, `Unavailable` when the directory or a port cannot be had.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let Options {
            data_dir,
            invoke_port,
            functions,
            queue,
            destinations,
            log,
            history,
            traces,
            seed,
            account_concurrency,
        } = options;
        let log = Log::new(log);
        let clock = if data_dir.is_some() {
            Clock::System
        } else {
            Clock::runtime()
        };
        if let Some(dir) = &data_dir {
            std::fs::create_dir_all(dir).map_err(|error| {
                Error::new(
                    ErrorKind::Unavailable,
                    "the data directory could not be made",
                )
                .with("directory", dir.display().to_string())
                .caused_by(error)
            })?;
        }
        let (traces, receiver) = match traces {
            true => Some(Traces::open(data_dir.as_deref()).await?).unzip(),
            false => (None, None),
        };
        let mut known = BTreeMap::new();
        let chance = Arc::new(Chance::new(seed));
        let account = account_concurrency.unwrap_or(CONCURRENCY);
        let concurrency = Concurrency::new(usize::try_from(account).unwrap_or(usize::MAX));
        for options in functions {
            let base = Base {
                clock,
                log: log.clone(),
                variables: traces
                    .iter()
                    .flat_map(|traces| traces.variables())
                    .collect(),
                max: 1,
                concurrency: concurrency.clone(),
            };
            let function = Function::new(options, base, data_dir.as_deref(), chance.clone())?;
            let name = function.name().to_owned();
            if known.insert(name.clone(), Arc::new(function)).is_some() {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    format!("there are two functions `{name}`"),
                ));
            }
        }
        let queue = Queue::open(data_dir.as_deref(), queue)?;
        let names = known.keys().cloned().chain([OUTBOX.to_owned()]);
        let mut waiting = queue.len(names.clone().collect()).await?;
        if queue.shared().is_some() {
            let messages = queue.len(vec![OUTBOX.to_owned()]).await?;
            left_alone(waiting - messages)?;
            waiting = messages;
        }
        let listener = match invoke_port {
            Some(port) => Some(bind(port).await?),
            None => None,
        };
        let engine = Arc::new(Engine {
            woken: names.map(|name| (name, Arc::default())).collect(),
            functions: known,
            concurrency,
            queue,
            clock,
            sender: Sender(destinations),
            deliveries: Deliveries::open(data_dir.as_deref())?,
            checkpoints: Checkpoints::open(data_dir.as_deref())?,
            history: History::new(history),
            mappings: Mappings::default(),
            traces,
            waiting: watch::Sender::new(waiting),
            stop: watch::Sender::new(false),
            tasks: Mutex::default(),
            invoke_address: listener.as_ref().map(|(_, address)| *address),
        });
        for (name, function) in &engine.functions {
            function.reroute(|_| {});
            let woken = engine.woken.get(name).cloned().unwrap_or_default();
            let stop = engine.stop.subscribe();
            engine
                .tasks()
                .spawn(worker::work(engine.clone(), function.clone(), woken, stop));
        }
        if engine.queue.shared().is_some() {
            let stop = engine.stop.subscribe();
            engine.tasks().spawn(shared::work(engine.clone(), stop));
        }
        let woken = engine.woken.get(OUTBOX).cloned().unwrap_or_default();
        let stop = engine.stop.subscribe();
        engine
            .tasks()
            .spawn(outbox::work(engine.clone(), woken, stop));
        if let (Some(traces), Some(receiver)) = (&engine.traces, receiver) {
            let stop = engine.stop.subscribe();
            engine.tasks().spawn(traces.clone().receive(receiver, stop));
        }
        if let Some((listener, _)) = listener {
            let stop = engine.stop.subscribe();
            engine.tasks().spawn(invoke_api::serve(
                listener,
                stop,
                Handle {
                    engine: engine.clone(),
                },
            ));
        }
        Ok(Self {
            handle: Handle { engine },
        })
    }

    /// What invokes, listens and looks in.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs until the future is done, and then shuts down.
    pub async fn run(self, until: impl Future<Output = ()>) {
        until.await;
        self.shutdown().await;
    }

    /// Takes nothing more, gives what runs five seconds to end, and ends all processes.
    ///
    /// Asynchronous events that had no time left stay accepted and run after the next start.
    pub async fn shutdown(self) {
        let engine = &self.handle.engine;
        engine.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *engine.tasks());
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tasks.shutdown().await;
        }
        for function in engine.functions.values() {
            function.close().await;
        }
        if let Some(shared) = engine.queue.shared() {
            shared.release().await;
        }
        engine.queue.close();
        engine.checkpoints.close();
        if let Some(traces) = &engine.traces {
            traces.close();
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let engine = &self.handle.engine;
        engine.stop.send_replace(true);
        *engine.tasks() = JoinSet::new();
        if let Some(shared) = engine.queue.shared() {
            shared.abort();
        }
        for function in engine.functions.values() {
            function.abort();
        }
    }
}

/// A running engine as its users hold it; a cheap clone.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) engine: Arc<Engine>,
}

impl Handle {
    /// A function by its name or ARN, with the version or alias where one is named.
    ///
    /// # Errors
    ///
    /// `NotFound` with Lambda's text, `Invalid` when `name` cannot be one.
    pub fn function(&self, name: &str) -> Result<FunctionHandle, Error> {
        let (function, qualifier) = self.engine.find(name)?;
        Ok(FunctionHandle {
            engine: self.engine.clone(),
            function,
            qualifier,
        })
    }

    /// All functions, in the order of their names.
    pub fn functions(&self) -> impl Iterator<Item = FunctionHandle> {
        let engine = self.engine.clone();
        self.engine
            .functions
            .values()
            .map(move |function| FunctionHandle {
                engine: engine.clone(),
                function: function.clone(),
                qualifier: None,
            })
    }

    /// Where Lambda's HTTP API is offered.
    #[must_use]
    pub fn invoke_address(&self) -> Option<SocketAddr> {
        self.engine.invoke_address
    }

    /// Opens a front door on a port of 127.0.0.1; 0 takes any free one.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use lambda_with_local::{Local, Options, Peer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), lambda_with::Error> {
    /// let local = Local::start(Options::in_memory()).await?;
    /// let hello = |_: http::Request<Bytes>, _: Peer| async { http::Response::new(Bytes::from("hello")) };
    /// let address = local.handle().serve(0, hello).await?;
    /// assert!(address.ip().is_loopback());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Unavailable` when the port is taken.
    pub async fn serve(&self, port: u16, door: impl FrontDoor) -> Result<SocketAddr, Error> {
        let (listener, address) = bind(port).await?;
        let stop = self.engine.stop.subscribe();
        self.engine
            .tasks()
            .spawn(serve_front_door(listener, address, stop, door));
        Ok(address)
    }

    /// What happened so far, oldest first; empty unless
    /// [`Options::history`](crate::Options::history) is on.
    #[must_use]
    pub fn history(&self) -> Vec<Happening> {
        self.engine.history.all()
    }

    /// A trace with all it is linked to; `None` when none of it is kept, and always unless
    /// [`Options::traces`](crate::Options::traces) is on.
    #[must_use]
    pub fn trace(&self, id: &str) -> Option<Trace> {
        Trace::of(&self.documents(), id)
    }

    /// The segment documents that are kept: those of the engine, and those functions sent. The oldest
    /// first, the last 32 MB.
    #[must_use]
    pub fn documents(&self) -> Vec<Document> {
        let traces = self.engine.traces.as_ref();
        traces.map(|traces| traces.documents()).unwrap_or_default()
    }

    /// Where functions send their segment documents, over UDP.
    #[must_use]
    pub fn daemon_address(&self) -> Option<SocketAddr> {
        self.engine.traces.as_ref().map(|traces| traces.address())
    }

    /// How many asynchronous events are accepted and not done with, records of them to be sent
    /// included; of a shared queue, those this engine has received.
    #[must_use]
    pub fn waiting(&self) -> usize {
        *self.engine.waiting.borrow()
    }

    /// Waits until no asynchronous event is waiting or running, and no record is to be sent.
    pub async fn settled(&self) {
        // Only fails when the sender is gone, which this handle owns.
        let _ = self
            .engine
            .waiting
            .subscribe()
            .wait_for(|waiting| *waiting == 0)
            .await;
    }
}

/// Refuses to leave events on disk for a shared queue.
fn left_alone(events: usize) -> Result<(), Error> {
    match events {
        0 => Ok(()),
        _ => Err(Error::new(
            ErrorKind::Invalid,
            format!("{events} events wait in the queue of the data directory"),
        )
        .with(
            "fix",
            "start it without the shared queue until they are done with",
        )),
    }
}

async fn bind(port: u16) -> Result<(TcpListener, SocketAddr), Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failed = |error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("{address} cannot be listened on"),
        )
        .with("fix", "end what uses the port, or choose another")
        .caused_by(error)
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
