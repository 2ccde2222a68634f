//! What can be wrong with a trigger, judged from its definition.

use lambda_with::{Finding, Function};

use crate::{CodeCommit, name};

const TRIGGER_PAGE: &str =
    "https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda.html";
const LIMITS_PAGE: &str = "https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html";
const API_PAGE: &str =
    "https://docs.aws.amazon.com/codecommit/latest/APIReference/API_RepositoryTrigger.html";

pub(crate) fn check(connection: &CodeCommit, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(repository(connection, function));
    findings.extend(events(&connection.events));
    findings.extend(branches(&connection.branches));
    let data = connection.custom_data.as_deref().unwrap_or_default();
    let length = data.chars().count();
    if length > 1000 {
        let what = format!("the custom data has {length} characters, more than 1,000");
        findings.push(
            Finding::error("LW1608", "custom_data", what)
                .why("PutRepositoryTriggers refuses all triggers of the repository")
                .fix("shorten it; the function's environment holds more")
                .page(LIMITS_PAGE),
        );
    }
    findings.extend(trigger_name(connection));
    findings
}

/// What is wrong where both name the same trigger.
pub(crate) fn same_trigger(one: &CodeCommit, other: &CodeCommit) -> Option<Finding> {
    let name = one.trigger_name.as_ref()?;
    let same = (&one.repository, &one.trigger_name) == (&other.repository, &other.trigger_name);
    same.then(|| {
        let repository = one.repository.resource();
        let what = format!("two triggers of `{repository}` have the name `{name}`");
        Finding::error("LW1610", "trigger_name", what)
            .why("the name tells triggers of a repository apart: one would replace the other")
            .fix("give each a trigger_name of its own, or leave it out")
            .page(API_PAGE)
    })
}

/// What is wrong where one function has both.
pub(crate) fn twice(one: &CodeCommit, other: &CodeCommit) -> Option<Finding> {
    let shared = |one: &[String], other: &[String], any: fn(&[String]) -> bool| {
        any(one) || any(other) || one.iter().any(|name| other.contains(name))
    };
    let branches = shared(&one.branches, &other.branches, <[String]>::is_empty);
    let events = shared(&one.events, &other.events, |events| {
        events.iter().any(|event| event == "all")
    });
    (one.repository == other.repository && branches && events).then(|| {
        let what = format!(
            "one push to `{}` runs the function twice",
            one.repository.resource()
        );
        Finding::warning("LW1611", "branches", what)
            .why("each trigger sends what it takes, and a repository has ten triggers at most")
            .fix("keep one of the two, for the branches and events of both")
            .page(TRIGGER_PAGE)
    })
}

fn repository(connection: &CodeCommit, function: &Function) -> Option<Finding> {
    let repository = &connection.repository;
    if !name::is_repository(repository) {
        let what = format!("`{repository}` is not the ARN of one repository");
        return Some(
            Finding::error("LW1601", "repository", what)
                .why("the permission would be for no repository, or for others too")
                .fix("write arn:aws:codecommit:REGION:ACCOUNT:NAME")
                .page(TRIGGER_PAGE),
        );
    }
    if (repository.partition(), repository.region()) != (function.partition(), function.region()) {
        let (there, here) = (repository.region(), function.region());
        let what = format!("the repository is in {there}, the function in {here}");
        return Some(
            Finding::error("LW1602", "repository", what)
                .why("a trigger reaches functions of its own Region only")
                .fix("put the function into the repository's Region, or go by Amazon EventBridge")
                .page(TRIGGER_PAGE),
        );
    }
    (repository.account() != function.account()).then(|| {
        let (there, here) = (repository.account(), function.account());
        let what = format!("the repository belongs to {there}, the function to {here}");
        Finding::warning("LW1603", "repository", what)
            .why("only the owner can set the repository's triggers, so exports leave it out")
            .fix("have the owner add the trigger once the function's permission is in place")
            .page(TRIGGER_PAGE)
    })
}

fn events(events: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let known = CodeCommit::EVENTS;
    let unknown = events.iter().find(|event| !known.contains(&event.as_str()));
    let what = match unknown {
        Some(event) => Some(format!("`{event}` is no event a trigger knows")),
        None => events.is_empty().then(|| "no event is named".into()),
    };
    if let Some(what) = what {
        findings.push(
            Finding::error("LW1604", "events", what)
                .why("PutRepositoryTriggers refuses all triggers of the repository")
                .fix(format!("name some of {}", known.join(", ")))
                .page(API_PAGE),
        );
    }
    if events.len() > 1 && events.iter().any(|event| event == "all") {
        findings.push(
            Finding::error("LW1606", "events", "`all` stands beside other events")
                .why("PutRepositoryTriggers refuses it beside others")
                .fix("keep `all` alone, or leave it out")
                .page(API_PAGE),
        );
    }
    findings
}

fn branches(branches: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for branch in branches {
        let fix = match branch.strip_prefix("refs/heads/") {
            Some(short) => format!("write `{short}`"),
            None if branch.is_empty() => "leave it out: no branches are all branches".into(),
            None if branch.contains(['*', '?', '[', ' ', '~', '^', ':', '\\']) => {
                "name each branch, or none and sort them out in the function".into()
            }
            None => continue,
        };
        let what = format!("`{branch}` is no branch's name");
        findings.push(
            Finding::error("LW1605", "branches", what)
                .why("names are compared whole, without wildcards: nothing would ever match")
                .fix(fix)
                .page(TRIGGER_PAGE),
        );
    }
    if branches.len() > 10 {
        let what = format!("{} branches are named, more than ten", branches.len());
        findings.push(
            Finding::error("LW1607", "branches", what)
                .why("PutRepositoryTriggers refuses all triggers of the repository")
                .fix("name none and sort them out in the function, or add a second trigger")
                .page(LIMITS_PAGE),
        );
    }
    findings
}

fn trigger_name(connection: &CodeCommit) -> Option<Finding> {
    let name = connection.trigger_name.as_deref()?;
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    let taken = (1..=100).contains(&name.len()) && name.bytes().all(letter);
    (!taken).then(|| {
        Finding::error(
            "LW1609",
            "trigger_name",
            format!("`{name}` is no name for a trigger"),
        )
        .why("PutRepositoryTriggers refuses all triggers of the repository")
        .fix("use 1 to 100 letters, digits, dots, hyphens and underscores")
        .page(LIMITS_PAGE)
    })
}
