//! The functions of a file on this machine.

mod banner;
mod build;
mod deliver;
mod doors;
mod engine;
mod once;
mod ports;
mod records;
mod serve;
mod sources;
mod url;
mod wait;
mod watch;
mod web_socket;

pub(crate) use self::build::Programs;
pub(crate) use self::engine::{function_options, quiet_log, runtime};
pub(crate) use self::once::once;
pub(crate) use self::ports::choose;
pub(crate) use self::serve::{Ports, serve};
pub(crate) use self::sources::{Access, Brokers};
