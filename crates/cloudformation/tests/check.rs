//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_cloudformation::CloudFormation;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "
    resource = 'Berths'
    service_timeout = 120
    function_timeout = 60
";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let long = format!("resource = '{}'", "B".repeat(256));
    lints::<CloudFormation>(
        GOOD,
        &[
            ("", ""),
            ("resource = 'Berths-2'", "LW1401! resource"),
            ("resource = ''", "LW1401! resource"),
            (&long, "LW1401! resource"),
            ("service_timeout = 'none'", "LW1402 service_timeout"),
            ("service_timeout = 0", "LW1403! service_timeout"),
            ("service_timeout = 3600", ""),
            ("service_timeout = 3601", "LW1403! service_timeout"),
            ("service_timeout = 60", ""),
            ("service_timeout = 59", "LW1404 service_timeout"),
            ("account = '210987654321'", ""),
            ("account = '2109-8765-4321'", "LW1405! account"),
            ("role = 'arn:aws:iam::123456789012:role/stacks'", ""),
            ("role = 'arn:aws:iam::123456789012:role/*'", "LW1406! role"),
            (
                "role = 'arn:aws:iam::123456789012:user/ana'",
                "LW1406! role",
            ),
            ("properties = { Quay = 'north', Depths = [3, 4] }", ""),
            (
                "properties = { ServiceToken = 'arn' }",
                "LW1407! properties",
            ),
            ("properties = { ServiceTimeout = 5 }", "LW1407! properties"),
            ("function_timeout = 3", "LW1408 timeout"),
            ("function_timeout = 4", ""),
            ("function_subnets = ['subnet-0a1b2c3d']", "LW1409 subnets"),
            (
                "function_reserved_concurrency = 0",
                "LW1410! reserved_concurrency",
            ),
            ("function_reserved_concurrency = 1", ""),
        ],
    );
}

#[test]
fn two_connections() {
    clashes::<CloudFormation>(
        GOOD,
        &[
            ("", "service_timeout = 90", "LW1411! resource", ""),
            ("", "resource = 'Tariff'", "", ""),
            ("", "account = '210987654321'", "", ""),
        ],
    );
}
