//! What is wrong with a connection: for every lint a definition that it finds.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_dynamodb::DynamoDb;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = r#"
stream = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123"
starting_position = "TRIM_HORIZON"
maximum_retry_attempts = 3
report_batch_item_failures = true
"#;

#[test]
fn every_lint_has_a_definition_it_finds() {
    const IMAGE: &str = r#"filters = ['{"dynamodb":{"NewImage":{"a":{"S":["b"]}}}}']"#;
    const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let cases = [
        ("", ""),
        ("tumbling_window = 901", "LW0011! tumbling_window"),
        (
            "starting_position = 'AT_TIMESTAMP'",
            "LW0014! starting_position",
        ),
        (
            "maximum_retry_attempts = -1",
            "LW0027 maximum_retry_attempts",
        ),
        ("maximum_record_age = 86400", ""),
        ("maximum_record_age = 86401", "LW2406 maximum_record_age"),
        (
            "report_batch_item_failures = false",
            "LW0030 bisect_batch_on_function_error",
        ),
        (
            "stream = 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders'",
            "LW0024! stream",
        ),
        (
            &format!("on_failure_key = '{KEY}'"),
            "LW2405 on_failure_key",
        ),
        (&format!("table_key = '{KEY}'"), ""),
        ("view_type = 'ALL'", "LW2407! view_type"),
        (
            r#"filters = ['{"awsRegion":["eu-west-1"]}']"#,
            "LW0016 filters",
        ),
        (r#"filters = ['{"dynamodb":["x"]}']"#, "LW0015! filters"),
        (r#"filters = ['{"eventName":["INSERT"]}']"#, ""),
        (
            r#"filters = ['{"userIdentity":{"type":["Service"],"principalId":["dynamodb.amazonaws.com"]}}']"#,
            "",
        ),
        (
            r#"filters = ['{"dynamodb":{"NewImage":{"status":{"S":["PAID"]}}}}']"#,
            "",
        ),
        (
            r#"filters = ['{"dynamodb":{"NewImage":{"status":["PAID"]}}}']"#,
            "LW2401 filters",
        ),
        (
            r#"filters = ['{"dynamodb":{"Keys":{"address":{"city":{"S":["Kiel"]}}}}}']"#,
            "LW2401 filters",
        ),
        (
            r#"filters = ['{"dynamodb":{"OldImage":{"address":{"M":{"city":{"S":["Kiel"]}}}}}}']"#,
            "",
        ),
        (
            r#"filters = ['{"dynamodb":{"OldImage":{"address":{"M":{"city":["Kiel"]}}}}}']"#,
            "LW2401 filters",
        ),
        (
            r#"filters = ['{"dynamodb":{"NewImage":{"total":{"N":["100"]}}}}']"#,
            "",
        ),
        (
            r#"filters = ['{"dynamodb":{"NewImage":{"total":{"N":[100]}}}}']"#,
            "LW2402 filters",
        ),
        (
            r#"filters = ['{"dynamodb":{"NewImage":{"total":{"N":[{"numeric":[">",100]}]}}}}']"#,
            "LW2402 filters",
        ),
        (
            r#"filters = ['{"dynamodb":{"NewImage":{"coupon":[{"exists":false}]}}}']"#,
            "LW2403 filters",
        ),
        (
            r#"filters = ['{"dynamodb":{"NewImage":{"coupon":{"S":[{"exists":true}]}}}}']"#,
            "",
        ),
        (
            r#"filters = ['{"dynamodb":{"$or":[{"NewImage":{"a":["b"]}},{"OldImage":{"a":{"S":["b"]}}}]}}']"#,
            "LW2401 filters",
        ),
        (&format!("{IMAGE}\nview_type = 'NEW_AND_OLD_IMAGES'"), ""),
        (&format!("{IMAGE}\nview_type = 'NEW_IMAGE'"), ""),
        (
            &format!("{IMAGE}\nview_type = 'OLD_IMAGE'"),
            "LW2404 filters",
        ),
        (
            &format!("{IMAGE}\nview_type = 'KEYS_ONLY'"),
            "LW2404 filters",
        ),
    ];
    lints::<DynamoDb>(GOOD, &cases);
}

#[test]
fn two_connections() {
    let other = "stream = 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-04-02T10:00:00.123'";
    let cases = [
        ("", "batch_size = 5", "", "LW0029! stream"),
        ("", other, "", ""),
    ];
    clashes::<DynamoDb>(GOOD, &cases);
}
