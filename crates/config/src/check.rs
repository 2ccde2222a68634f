//! What can be wrong with a rule, judged from its definition.

use lambda_with::{Finding, Function, is_account};
use serde_json::Value;

use crate::{Config, ConfigTrigger};

const RULE_PAGE: &str =
    "https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules.html";
const API_PAGE: &str = "https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html";
const SCOPE_PAGE: &str = "https://docs.aws.amazon.com/config/latest/APIReference/API_Scope.html";
const SOURCE_PAGE: &str =
    "https://docs.aws.amazon.com/config/latest/APIReference/API_SourceDetail.html";

pub(crate) fn check(config: &Config, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(name(&config.rule));
    findings.extend(account(config, function));
    findings.extend(triggers(config));
    findings.extend(scope(config));
    findings.extend(parameters(config));
    findings.extend(config.snapshot_bucket.as_deref().and_then(bucket));
    findings
}

/// What is wrong where both name the same rule.
pub(crate) fn same_rule(one: &Config, other: &Config) -> Option<Finding> {
    (one.rule == other.rule && one.account == other.account).then(|| {
        let what = format!("two connections define the rule `{}`", one.rule);
        Finding::warning("LW1810", "rule", what)
            .why("an account has one rule of a name in each Region: one replaces the other")
            .fix("give each a name of its own")
            .page(API_PAGE)
    })
}

pub(crate) fn is_bucket(bucket: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    (3..=63).contains(&bucket.len()) && bucket.bytes().all(letter)
}

fn name(rule: &str) -> Option<Finding> {
    let length = rule.chars().count();
    (!(1..=128).contains(&length) || rule.trim().is_empty()).then(|| {
        Finding::error("LW1801", "rule", format!("`{rule}` is no name for a rule"))
            .why("PutConfigRule refuses it: 1 to 128 characters, not spaces alone")
            .fix("use letters, digits and hyphens")
            .page(API_PAGE)
    })
}

fn account(config: &Config, function: &Function) -> Option<Finding> {
    let account = config.account.as_deref()?;
    if !is_account(account) {
        let what = format!("`{account}` is no account id");
        return Some(
            Finding::error("LW1802", "account", what)
                .why("the permission would let in no rule, or those of others")
                .fix("write the twelve digits, or leave it out for the function's account")
                .page(RULE_PAGE),
        );
    }
    (account != function.account()).then(|| {
        let what = format!("the rule belongs to {account}, the function to {}", function.account());
        Finding::warning("LW1803", "account", what)
            .why("only the rule's owner can make it, so exports leave it out; the function answers with a role of that account")
            .fix("have the owner add the rule once the function's permission is in place")
            .page(RULE_PAGE)
    })
}

fn triggers(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if config.triggers.is_empty() {
        findings.push(
            Finding::error("LW1804", "triggers", "nothing evaluates the rule")
                .why("PutConfigRule refuses a custom rule without triggers")
                .fix("name changes, schedule or snapshots")
                .page(SOURCE_PAGE),
        );
    }
    let timed = [ConfigTrigger::Schedule, ConfigTrigger::Snapshots];
    let timed = timed
        .iter()
        .any(|trigger| config.triggers.contains(trigger));
    let known = |frequency: &str| Config::FREQUENCIES.contains(&frequency);
    let what = match &config.frequency {
        Some(frequency) if !known(frequency) => Some(format!("`{frequency}` is no frequency")),
        Some(_) if !timed && !config.triggers.is_empty() => {
            Some("a frequency is set, and nothing happens at times".into())
        }
        _ => None,
    };
    if let Some(what) = what {
        let known = Config::FREQUENCIES.join(", ");
        findings.push(
            Finding::error("LW1805", "frequency", what)
                .why("PutConfigRule refuses it")
                .fix(format!(
                    "use one of {known} with the trigger schedule or snapshots"
                ))
                .page(SOURCE_PAGE),
        );
    }
    findings
}

fn scope(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let types = config.resource_types.len();
    let mut wrong = |field, what: &str| {
        findings.push(
            Finding::error("LW1806", field, what)
                .why("PutConfigRule refuses the scope")
                .fix("name up to 100 types, or one type and an id, or a tag's key and perhaps its value")
                .page(SCOPE_PAGE),
        );
    };
    if types > 100 {
        wrong("resource_types", "more than 100 resource types are named");
    }
    if config.resource_id.is_some() && types != 1 {
        wrong(
            "resource_id",
            "an id stands beside none or several resource types",
        );
    }
    if config.tag_value.is_some() && config.tag_key.is_none() {
        wrong("tag_value", "a tag's value stands without its key");
    }
    let changes = config.triggers.contains(&ConfigTrigger::Changes);
    if changes && types == 0 && config.tag_key.is_none() && config.resource_id.is_none() {
        findings.push(
            Finding::warning("LW1807", "resource_types", "the rule is for every resource there is")
                .why("each change of each recorded resource runs the function, and each evaluation is paid for")
                .fix("name the resource types the rule is about, or a tag")
                .page(RULE_PAGE),
        );
    }
    findings
}

fn parameters(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let length = Value::from(config.parameters.clone())
        .to_string()
        .chars()
        .count();
    if length > 1024 {
        let what = format!("the parameters have {length} characters as JSON, more than 1,024");
        findings.push(
            Finding::error("LW1808", "parameters", what)
                .why("PutConfigRule refuses them")
                .fix("put what is long into the function's environment or Parameter Store")
                .page(API_PAGE),
        );
    }
    findings
}

fn bucket(bucket: &str) -> Option<Finding> {
    (!is_bucket(bucket)).then(|| {
        Finding::error(
            "LW1809",
            "snapshot_bucket",
            format!("`{bucket}` is no bucket's name"),
        )
        .why("the function would be let into no bucket, or into others, so nothing is granted")
        .fix("give the bucket's plain name, without `arn:`, `s3://` or a key")
        .page("https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html")
    })
}
