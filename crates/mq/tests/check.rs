//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_mq::{ActiveMq, RabbitMq};
use lambda_with_testing::{clashes, lints};

const GOOD: &str = r#"
broker = "arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d"
queue = "cranes"
secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd"
"#;

#[test]
fn every_lint_has_a_definition_it_finds() {
    let cases = [
        ("", ""),
        ("batch_size = 10000\nbatching_window = 300", ""),
        ("batch_size = 10001", "LW0011! batch_size"),
        (
            "secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:harbor-Ab12Cd'",
            "LW2701! secret",
        ),
        (
            "secret = 'arn:aws:ssm:eu-west-1:123456789012:parameter/harbor'",
            "LW0022! secret",
        ),
        (
            "broker = 'arn:aws:mq:eu-west-1:210987654321:broker:harbor:b-5e1d'",
            "LW0026! broker",
        ),
        (
            "broker = 'arn:aws:mq:eu-west-1:123456789012:broker:harbor'",
            "LW0024! broker",
        ),
        ("filters = ['{\"messageID\":[\"a\"]}']", "LW0016 filters"),
        ("function_timeout = 841", "LW0023! timeout"),
    ];
    lints::<ActiveMq>(GOOD, &cases);
    lints::<RabbitMq>(GOOD, &cases);
    let topic = "queue = 'topic://tides'";
    lints::<ActiveMq>(GOOD, &[(topic, "LW2703! queue")]);
    let cases = [(topic, ""), ("virtual_host = ''", "LW0022! virtual_host")];
    lints::<RabbitMq>(GOOD, &cases);
}

#[test]
fn two_connections_of_one_queue() {
    let cases = [
        ("", "batch_size = 5", "LW2702 queue", "LW0029! broker"),
        ("", "queue = 'ferries'", "", ""),
    ];
    clashes::<ActiveMq>(GOOD, &cases);
    clashes::<RabbitMq>(GOOD, &cases);
    let host = ("", "virtual_host = 'harbor'", "", "LW0029! broker");
    clashes::<RabbitMq>(GOOD, &[host]);
}
