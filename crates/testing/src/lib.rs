#![doc = include_str!("../README.md")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(doctest)]
mod book;
#[cfg(feature = "clock")]
pub mod clock;
mod connection;
#[cfg(feature = "aws")]
mod cycle;
mod document;
#[cfg(feature = "aws")]
pub mod fake;
#[cfg(feature = "aws")]
mod line;
#[cfg(feature = "aws")]
pub mod moto;
mod opinion;
pub mod python;
mod role;
mod server;

pub use crate::connection::{
    check, clashes, connection, definition, definitions, found, lints, policy,
};
#[cfg(feature = "aws")]
pub use crate::cycle::{Wired, cycle, leaves};
pub use crate::document::{
    Root, delivered, edit, exact, exact_value, function, read, sample, samples,
};
pub use crate::opinion::{Opinion, opinion, second_opinion};
pub use crate::role::granted;
pub use crate::server::{ACCOUNT, moto_endpoint, unique};
