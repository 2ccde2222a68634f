//! What can be wrong with a connection, judged from its definition.

pub(crate) mod rule;
pub(crate) mod schedule;

use lambda_with::{Arn, Finding, Function};
use serde_json::Value;

use crate::expression::{self, Of};
use crate::{name, target};

const DLQ_PAGE: &str = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html";
const RETRY_PAGE: &str =
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html";
const RULE_PAGE: &str =
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html";
const SCHEDULE_PAGE: &str =
    "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html";
const CRON_PAGE: &str =
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html";
const SCHEDULE_TYPES_PAGE: &str =
    "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html";
const ROLE_PAGE: &str = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role";

/// A name that AWS refuses.
fn named(field: &'static str, text: &str, page: &'static str) -> Option<Finding> {
    (!name::is_name(text)).then(|| misnamed(field, text, page))
}

fn misnamed(field: &'static str, text: &str, page: &'static str) -> Finding {
    Finding::error("LW1901", field, format!("`{text}` cannot be a name"))
        .why("AWS refuses it, and a `*` in the permission would admit others")
        .fix("use 1 to 64 letters, digits, dots, hyphens and underscores")
        .page(page)
}

fn expression(text: &str, of: Of) -> Option<Finding> {
    let problem = expression::problem(text, of)?;
    let (fix, page) = match of {
        Of::Rule => ("write rate(5 minutes) or cron(0 6 * * ? *)", CRON_PAGE),
        Of::Scheduler => (
            "write at(2027-01-31T07:30:00), rate(5 minutes) or cron(0 6 * * ? *)",
            SCHEDULE_TYPES_PAGE,
        ),
    };
    Some(
        Finding::error(
            "LW1908",
            "schedule",
            format!("`{text}` is not valid: {problem}"),
        )
        .why("AWS refuses the expression")
        .fix(fix)
        .page(page),
    )
}

/// An input that Lambda could not read, or that is too long for the API.
fn input(value: Option<&Value>, most: usize, page: &'static str) -> Vec<Finding> {
    let Some(text) = value.map(target::text) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        findings.push(
            Finding::error("LW1911", "input", format!("the input is not JSON: {error}"))
                .why("Lambda takes JSON only")
                .fix("write JSON; a plain text takes quotes of its own: '\"text\"'")
                .page(page),
        );
    }
    if text.len() > most {
        let what = format!("the input has {} bytes, more than {most}", text.len());
        findings.push(
            Finding::error("LW1911", "input", what)
                .why("AWS refuses it")
                .fix("shorten it, or keep it elsewhere and hand over where it is")
                .page(page),
        );
    }
    findings
}

fn retries(attempts: Option<u32>, age: Option<u32>) -> Vec<Finding> {
    let out_of_range = |field: &'static str, value: u32, range: &str| {
        Finding::error("LW1914", field, format!("{value} is out of range"))
            .why("AWS refuses the retry policy")
            .fix(format!("take {range}"))
            .page(RETRY_PAGE)
    };
    let attempts = attempts.filter(|attempts| *attempts > 185);
    let age = age.filter(|age| !(60..=86_400).contains(age));
    let attempts = attempts.map(|n| out_of_range("maximum_retry_attempts", n, "0 to 185"));
    let age = age.map(|n| out_of_range("maximum_event_age", n, "60 to 86400 seconds"));
    attempts.into_iter().chain(age).collect()
}

fn dead_letters(queue: Option<&Arn>, function: &Function) -> Option<Finding> {
    let queue = queue?;
    let what = if queue.service() != "sqs" {
        format!("{queue} is no SQS queue")
    } else if queue.resource().ends_with(".fifo") {
        format!("{queue} is a FIFO queue")
    } else if queue.region() != function.region() {
        format!(
            "the queue is in {}, the function in {}",
            queue.region(),
            function.region()
        )
    } else {
        return None;
    };
    Some(
        Finding::error("LW1915", "dead_letter_queue", what)
            .why("only a standard SQS queue of the same Region takes undelivered events")
            .fix("name such a queue")
            .page(DLQ_PAGE),
    )
}

fn role(role: Option<&Arn>, function: &Function) -> Option<Finding> {
    let role = role?;
    let what = if !role.is_role() {
        format!("{role} is no role")
    } else if role.account() != function.account() {
        format!(
            "the role belongs to {}, the function to {}",
            role.account(),
            function.account()
        )
    } else {
        return None;
    };
    Some(
        Finding::error("LW1916", "role", what)
            .why("the role must be one of the account that has the rule or schedule")
            .fix("name a role of the function's account, or none")
            .page(ROLE_PAGE),
    )
}
