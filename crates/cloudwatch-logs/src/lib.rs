#![doc = include_str!("../README.md")]

mod account_policy;
#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod events;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod subscription_filter;
mod unpack;

use lambda_with::{Arn, Function, Permission, Statement};

pub use crate::account_policy::AccountPolicy;
pub use crate::events::LogEvents;
pub use crate::generated::*;
pub use crate::subscription_filter::SubscriptionFilter;
pub use crate::unpack::UNPACKED_LIMIT;

/// Lets the service in on behalf of the log groups named, all of which belong to the function's
/// account and Region.
fn permission(sid: String, log_groups: &str, function: &Function) -> Option<Permission> {
    let arn = Arn::new(
        function.partition(),
        "logs",
        function.region(),
        function.account(),
        &format!("log-group:{log_groups}"),
    );
    let statement = Statement::service(sid, "logs.amazonaws.com")
        .source_arn(arn.ok()?)
        .source_account(function.account());
    Some(Permission::ResourceBased(statement))
}
