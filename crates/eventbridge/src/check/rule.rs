//! Rules.

use lambda_with::rules::filter::EventPattern;
use lambda_with::{ErrorKind, Finding, Function, Integration};
use serde_json::Value;

use super::{RULE_PAGE, dead_letters, expression, input, misnamed, named, retries, role};
use crate::expression::Of;
use crate::rule::RuleState;
use crate::target::{self, InputTransformer};
use crate::{Rule, name};

const PATTERN_PAGE: &str =
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html";
const PRACTICE_PAGE: &str =
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-patterns-best-practices.html";
const QUOTA_PAGE: &str = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html";
const TRAIL_PAGE: &str = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html";
const TARGET_PAGE: &str =
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html";
const TRANSFORM_PAGE: &str =
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html";

/// The members of the envelope.
const ENVELOPE: [&str; 10] = [
    "account",
    "detail",
    "detail-type",
    "id",
    "region",
    "replay-name",
    "resources",
    "source",
    "time",
    "version",
];

/// Variables of templates that need no path.
const DEFINED: [&str; 5] = [
    "aws.events.event",
    "aws.events.event.ingestion-time",
    "aws.events.event.json",
    "aws.events.rule-arn",
    "aws.events.rule-name",
];

pub(crate) fn check(rule: &Rule, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(named("name", &rule.name, RULE_PAGE));
    let bus = rule.bus.as_deref();
    findings.extend(
        bus.filter(|bus| !name::is_bus(bus))
            .map(|bus| misnamed("bus", bus, RULE_PAGE)),
    );
    let id = rule.target_id.as_deref();
    findings.extend(id.and_then(|id| named("target_id", id, TARGET_PAGE)));
    if rule.pattern.is_none() && rule.schedule.is_none() {
        findings.push(
            Finding::error(
                "LW1902",
                "pattern",
                "the rule has neither a pattern nor a schedule",
            )
            .why("PutRule refuses it")
            .fix("set `pattern` or `schedule`")
            .page(RULE_PAGE),
        );
    }
    findings.extend(
        rule.pattern
            .iter()
            .flat_map(|value| pattern(value, rule.state)),
    );
    findings.extend(
        rule.schedule
            .iter()
            .filter_map(|text| expression(text, Of::Rule)),
    );
    if let Some(bus) = bus.filter(|bus| rule.schedule.is_some() && *bus != "default") {
        findings.push(
            Finding::error("LW1909", "bus", format!("a rule on `{bus}` has a schedule"))
                .why("only rules on the default bus can have one")
                .fix("leave `bus` out, or use a connection of kind `schedule`")
                .page(super::CRON_PAGE),
        );
    }
    findings.extend(inputs(rule));
    findings.extend(retries(rule.maximum_retry_attempts, rule.maximum_event_age));
    findings.extend(dead_letters(rule.dead_letter_queue.as_ref(), function));
    findings.extend(role(rule.role.as_ref(), function));
    findings
}

/// What is wrong with two connections together.
pub(crate) fn conflicts(one: &Rule, other: &Rule) -> Vec<Finding> {
    let same = |one: &Option<Value>, other: &Option<Value>| {
        let read = |value: &Option<Value>| -> Option<Value> {
            let text = target::text(value.as_ref()?);
            Some(serde_json::from_str(&text).unwrap_or(Value::String(text)))
        };
        read(one) == read(other)
    };
    let differing = [
        ("pattern", !same(&one.pattern, &other.pattern)),
        ("schedule", one.schedule != other.schedule),
        ("description", one.description != other.description),
        ("state", one.state != other.state),
    ];
    let differing = differing
        .into_iter()
        .filter(|(_, differs)| *differs && of_one_rule(one, other));
    let finding = |(field, _)| {
        let what = format!(
            "two connections with the rule `{}` differ in `{field}`",
            one.name
        );
        Finding::error("LW1917", field, what)
            .why("both are targets of one rule, so each would undo the other's")
            .fix(format!(
                "give both the same `{field}`, or the rules different names"
            ))
            .page(RULE_PAGE)
    };
    differing.map(finding).collect()
}

/// What is wrong with two connections at one function.
pub(crate) fn conflicts_within(one: &Rule, other: &Rule) -> Vec<Finding> {
    if !of_one_rule(one, other) || one.name() != other.name() {
        return Vec::new();
    }
    let what = format!(
        "two connections are the same target of the rule `{}`",
        one.name
    );
    vec![
        Finding::error("LW1918", "target_id", what)
            .why("a rule has one target of each id, so the later one replaces the other")
            .fix("set `target_id` in one of them")
            .page(TARGET_PAGE),
    ]
}

fn of_one_rule(one: &Rule, other: &Rule) -> bool {
    let bus = |rule: &Rule| rule.bus.clone().filter(|bus| bus != "default");
    one.name == other.name && bus(one) == bus(other)
}

