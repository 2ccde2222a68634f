//! Names for connections and of log groups.

use lambda_with::name::{checksum_of, with_checksum};

use crate::SubscriptionFilter;

/// `logs-GROUP`, what sets the filter apart, and a checksum of the exact values, because letters other
/// than those of a name are dropped.
pub(crate) fn of_filter(filter: &SubscriptionFilter) -> String {
    let readable = match &filter.filter_name {
        Some(name) => format!("logs-{}-{name}", filter.log_group),
        None => format!("logs-{}", filter.log_group),
    };
    let transformed = filter.transformed.to_string();
    let mut exact = vec![filter.log_group.as_str()];
    match &filter.filter_name {
        Some(name) => exact.push(name),
        None => {
            exact.extend([filter.pattern.as_str(), &transformed]);
            exact.extend(filter.field_selection.as_deref());
            exact.extend(filter.system_fields.iter().map(String::as_str));
        }
    }
    with_checksum(&readable, &checksum_of(&exact))
}

/// Whether a log group can have this name.
pub(crate) fn is_log_group(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-/.#".contains(&b);
    (1..=512).contains(&name.len()) && name.bytes().all(letter)
}
