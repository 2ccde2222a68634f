//! How a wiring goes about its work.

use lambda_with::policy::{Decision, Missing};
use lambda_with::{Error, ErrorKind};

use crate::change::Change;
use crate::may::{may_invoke, may_poll};
use crate::parts::{Configuration, Mapping, OtherMappings, RolePolicy, Statements, Trust, remote};
use crate::plan::{Goal, Plan};
use crate::shared::Shared;
use crate::status::Status;
use crate::wire::{Aim, Part};
use crate::wiring::{Progress, Wiring};

impl Wiring {
    pub(super) async fn plan(&self, goal: Goal) -> Result<Plan, Error> {
        let aim = Aim {
            goal,
            options: self.options,
        };
        let generic = self.generic(goal).await?;
        let mut plan = Plan::new(self.function.arn.clone(), goal);
        for part in self.ordered(goal, &generic) {
            let reading = part
                .read(aim)
                .await
                .map_err(|error| error.with("step", part.title()))?;
            plan.take(reading);
        }
        if goal == Goal::Connect {
            let wanted = self.wanted_mappings().collect();
            plan.take(
                OtherMappings::new(&self.session, &self.function, wanted)
                    .read()
                    .await?,
            );
        }
        Ok(plan)
    }

    /// What is refused although it was granted: something denies it, or takes more than we know.
    ///
    /// Asked only where all that we grant stands, for otherwise the reason is known already.
    pub(super) async fn denied(&self, status: &Status) -> Result<Vec<String>, Error> {
        let mut denied = Vec::new();
        if !status.is_clean() {
            return Ok(denied);
        }
        for (_, statement) in &self.statements {
            let Some(caller) = statement.caller() else {
                continue;
            };
            match may_invoke(&self.session, &self.function, &caller).await? {
                Decision::Denied(denial) => denied.push(denial.to_string()),
                Decision::Allowed { .. } => {}
            }
        }
        if !self.role.is_empty() {
            let missing = may_poll(&self.session, &self.function, &self.role).await?;
            denied.extend(missing.into_iter().map(|missing| {
                let Missing {
                    action,
                    resource,
                    why,
                    ..
                } = &missing;
                format!("the execution role may not do {action} to {resource}: {why}")
            }));
        }
        Ok(denied)
    }

    fn wanted_mappings(&self) -> impl Iterator<Item = Mapping> {
        let Self {
            session,
            function,
            mappings,
            ..
        } = self;
        mappings
            .iter()
            .map(|(name, properties)| Mapping::new(session, function, name, properties))
    }

    pub(super) async fn apply(
        &self,
        goal: Goal,
        mut say: impl FnMut(Progress<'_>),
    ) -> Result<Plan, Error> {
        let mut plan = self.plan(goal).await?;
        if let [refusal, rest @ ..] = plan.refusals.as_slice() {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            return Err(Error::new(ErrorKind::Conflict, format!("{refusal}{more}"))
                .with("standing", "nothing was written"));
        }
        let aim = Aim {
            goal,
            options: self.options,
        };
        plan.changes.clear();
        let generic = self.generic(goal).await?;
        for part in self.ordered(goal, &generic) {
            let title = part.title();
            say(Progress::Step(&title));
            let mut done = Vec::new();
            let result = part.apply(aim, &mut done).await;
            for change in &done {
                say(Progress::Done(change));
            }
            plan.changes.extend(done);
            result.map_err(|error| unfinished(error, title, &plan.changes))?;
        }
        Ok(plan)
    }

    /// The parts that follow from the definitions.
    async fn generic(&self, goal: Goal) -> Result<Vec<Box<dyn Part>>, Error> {
        let Self {
            session, function, ..
        } = self;
        let mut parts: Vec<Box<dyn Part>> = Vec::new();
        for caller in &self.callers {
            parts.push(caller.clone().part());
        }
        let standing = remote::read(session, function, goal).await?;
        // What the function runs as, rather than what the definition says it does.
        let role = standing
            .as_ref()
            .and_then(remote::role)
            .or_else(|| function.role.clone());
        if let Some(role) = role {
            for service in &self.trusted {
                let role = role.clone();
                parts.push(Trust::new(session, function, role, service).part());
            }
            parts.push(RolePolicy::new(session, function, role, &self.role).part());
        }
        if standing.is_some() {
            if !self.configuration.is_empty() {
                let wanted = self.configuration.clone();
                parts.push(Box::new(Configuration::new(session, function, wanted)));
            }
            parts.push(Box::new(Statements::new(
                session,
                function,
                self.statements.clone(),
                self.signed_url,
            )));
        }
        for wanted in self.wanted_mappings() {
            parts.push(Box::new(wanted));
        }
        Ok(parts)
    }

    fn ordered<'a>(&'a self, goal: Goal, generic: &'a [Box<dyn Part>]) -> Vec<&'a dyn Part> {
        let mut parts: Vec<&dyn Part> = generic
            .iter()
            .chain(&self.own)
            .map(|part| &**part)
            .collect();
        parts.sort_by_key(|part| part.stage());
        if goal == Goal::Disconnect {
            parts.reverse();
        }
        parts
    }
}

fn unfinished(error: Error, step: String, done: &[Change]) -> Error {
    let standing: Vec<String> = done
        .iter()
        .filter(|change| change.is_change())
        .map(|change| {
            let note = change.note.as_ref().map(|note| format!(" ({note})"));
            let note = note.unwrap_or_default();
            format!("{} {}{note}", change.action.past(), change.what)
        })
        .collect();
    let standing = match standing.as_slice() {
        [] => "nothing was written".into(),
        standing => standing.join("; "),
    };
    error.with("step", step).with("standing", standing)
}
