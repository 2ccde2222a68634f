//! What differs between the triggers defined and those standing.

use lambda_with::Integration;
use lambda_with_aws::{Action, Aim, Change, Goal, Orphan, Reading};
use serde_json::Value;

use super::Triggers;
use super::document::{Document, Trigger};
use crate::{CodeCommit, name};

/// The most triggers of a repository.
const MOST: usize = 10;

impl Triggers {
    fn what(&self, name: &str) -> String {
        format!("trigger {name} of {}", self.place())
    }

    fn wanted(&self, connection: &CodeCommit) -> Trigger {
        connection
            .trigger(&self.function, self.function.arn.as_str())
            .into()
    }

    /// Whether it runs this function, in whatever version.
    fn runs(&self, trigger: &Trigger) -> bool {
        let plain = |arn: &str| arn.split(':').take(7).collect::<Vec<_>>().join(":");
        plain(trigger.destination()) == plain(self.function.arn.as_str())
    }

    /// What is to be done, and the document that comes of it.
    pub(super) fn compare(&self, found: &Document, aim: Aim) -> (Reading, Document) {
        let mut reading = Reading::default();
        let mut next = found.clone();
        if aim.goal == Goal::Connect {
            self.orphans(found, aim, &mut reading, &mut next);
        }
        for connection in &self.wanted {
            let wanted = self.wanted(connection);
            let place = next.triggers.iter().position(|t| t.name() == wanted.name());
            let standing = place.and_then(|at| next.triggers.get(at));
            let ours = standing.filter(|trigger| self.runs(trigger));
            let what = self.what(wanted.name());
            let change = |action| Change::new(action, what.as_str()).of(connection.name());
            let change = match (aim.goal, place, ours) {
                (Goal::Connect, Some(at), Some(ours)) => match ours.shown() == wanted.shown() {
                    true => change(Action::Keep),
                    false => {
                        let change = change(Action::Update).members(&ours.shown(), &wanted.shown());
                        next.triggers[at] = wanted;
                        change
                    }
                },
                (Goal::Connect, Some(at), None) => {
                    let goes = next.triggers[at].destination();
                    reading.refusals.push(format!(
                        "{what} is somebody else's: it goes to {goes}; give the connection another trigger_name"
                    ));
                    continue;
                }
                (Goal::Connect, None, _) => {
                    let change = change(Action::Create).members(&Value::Null, &wanted.shown());
                    next.triggers.push(wanted);
                    change
                }
                (Goal::Disconnect, Some(at), Some(_)) => {
                    next.triggers.remove(at);
                    change(Action::Remove)
                }
                (Goal::Disconnect, ..) => continue,
            };
            reading.changes.push(change);
        }
        let count = next.triggers.len();
        if count > MOST && count > found.triggers.len() {
            reading.refusals.push(format!(
                "{} would have {count} triggers, more than the {MOST} it takes",
                self.place()
            ));
        }
        (reading, next)
    }

    /// Triggers of earlier forms of this definition.
    fn orphans(&self, found: &Document, aim: Aim, reading: &mut Reading, next: &mut Document) {
        let arn = self.function.arn.as_str();
        let defined = |trigger: &Trigger| {
            let name = |connection| name::of_trigger(connection, &self.function);
            self.wanted
                .iter()
                .any(|wanted| name(wanted) == trigger.name())
        };
        let orphans = found.triggers.iter();
        for trigger in orphans.filter(|t| t.destination() == arn && !defined(t)) {
            let what = self.what(trigger.name());
            let made = name::is_made(trigger.name(), &self.function);
            if made && aim.options.prune {
                next.triggers.retain(|other| other != trigger);
                let change = Change::new(Action::Remove, what).note("orphan");
                reading.changes.push(change);
            } else {
                let fix = match made {
                    true => "connect with --prune",
                    false => "remove it by hand, if nobody else made it",
                };
                reading.orphans.push(Orphan {
                    what: format!("{what}, not in this definition, runs this function"),
                    fix: fix.into(),
                });
            }
        }
    }
}
