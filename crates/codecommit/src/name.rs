//! Names for connections, of triggers and of repositories.

use lambda_with::name::{checksum_of, with_checksum};
use lambda_with::{Arn, Function, is_account};

use crate::CodeCommit;

/// `codecommit-REPOSITORY` and a checksum of the exact values, because letters other than those of a
/// name are dropped.
pub(crate) fn of(connection: &CodeCommit) -> String {
    let readable = format!("codecommit-{}", connection.repository.resource());
    with_checksum(&readable, &checksum(connection))
}

/// The name a trigger has in its repository: the function's with the same checksum, unless set.
pub(crate) fn of_trigger(connection: &CodeCommit, function: &Function) -> String {
    let made = || format!("{}-{}", function.name(), checksum(connection));
    connection.trigger_name.clone().unwrap_or_else(made)
}

/// Whether a trigger of this name can be one whose name is made here.
#[cfg(feature = "aws")]
pub(crate) fn is_made(trigger: &str, function: &Function) -> bool {
    let rest = trigger.strip_prefix(function.name());
    let sum = rest.and_then(|rest| rest.strip_prefix('-'));
    sum.is_some_and(|sum| sum.len() == 8 && sum.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether it is the ARN of one repository.
pub(crate) fn is_repository(arn: &Arn) -> bool {
    let name = arn.resource();
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    arn.service() == "codecommit"
        && is_account(arn.account())
        && !arn.region().is_empty()
        && (1..=100).contains(&name.len())
        && name.bytes().all(letter)
}

fn checksum(connection: &CodeCommit) -> String {
    let mut exact = vec![connection.repository.as_str()];
    match &connection.trigger_name {
        Some(name) => exact.push(name),
        None => {
            exact.extend(connection.branches.iter().map(String::as_str));
            exact.push("");
            exact.extend(connection.events.iter().map(String::as_str));
            exact.push("");
            exact.extend(connection.custom_data.as_deref());
        }
    }
    checksum_of(&exact)
}
