#![doc = include_str!("../README.md")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod document;
#[cfg(feature = "aws")]
pub mod fake;
#[cfg(feature = "aws")]
pub mod moto;
pub mod python;
mod server;

pub use crate::document::{delivered, edit, exact, exact_value, function, sample};
pub use crate::server::{ACCOUNT, moto_endpoint, unique};
