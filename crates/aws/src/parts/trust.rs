//! Who, beside Lambda, may assume the function's execution role.

use lambda_with::name::checksum;
use lambda_with::policy::{Effect, Policy, PolicyStatement, Principals};
use lambda_with::{Arn, Error, Function};

use super::role::{decoded, role_name};
use crate::change::{Action, Change, Reading};
use crate::error::failed;
use crate::plan::Goal;
use crate::rewrite::{Patience, Shared, rewrite};
use crate::session::Session;
use crate::wire::{Aim, Part, Stage, Work};

/// A statement for one service in the role's trust policy, which belongs to whoever made the role.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    session: Session,
    role: Arn,
    service: String,
    sid: String,
}

/// What the trust policy becomes, for one aim.
struct Rewrite<'a> {
    trust: &'a Trust,
    goal: Goal,
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

    /// The action that is needed, and the document after it.
    fn next(&self, found: &Policy, goal: Goal) -> (Option<Action>, Policy) {
        let mut next = found.clone();
        let ours = next.statements.iter().any(|s| self.is_ours(s));
        let stands = next.statements.iter().any(|s| self.admits(s));
        match goal {
            Goal::Connect if stands => (Some(Action::Keep), next),
            Goal::Connect => {
                next.statements.retain(|s| !self.is_ours(s));
                let trust = Policy::execution_trust([self.service.as_str()]);
                let added = trust.statements.into_iter().filter(|s| self.admits(s));
                next.statements.extend(added.map(|mut statement| {
                    statement.sid = Some(self.sid.as_str().into());
                    statement
                }));
                let action = if ours { Action::Update } else { Action::Create };
                (Some(action), next)
            }
            Goal::Disconnect => {
                next.statements.retain(|s| !self.is_ours(s));
                (ours.then_some(Action::Remove), next)
            }
        }
    }

    fn change(&self, action: Action) -> Change {
        Change::new(
            action,
            format!("statement {} of the {}", self.sid, self.what()),
        )
        .note(format!("lets {} assume it", self.service))
    }
}

impl Shared for Rewrite<'_> {
    type Document = Policy;

    async fn read(&self) -> Result<Policy, Error> {
        let request = self.trust.session.iam().get_role();
        let answer = request.role_name(role_name(&self.trust.role)).send().await;
        let answer = answer.map_err(|error| failed("GetRole", self.trust.what(), error))?;
        let document = answer
            .role()
            .and_then(|role| role.assume_role_policy_document());
        decoded(document.unwrap_or("{}"))
    }

    fn change(&self, document: &Policy) -> Result<Option<Policy>, Error> {
        let (_, next) = self.trust.next(document, self.goal);
        Ok((next != *document).then_some(next))
    }

    async fn write(&self, document: &Policy) -> Result<(), Error> {
        let request = self.trust.session.iam().update_assume_role_policy();
        let request = request.role_name(role_name(&self.trust.role));
        let answer = request.policy_document(document.to_json()).send().await;
        answer.map_err(|error| failed("UpdateAssumeRolePolicy", self.trust.what(), error))?;
        Ok(())
    }
}

impl Part for Trust {
    fn title(&self) -> String {
        format!("the {}", self.what())
    }

    fn stage(&self) -> Stage {
        Stage::ExecutionRole
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            let goal = aim.goal;
            let found = Rewrite { trust: self, goal }.read().await?;
            let mut reading = Reading::default();
            let (action, _) = self.next(&found, goal);
            reading.changes.extend(action.map(|a| self.change(a)));
            Ok(reading)
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(async move {
            let goal = aim.goal;
            let patience = Patience {
                settle: aim.options.settle,
                ..Patience::default()
            };
            let shared = Rewrite { trust: self, goal };
            let (found, _) = rewrite(&self.what(), &shared, patience).await?;
            done.extend(self.next(&found, goal).0.map(|action| self.change(action)));
            Ok(())
        })
    }
}
