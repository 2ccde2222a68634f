//! What differs between the notifications defined and those standing.

use lambda_with::Integration;
use lambda_with_aws::{Action, Aim, Change, Goal, Orphan, Reading};
use serde_json::Value;

use super::Notifications;
use super::document::Document;
use super::entry::Entry;
use crate::S3;

/// The most notifications of a bucket.
const MOST: usize = 100;

impl Notifications {
    fn what(&self, id: &str) -> String {
        format!("notification {id} of bucket {}", self.bucket)
    }

    fn wanted(&self, s3: &S3) -> Entry {
        Entry::of(s3, self.function.arn.as_str())
    }

    /// Whether it runs this function, in whatever version.
    fn runs(&self, entry: &Entry) -> bool {
        let plain = |arn: &str| arn.split(':').take(7).collect::<Vec<_>>().join(":");
        entry.is_function() && plain(&entry.target) == plain(self.function.arn.as_str())
    }

    /// Whether it is of an earlier form of this definition.
    fn is_orphan(&self, entry: &Entry) -> bool {
        let wanted = |s3: &S3| self.wanted(s3).id == entry.id;
        entry.is_function()
            && entry.target == self.function.arn.as_str()
            && !self.wanted.iter().any(wanted)
    }

    /// Whether its id is one that is made here.
    fn is_pruned(&self, entry: &Entry) -> bool {
        let made = S3::new(&self.bucket, &self.account).name();
        self.is_orphan(entry) && entry.id.starts_with(&made)
    }

    /// What is to be done, and the document that comes of it.
    pub(super) fn compare(&self, found: &Document, aim: Aim) -> (Reading, Document) {
        let mut reading = Reading::default();
        let mut next = found.clone();
        let prune = aim.options.prune && aim.goal == Goal::Connect;
        for entry in found.entries.iter().filter(|entry| self.is_orphan(entry)) {
            let what = self.what(&entry.id);
            if prune && self.is_pruned(entry) {
                next.entries.retain(|other| other != entry);
                reading
                    .changes
                    .push(Change::new(Action::Remove, what).note("orphan"));
            } else if aim.goal == Goal::Connect {
                let fix = if self.is_pruned(entry) {
                    "connect with --prune"
                } else {
                    "remove it by hand, if nobody else made it"
                };
                let what = format!("{what}, not in this definition, runs this function");
                reading.orphans.push(Orphan {
                    what,
                    fix: fix.into(),
                });
            }
        }
        for s3 in &self.wanted {
            let wanted = self.wanted(s3);
            let place = next.entries.iter().position(|entry| entry.id == wanted.id);
            let ours = place
                .and_then(|at| next.entries.get(at))
                .filter(|entry| self.runs(entry));
            let change = |action| Change::new(action, self.what(&wanted.id)).of(s3.name());
            let change = match (aim.goal, place, ours) {
                (Goal::Connect, _, Some(ours)) if ours.same(&wanted) => change(Action::Keep),
                (Goal::Connect, Some(at), Some(ours)) => {
                    let change = change(Action::Update).members(&ours.shown(), &wanted.shown());
                    next.entries[at] = wanted;
                    change
                }
                (Goal::Connect, None, _) => {
                    let change = change(Action::Create).members(&Value::Null, &wanted.shown());
                    next.entries.push(wanted);
                    change
                }
                (Goal::Connect, Some(at), None) => {
                    reading.refusals.push(format!(
                        "{} is somebody else's: it goes to {}; give the connection another id",
                        self.what(&wanted.id),
                        next.entries[at].target
                    ));
                    continue;
                }
                (Goal::Disconnect, Some(at), Some(_)) => {
                    next.entries.remove(at);
                    change(Action::Remove)
                }
                (Goal::Disconnect, ..) => continue,
            };
            reading.changes.push(change);
        }
        if aim.goal == Goal::Connect && reading.changes.iter().any(Change::is_change) {
            reading.refusals.extend(self.refusals(&next));
        }
        (reading, next)
    }

    fn refusals(&self, next: &Document) -> Vec<String> {
        let mut refusals = Vec::new();
        let ids: Vec<String> = self.wanted.iter().map(|s3| self.wanted(s3).id).collect();
        for (index, one) in next.entries.iter().enumerate() {
            let ours = |entry: &Entry| self.runs(entry) && ids.contains(&entry.id);
            for other in next.entries.iter().skip(index + 1) {
                let mixed = ours(one) || ours(other);
                let Some(why) = one.overlap(other).filter(|_| mixed) else {
                    continue;
                };
                let (mine, theirs) = if ours(other) {
                    (other, one)
                } else {
                    (one, other)
                };
                let hint = if self.is_pruned(theirs) {
                    "it is of an earlier form of this definition: connect with --prune"
                } else {
                    "make prefixes or suffixes exclude each other"
                };
                refusals.push(format!(
                    "{} and {}, which goes to {}, cannot both stand: {why}; {hint}",
                    self.what(&mine.id),
                    theirs.id,
                    theirs.target
                ));
            }
        }
        if next.entries.len() > MOST {
            let what = format!(
                "bucket {} would have {} notifications, more than the {MOST} Amazon S3 takes",
                self.bucket,
                next.entries.len()
            );
            refusals.push(what);
        }
        refusals
    }
}
