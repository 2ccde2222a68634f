//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_config::Config;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "
    rule = 'volumes-encrypted'
    resource_types = ['AWS::EC2::Volume']
";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let types: Vec<String> = (0..101).map(|n| format!("'AWS::Harbor::T{n}'")).collect();
    let long = "x".repeat(1020);
    lints::<Config>(
        GOOD,
        &[
            (String::new(), ""),
            ("rule = ''".into(), "LW1801! rule"),
            ("rule = '  '".into(), "LW1801! rule"),
            (format!("rule = '{}'", "x".repeat(129)), "LW1801! rule"),
            ("rule = 'volumes are encrypted'".into(), ""),
            ("account = '1234'".into(), "LW1802! account"),
            ("account = '210987654321'".into(), "LW1803 account"),
            ("account = '123456789012'".into(), ""),
            ("triggers = []".into(), "LW1804! triggers"),
            ("triggers = ['schedule']".into(), ""),
            (
                "triggers = ['schedule']\nfrequency = 'Six_Hours'".into(),
                "",
            ),
            (
                "triggers = ['snapshots']\nfrequency = 'Six_Hours'".into(),
                "",
            ),
            (
                "triggers = ['schedule']\nfrequency = 'Daily'".into(),
                "LW1805! frequency",
            ),
            ("frequency = 'Six_Hours'".into(), "LW1805! frequency"),
            (
                format!("resource_types = [{}]", types.join(",")),
                "LW1806! resource_types",
            ),
            (
                "resource_types = 'none'\nresource_id = 'vol-1'".into(),
                "LW1806! resource_id",
            ),
            ("resource_id = 'vol-1'".into(), ""),
            ("tag_value = 'harbor'".into(), "LW1806! tag_value"),
            ("resource_types = 'none'".into(), "LW1807 resource_types"),
            ("resource_types = 'none'\ntag_key = 'team'".into(), ""),
            (
                "resource_types = 'none'\ntriggers = ['schedule']".into(),
                "",
            ),
            (
                format!("parameters = {{ a = '{long}' }}"),
                "LW1808! parameters",
            ),
            (format!("parameters = {{ a = '{}' }}", &long[..1016]), ""),
            ("snapshot_bucket = 'harbor-config'".into(), ""),
            (
                "snapshot_bucket = 'harbor-*'".into(),
                "LW1809! snapshot_bucket",
            ),
        ],
    );
}

#[test]
fn two_connections() {
    clashes::<Config>(
        GOOD,
        &[
            ("", "", "LW1810 rule", ""),
            ("", "rule = 'other'", "", ""),
            ("", "account = '210987654321'", "", ""),
        ],
    );
}
