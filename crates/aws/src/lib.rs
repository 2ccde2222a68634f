#![doc = include_str!("../README.md")]

mod change;
mod error;
mod invoke;
mod may;
mod parts;
mod plan;
mod raw;
mod rewrite;
mod session;
mod slot;
mod status;
mod wire;
mod wiring;

pub use crate::change::{Action, Budget, Change, Detail, Orphan, Reading};
pub use crate::error::failed;
pub use crate::invoke::RemoteFunction;
pub use crate::may::{may_invoke, may_poll};
pub use crate::parts::caller_role;
pub use crate::plan::{Goal, Plan};
pub use crate::raw::Exchange;
pub use crate::rewrite::{Patience, Shared, rewrite};
pub use crate::session::{Session, SessionOptions};
pub use crate::slot::{Occupied, Slot};
pub use crate::status::{Standing, State, Status, Thing};
pub use crate::wire::{Aim, Options, Part, Pauses, Stage, Wire, Work};
pub use crate::wiring::{Progress, Wiring};
