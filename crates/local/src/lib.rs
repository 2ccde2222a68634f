#![doc = include_str!("../README.md")]

mod options;

mod chance;
mod clock;
mod log;
mod mount;
mod output;
mod process;
mod trace;
mod watchdog;

mod environment;
mod extensions;
mod function;
mod handle;
mod history;
mod local;
mod mappings;
mod name;
mod pool;
mod version;
mod versions;

mod checkpoints;
mod deliver;
mod disk;
mod memory;
mod outbox;
mod queue;
mod worker;

mod control;
mod event_stream;
mod extensions_api;
mod http;
mod invoke_api;
mod poller;
mod refusal;
mod runtime_api;
mod scripted;
mod stream;
mod streaming;
mod telemetry;
mod traces;
pub mod web_socket;

pub use crate::handle::FunctionHandle;
pub use crate::history::{Happening, What};
pub use crate::http::{Body, FrontDoor, Peer};
pub use crate::local::{Handle, Local};
pub use crate::log::{LogKind, LogLine, LogSink};
pub use crate::mappings::{Opened, Opening};
pub use crate::mount::Mount;
pub use crate::options::{
    Asynchronous, Command, Context, Destinations, FunctionOptions, Handler, Options, Run, Sending,
};
pub use crate::poller::{Mapping, Polled, Poller};
pub use crate::scripted::{ScriptedSource, ScriptedStream};
pub use crate::streaming::{StreamError, Streamed};
pub use crate::traces::read_traces;
