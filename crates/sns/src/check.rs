//! What can be wrong with a subscription, judged from its definition.

use lambda_with::{Arn, Finding, Function, is_account};

use crate::{FilterScope, Sns, filter};

const LAMBDA_PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html";
const ACCOUNT_PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/with-sns-example.html";
const FIFO_PAGE: &str = "https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html";
const FILTER_PAGE: &str =
    "https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html";
const QUEUE_PAGE: &str = "https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html";

/// The most keys of a filter policy.
const KEYS: usize = 5;
/// The most combinations of values of a filter policy.
const COMBINATIONS: u64 = 150;
/// The most wildcards of one pattern.
const STARS: usize = 3;
/// The most that the wildcards of a policy may cost.
const WILDCARDS: usize = 100;
/// The most bytes of a filter policy.
const BYTES: usize = 256 * 1024;

pub(crate) fn check(sns: &Sns, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(topic(&sns.topic));
    findings.extend(elsewhere(&sns.topic, function));
    findings.extend(policy(sns));
    if let Some(queue) = &sns.dead_letter_queue {
        findings.extend(dead_letters(queue, &sns.topic, function));
    }
    findings
}

/// What is wrong with two subscriptions of one function.
pub(crate) fn conflicts_within(one: &Sns, other: &Sns) -> Vec<Finding> {
    if one.topic != other.topic {
        return Vec::new();
    }
    let what = format!("two connections subscribe to `{}`", one.topic);
    vec![
        Finding::error("LW2313", "topic", what)
            .why("a topic has one subscription for each function: one would replace the other")
            .fix("make one filter policy of both, with lists of values or `$or`")
            .page(LAMBDA_PAGE),
    ]
}

