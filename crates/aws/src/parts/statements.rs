//! Statements of the function's resource-based policy.

use std::collections::BTreeMap;

use lambda_with::policy::{Policy, PolicyStatement};
use lambda_with::{Error, ErrorKind, Function, Statement};
use serde_json::Value;

use super::statement_calls::policy;
use super::statement_form::{made_here, same, shown};
use crate::change::{Action, Budget, Change, Orphan, Reading};
use crate::plan::Goal;
use crate::session::Session;
use crate::wire::{Aim, Part, Pauses, Stage, Work};

/// How often a lost race is run again.
const ATTEMPTS: u32 = 10;

/// Those statements of a function's policy that its connections need.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(super) session: Session,
    pub(super) function: Function,
    wanted: Vec<(String, Statement)>,
    /// Whether the function's URL is for callers that sign, so that statements for all are left over.
    signed: bool,
}

impl Statements {
    pub(crate) fn new(
        session: &Session,
        function: &Function,
        wanted: Vec<(String, Statement)>,
        signed: bool,
    ) -> Self {
        Self {
            session: session.clone(),
            function: function.clone(),
            wanted,
            signed,
        }
    }

    fn compare(&self, policy: &Policy, aim: Aim) -> Reading {
        let mut reading = Reading::default();
        let mut after = policy.clone();
        for (name, statement) in &self.wanted {
            let written = PolicyStatement::of_function(statement, &self.function.arn);
            let found = policy.find(&statement.sid);
            let action = match (aim.goal, found) {
                (Goal::Connect, Some(found)) if same(found, &written) => Action::Keep,
                (Goal::Connect, Some(_)) => Action::Update,
                (Goal::Connect, None) => Action::Create,
                (Goal::Disconnect, Some(_)) => Action::Remove,
                (Goal::Disconnect, None) => continue,
            };
            let mut change = Change::new(action, self.what(&statement.sid)).of(name);
            match action {
                Action::Create => change = change.members(&Value::Null, &shown(&written)),
                Action::Update => {
                    let found = found.map(shown).unwrap_or_default();
                    change = change.members(&found, &shown(&written));
                }
                Action::Keep | Action::Remove => {}
            }
            if change.is_change() {
                let _ = after.remove(&statement.sid);
                if aim.goal == Goal::Connect {
                    after.statements.push(written);
                }
            }
            reading.changes.push(change);
        }
        for sid in self.left_over(policy) {
            let what = format!("{}, not in this definition", self.what(sid));
            if aim.options.prune {
                let _ = after.remove(sid);
                reading
                    .changes
                    .push(Change::new(Action::Remove, self.what(sid)).note("orphan"));
            } else if aim.goal == Goal::Connect {
                let fix = format!(
                    "connect with --prune, or `aws lambda remove-permission --function-name {} \
                     --statement-id {sid}`",
                    self.function.name()
                );
                reading.orphans.push(Orphan { what, fix });
            }
        }
        let bytes = if after.statements.is_empty() {
            0
        } else {
            after.bytes()
        };
        if bytes > Policy::MAX_BYTES && aim.goal == Goal::Connect {
            reading.refusals.push(format!(
                "the policy of {} would have {bytes} bytes, more than the {} AWS takes: let one \
                 statement with a pattern in its source take the place of several",
                self.function.arn.resource(),
                Policy::MAX_BYTES
            ));
        }
        reading.policy = Some(Budget {
            bytes,
            limit: Policy::MAX_BYTES,
        });
        reading
    }

