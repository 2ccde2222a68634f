//! What can be wrong with a connection to a table's stream, beside what all mappings share.

mod pattern;

use lambda_with::Finding;

use crate::{DynamoDb, DynamoDbStreamViewType};

const FILTERING: &str = "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html";
const STREAMS: &str =
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html";
const DESTINATION: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html";

/// How long a stream keeps its records, in seconds.
const RETENTION: i64 = 86_400;

pub(crate) fn check(dynamodb: &DynamoDb, findings: &mut Vec<Finding>) {
    for text in &dynamodb.filters {
        if let Ok(pattern) = serde_json::from_str(text) {
            pattern::check(text, &pattern, findings);
            images(dynamodb, text, &pattern, findings);
        }
    }
    if let Some(DynamoDbStreamViewType::Other(other)) = &dynamodb.view_type {
        findings.push(
            Finding::error("LW2407", "view_type", format!("`{other}` is no view type"))
                .why("a stream keeps keys, new images, old images, or both")
                .fix("write KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES")
                .page(STREAMS),
        );
    }
    if let Some(age) = dynamodb.maximum_record_age.filter(|age| *age > RETENTION) {
        let what = format!("records are given up after {age} s, which they do not last");
        findings.push(
            Finding::warning("LW2406", "maximum_record_age", what)
                .why("a table's stream forgets its records after 24 hours, and nothing is sent to on_failure then")
                .fix("set maximum_record_age well below 86400")
                .page(STREAMS),
        );
    }
    if dynamodb.on_failure_key.is_some() && dynamodb.on_failure.is_none() {
        findings.push(
            Finding::warning(
                "LW2405",
                "on_failure_key",
                "a key for a destination, but no destination",
            )
            .why("the key is for whoever writes to the queue, topic or bucket of on_failure")
            .fix("leave on_failure_key out; the key of the table is table_key")
            .page(DESTINATION),
        );
    }
}

/// Images that a filter looks at and the stream does not keep.
fn images(
    dynamodb: &DynamoDb,
    text: &str,
    pattern: &serde_json::Value,
    findings: &mut Vec<Finding>,
) {
    let (new, old) = match &dynamodb.view_type {
        Some(DynamoDbStreamViewType::KeysOnly) => (false, false),
        Some(DynamoDbStreamViewType::NewImage) => (true, false),
        Some(DynamoDbStreamViewType::OldImage) => (false, true),
        _ => return,
    };
    for (image, kept) in [("NewImage", new), ("OldImage", old)] {
        if !kept && pattern::looks_at(pattern, image) {
            let what = format!("`{text}` looks at `{image}`, which the stream does not keep");
            findings.push(
                Finding::warning("LW2404", "filters", what)
                    .why("the filter never matches, and what no filter matches never reaches the function")
                    .fix("filter on what the stream keeps, or make the table's stream anew with NEW_AND_OLD_IMAGES")
                    .page(STREAMS),
            );
        }
    }
}

fn warning(code: &'static str, what: String) -> Finding {
    Finding::warning(code, "filters", what).page(FILTERING)
}
