//! Regions that must be enabled before they are used, and who calls from them.

use lambda_with::{Arn, Function};

/// Regions of the partition `aws` that are enabled by default: those from before 20 March 2019.
const ENABLED: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The Region whose principal calls the function, where it is not the one of all Regions.
pub(crate) fn of_principal<'a>(topic: &'a Arn, function: &'a Function) -> Option<&'a str> {
    let opt_in = |region: &str| topic.partition() == "aws" && !ENABLED.contains(&region);
    let (from, to) = (topic.region(), function.region());
    if from == to {
        let foreign = topic.account() != function.account();
        return (foreign && opt_in(from)).then_some(from);
    }
    if opt_in(to) {
        Some(to)
    } else {
        opt_in(from).then_some(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals() {
        let (ours, theirs) = ("123456789012", "210987654321");
        for (partition, from, account, to, expected) in [
            ("aws", "eu-west-1", ours, "eu-west-1", None),
            ("aws", "eu-west-1", theirs, "us-east-1", None),
            ("aws", "eu-west-1", ours, "ap-east-1", Some("ap-east-1")),
            ("aws", "ap-east-1", ours, "eu-west-1", Some("ap-east-1")),
            ("aws", "ap-east-1", ours, "af-south-1", Some("af-south-1")),
            ("aws", "ap-east-1", ours, "ap-east-1", None),
            ("aws", "ap-east-1", theirs, "ap-east-1", Some("ap-east-1")),
            ("aws-cn", "cn-north-1", theirs, "cn-northwest-1", None),
            ("aws", "xx-new-9", ours, "us-east-1", Some("xx-new-9")),
        ] {
            let topic = Arn::new(partition, "sns", from, account, "harbor-orders").unwrap();
            let arn = Arn::new(partition, "lambda", to, ours, "function:orders").unwrap();
            let function = Function::new(arn).unwrap();
            assert_eq!(of_principal(&topic, &function), expected, "{from} {to}");
        }
    }
}
