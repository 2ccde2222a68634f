#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod event;
mod ext;
mod generated;
mod identity_pool;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod respond;
mod trigger;
mod user_pool;

use lambda_with::{
    Example, Finding, Function, Integration, Patience, Payload, Permission, Resource, Service,
};
use serde::{Deserialize, Serialize};

pub use crate::event::UserPoolEvent;
pub use crate::ext::unescaped;
pub use crate::generated::*;
pub use crate::identity_pool::IdentityPool;
pub use crate::trigger::Trigger;
pub use crate::user_pool::{Plan, UserPool};

/// A connection of either kind of pool, told apart by `kind`.
///
/// ```toml
/// [[functions.sign-up.with]]
/// service = "cognito"
/// kind = "user-pool"            # or "identity-pool"
/// triggers = ["pre-sign-up"]
/// ```
///
/// ```
/// use lambda_with::Integration;
/// use lambda_with_cognito::{Cognito, IdentityPool};
///
/// assert_eq!(Cognito::IdentityPool(IdentityPool::default()).name(), "identity-pool");
/// ```
///
/// It only passes on what the pools do; a program that knows the kind uses that.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Cognito {
    /// Triggers of a user pool.
    UserPool(UserPool),
    /// The sync trigger of an identity pool.
    IdentityPool(IdentityPool),
}

macro_rules! each {
    ($value:expr, $pool:ident => $result:expr) => {
        match $value {
            Cognito::UserPool($pool) => $result,
            Cognito::IdentityPool($pool) => $result,
        }
    };
}

impl Integration for Cognito {
    /// Decode it as [`UserPoolEvent`] or [`SyncTriggerEvent`].
    type Event = Payload;
    /// The JSON of the event with its response filled in.
    type Response = Payload;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        each!(self, pool => pool.name())
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        each!(self, pool => pool.permissions(function))
    }

    fn resources(&self, function: &Function) -> Vec<Resource> {
        each!(self, pool => pool.resources(function))
    }

    fn example(&self, function: &Function) -> Option<Example> {
        each!(self, pool => pool.example(function))
    }

    fn patience(&self) -> Patience {
        each!(self, pool => pool.patience())
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        each!(self, pool => pool.check(function))
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        match (self, other) {
            (Self::UserPool(one), Self::UserPool(other)) => one.conflicts(other),
            (Self::IdentityPool(one), Self::IdentityPool(other)) => one.conflicts(other),
            _ => Vec::new(),
        }
    }
}
