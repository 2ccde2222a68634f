//! What can be wrong with an action, judged from its definition.

use lambda_with::{Arn, Finding, Function};

use crate::{Ses, SesInvocation};

const RULE_PAGE: &str = "https://docs.aws.amazon.com/ses/latest/APIReference/API_ReceiptRule.html";
const ACTION_PAGE: &str =
    "https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html";
const STORE_PAGE: &str = "https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html";
const REGION_PAGE: &str = "https://docs.aws.amazon.com/general/latest/gr/ses.html";
const QUOTA_PAGE: &str = "https://docs.aws.amazon.com/ses/latest/dg/quotas.html";
const SET_PAGE: &str = "https://docs.aws.amazon.com/ses/latest/dg/receiving-email-receipt-rules-console-walkthrough.html";

/// The Regions of the partition `aws` in which mail comes in.
const REGIONS: [&str; 22] = [
    "af-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Seconds that Amazon SES waits for a function.
const PATIENCE: u32 = 30;
/// The most recipients of a rule.
const RECIPIENTS: usize = 500;

pub(crate) fn check(ses: &Ses, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(name("LW2201", "rule_set", &ses.rule_set));
    findings.extend(name("LW2202", "rule", &ses.rule));
    findings.extend(region(function));
    if ses.invocation == SesInvocation::RequestResponse && function.timeout > PATIENCE {
        let what = format!("the function may run for {} seconds", function.timeout);
        findings.push(
            Finding::warning("LW2204", "invocation", what)
                .why(format!(
                    "Amazon SES waits for {PATIENCE} seconds and then lets the mail go on"
                ))
                .fix("lower the function's timeout, or do the long work asynchronously")
                .page(ACTION_PAGE),
        );
    }
    if ses.existing {
        findings.extend(foreign(ses));
    } else {
        findings.extend(own(ses));
    }
    if let Some(topic) = &ses.topic {
        findings.extend(told(topic, function));
    }
    findings
}

/// What is wrong with two actions, whosever they are.
pub(crate) fn conflicts(one: &Ses, other: &Ses) -> Vec<Finding> {
    let ours = !one.existing && !other.existing && same_rule(one, other);
    if !ours || (one.head(), &one.after) == (other.head(), &other.after) {
        return Vec::new();
    }
    let what = format!("two connections define the rule `{}` differently", one.rule);
    vec![
        Finding::error("LW2211", "rule", what)
            .why("each would undo the settings of the other")
            .fix("give both the same recipients and settings, set `existing` in one, or name two rules")
            .page(RULE_PAGE),
    ]
}

/// What besides is wrong with two actions of one function.
pub(crate) fn conflicts_within(one: &Ses, other: &Ses) -> Vec<Finding> {
    if !same_rule(one, other) {
        return Vec::new();
    }
    let what = format!(
        "two connections run the function from the rule `{}`",
        one.rule
    );
    vec![
        Finding::error("LW2212", "rule", what)
            .why("an action is known by its function: one would replace the other")
            .fix("keep one of them, or name two rules")
            .page(ACTION_PAGE),
    ]
}

/// Whether a rule or a set of rules can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    name.len() <= 64
        && bytes.iter().copied().all(allowed)
        && edge(bytes.first())
        && edge(bytes.last())
}

fn same_rule(one: &Ses, other: &Ses) -> bool {
    (&one.rule_set, &one.rule) == (&other.rule_set, &other.rule)
}

fn name(code: &'static str, field: &'static str, name: &str) -> Option<Finding> {
    (!is_name(name)).then(|| {
        Finding::error(code, field, format!("`{name}` cannot be a name"))
            .why("no such rule can exist, so the permission would be for nothing")
            .fix("use up to 64 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends")
            .page(RULE_PAGE)
    })
}

fn region(function: &Function) -> Option<Finding> {
    let region = function.region();
    (function.partition() != "aws" || !REGIONS.contains(&region)).then(|| {
        let what = format!("Amazon SES receives no mail in {region}");
        Finding::error("LW2203", "rule_set", what)
            .why("rule and function are in one Region, and no mail comes in there")
            .fix("move the function to a Region of the list of receiving endpoints, such as eu-west-1")
            .page(REGION_PAGE)
    })
}