    fn left_over<'a>(&self, policy: &'a Policy) -> Vec<&'a str> {
        let wanted = |sid: &str| {
            self.wanted
                .iter()
                .any(|(_, statement)| statement.sid == sid)
        };
        let public = Statement::public_url();
        let public =
            public.map(|statement| PolicyStatement::of_function(&statement, &self.function.arn));
        let is_public = |found: &PolicyStatement| public.iter().any(|public| same(found, public));
        let made = policy
            .statements
            .iter()
            .filter(|statement| made_here(statement) || self.signed && is_public(statement));
        made.filter_map(|statement| statement.sid.as_deref())
            .filter(|sid| !wanted(sid))
            .collect()
    }

    pub(super) fn what(&self, sid: &str) -> String {
        let function = self.function.arn.resource().trim_start_matches("function:");
        format!("statement {sid} in the policy of {function}")
    }

    /// Does one change. A lost race is `Conflict`.
    async fn write(
        &self,
        policy: &Found,
        change: &Change,
        sid: &str,
        done: &mut Vec<Change>,
    ) -> Result<(), Error> {
        let mut revision = policy.as_ref().and_then(|(_, revision)| revision.clone());
        if matches!(change.action, Action::Update | Action::Remove) {
            self.remove(sid, revision).await?;
            revision = None;
        }
        let wanted = self
            .wanted
            .iter()
            .find(|(_, statement)| statement.sid == sid);
        match wanted {
            Some((_, statement)) if change.action != Action::Remove => {
                let added = self.add(statement, revision).await;
                if added.is_err() && change.action == Action::Update {
                    let what = self.what(sid);
                    done.push(Change::new(Action::Remove, what).note("not replaced yet"));
                }
                added
            }
            _ => Ok(()),
        }
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let mut made: BTreeMap<String, Change> = BTreeMap::new();
        let mut lost = 0;
        let mut refused = None;
        loop {
            let mut found = policy(&self.session, &self.function).await?;
            // Refused although nobody changed the policy: the endpoint, an emulator's, does not
            // compare revisions as AWS does.
            if let Some((_, revision)) = found.as_mut().filter(|(_, r)| lost > 0 && *r == refused) {
                *revision = None;
            }
            let standing = found
                .as_ref()
                .map(|(policy, _)| policy.clone())
                .unwrap_or_default();
            let reading = self.compare(&standing, aim);
            if let Some(refusal) = reading.refusals.into_iter().next() {
                return Err(Error::new(ErrorKind::Limit, refusal));
            }
            let next = reading
                .changes
                .iter()
                .find(|c| c.is_change() && !made.contains_key(&c.what));
            let Some(change) = next else {
                let kept = reading
                    .changes
                    .into_iter()
                    .filter(|c| !made.contains_key(&c.what));
                done.extend(kept);
                return Ok(());
            };
            let sid = change.what.split(' ').nth(1).unwrap_or_default();
            match self.write(&found, change, sid, done).await {
                Ok(()) => {
                    made.insert(change.what.clone(), change.clone());
                    done.push(change.clone());
                    self.visible(aim, &change.what).await?;
                }
                Err(error) if error.kind() == ErrorKind::Conflict && lost < ATTEMPTS => {
                    lost += 1;
                    refused = found.and_then(|(_, revision)| revision);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until AWS shows the change.
    async fn visible(&self, aim: Aim, what: &str) -> Result<(), Error> {
        let mut pauses = Pauses::new(aim.options.wait);
        loop {
            let found = policy(&self.session, &self.function).await?;
            let standing = found.map(|(policy, _)| policy).unwrap_or_default();
            let pending = |change: &Change| change.what == what && change.is_change();
            if !self.compare(&standing, aim).changes.iter().any(pending) {
                return Ok(());
            }
            if !pauses.again().await {
                let error = Error::new(
                    ErrorKind::Unavailable,
                    format!("AWS took the change, but does not show it as asked: {what}"),
                );
                return Err(error.with("fix", "look at `lambda-with status`, then run it again"));
            }
        }
    }
}

type Found = Option<(Policy, Option<String>)>;

impl Part for Statements {
    fn title(&self) -> String {
        format!(
            "the policy of {}",
            self.function.arn.resource().trim_start_matches("function:")
        )
    }

    fn stage(&self) -> Stage {
        Stage::Policy
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            let found = policy(&self.session, &self.function).await?;
            Ok(self.compare(&found.map(|(policy, _)| policy).unwrap_or_default(), aim))
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}
