//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_secrets_manager::SecretsManager;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ferries-AbC1d2'";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let monthly = |rest: &str| format!("after_days = 30\n{rest}");
    let secret = |arn: &str| monthly(&format!("secret = 'arn:aws:secretsmanager:{arn}'"));
    let schedule = |text: &str| format!("schedule = '{text}'");
    lints::<SecretsManager>(
        GOOD,
        &[
            (monthly(""), ""),
            (secret("eu-west-1:123456789012:secret:ferries-??????"), ""),
            (
                secret("eu-west-1:123456789012:secret:ferries"),
                "LW0701! secret",
            ),
            (
                secret("eu-west-1:123456789012:secret:ferries-*"),
                "LW0701! secret",
            ),
            (
                secret("eu-west-1:123456789012:secret:*-AbC1d2"),
                "LW0701! secret",
            ),
            (
                monthly("secret = 'arn:aws:ssm:eu-west-1:123456789012:parameter/ferries'"),
                "LW0701! secret",
            ),
            (
                secret("eu-west-2:123456789012:secret:ferries-AbC1d2"),
                "LW0702! secret",
            ),
            (
                secret("eu-west-1:210987654321:secret:ferries-AbC1d2"),
                "LW0703 secret",
            ),
            (monthly("schedule = 'rate(10 days)'"), "LW0704! schedule"),
            (String::new(), "LW0705 after_days"),
            ("after_days = 0".into(), "LW0706! after_days"),
            ("after_days = 1".into(), ""),
            ("after_days = 1000".into(), ""),
            ("after_days = 1001".into(), "LW0706! after_days"),
            (monthly("duration = 1"), ""),
            (monthly("duration = 24"), ""),
            (monthly("duration = 0"), "LW0707! duration"),
            (monthly("duration = 25"), "LW0707! duration"),
            (schedule("rate(4 hours)"), ""),
            (schedule("cron(0 3 ? * SUN *)"), ""),
            (schedule("rate(3 hours)"), "LW0708! schedule"),
            (schedule("rate(0 days)"), "LW0708! schedule"),
            (schedule("rate(1000 days)"), "LW0708! schedule"),
            (schedule("rate(4 weeks)"), "LW0708! schedule"),
            (schedule("cron(30 3 ? * SUN *)"), "LW0708! schedule"),
            (schedule("cron(0 3 ? * SUN 2027)"), "LW0708! schedule"),
            (schedule("rate(6 hours)") + "\nduration = 6", ""),
            (
                schedule("rate(6 hours)") + "\nduration = 7",
                "LW0707! duration",
            ),
            (schedule("cron(0 20 * * ? *)") + "\nduration = 4", ""),
            (
                schedule("cron(0 20 * * ? *)") + "\nduration = 5",
                "LW0707! duration",
            ),
            (
                schedule("cron(0 2/10 * * ? *)") + "\nduration = 11",
                "LW0707! duration",
            ),
            (schedule("cron(0 3 * * *)"), "LW0708! schedule"),
            (schedule("30 days"), "LW0708! schedule"),
            (
                schedule(&format!("rate({} days)", "1".repeat(256))),
                "LW0708! schedule",
            ),
            (
                monthly("kms_key = 'arn:aws:kms:eu-west-1:123456789012:key/1a2b'"),
                "",
            ),
            (
                monthly("kms_key = 'arn:aws:kms:eu-west-1:123456789012:alias/ferries'"),
                "LW0709! kms_key",
            ),
            (
                monthly("kms_key = 'arn:aws:kms:eu-west-1:123456789012:key/*'"),
                "LW0709! kms_key",
            ),
            (
                monthly(
                    "superuser = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ferries-AbC1d2'",
                ),
                "LW0710! superuser",
            ),
            (
                monthly("superuser = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:root'"),
                "LW0710! superuser",
            ),
            (
                monthly(
                    "superuser = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:root-X9y8Z7'",
                ),
                "",
            ),
            (monthly("function_reserved_concurrency = 10"), ""),
            (
                monthly("function_reserved_concurrency = 9"),
                "LW0711 reserved_concurrency",
            ),
        ],
    );
}

#[test]
fn two_connections() {
    let other = "secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:piers-AbC1d2'";
    clashes::<SecretsManager>(
        GOOD,
        &[
            ("after_days = 30", "after_days = 60", "LW0712! secret", ""),
            ("after_days = 30", other, "", ""),
        ],
    );
}
