//! Who, beside Lambda, may assume the function's execution role.

use lambda_with::name::checksum;
use lambda_with::policy::{Effect, Policy, PolicyStatement, Principals};
use lambda_with::{Arn, Error, Function};

use super::role::{decoded, role_name};
use crate::change::{Action, Change, Reading};
use crate::error::failed;
use crate::plan::Goal;
use crate::session::Session;
use crate::shared::Shared;
use crate::wire::{Aim, Stage};

/// A statement for one service in the role's trust policy, which belongs to whoever made the role.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    session: Session,
    role: Arn,
    service: String,
    sid: String,
}

impl Trust {
    pub(crate) fn new(session: &Session, function: &Function, role: Arn, service: &str) -> Self {
        Self {
            session: session.clone(),
            role,
            service: service.to_owned(),
            // Letters and digits only are allowed here.
            sid: format!(
                "LambdaWith{}",
                checksum(&format!("{}\0{service}", function.arn))
            ),
        }
    }

    fn what(&self) -> String {
        format!("trust policy of role {}", role_name(&self.role))
    }

    fn is_ours(&self, statement: &PolicyStatement) -> bool {
        statement.sid.as_deref() == Some(&self.sid)
    }

    /// Whether a statement lets the service in without a condition.
    fn admits(&self, statement: &PolicyStatement) -> bool {
        let principals = match &statement.principal {
            Some(Principals::Of(principals)) => principals.get("Service"),
            _ => None,
        };
        statement.effect == Effect::Allow
            && statement.condition.is_empty()
            && principals.is_some_and(|values| values.iter().any(|v| v.to_string() == self.service))
    }
}

impl Shared for Trust {
    type Document = Policy;

    const UNGUARDED: bool = true;

    fn title(&self) -> String {
        format!("the {}", self.what())
    }

    fn stage(&self) -> Stage {
        Stage::ExecutionRole
    }

    async fn read(&self, _goal: Goal) -> Result<Policy, Error> {
        let request = self.session.iam().get_role();
        let answer = request.role_name(role_name(&self.role)).send().await;
        let answer = answer.map_err(|error| failed("GetRole", self.what(), error))?;
        let document = answer
            .role()
            .and_then(|role| role.assume_role_policy_document());
        decoded(document.unwrap_or("{}"))
    }

    fn compare(&self, found: &Policy, aim: Aim) -> (Reading, Policy) {
        let mut reading = Reading::default();
        let mut next = found.clone();
        let ours = next.statements.iter().any(|s| self.is_ours(s));
        let stands = next.statements.iter().any(|s| self.admits(s));
        let action = match aim.goal {
            Goal::Connect if stands => Some(Action::Keep),
            Goal::Connect if ours => Some(Action::Update),
            Goal::Connect => Some(Action::Create),
            Goal::Disconnect => ours.then_some(Action::Remove),
        };
        if action != Some(Action::Keep) {
            next.statements.retain(|s| !self.is_ours(s));
        }
        if matches!(action, Some(Action::Create | Action::Update)) {
            let trust = Policy::execution_trust([self.service.as_str()]);
            let added = trust.statements.into_iter().filter(|s| self.admits(s));
            next.statements.extend(added.map(|mut statement| {
                statement.sid = Some(self.sid.as_str().into());
                statement
            }));
        }
        reading.changes.extend(action.map(|action| {
            let what = format!("statement {} of the {}", self.sid, self.what());
            Change::new(action, what).note(format!("lets {} assume it", self.service))
        }));
        (reading, next)
    }

    async fn write(&self, _found: &Policy, next: &Policy) -> Result<(), Error> {
        let request = self.session.iam().update_assume_role_policy();
        let request = request.role_name(role_name(&self.role));
        let answer = request.policy_document(next.to_json()).send().await;
        answer.map_err(|error| failed("UpdateAssumeRolePolicy", self.what(), error))?;
        Ok(())
    }
}
