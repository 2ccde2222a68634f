#![doc = include_str!("../README.md")]

mod activemq;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
#[cfg(feature = "poll")]
pub mod poll;
mod rabbitmq;
mod respond;
mod shared;

pub use crate::activemq::ActiveMq;
pub use crate::generated::*;
pub use crate::rabbitmq::RabbitMq;
