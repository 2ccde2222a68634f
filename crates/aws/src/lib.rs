#![doc = include_str!("../README.md")]

mod change;
mod entries;
mod error;
mod invoke;
mod may;
mod parts;
mod plan;
mod raw;
mod session;
mod shared;
mod slot;
mod status;
mod wire;
mod wiring;

pub use crate::change::{Action, Budget, Change, Detail, Orphan, Reading};
pub use crate::entries::{Entries, Entry, same_function};
pub use crate::error::{failed, if_there};
pub use crate::invoke::RemoteFunction;
pub use crate::may::{may_invoke, may_poll};
pub use crate::parts::caller_role;
pub use crate::plan::{Goal, Plan};
pub use crate::raw::Exchange;
pub use crate::session::{Session, SessionOptions};
pub use crate::shared::Shared;
pub use crate::slot::{Occupied, Slot};
pub use crate::status::{Standing, State, Status, Thing};
pub use crate::wire::{Aim, Options, Part, Pauses, Stage, Wire, Work};
pub use crate::wiring::{Progress, Wiring};