fn pattern(value: &Value, state: Option<RuleState>) -> Vec<Finding> {
    let text = target::text(value);
    let error = |code, what: String| {
        Finding::error(code, "pattern", what)
            .why("PutRule refuses it")
            .page(PATTERN_PAGE)
    };
    let warning = |code, what: String| Finding::warning(code, "pattern", what);
    let pattern = match EventPattern::parse(&text) {
        Ok(pattern) => pattern,
        Err(wrong) if wrong.kind() == ErrorKind::Limit => {
            let fix = "split the rule in several";
            return vec![error("LW1904", wrong.message().to_owned()).fix(fix)];
        }
        Err(wrong) => {
            let reason = wrong.context("reason").unwrap_or(wrong.message());
            let fix = "write an object whose leaves are lists: {\"source\": [\"shop.orders\"]}";
            return vec![error("LW1903", format!("the pattern is not valid: {reason}")).fix(fix)];
        }
    };
    let mut findings = Vec::new();
    let (chars, usual) = (text.chars().count(), EventPattern::USUAL_CHARS);
    if chars > usual {
        findings.push(
            warning(
                "LW1904",
                format!("the pattern has {chars} characters, more than {usual}"),
            )
            .why("that is the account's quota unless it was raised")
            .fix("shorten it, or have the quota raised")
            .page(QUOTA_PAGE),
        );
    }
    for key in pattern.keys().filter(|key| !ENVELOPE.contains(key)) {
        findings.push(
            warning(
                "LW1905",
                format!("no event has a member `{key}` at the top level"),
            )
            .why("the pattern is held against the whole event, so it never matches")
            .fix(format!(
                "write it below `detail`, or as one of {}",
                ENVELOPE.join(", ")
            ))
            .page(PATTERN_PAGE),
        );
    }
    if !pattern.keys().any(|key| key == "source") {
        findings.push(
            warning("LW1906", "the pattern names no source".into())
                .why("it may match events of services it is not meant for, and of new ones")
                .fix("add `source`")
                .page(PRACTICE_PAGE),
        );
    }
    findings.extend(read_only(&text, state));
    findings
}

/// A pattern for calls that only read, which do not arrive in the usual state.
fn read_only(text: &str, state: Option<RuleState>) -> Option<Finding> {
    let pattern: Value = serde_json::from_str(text).ok()?;
    let texts = |place: &str| {
        let list = pattern.pointer(place).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    };
    let reads = |name: &&str| {
        ["Describe", "Get", "List"]
            .iter()
            .any(|verb| name.starts_with(verb))
    };
    let name = texts("/detail/eventName").find(reads)?;
    let recorded = texts("/detail-type").any(|kind| kind == "AWS API Call via CloudTrail");
    let all = Some(RuleState::EnabledWithAllCloudtrailManagementEvents);
    (recorded && state != all).then(|| {
        let what = format!("the rule does not see `{name}`, which only reads");
        Finding::warning("LW1907", "state", what)
            .why("read-only calls reach only rules in a state of their own")
            .fix("set state = \"ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS\"")
            .page(TRAIL_PAGE)
    })
}

fn inputs(rule: &Rule) -> Vec<Finding> {
    let mut findings = input(rule.input.as_ref(), 8192, TARGET_PAGE);
    let set = [
        ("input", rule.input.is_some()),
        ("input_path", rule.input_path.is_some()),
        ("input_transformer", rule.input_transformer.is_some()),
    ];
    let set: Vec<&str> = set
        .into_iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| name)
        .collect();
    if set.len() > 1 {
        findings.push(
            Finding::error("LW1910", "input", format!("{} are set", set.join(" and ")))
                .why("a target has one of them at most")
                .fix("keep one")
                .page(TARGET_PAGE),
        );
    }
    let path = rule.input_path.as_ref();
    findings.extend(path.and_then(|path| misled("input_path", path)));
    findings.extend(rule.input_transformer.iter().flat_map(transformer));
    findings
}

fn misled(field: &'static str, path: &str) -> Option<Finding> {
    let leads = path == "$" || path.starts_with("$.") || path.starts_with("$[");
    let what = if !leads {
        format!("`{path}` is no JSON path")
    } else if path.len() > 256 {
        format!("`{path}` has {} characters, more than 256", path.len())
    } else {
        return None;
    };
    Some(
        Finding::error("LW1912", field, what)
            .why("PutTargets refuses it")
            .fix("begin with `$.`: `$.detail.order`")
            .page(TRANSFORM_PAGE),
    )
}

fn transformer(transformer: &InputTransformer) -> Vec<Finding> {
    let InputTransformer { paths, template } = transformer;
    let mut findings: Vec<Finding> = paths
        .values()
        .filter_map(|path| misled("input_transformer", path))
        .collect();
    let error = |what: String, fix: &str| {
        Finding::error("LW1913", "input_transformer", what)
            .why("PutTargets refuses it")
            .fix(fix)
            .page(TRANSFORM_PAGE)
    };
    if paths.len() > 100 {
        let what = format!("there are {} paths, more than 100", paths.len());
        findings.push(error(what, "take a path that holds several of them"));
    }
    let chars = template.chars().count();
    if !(1..=8192).contains(&chars) {
        let what = format!("the template has {chars} characters, not 1 to 8,192");
        findings.push(error(what, "write what the function is to receive"));
    }
    for variable in paths.keys() {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let reserved = variable
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("aws"));
        if variable.is_empty() || reserved || !variable.bytes().all(letter) {
            let fix = "use letters, digits, hyphens and underscores, and do not begin with AWS";
            findings.push(error(format!("`{variable}` cannot name a variable"), fix));
        }
    }
    let defined = |name: &&str| paths.contains_key(*name) || DEFINED.contains(name);
    for name in variables(template).filter(|name| !defined(name)) {
        let what = format!("`<{name}>` stands in the template, and no path is named so");
        findings.push(
            Finding::warning("LW1913", "input_transformer", what)
                .why("nothing is put in its place")
                .fix(format!("add `{name}` to `paths`"))
                .page(TRANSFORM_PAGE),
        );
    }
    findings
}

/// The variables of a template.
fn variables(template: &str) -> impl Iterator<Item = &str> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let starts = template.split('<').skip(1);
    let names = starts.filter_map(|rest| rest.split_once('>').map(|(name, _)| name));
    names.filter(move |name| !name.is_empty() && name.bytes().all(letter))
}