/// What is wrong with the topic's ARN.
pub(crate) fn topic(topic: &Arn) -> Option<Finding> {
    if topic.resource().ends_with(".fifo") && topic.service() == "sns" {
        let what = format!("`{topic}` is a FIFO topic");
        return Some(
            Finding::error("LW2302", "topic", what)
                .why("FIFO topics deliver to queues only: the subscription is refused")
                .fix("subscribe a queue to the topic, a FIFO queue to keep the order, and connect the function to that with `service = \"sqs\"`")
                .page(FIFO_PAGE),
        );
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let name = topic.resource();
    let is_name = (1..=256).contains(&name.len()) && name.bytes().all(allowed);
    if topic.service() == "sns"
        && is_name
        && is_account(topic.account())
        && !topic.region().is_empty()
    {
        return None;
    }
    let what = format!("`{topic}` is not the ARN of a topic");
    Some(
        Finding::error("LW2301", "topic", what)
            .why("no such topic can exist, so the permission would be for nothing")
            .fix("write arn:aws:sns:REGION:ACCOUNT:NAME, without a subscription's id behind it")
            .page(LAMBDA_PAGE),
    )
}

fn elsewhere(topic: &Arn, function: &Function) -> Option<Finding> {
    if topic.partition() != function.partition() {
        let (theirs, ours) = (topic.partition(), function.partition());
        let what = format!("the topic is in the partition `{theirs}`, the function in `{ours}`");
        return Some(
            Finding::error("LW2303", "topic", what)
                .why("nothing is delivered from one partition to another")
                .fix("use a topic of the function's partition")
                .page(LAMBDA_PAGE),
        );
    }
    (topic.account() != function.account()).then(|| {
        let (theirs, ours) = (topic.account(), function.account());
        let what = format!("the topic belongs to {theirs}, the function to {ours}");
        Finding::warning("LW2304", "topic", what)
            .why("the topic's own policy must let the function's account subscribe, which no connection can grant")
            .fix(format!(
                "have its owner run aws sns add-permission --topic-arn {topic} --label lambda --aws-account-id {ours} --action-name Subscribe ListSubscriptionsByTopic"
            ))
            .page(ACCOUNT_PAGE)
    })
}

fn policy(sns: &Sns) -> Vec<Finding> {
    let field = "filter_policy";
    let Some(policy) = &sns.filter_policy else {
        let finding = (sns.filter_scope == FilterScope::MessageBody).then(|| {
            Finding::warning("LW2310", "filter_scope", "a scope without a filter policy")
                .why("Amazon SNS drops it: everything is delivered")
                .fix("give a filter_policy, or leave the scope out")
                .page(FILTER_PAGE)
        });
        return finding.into_iter().collect();
    };
    let invalid = |why: String| {
        Finding::error(
            "LW2305",
            field,
            format!("the filter policy is not valid: {why}"),
        )
        .why("Amazon SNS refuses the subscription")
        .fix("write an object of lists, such as {\"kind\":[\"placed\"]}")
        .page(FILTER_PAGE)
    };
    let object = match filter::parse(policy) {
        Ok(object) if object.is_empty() => return Vec::new(),
        Ok(object) => object,
        Err(error) => return vec![invalid(error.message().to_owned())],
    };
    let mut findings = Vec::new();
    findings.extend(filter::wrong(policy).map(invalid));
    if sns.filter_scope == FilterScope::MessageAttributes && filter::is_nested(&object) {
        findings.push(
            Finding::error(
                "LW2306",
                field,
                "the filter policy is nested, and about attributes",
            )
            .why("attributes hold no objects: Amazon SNS refuses the policy")
            .fix("set filter_scope to \"MessageBody\" to filter by the message itself")
            .page(FILTER_PAGE),
        );
    }
    let keys = filter::keys(&object);
    if keys > KEYS {
        let what = format!("the filter policy has {keys} keys");
        findings.push(too_much("LW2307", what, &format!("{KEYS} keys")));
    }
    let combinations = filter::combinations(&object, sns.filter_scope, 1);
    if combinations > COMBINATIONS {
        let what = format!("the filter policy has {combinations} combinations of values");
        let finding = too_much("LW2308", what, &format!("{COMBINATIONS} combinations"));
        findings.push(finding);
    }
    let (cost, stars) = filter::wildcards(&object);
    if stars > STARS || cost > WILDCARDS {
        let what = format!(
            "the wildcards of the filter policy cost {cost} points, {stars} in one pattern"
        );
        let most = format!("{WILDCARDS} points and {STARS} wildcards in one pattern");
        findings.push(too_much("LW2309", what, &most));
    }
    if policy.len() > BYTES {
        let what = format!("the filter policy has {} bytes", policy.len());
        findings.push(too_much("LW2312", what, &format!("{BYTES} bytes")));
    }
    findings
}

fn too_much(code: &'static str, what: String, most: &str) -> Finding {
    Finding::error(code, "filter_policy", what)
        .why(format!("Amazon SNS takes {most}"))
        .fix("filter by less, and let the function pass over the rest")
        .page(FILTER_PAGE)
}

fn dead_letters(queue: &Arn, topic: &Arn, function: &Function) -> Option<Finding> {
    let why = if queue.service() != "sqs" {
        "it is no queue"
    } else if queue.resource().ends_with(".fifo") {
        "it is a FIFO queue, and the topic is not"
    } else if queue.region() != topic.region() {
        "it is not in the topic's Region"
    } else if ![topic.account(), function.account()].contains(&queue.account()) {
        "it is not in the subscription's account"
    } else {
        return None;
    };
    let what = format!("`{queue}` cannot take what is not delivered: {why}");
    Some(
        Finding::error("LW2311", "dead_letter_queue", what)
            .why("the redrive policy is refused, or the messages are lost")
            .fix("give a standard queue of the subscription's account and the topic's Region")
            .page(QUEUE_PAGE),
    )
}

#[cfg(test)]
mod tests {
    use lambda_with::Integration;
    use lambda_with_testing::function;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";

    fn orders(edit: impl FnOnce(&mut Sns)) -> Sns {
        let mut sns = Sns::new(TOPIC.parse().unwrap());
        edit(&mut sns);
        sns
    }

    #[track_caller]
    fn check(sns: &Sns, codes: &[&str]) {
        let findings = sns.check(&function("orders"));
        let found: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, codes, "{findings:#?}");
        for finding in findings {
            assert!(!finding.why.is_empty() && !finding.fix.is_empty());
            assert!(finding.page.starts_with("https://docs.aws.amazon.com/"));
        }
    }

    #[test]
    fn topics() {
        for (topic, codes) in [
            (TOPIC, &[][..]),
            ("arn:aws:sns:us-east-1:123456789012:orders", &[]),
            (
                "arn:aws:sns:eu-west-1:123456789012:orders.fifo",
                &["LW2302"],
            ),
            ("arn:aws:sns:eu-west-1:123456789012:or*", &["LW2301"]),
            (
                "arn:aws:sns:eu-west-1:123456789012:orders:7d0b1c62",
                &["LW2301"],
            ),
            ("arn:aws:sqs:eu-west-1:123456789012:orders", &["LW2301"]),
            ("arn:aws:sns::123456789012:orders", &["LW2301"]),
            ("arn:aws:sns:eu-west-1:210987654321:orders", &["LW2304"]),
            ("arn:aws-cn:sns:cn-north-1:123456789012:orders", &["LW2303"]),
        ] {
            let sns = orders(|sns| sns.topic = topic.parse().unwrap());
            check(&sns, codes);
            let refused = codes.contains(&"LW2301") || codes.contains(&"LW2302");
            assert_eq!(sns.permissions(&function("orders")).is_empty(), refused);
        }
    }

    #[test]
    fn policies() {
        let many = |n: usize| format!(r#"{{"a":[{}]}}"#, vec!["1"; n].join(","));
        for (policy, scope, codes) in [
            (
                r#"{"kind":["placed"]}"#,
                FilterScope::MessageAttributes,
                &[][..],
            ),
            ("{}", FilterScope::MessageAttributes, &[]),
            ("kind", FilterScope::MessageAttributes, &["LW2305"]),
            (r#"["placed"]"#, FilterScope::MessageAttributes, &["LW2305"]),
            (
                r#"{"kind":"placed"}"#,
                FilterScope::MessageAttributes,
                &["LW2305"],
            ),
            (
                r#"{"kind":[{"begins":"p"}]}"#,
                FilterScope::MessageAttributes,
                &["LW2305"],
            ),
            (
                r#"{"order":{"kind":["placed"]}}"#,
                FilterScope::MessageAttributes,
                &["LW2306"],
            ),
            (
                r#"{"order":{"kind":["placed"]}}"#,
                FilterScope::MessageBody,
                &[],
            ),
            (
                r#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#,
                FilterScope::MessageAttributes,
                &["LW2307"],
            ),
            (&many(150), FilterScope::MessageAttributes, &[]),
            (&many(151), FilterScope::MessageAttributes, &["LW2308"]),
            (
                r#"{"a":[{"wildcard":"*a*b*c*d"}]}"#,
                FilterScope::MessageAttributes,
                &["LW2309"],
            ),
            (
                &format!(r#"{{"a":["{}"]}}"#, "x".repeat(BYTES)),
                FilterScope::MessageAttributes,
                &["LW2312"],
            ),
        ] {
            let sns = orders(|sns| {
                sns.filter_policy = Some(policy.into());
                sns.filter_scope = scope;
            });
            check(&sns, codes);
        }
        check(
            &orders(|sns| sns.filter_scope = FilterScope::MessageBody),
            &["LW2310"],
        );
    }

    #[test]
    fn dead_letter_queues() {
        for (queue, codes) in [
            ("arn:aws:sqs:eu-west-1:123456789012:undelivered", &[][..]),
            (
                "arn:aws:sqs:eu-west-1:123456789012:undelivered.fifo",
                &["LW2311"],
            ),
            (
                "arn:aws:sqs:eu-west-2:123456789012:undelivered",
                &["LW2311"],
            ),
            (
                "arn:aws:sqs:eu-west-1:210987654321:undelivered",
                &["LW2311"],
            ),
            (
                "arn:aws:sns:eu-west-1:123456789012:undelivered",
                &["LW2311"],
            ),
        ] {
            let sns = orders(|sns| sns.dead_letter_queue = Some(queue.parse().unwrap()));
            check(&sns, codes);
        }
    }

    #[test]
    fn two_subscriptions_of_one_topic() {
        let (one, other) = (
            orders(|_| ()),
            orders(|sns| sns.filter_policy = Some("{}".into())),
        );
        let codes =
            |findings: Vec<Finding>| findings.into_iter().map(|f| f.code).collect::<Vec<_>>();
        assert_eq!(codes(one.conflicts_within(&other)), ["LW2313"]);
        assert!(
            one.conflicts(&other).is_empty(),
            "two functions may both subscribe"
        );
        let elsewhere = orders(|sns| {
            sns.topic = "arn:aws:sns:eu-west-2:123456789012:orders".parse().unwrap();
        });
        assert!(one.conflicts_within(&elsewhere).is_empty());
    }
}
