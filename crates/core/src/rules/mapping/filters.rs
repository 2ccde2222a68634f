//! Filters: their number, their form, and what they look at.

use super::{Mapping, SourceKind};
use crate::Finding;
use crate::rules::filter::FilterCriteria;

const FILTERING: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html";

pub(super) fn check(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    let Some(data_key) = kind.data_key() else {
        return;
    };
    let count = mapping.filters.len();
    if count > FilterCriteria::USUAL {
        let finding = if count > FilterCriteria::MOST {
            Finding::error
        } else {
            Finding::warning
        };
        findings.push(
            finding(
                "LW0017",
                "filters",
                format!("{count} filters are more than the quota of 5"),
            )
            .why("AWS refuses more than 5 unless the account's quota is raised, to 10 at most")
            .fix("join filters: one pattern takes several values per field")
            .page(FILTERING),
        );
    }
    let name = data_key.name;
    for pattern in &mapping.filters {
        let criteria = FilterCriteria::parse([pattern])
            .and_then(|criteria| criteria.check(data_key).map(|()| criteria));
        match criteria {
            Err(error) => findings.push(
                Finding::error(
                    "LW0015",
                    "filters",
                    format!("`{pattern}` is no filter pattern: {error}"),
                )
                .why("AWS refuses the mapping")
                .fix(format!(
                    "write a JSON object whose leaves are non-empty arrays, such as {}",
                    example(kind)
                ))
                .page(FILTERING),
            ),
            Ok(criteria) => {
                for key in criteria.keys().filter(|key| !fits(kind, key, name)) {
                    findings.push(
                        Finding::warning("LW0016", "filters", format!("`{pattern}` looks at `{key}`"))
                            .why(format!("AWS promises filtering on `{name}` alone, and what no filter matches never reaches the function"))
                            .fix(format!("filter on `{name}`, or sort the records out in the function"))
                            .page(FILTERING),
                    );
                }
            }
        }
    }
    if mapping.filter_key.is_some() && mapping.filters.is_empty() {
        findings.push(
            Finding::warning("LW0018", "filter_key", "a key for filters, but no filters")
                .why("the key encrypts filter patterns and nothing else")
                .fix("leave filter_key out")
                .page(FILTERING),
        );
    }
}

/// DynamoDB's own guide filters deletions by time to live on `userIdentity`, and recorded mappings
/// on `eventName` work.
fn fits(kind: SourceKind, key: &str, name: &str) -> bool {
    key == name || kind == SourceKind::DynamoDb && matches!(key, "userIdentity" | "eventName")
}

fn example(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::DynamoDb => r#"{"dynamodb":{"NewImage":{"status":{"S":["PAID"]}}}}"#,
        SourceKind::Kafka | SourceKind::Msk => r#"{"value":{"kind":["placed"]}}"#,
        SourceKind::SqsFifo | SourceKind::SqsStandard => r#"{"body":{"kind":["placed"]}}"#,
        _ => r#"{"data":{"kind":["placed"]}}"#,
    }
}
