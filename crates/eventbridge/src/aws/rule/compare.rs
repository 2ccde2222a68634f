//! What differs between a rule as it is defined and as it stands.

use lambda_with::Integration;
use lambda_with_aws::{Action, Aim, Change, Goal, Orphan, Reading};
use serde_json::{Map, Value, json};

use super::{Found, Targets};
use crate::aws::{kept, same_function};
use crate::{Rule, name, target};

/// The most targets of a rule.
const MOST: usize = 5;

/// What makes a rule run.
const TRIGGER: [&str; 2] = ["EventPattern", "ScheduleExpression"];

/// The members of a target that a definition can say.
const KNOWN: [&str; 8] = [
    "Arn",
    "DeadLetterConfig",
    "Id",
    "Input",
    "InputPath",
    "InputTransformer",
    "RetryPolicy",
    "RoleArn",
];

impl Targets {
    /// The members of the rule that the definition says.
    fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        for rule in &self.wanted {
            for (name, value) in [
                (
                    "Description",
                    rule.description.as_ref().map(|text| json!(text)),
                ),
                (
                    "EventPattern",
                    rule.pattern
                        .as_ref()
                        .map(|value| json!(target::text(value))),
                ),
                (
                    "ScheduleExpression",
                    rule.schedule.as_ref().map(|text| json!(text)),
                ),
                ("State", rule.state.map(|state| json!(state.as_str()))),
            ] {
                members.extend(value.map(|value| (name.to_owned(), value)));
            }
        }
        members
    }

    /// The rule as it is to be sent: what stands, with what the definition says.
    pub(super) fn next(&self, found: &Found) -> Value {
        let mut next = match &found.rule {
            Some(Value::Object(rule)) => rule.clone(),
            _ => Map::new(),
        };
        // What only answers have, and what belongs to the definition.
        for name in ["Arn", "CreatedBy", "ManagedBy"].into_iter().chain(TRIGGER) {
            next.remove(name);
        }
        next.insert("Name".into(), json!(self.name));
        next.extend(
            self.bus
                .iter()
                .map(|bus| ("EventBusName".to_owned(), json!(bus))),
        );
        next.extend(self.members());
        Value::Object(next)
    }

    fn wanted(&self, rule: &Rule) -> Value {
        rule.target(&self.function, self.function.arn.as_str())
    }

    fn what_target(&self, id: &str) -> String {
        format!("target {id} of {}", self.what())
    }

    /// The id of the target a change is about.
    pub(super) fn id(&self, change: &Change) -> Option<String> {
        let rest = change.what.strip_prefix("target ")?;
        let id = rest.strip_suffix(&format!(" of {}", self.what()))?;
        Some(id.to_owned())
    }

    /// The wanted targets with these ids, with what stands of them besides.
    pub(super) fn merged(&self, found: &Found, ids: &[String]) -> Vec<Value> {
        let wanted = self.wanted.iter().map(|rule| self.wanted(rule));
        let wanted = wanted.filter(|target| ids.iter().any(|id| target["Id"] == *id));
        wanted
            .map(|target| merge(of_id(found, &target), target))
            .collect()
    }

    pub(super) fn compare(&self, found: &Found, aim: Aim) -> Reading {
        let mut reading = Reading::default();
        match aim.goal {
            Goal::Connect => self.compare_connected(found, aim, &mut reading),
            Goal::Disconnect => self.compare_disconnected(found, &mut reading),
        }
        reading
    }

    fn compare_connected(&self, found: &Found, aim: Aim, reading: &mut Reading) {
        let (change, refusal) = self.rule_change(found);
        reading.changes.push(change);
        reading.refusals.extend(refusal);
        let mut count = found.targets.len();
        for rule in &self.wanted {
            let wanted = self.wanted(rule);
            let id = wanted["Id"].as_str().unwrap_or_default();
            let change = |action| Change::new(action, self.what_target(id)).of(rule.name());
            match of_id(found, &wanted) {
                None => {
                    count += 1;
                    reading
                        .changes
                        .push(change(Action::Create).members(&Value::Null, &wanted));
                }
                Some(standing) if !self.runs(standing) => reading.refusals.push(format!(
                    "{} is somebody else's: it goes to {}; set another target_id",
                    self.what_target(id),
                    standing["Arn"].as_str().unwrap_or_default()
                )),
                Some(standing) => {
                    reading.changes.push(kept(
                        change(Action::Update).members(standing, &with_nulls(&wanted)),
                    ));
                }
            }
        }
        let ids: Vec<Value> = self
            .wanted
            .iter()
            .map(|rule| self.wanted(rule)["Id"].clone())
            .collect();
        let ours = |target: &&Value| target["Arn"] == self.function.arn.as_str();
        for target in found
            .targets
            .iter()
            .filter(ours)
            .filter(|target| !ids.contains(&target["Id"]))
        {
            let id = target["Id"].as_str().unwrap_or_default();
            let what = self.what_target(id);
            if aim.options.prune && self.is_made(id) {
                count -= 1;
                reading
                    .changes
                    .push(Change::new(Action::Remove, what).note("orphan"));
                continue;
            }
            let fix = match self.is_made(id) {
                true => "connect with --prune",
                false => "remove it by hand, if nobody else made it",
            };
            let what = format!("{what}, not in this definition, runs this function");
            let fix = fix.into();
            reading.orphans.push(Orphan { what, fix });
        }
        if count > MOST && reading.changes.iter().any(Change::is_change) {
            let what = self.what();
            reading.refusals.push(format!(
                "{what} would have {count} targets, more than the {MOST} a rule can have; make a \
                 second rule with the same pattern"
            ));
        }
    }

    fn rule_change(&self, found: &Found) -> (Change, Option<String>) {
        let wanted = self.members();
        let names: Vec<String> = self.wanted.iter().map(Integration::name).collect();
        let change = |action| {
            let change = Change::new(action, self.what());
            match names.as_slice() {
                [name] => change.of(name.as_str()),
                _ => change,
            }
        };
        let Some(standing) = &found.rule else {
            let change = change(Action::Create).members(&Value::Null, &Value::Object(wanted));
            return (change, None);
        };
        let mut update = change(Action::Update);
        let mut refusal = None;
        for (name, wanted) in wanted
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .chain(
                TRIGGER
                    .into_iter()
                    .filter(|name| !wanted.contains_key(*name))
                    .map(|name| (name, &Value::Null)),
            )
        {
            if same(&standing[name], wanted) {
                continue;
            }
            update = update.detail(name, standing[name].clone(), wanted.clone());
            if TRIGGER.contains(&name) && !found.ours {
                refusal = Some(format!(
                    "{} stands already with another {name} and was not made here; give the \
                     connection another name, or the same {name}",
                    self.what()
                ));
            }
        }
        if let Some(by) = standing["ManagedBy"].as_str() {
            refusal = Some(format!(
                "{} is managed by {by}; give the connection another name",
                self.what()
            ));
        }
        (kept(update), refusal)
    }

    fn compare_disconnected(&self, found: &Found, reading: &mut Reading) {
        let mut left = found.targets.len();
        for rule in &self.wanted {
            let wanted = self.wanted(rule);
            if of_id(found, &wanted).is_some_and(|standing| self.runs(standing)) {
                left -= 1;
                let id = wanted["Id"].as_str().unwrap_or_default();
                let change = Change::new(Action::Remove, self.what_target(id));
                reading.changes.push(change.of(rule.name()));
            }
        }
        if found.ours && left == 0 {
            reading
                .changes
                .push(Change::new(Action::Remove, self.what()));
        }
    }

    fn runs(&self, target: &Value) -> bool {
        same_function(
            target["Arn"].as_str().unwrap_or_default(),
            self.function.arn.as_str(),
        )
    }

    /// Whether an id is one that is made here for this function.
    fn is_made(&self, id: &str) -> bool {
        let made = name::target(&self.function, "");
        let start = made.rsplit_once('-').map_or("", |(start, _)| start);
        let sum = id
            .strip_prefix(start)
            .and_then(|rest| rest.strip_prefix('-'));
        sum.is_some_and(|sum| sum.len() == 8 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }
}

fn of_id<'a>(found: &'a Found, wanted: &Value) -> Option<&'a Value> {
    found
        .targets
        .iter()
        .find(|target| target["Id"] == wanted["Id"])
}

/// A target with all it must not have as null.
fn with_nulls(wanted: &Value) -> Value {
    let members = KNOWN
        .iter()
        .map(|name| ((*name).to_owned(), wanted[*name].clone()));
    Value::Object(members.collect())
}

/// What stands of a target besides what a definition can say, and what this one says.
fn merge(standing: Option<&Value>, wanted: Value) -> Value {
    let standing = standing.and_then(Value::as_object).into_iter().flatten();
    let kept = standing.filter(|(name, _)| !KNOWN.contains(&name.as_str()));
    let mut merged: Map<String, Value> = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if let Value::Object(wanted) = wanted {
        merged.extend(wanted);
    }
    Value::Object(merged)
}

/// Whether two members say the same; patterns do when they are the same JSON. Nothing is said in two
/// ways, by null and by an empty text.
fn same(one: &Value, other: &Value) -> bool {
    let read = |value: &Value| match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
        value => value.clone(),
    };
    read(one) == read(other)
}
