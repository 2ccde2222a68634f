//! A connection's name: readable, stable, and unique within a function.

use lambda_with::Arn;
use lambda_with::name::checksum;

/// `sqs-QUEUE-` and a checksum of the ARN, which tells apart what the letters of a name cannot:
/// `orders.fifo` from `orders-fifo`, and queues of the same name in two accounts.
pub(crate) fn of(queue: &Arn) -> String {
    let words = queue.resource().split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut name = format!("sqs-{}", words.join("-"));
    name.truncate(71);
    format!(
        "{}-{}",
        name.trim_end_matches('-'),
        checksum(queue.as_str())
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_readable_unique_and_short() {
        let long = "q".repeat(75);
        let queues = [
            ("123456789012:orders", "sqs-orders-"),
            ("210987654321:orders", "sqs-orders-"),
            ("123456789012:orders.fifo", "sqs-orders-fifo-"),
            ("123456789012:orders-fifo", "sqs-orders-fifo-"),
            ("123456789012:orders_fifo", "sqs-orders-fifo-"),
            (&format!("123456789012:{long}.fifo"), "sqs-qqqqqqqq"),
        ];
        let mut seen = HashSet::new();
        for (queue, start) in queues {
            let name = of(&format!("arn:aws:sqs:eu-west-1:{queue}").parse().unwrap());
            assert!(name.starts_with(start) && name.len() <= 80, "{name}");
            assert!(seen.insert(name));
        }
    }
}
