//! Rules.

use lambda_with::{Finding, Function, is_account};
use serde_json::Value;

use super::is_word;
use super::sql::{Statement, parse};
use crate::{On, Rule, SQL_VERSION};

const ACTION_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html";
const CREATE_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/apireference/API_CreateTopicRule.html";
const SQL_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html";
const TOPIC_PAGE: &str = "https://docs.aws.amazon.com/iot/latest/developerguide/topics.html";
const BASIC_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html";
const VERSION_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-sql-version.html";
const ERROR_PAGE: &str =
    "https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html";
const ACCOUNT_PAGE: &str = "https://docs.aws.amazon.com/iot/latest/developerguide/accessing-cross-account-resources-using-rules.html";

pub(crate) fn rule(rule: &Rule, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !is_word(&rule.rule, 128, "_") {
        let what = format!("`{}` cannot be a rule's name", rule.rule);
        findings.push(
            Finding::error("LW2001", "rule", what)
                .why("CreateTopicRule refuses it; and in an ARN it could stand for others")
                .fix("use 1 to 128 letters, digits and underscores; hyphens are not taken")
                .page(CREATE_PAGE),
        );
    }
    match &rule.sql {
        Some(sql) => findings.extend(statement(rule, sql)),
        None => findings.extend(without_sql(rule)),
    }
    findings.extend(version(&rule.sql_version));
    findings.extend(error_action(rule, function));
    findings.extend(account(rule, function));
    findings
}

