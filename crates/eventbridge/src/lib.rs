#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
pub mod details;
mod expression;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod rule;
mod schedule;
#[cfg(feature = "aws")]
pub mod send;
mod target;

pub use crate::ext::Detail;
pub use crate::generated::*;
pub use crate::rule::{Rule, RuleState};
pub use crate::schedule::Schedule;
pub use crate::target::InputTransformer;
