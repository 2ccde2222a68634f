#![doc = include_str!("../README.md")]

mod answer;
#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod evaluation;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod invoking;
#[cfg(feature = "reply")]
mod reply;
mod rule;

pub use crate::answer::{Evaluations, PutEvaluations, Rule, answer};
pub use crate::evaluation::{Compliance, Evaluation};
pub use crate::generated::*;
pub use crate::invoking::InvokingEvent;
pub use crate::rule::{Config, ConfigTrigger};
