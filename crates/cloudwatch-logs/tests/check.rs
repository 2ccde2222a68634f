//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with::Integration;
use lambda_with_cloudwatch_logs::{AccountPolicy, SubscriptionFilter};
use lambda_with_testing::{clashes, definition, function, lints};

const FILTER: &str = "log_group = '/harbor/ferries'";

#[test]
fn every_lint_has_a_filter_it_finds() {
    let group = |name: &str| format!("log_group = '{name}'");
    let pattern = |text: &str| format!("pattern = '{text}'");
    lints::<SubscriptionFilter>(
        FILTER,
        &[
            (String::new(), ""),
            (group("/aws/lambda/orders#2"), ""),
            (group(""), "LW1501! log_group"),
            (group("/harbor/*"), "LW1501! log_group"),
            (group(&"x".repeat(513)), "LW1501! log_group"),
            (
                group("arn:aws:logs:eu-west-1:123456789012:log-group:/harbor:*"),
                "LW1501! log_group",
            ),
            (pattern(&"x".repeat(1024)), ""),
            (pattern(&"x".repeat(1025)), "LW1502! pattern"),
            (pattern("%a% %b%"), ""),
            (pattern("%a% %b% %c%"), "LW1503! pattern"),
            (pattern("\"%a% %b%\" %c%"), ""),
            (
                pattern("{ $.a = %x% && $.b = %y% && $.c = %z% }"),
                "LW1503! pattern",
            ),
            (group("/aws/lambda/orders"), "LW1504! log_group"),
            ("filter_name = 'a:b'".into(), "LW1505! filter_name"),
            ("filter_name = ''".into(), "LW1505! filter_name"),
            ("filter_name = 'errors to orders'".into(), ""),
            ("system_fields = ['@aws.account']".into(), ""),
            (
                "system_fields = ['@message']".into(),
                "LW1506! system_fields",
            ),
            (
                format!("field_selection = '{}'", "x".repeat(2001)),
                "LW1507! field_selection",
            ),
        ],
    );
    let arn = group("arn:aws:logs:eu-west-1:123456789012:log-group:/harbor:*");
    assert_eq!(
        definition::<SubscriptionFilter>(FILTER, &arn).check(&function("orders"))[0].fix,
        "write `/harbor`"
    );
}

#[test]
fn two_filters() {
    clashes::<SubscriptionFilter>(
        FILTER,
        &[
            ("", "log_group = 'other'", "", ""),
            ("", "", "", "LW1509 pattern"),
            ("pattern = 'a'", "", "", "LW1509 pattern"),
            ("pattern = 'a'", "pattern = 'b'", "", ""),
            (
                "filter_name = 'x'\npattern = 'a'",
                "filter_name = 'x'\npattern = 'b'",
                "LW1508! filter_name",
                "",
            ),
            (
                "filter_name = 'x'",
                "filter_name = 'x'\nlog_group = 'other'",
                "",
                "",
            ),
        ],
    );
}

#[test]
fn every_lint_has_a_policy_it_finds() {
    lints::<AccountPolicy>(
        "",
        &[
            ("pattern = 'ERROR'", ""),
            ("exclude = ['/harbor/audit']", ""),
            ("", "LW1510 pattern"),
            ("exclude = ['/harbor/*']", "LW1501! exclude"),
            ("pattern = '%a% %b% %c%'", "LW1503! pattern"),
            ("pattern = 'a'\npolicy_name = ''", "LW1505! policy_name"),
        ],
    );
    clashes::<AccountPolicy>("pattern = 'a'", &[("", "", "LW1511 policy_name", "")]);
}
