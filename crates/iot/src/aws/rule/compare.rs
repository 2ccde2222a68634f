//! What differs between a rule as it stands and as it is defined.

use lambda_with::Integration;
use lambda_with_aws::{Action, Aim, Change, Orphan, Reading, same_function};
use serde_json::{Map, Value, json};

use super::TopicRule;
use crate::aws::document::{Document, action, target};
use crate::{On, Rule};

/// The most actions of a rule.
const MOST: usize = 10;

impl TopicRule {
    /// Whether an action is this very function, in this version.
    fn is_ours(&self, action: &Value) -> bool {
        target(action) == Some(self.function.arn.as_str())
    }

    fn has_ours(&self, document: &Document) -> bool {
        let actions = document.actions.iter().filter_map(|it| it.value().ok());
        let mut all = actions.chain([document.error_action()]);
        all.any(|action| self.is_ours(&action))
    }

    pub(in crate::aws) fn connected(
        &self,
        found: &Document,
        next: &mut Document,
        aim: Aim,
        reading: &mut Reading,
    ) {
        let definer = self.wanted.iter().find(|rule| rule.sql.is_some());
        if let Some(rule) = definer {
            self.defined(rule, found, next, reading);
        } else if !found.standing {
            let what = format!(
                "{} does not exist, and no connection has the sql to make it",
                self.thing()
            );
            reading.refusals.push(what);
            return;
        }
        self.leftovers(found, next, aim, reading);
        for rule in &self.wanted {
            let change = match rule.on {
                On::Message => self.added(next),
                On::Error => match self.error_action(next) {
                    Ok(change) => change,
                    Err(refusal) => {
                        reading.refusals.push(refusal);
                        continue;
                    }
                },
            };
            reading.changes.push(change.of(rule.name()));
        }
        if next.actions.len() > MOST && next != found {
            let number = next.actions.len();
            let what = format!(
                "{} would have {number} actions, more than {MOST}",
                self.thing()
            );
            reading.refusals.push(what);
        }
    }

    /// The rule itself.
    fn defined(&self, rule: &Rule, found: &Document, next: &mut Document, reading: &mut Reading) {
        let mut wanted = rule.settings();
        if !found.standing && rule.disabled.is_none() {
            wanted.insert("ruleDisabled".into(), json!(false));
        }
        let member = |name: &String| match found.member(name) {
            Value::Null if name == "ruleDisabled" && found.standing => json!(false),
            value => value,
        };
        let standing: Map<String, Value> = wanted
            .keys()
            .map(|name| (name.clone(), member(name)))
            .collect();
        let action = match (found.standing, standing == wanted) {
            (false, _) => Action::Create,
            (true, true) => Action::Keep,
            (true, false) => Action::Update,
        };
        if action == Action::Update && !self.has_ours(found) {
            reading.refusals.push(format!(
                "{} is somebody else's: it has other settings ({}) and does not run this function; \
                 give the connection another rule, or leave sql out to be added to it as it stands",
                self.thing(),
                found.member("sql")
            ));
            return;
        }
        for (name, value) in &wanted {
            if standing.get(name) != Some(value) {
                next.set(name, value);
            }
        }
        let mut change = Change::new(action, self.thing())
            .of(rule.name())
            .members(&Value::Object(standing), &Value::Object(wanted));
        let others = found.actions.iter().filter_map(|it| it.value().ok());
        let others = others.filter(|action| !self.is_ours(action)).count();
        if action == Action::Update && others > 0 {
            change = change.note(format!("other actions of the rule: {others}"));
        }
        reading.changes.push(change);
    }

    fn added(&self, next: &mut Document) -> Change {
        let what = format!("action of {}", self.thing());
        let ours = action(self.function.arn.as_str());
        let mut standing = next.actions.iter().filter_map(|it| it.value().ok());
        if standing.any(|action| self.is_ours(&action)) {
            return Change::new(Action::Keep, what);
        }
        next.actions.push((&ours).into());
        Change::new(Action::Create, what).members(&Value::Null, &ours)
    }

    fn error_action(&self, next: &mut Document) -> Result<Change, String> {
        let what = format!("error action of {}", self.thing());
        let standing = next.error_action();
        if self.is_ours(&standing) {
            return Ok(Change::new(Action::Keep, what));
        }
        if standing != Value::Null {
            return Err(format!(
                "{} has an error action already: {standing}",
                self.thing()
            ));
        }
        let ours = action(self.function.arn.as_str());
        next.set("errorAction", &ours);
        Ok(Change::new(Action::Create, what).members(&Value::Null, &ours))
    }

    /// Actions that run this function without being defined: in another version, or no more.
    fn leftovers(&self, found: &Document, next: &mut Document, aim: Aim, reading: &mut Reading) {
        let function = self.function.arn.as_str();
        let wanted = self.wanted.iter().any(|rule| rule.on == On::Message);
        for standing in &found.actions {
            let value = standing.value().unwrap_or_default();
            let Some(arn) = target(&value).filter(|arn| same_function(arn, function)) else {
                continue;
            };
            if arn == function && wanted {
                continue;
            }
            let what = format!("action of {} with {arn}", self.thing());
            if aim.options.prune {
                next.actions.retain(|action| action != standing);
                let change = Change::new(Action::Remove, what);
                reading.changes.push(change.note("orphan"));
            } else {
                reading.orphans.push(Orphan {
                    what: format!("{what}, not in this definition"),
                    fix: "connect with --prune, if nobody else made it".into(),
                });
            }
        }
    }

    pub(in crate::aws) fn disconnected(&self, next: &mut Document, reading: &mut Reading) {
        if !next.standing || !self.has_ours(next) {
            return;
        }
        for rule in &self.wanted {
            let (what, before) = (self.thing(), next.clone());
            let what = match rule.on {
                On::Message => {
                    let ours = |value: Value| self.is_ours(&value);
                    next.actions
                        .retain(|action| !action.value().is_ok_and(ours));
                    format!("action of {what}")
                }
                On::Error => {
                    if self.is_ours(&next.error_action()) {
                        next.remove("errorAction");
                    }
                    format!("error action of {what}")
                }
            };
            if *next != before {
                let change = Change::new(Action::Remove, what);
                reading.changes.push(change.of(rule.name()));
            }
        }
        let Some(rule) = self.wanted.iter().find(|rule| rule.sql.is_some()) else {
            return;
        };
        let standing = next.error_action();
        let is_ours = rule.error_action.as_ref() == Some(&standing);
        if next.actions.is_empty() && (standing == Value::Null || is_ours) {
            next.gone = true;
            let change = Change::new(Action::Remove, self.thing());
            reading.changes.push(change.of(rule.name()));
        } else if is_ours {
            next.remove("errorAction");
            let change = Change::new(Action::Remove, format!("error action of {}", self.thing()));
            reading.changes.push(change.of(rule.name()));
        }
    }
}
