//! What differs between a rule as it is defined and as it stands.

use lambda_with::{Function, Integration};
use lambda_with_aws::{Action, Aim, Change, Entries, Entry, Reading};
use serde_json::{Map, Value, json};

use super::{Found, Target, Targets};
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
    fn next(&self, standing: Option<&Value>) -> Value {
        let mut next = match standing {
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

    /// What is to be done with the targets, and what comes of it.
    fn targets_of(&self, found: &Found, aim: Aim) -> (Reading, Vec<Target>) {
        let wanted = |rule: &Rule| {
            let target = rule.target(&self.function, self.function.arn.as_str());
            (rule.name(), Target(target))
        };
        let entries = Entries {
            function: &self.function,
            wanted: self.wanted.iter().map(wanted).collect(),
            what: &|id| format!("target {id} of {}", self.thing()),
            is_made: &|id| is_made(&self.function, id),
            member: "target_id",
        };
        entries.compare(&found.targets, aim)
    }

    /// What connecting does, and what comes of it.
    pub(super) fn connected(&self, found: &Found, aim: Aim) -> (Reading, Found) {
        let (rule, refusal) = self.rule_change(found);
        let (mut reading, targets) = self.targets_of(found, aim);
        if targets.len() > MOST && reading.changes.iter().any(Change::is_change) {
            let (thing, count) = (self.thing(), targets.len());
            reading.refusals.push(format!(
                "{thing} would have {count} targets, more than the {MOST} a rule can have; make a \
                 second rule with the same pattern"
            ));
        }
        let standing = found.rule.clone();
        let next = Found {
            rule: match rule.is_change() {
                true => Some(self.next(standing.as_ref())),
                false => standing,
            },
            is_made: found.is_made || found.rule.is_none(),
            targets,
        };
        reading.refusals.extend(refusal);
        reading.changes.insert(0, rule);
        (reading, next)
    }

    /// What disconnecting does, and what comes of it: no rule, where it is ours and empty.
    pub(super) fn disconnected(&self, found: &Found, aim: Aim) -> (Reading, Found) {
        let (mut reading, targets) = self.targets_of(found, aim);
        let rule = found.rule.clone();
        let goes = found.is_made && targets.is_empty();
        if goes {
            let change = Change::new(Action::Remove, self.thing());
            reading.changes.push(change);
        }
        let next = Found {
            rule: rule.filter(|_| !goes),
            is_made: found.is_made,
            targets,
        };
        (reading, next)
    }

    fn rule_change(&self, found: &Found) -> (Change, Option<String>) {
        let wanted = self.members();
        let names: Vec<String> = self.wanted.iter().map(Integration::name).collect();
        let change = |action| {
            let change = Change::new(action, self.thing());
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
            if TRIGGER.contains(&name) && !found.is_made {
                refusal = Some(format!(
                    "{} stands already with another {name} and was not made here; give the \
                     connection another name, or the same {name}",
                    self.thing()
                ));
            }
        }
        if let Some(by) = standing["ManagedBy"].as_str() {
            refusal = Some(format!(
                "{} is managed by {by}; give the connection another name",
                self.thing()
            ));
        }
        (update.or_keep(), refusal)
    }
}

impl Entry for Target {
    fn name(&self) -> &str {
        self.0["Id"].as_str().unwrap_or_default()
    }

    fn target(&self) -> &str {
        self.0["Arn"].as_str().unwrap_or_default()
    }

    fn members(&self) -> Value {
        let members = KNOWN
            .iter()
            .map(|name| ((*name).to_owned(), self.0[*name].clone()));
        Value::Object(members.collect())
    }

    /// With what stands of it besides what a definition can say.
    fn in_place_of(self, Target(standing): &Self) -> Self {
        let standing = standing.as_object().into_iter().flatten();
        let kept = standing.filter(|(name, _)| !KNOWN.contains(&name.as_str()));
        let mut merged: Map<String, Value> = kept
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if let Value::Object(wanted) = self.0 {
            merged.extend(wanted);
        }
        Self(Value::Object(merged))
    }
}

/// Whether an id is one that is made here for this function.
fn is_made(function: &Function, id: &str) -> bool {
    let made = name::target(function, "");
    let start = made.rsplit_once('-').map_or("", |(start, _)| start);
    let sum = id
        .strip_prefix(start)
        .and_then(|rest| rest.strip_prefix('-'));
    sum.is_some_and(|sum| sum.len() == 8 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()))
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