/// What is wrong with two connections, for whatever functions they are.
pub(crate) fn rules_differ(one: &Rule, other: &Rule) -> Vec<Finding> {
    if one.rule != other.rule || one.account != other.account {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if one.sql.is_some() && other.sql.is_some() {
        let (ones, others) = (one.settings(), other.settings());
        let differs = |name: &&str| match (ones.get(*name), others.get(*name)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        };
        let members = [
            "sql",
            "awsIotSqlVersion",
            "description",
            "ruleDisabled",
            "errorAction",
        ];
        let fields = [
            "sql",
            "sql_version",
            "description",
            "disabled",
            "error_action",
        ];
        let differing = members.iter().zip(fields).find(|(name, _)| differs(name));
        findings.extend(differing.map(|(_, field)| {
            let what = format!("two connections define the rule `{}` differently", one.rule);
            Finding::error("LW2021", field, what)
                .why("it is one rule: each connect would undo the other's")
                .fix("write the same in both, or leave sql out of one, or use two rules")
                .page(CREATE_PAGE)
        }));
    }
    let taken = |rule: &Rule| rule.on == On::Error || rule.error_action.is_some();
    let both_actions = one.on == On::Message && other.on == On::Message;
    if taken(one) && taken(other) && !both_actions {
        let what = format!("the rule `{}` would have two error actions", one.rule);
        findings.push(
            Finding::error("LW2025", "on", what)
                .why("a rule has one error action")
                .fix("keep one of them")
                .page(ERROR_PAGE),
        );
    }
    findings
}

/// What besides is wrong with both at one function.
pub(crate) fn rule_twice(one: &Rule, other: &Rule) -> Vec<Finding> {
    if (&one.rule, &one.account, one.on) != (&other.rule, &other.account, other.on)
        || one.on == On::Error
    {
        return Vec::new();
    }
    let what = format!("the rule `{}` is connected to the function twice", one.rule);
    let finding = Finding::error("LW2023", "rule", what)
        .why("both are one and the same action")
        .fix("remove one of the connections, or give it a rule of its own")
        .page(ACTION_PAGE);
    vec![finding]
}

fn statement(rule: &Rule, sql: &str) -> Vec<Finding> {
    let statement = match parse(sql) {
        Ok(statement) => statement,
        Err(what) => {
            let finding =
                Finding::error("LW2002", "sql", format!("the SQL cannot be read: {what}"))
                    .why("CreateTopicRule refuses it")
                    .fix("write SELECT … FROM 'TOPIC FILTER' WHERE …")
                    .page(SQL_PAGE);
            return vec![finding];
        }
    };
    let mut findings = Vec::new();
    findings.extend(newer(rule, &statement));
    match statement.from {
        Some(filter) => findings.extend(topic(filter)),
        None => findings.push(
            Finding::warning("LW2024", "sql", "the SQL has no FROM clause")
                .why("the rule gets what is sent to its own Basic Ingest topic, and nothing of the message broker")
                .fix("add FROM 'TOPIC FILTER', unless devices publish to $aws/rules/RULE")
                .page(BASIC_PAGE),
        ),
    }
    findings
}

/// What the old version of the SQL does not know.
fn newer(rule: &Rule, statement: &Statement<'_>) -> Option<Finding> {
    let what = if statement.is_value() {
        "SELECT VALUE"
    } else if statement.calls("encode") {
        "encode()"
    } else {
        return None;
    };
    (rule.sql_version == "2015-10-08").then(|| {
        Finding::error(
            "LW2007",
            "sql",
            format!("{what} is not in SQL version 2015-10-08"),
        )
        .why("the rule does not work as it is written")
        .fix("leave sql_version out, which is 2016-03-23")
        .page(VERSION_PAGE)
    })
}

fn topic(filter: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let levels: Vec<&str> = filter.split('/').collect();
    let is_last = |at: usize| at + 1 == levels.len();
    let misplaced = levels.iter().enumerate().find(|(at, level)| {
        level.len() > 1 && level.contains(['+', '#']) || **level == "#" && !is_last(*at)
    });
    let wrong = match misplaced {
        _ if filter.is_empty() => Some("the topic filter is empty".to_owned()),
        Some((_, level)) => Some(format!("`{level}` cannot be a level of a topic filter")),
        None => None,
    };
    findings.extend(wrong.map(|what| {
        Finding::error("LW2003", "sql", what)
            .why("CreateTopicRule refuses it, or no topic ever fits")
            .fix("let `+` stand for one whole level, and `#` for all the rest, at the end only")
            .page(TOPIC_PAGE)
    }));
    if filter.len() > 256 || levels.len() > 8 {
        let what = format!(
            "the topic filter has {} bytes and {} levels",
            filter.len(),
            levels.len()
        );
        findings.push(
            Finding::error("LW2004", "sql", what)
                .why("topics and filters have at most 256 bytes and 8 levels")
                .fix("shorten the topics, or let `#` stand for the rest")
                .page(TOPIC_PAGE),
        );
    }
    if filter.starts_with("$aws/rules/") {
        findings.push(
            Finding::error("LW2005", "sql", "a rule cannot listen to Basic Ingest topics")
                .why("what is sent to $aws/rules/RULE goes to that rule by its name, whatever its FROM clause")
                .fix("name the topic without the first three levels, or leave FROM out")
                .page(BASIC_PAGE),
        );
    }
    if matches!(filter, "#" | "+/#") {
        findings.push(
            Finding::warning(
                "LW2008",
                "sql",
                format!("`{filter}` selects every message of the account"),
            )
            .why("each message runs the function, and what the function publishes does so too")
            .fix("name the topics")
            .page(TOPIC_PAGE),
        );
    }
    findings
}

fn without_sql(rule: &Rule) -> Option<Finding> {
    let field = if rule.sql_version != SQL_VERSION {
        "sql_version"
    } else if rule.description.is_some() {
        "description"
    } else if rule.disabled.is_some() {
        "disabled"
    } else if rule.error_action.is_some() {
        "error_action"
    } else {
        return None;
    };
    let finding = Finding::error("LW2012", field, format!("`{field}` is set without `sql`"))
        .why("without sql the rule is somebody else's, and only the function is added to it")
        .fix("set sql too, or leave this out")
        .page(CREATE_PAGE);
    Some(finding)
}

fn version(version: &str) -> Option<Finding> {
    let finding = match version {
        SQL_VERSION => return None,
        "2015-10-08" => Finding::warning(
            "LW2006",
            "sql_version",
            "2015-10-08 is the first version of the SQL",
        )
        .why(
            "it reads nested objects and arrays wrongly, and has neither SELECT VALUE nor encode()",
        ),
        "beta" => Finding::warning("LW2006", "sql_version", "`beta` is whatever AWS tries out")
            .why("it may change without notice, and break the rule"),
        other => Finding::error(
            "LW2006",
            "sql_version",
            format!("`{other}` is not a version of the SQL"),
        )
        .why("CreateTopicRule refuses it"),
    };
    let fix = "leave sql_version out, which is 2016-03-23";
    Some(finding.fix(fix).page(VERSION_PAGE))
}

fn error_action(rule: &Rule, function: &Function) -> Option<Finding> {
    let action = rule.error_action.as_ref()?;
    let one = match action {
        Value::Object(members) if members.len() == 1 => members.iter().next(),
        _ => None,
    };
    let error = |what: &str, why: &str, fix: &str| {
        let finding = Finding::error("LW2011", "error_action", what);
        Some(finding.why(why).fix(fix).page(ERROR_PAGE))
    };
    if rule.on == On::Error {
        return error(
            "the function is the rule's error action, and there is another",
            "a rule has one error action",
            "remove error_action, or on = \"error\"",
        );
    }
    let Some((kind, settings)) = one.filter(|(_, settings)| settings.is_object()) else {
        return error(
            "it is not one action",
            "an action is an object with one member, named after its kind",
            "write { sqs = { queueUrl = \"…\", roleArn = \"…\", useBase64 = false } }",
        );
    };
    if kind.starts_with(|first: char| first.is_ascii_uppercase()) {
        return error(
            &format!("`{kind}` is CloudFormation's name of an action"),
            "settings are written as AWS IoT's API has them, in small letters",
            "begin names with a small letter: sqs, queueUrl, roleArn",
        );
    }
    let plain = |arn: &str| arn.split(':').take(7).collect::<Vec<_>>().join(":");
    let target = settings["functionArn"].as_str().unwrap_or_default();
    if kind == "lambda" && plain(target) == plain(function.arn.as_str()) {
        let what = "the error action is the function that could not be invoked";
        return Some(
            Finding::warning("LW2011", "error_action", what)
                .why("what kept it from being invoked keeps the error action from it too")
                .fix("use a queue, or another function")
                .page(ERROR_PAGE),
        );
    }
    None
}

fn account(rule: &Rule, function: &Function) -> Option<Finding> {
    let account = rule.account.as_ref()?;
    if !is_account(account) {
        let what = format!("`{account}` is not an account id");
        let finding = Finding::error("LW2009", "account", what)
            .why("the permission names the account that owns the rule")
            .fix("write the twelve digits, or leave it out for the function's account")
            .page(ACTION_PAGE);
        return Some(finding);
    }
    (account != function.account()).then(|| {
        let what = format!("the rule belongs to account {account}");
        Finding::warning("LW2010", "account", what)
            .why("only its owner can add the function to it: exports and connect set up the permission alone")
            .fix("have the rule's owner add a Lambda action with the function's ARN")
            .page(ACCOUNT_PAGE)
    })
}
