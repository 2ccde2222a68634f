#![doc = include_str!("../README.md")]

mod engine;
mod handle;
mod local;
mod options;

mod environment;
mod function;
mod http;
mod poller;
mod queue;

mod chance;
mod clock;
mod history;
mod log;
mod name;
mod refusal;
mod streaming;
mod trace;
mod traces;

pub use crate::environment::mount::Mount;
pub use crate::handle::FunctionHandle;
pub use crate::history::{Happening, What};
pub use crate::http::website::is_from_website;
pub use crate::http::{Body, FrontDoor, Peer, web_socket};
pub use crate::local::{Handle, Local};
pub use crate::log::{LogKind, LogLine, LogSink};
pub use crate::options::{
    Asynchronous, Command, Context, Destinations, FunctionOptions, Handler, Options, Run, Sending,
    SharedQueue,
};
pub use crate::poller::mappings::{Opened, Opening};
pub use crate::poller::scripted::{ScriptedSource, ScriptedStream};
pub use crate::poller::{Mapping, Polled, Poller};

pub use crate::streaming::{StreamError, Streamed};
pub use crate::traces::read_traces;