/// What is wrong with a rule of ours.
fn own(ses: &Ses) -> Vec<Finding> {
    let mut findings = Vec::new();
    if ses.bucket.is_none() {
        findings.push(
            Finding::warning("LW2205", "bucket", "the mail is stored nowhere")
                .why(
                    "a function gets the headers alone, and the mail is gone after the last action",
                )
                .fix("name a bucket, or ignore this if the headers will do")
                .page(STORE_PAGE),
        );
    }
    if let Some(bucket) = ses.bucket.as_ref().filter(|bucket| !is_bucket(bucket)) {
        findings.push(
            Finding::error("LW2213", "bucket", format!("`{bucket}` cannot be a bucket"))
                .why("Amazon SES refuses a rule with a bucket it cannot write to")
                .fix("give the bucket's plain name, without `arn:`, `s3://` or a key")
                .page(STORE_PAGE),
        );
    }
    if ses.prefix.is_some() && ses.bucket.is_none() {
        findings.push(
            Finding::error("LW2210", "prefix", "a prefix without a bucket")
                .why("nothing is stored, so nothing is named")
                .fix("name the bucket, or leave the prefix out")
                .page(STORE_PAGE),
        );
    }
    if ses.recipients.len() > RECIPIENTS {
        let what = format!("the rule has {} recipients", ses.recipients.len());
        findings.push(
            Finding::error("LW2206", "recipients", what)
                .why(format!("Amazon SES takes {RECIPIENTS} for each rule"))
                .fix("name domains in place of addresses, or make several rules")
                .page(QUOTA_PAGE),
        );
    }
    for recipient in ses.recipients.iter().filter(|text| !is_recipient(text)) {
        findings.push(
            Finding::error("LW2207", "recipients", format!("`{recipient}` matches no recipient"))
                .why("a recipient is an address, a domain, or a domain behind a dot; there are no wildcards")
                .fix("write harbor@example.org, example.org, or .example.org for all subdomains")
                .page(SET_PAGE),
        );
    }
    if ses.after.as_ref() == Some(&ses.rule) {
        findings.push(
            Finding::error("LW2214", "after", "the rule stands after itself")
                .why("Amazon SES refuses to make it")
                .fix("name another rule of the set, or leave it out to put this one first")
                .page(RULE_PAGE),
        );
    }
    findings
}

/// What is set of a rule that is somebody else's.
fn foreign(ses: &Ses) -> Option<Finding> {
    let plain = Ses {
        invocation: ses.invocation,
        topic: ses.topic.clone(),
        existing: true,
        ..Ses::new(&ses.rule_set, &ses.rule)
    };
    (*ses != plain).then(|| {
        Finding::error(
            "LW2209",
            "existing",
            "settings of a rule that is somebody else's",
        )
        .why("nothing of that rule is set but our action")
        .fix("leave out all but rule_set, rule, invocation and topic, or `existing`")
        .page(RULE_PAGE)
    })
}

fn told(topic: &Arn, function: &Function) -> Option<Finding> {
    let why = if topic.service() != "sns" {
        "it is no topic"
    } else if topic.resource().ends_with(".fifo") {
        "it is a FIFO topic"
    } else if topic.region() != function.region() {
        "it is in another Region"
    } else {
        return None;
    };
    Some(
        Finding::error(
            "LW2208",
            "topic",
            format!("`{topic}` cannot be told: {why}"),
        )
        .why("Amazon SES refuses the rule")
        .fix("give a standard topic of the function's Region")
        .page(ACTION_PAGE),
    )
}

fn is_bucket(name: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
    };
    (3..=63).contains(&name.len()) && name.bytes().all(allowed)
}

