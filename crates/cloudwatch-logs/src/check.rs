//! What can be wrong with a subscription, judged from its definition.

use lambda_with::{Finding, Function};

use crate::{AccountPolicy, SubscriptionFilter, name};

const FILTER_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html";
const API_PAGE: &str = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html";
const PATTERN_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html";
const LOOP_PAGE: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions-recursion-prevention.html";
const ACCOUNT_PAGE: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters-AccountLevel.html";

pub(crate) fn filter(filter: &SubscriptionFilter, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(log_group("log_group", &filter.log_group));
    findings.extend(pattern(&filter.pattern));
    findings.extend(feeds_itself(&filter.log_group, function));
    findings.extend(filter_name(filter));
    findings.extend(system_fields(&filter.system_fields));
    let selection = filter.field_selection.as_deref().unwrap_or_default();
    if selection.chars().count() > 2000 {
        let what = "the selection has more than 2,000 characters";
        findings.push(
            Finding::error("LW1507", "field_selection", what)
                .why("PutSubscriptionFilter refuses it")
                .fix("name fewer accounts, Regions or sources, or write a filter for each half")
                .page(API_PAGE),
        );
    }
    findings
}

pub(crate) fn policy(policy: &AccountPolicy, _function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(pattern(&policy.pattern));
    for group in &policy.exclude {
        findings.extend(log_group("exclude", group));
    }
    if policy.policy().is_empty() || policy.policy().contains(['*', ':']) {
        let what = format!("`{}` is no name for a policy", policy.policy());
        findings.push(
            Finding::error("LW1505", "policy_name", what)
                .why("PutAccountPolicy refuses it")
                .fix("leave it out, or use letters, digits and hyphens")
                .page(ACCOUNT_PAGE),
        );
    }
    if policy.pattern.is_empty() && policy.exclude.is_empty() {
        let what = "every line of every log group goes to the function";
        findings.push(
            Finding::warning("LW1510", "pattern", what)
                .why("what functions behind this one log, and VPC flow logs of its calls, come back to it; all of it is paid for")
                .fix("set a pattern, or exclude the log groups of what the function calls")
                .page(LOOP_PAGE),
        );
    }
    findings
}

/// What is wrong where both name the same filter.
pub(crate) fn same_filter(one: &SubscriptionFilter, other: &SubscriptionFilter) -> Option<Finding> {
    let name = one.filter_name.as_ref()?;
    let same = (&one.log_group, &one.filter_name) == (&other.log_group, &other.filter_name);
    same.then(|| {
        let what = format!(
            "two subscriptions of `{}` have the name `{name}`",
            one.log_group
        );
        Finding::error("LW1508", "filter_name", what)
            .why("the name tells filters of a log group apart: one would replace the other")
            .fix("give each a filter_name of its own")
            .page(API_PAGE)
    })
}

/// What is wrong where one function has both.
pub(crate) fn twice(one: &SubscriptionFilter, other: &SubscriptionFilter) -> Option<Finding> {
    let overlap =
        one.pattern == other.pattern || one.pattern.is_empty() || other.pattern.is_empty();
    (one.log_group == other.log_group && overlap && one.transformed == other.transformed).then(
        || {
            let what = format!("log events of `{}` reach the function twice", one.log_group);
            Finding::warning("LW1509", "pattern", what)
                .why("each filter sends what passes it, and a log group has five filters at most")
                .fix("keep one of the two, with a pattern for both")
                .page(FILTER_PAGE)
        },
    )
}

pub(crate) fn second_policy() -> Finding {
    let what = "there are two account policies for subscriptions";
    Finding::warning("LW1511", "policy_name", what)
        .why("an account has one of them in each Region: a second is refused")
        .fix("keep one for each Region, and have its function hand on what others need")
        .page(ACCOUNT_PAGE)
}

fn log_group(field: &'static str, group: &str) -> Option<Finding> {
    (!name::is_log_group(group)).then(|| {
        let fix = match group.split_once(":log-group:") {
            Some((_, name)) => format!("write `{}`", name.trim_end_matches(":*")),
            None => "write the plain name, such as /aws/lambda/orders: letters, digits and _-/.#".into(),
        };
        Finding::error("LW1501", field, format!("`{group}` is no name of a log group"))
            .why("no such log group can exist; a pattern or an ARN is not taken here")
            .fix(fix)
            .page("https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html")
    })
}

fn pattern(pattern: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let length = pattern.chars().count();
    if length > 1024 {
        let what = format!("the pattern has {length} characters, more than 1,024");
        findings.push(
            Finding::error("LW1502", "pattern", what)
                .why("the filter is refused")
                .fix("shorten it, or let more pass and sort it out in the function")
                .page(API_PAGE),
        );
    }
    let expressions = regexes(pattern);
    if expressions > 2 {
        let what = format!("the pattern has {expressions} regular expressions, more than two");
        findings.push(
            Finding::error("LW1503", "pattern", what)
                .why("a pattern takes two regular expressions, a log group five in all")
                .fix("join them with |, or use terms and wildcards")
                .page(PATTERN_PAGE),
        );
    }
    findings
}

/// The regular expressions of a pattern, which stand between percent signs outside of quotes.
fn regexes(pattern: &str) -> usize {
    let (mut percents, mut quoted, mut escaped) = (0, false, false);
    for letter in pattern.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if percents % 2 == 0 => quoted = !quoted,
            '%' if !quoted => percents += 1,
            _ => {}
        }
    }
    percents / 2
}

fn feeds_itself(group: &str, function: &Function) -> Option<Finding> {
    (group.strip_prefix("/aws/lambda/") == Some(function.name())).then(|| {
        Finding::error("LW1504", "log_group", "the function subscribes to what it logs itself")
            .why("each run writes lines that run it again, for ever; Lambda's loop detection does not look there")
            .fix("subscribe another function to this log group")
            .page(LOOP_PAGE)
    })
}

fn filter_name(filter: &SubscriptionFilter) -> Option<Finding> {
    let name = filter.filter_name.as_deref()?;
    let taken = (1..=512).contains(&name.chars().count()) && !name.contains([':', '*']);
    (!taken).then(|| {
        Finding::error(
            "LW1505",
            "filter_name",
            format!("`{name}` is no name for a filter"),
        )
        .why("PutSubscriptionFilter refuses it: 1 to 512 characters, neither colon nor star")
        .fix("leave it out, or use letters, digits and hyphens")
        .page(API_PAGE)
    })
}

fn system_fields(fields: &[String]) -> Option<Finding> {
    let known = SubscriptionFilter::SYSTEM_FIELDS;
    let unknown = fields
        .iter()
        .find(|field| !known.contains(&field.as_str()))?;
    Some(
        Finding::error(
            "LW1506",
            "system_fields",
            format!("`{unknown}` is no system field"),
        )
        .why("PutSubscriptionFilter refuses it")
        .fix(format!("name some of {}", known.join(", ")))
        .page(API_PAGE),
    )
}
