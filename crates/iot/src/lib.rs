#![doc = include_str!("../README.md")]

mod authorizer;
#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod provisioning;
mod respond;
mod rule;

use lambda_with::{Arn, Function, Permission, Statement};

pub use crate::authorizer::Authorizer;
pub use crate::generated::*;
pub use crate::provisioning::Provisioning;
pub use crate::rule::{On, Rule, SQL_VERSION};

/// The statement that lets AWS IoT invoke on behalf of one of its resources. Nothing where the name
/// is empty or a pattern, which would admit others: `check` finds it.
fn permission(
    connection: String,
    function: &Function,
    account: &str,
    kind: &str,
    name: &str,
) -> Vec<Permission> {
    let is_open = |part: &str| part.is_empty() || part.contains(['*', '?', '$']);
    if is_open(name) || is_open(account) {
        return Vec::new();
    }
    let (partition, region) = (function.partition(), function.region());
    let Ok(arn) = Arn::new(partition, "iot", region, account, &format!("{kind}/{name}")) else {
        return Vec::new();
    };
    let statement = Statement::service(connection, "iot.amazonaws.com")
        .source_arn(arn)
        .source_account(account);
    vec![Permission::ResourceBased(statement)]
}