fn is_recipient(text: &str) -> bool {
    let (user, domain) = match text.rsplit_once('@') {
        Some((user, domain)) => (Some(user), domain),
        None => (None, text.strip_prefix('.').unwrap_or(text)),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    let odd = |letter: char| letter.is_whitespace() || matches!(letter, '*' | '<' | '>' | ',');
    domain.contains('.')
        && domain.split('.').all(label)
        && user.is_none_or(|user| !user.is_empty() && !user.contains(odd))
}

#[cfg(test)]
mod tests {
    use lambda_with::Integration;
    use lambda_with_testing::function;

    use super::*;

    fn inbox(edit: impl FnOnce(&mut Ses)) -> Ses {
        let mut ses = Ses::new("harbor", "berths");
        ses.bucket = Some("harbor-mail".into());
        edit(&mut ses);
        ses
    }

    fn codes(findings: &[Finding]) -> Vec<&'static str> {
        for finding in findings {
            assert!(!finding.why.is_empty() && !finding.fix.is_empty());
            assert!(finding.page.starts_with("https://docs.aws.amazon.com/"));
        }
        findings.iter().map(|finding| finding.code).collect()
    }

    #[track_caller]
    fn check(edit: impl FnOnce(&mut Ses), expected: &[&str]) {
        let findings = inbox(edit).check(&function("inbox"));
        assert_eq!(codes(&findings), expected, "{findings:#?}");
    }

    #[test]
    fn names() {
        check(|_| (), &[]);
        check(|ses| ses.rule_set = "harbor.2026_1-a".into(), &[]);
        let long = "r".repeat(65);
        for name in ["", "*", "harbor?", "-harbor", "harbor_", "har bor", &long] {
            check(|ses| ses.rule_set = name.into(), &["LW2201"]);
            check(|ses| ses.rule = name.into(), &["LW2202"]);
            let ses = inbox(|ses| ses.rule = name.into());
            assert!(ses.permissions(&function("inbox")).is_empty(), "{name}");
        }
    }

    #[test]
    fn functions() {
        let in_region = |partition: &str, region: &str| {
            let arn = Arn::new(
                partition,
                "lambda",
                region,
                "123456789012",
                "function:inbox",
            );
            let function = Function::new(arn.unwrap()).unwrap();
            codes(&inbox(|_| ()).check(&function))
        };
        assert!(in_region("aws", "eu-south-1").is_empty());
        assert_eq!(in_region("aws", "eu-south-2"), ["LW2203"]);
        assert_eq!(in_region("aws-us-gov", "us-gov-west-1"), ["LW2203"]);

        let judge = inbox(|ses| ses.invocation = SesInvocation::RequestResponse);
        let mut slow = function("inbox");
        slow.timeout = 30;
        assert!(judge.check(&slow).is_empty());
        slow.timeout = 31;
        assert_eq!(codes(&judge.check(&slow)), ["LW2204"]);
        assert!(inbox(|_| ()).check(&slow).is_empty(), "nobody waits");
    }

    #[test]
    fn rules() {
        check(|ses| ses.bucket = None, &["LW2205"]);
        check(
            |ses| ses.bucket = Some("s3://harbor-mail".into()),
            &["LW2213"],
        );
        check(
            |ses| (ses.bucket, ses.prefix) = (None, Some("in/".into())),
            &["LW2205", "LW2210"],
        );
        check(
            |ses| ses.recipients = vec!["example.org".into(); 501],
            &["LW2206"],
        );
        check(|ses| ses.after = Some("berths".into()), &["LW2214"]);
        for recipient in [
            "harbor@example.org",
            "example.org",
            ".example.org",
            "häfen@bücher.example",
            "a+b@example.org",
        ] {
            check(|ses| ses.recipients = vec![recipient.into()], &[]);
        }
        for recipient in [
            "",
            "harbor",
            "*@example.org",
            "*.example.org",
            "@example.org",
            "Harbor <a@example.org>",
            "a@b",
            "a..b",
        ] {
            check(|ses| ses.recipients = vec![recipient.into()], &["LW2207"]);
        }
    }

    #[test]
    fn rules_of_others() {
        let foreign = |edit: fn(&mut Ses)| {
            move |ses: &mut Ses| {
                (ses.existing, ses.bucket) = (true, None);
                edit(ses);
            }
        };
        check(
            foreign(|ses| ses.invocation = SesInvocation::RequestResponse),
            &[],
        );
        check(
            foreign(|ses| ses.bucket = Some("harbor-mail".into())),
            &["LW2209"],
        );
        check(foreign(|ses| ses.enabled = false), &["LW2209"]);
        check(foreign(|ses| ses.after = Some("first".into())), &["LW2209"]);
    }

    #[test]
    fn topics() {
        for (topic, expected) in [
            ("arn:aws:sns:eu-west-1:123456789012:mail", &[][..]),
            ("arn:aws:sns:eu-west-1:123456789012:mail.fifo", &["LW2208"]),
            ("arn:aws:sns:eu-west-2:123456789012:mail", &["LW2208"]),
            ("arn:aws:sqs:eu-west-1:123456789012:mail", &["LW2208"]),
        ] {
            check(|ses| ses.topic = Some(topic.parse().unwrap()), expected);
        }
    }

    #[test]
    fn two_actions_of_one_rule() {
        let one = inbox(|_| ());
        for (other, expected) in [
            (inbox(|_| ()), &[][..]),
            (inbox(|ses| ses.bucket = None), &[]),
            (inbox(|ses| ses.scan = true), &["LW2211"]),
            (inbox(|ses| ses.after = Some("first".into())), &["LW2211"]),
            (inbox(|ses| (ses.scan, ses.existing) = (true, true)), &[]),
        ] {
            assert_eq!(codes(&one.conflicts(&other)), expected, "{other:?}");
            assert_eq!(codes(&one.conflicts_within(&other)), ["LW2212"]);
        }
        let elsewhere = inbox(|ses| (ses.rule, ses.scan) = ("cranes".into(), true));
        assert!(
            one.conflicts(&elsewhere).is_empty() && one.conflicts_within(&elsewhere).is_empty()
        );
    }
}
