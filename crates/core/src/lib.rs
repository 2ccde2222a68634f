#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(all(feature = "policy", feature = "rules")),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the docs tell of every feature"
    )
)]

mod arn;
pub mod batch;
mod decode;
mod error;
mod example;
mod export;
mod finding;
pub mod form;
mod function;
mod guard;
mod integration;
mod interop;
mod invocation;
mod leaf;
pub mod name;
mod patience;
mod permission;
#[cfg(feature = "policy")]
pub mod policy;
#[cfg(feature = "mapping")]
pub mod rules;
mod service;
mod shape;
mod source;
pub mod switch;

pub use crate::arn::{Arn, is_account};
pub use crate::decode::{Payload, Raw, decode, rewrite, rewriter};
pub use crate::error::{Error, ErrorKind};
pub use crate::example::Example;
pub use crate::export::Resource;
pub use crate::finding::{Finding, Severity};
pub use crate::function::Function;
pub use crate::guard::{BoxError, guarded};
pub use crate::integration::Integration;
pub use crate::invocation::{
    Caller, Delivery, FunctionError, Invocation, InvocationType, Invoke, LogType, Outcome,
};
pub use crate::leaf::{
    Base64, EpochMillis, EpochSeconds, Headers, Integer, Json, JsonText, Map, MultiHeaders, Name,
    Names, Nullable, Rfc3339, Scalar, Secret, Text, Timestamp,
};
pub use crate::patience::Patience;
pub use crate::permission::{
    CallerRole, FunctionUrlAuthType, Permission, Principal, RoleStatement, Statement,
};
pub use crate::service::{Mode, Sample, Service};
pub use crate::shape::{Member, Mismatch, Shape, Shaped};
pub use crate::source::{EventQueue, Position, Record, Shard, Slice, Source, Stream};
