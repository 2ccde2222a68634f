//! What the function's execution role may do for its connections.

use lambda_with::policy::Policy;
use lambda_with::{Arn, Error, Function, RoleStatement};
use serde_json::Value;

use crate::change::{Action, Change, Reading};
use crate::error::{failed, if_there};
use crate::plan::Goal;
use crate::session::Session;
use crate::shared::Shared;
use crate::wire::{Aim, Stage};

/// The most characters of all inline policies of a role, white space aside.
const MAX_BYTES: usize = 10_240;

/// One inline policy of the execution role, for all connections of the function.
#[derive(Debug)]
pub(crate) struct RolePolicy {
    session: Session,
    role: Arn,
    declared: Option<Arn>,
    name: String,
    wanted: Option<Policy>,
}

/// The name of a role, which is what follows the last slash of its ARN.
pub(crate) fn role_name(role: &Arn) -> &str {
    role.resource().rsplit('/').next().unwrap_or_default()
}

/// A policy document as IAM returns it: percent-encoded.
pub(crate) fn decoded(document: &str) -> Result<Policy, Error> {
    let mut bytes = Vec::with_capacity(document.len());
    let mut rest = document.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (b'%', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).parse()
}

impl RolePolicy {
    pub(crate) fn new(
        session: &Session,
        function: &Function,
        role: Arn,
        statements: &[RoleStatement],
    ) -> Self {
        let wanted = (!statements.is_empty()).then(|| Policy::of_role(statements));
        Self {
            session: session.clone(),
            role,
            declared: function.role.clone(),
            name: format!("lambda-with-{}", function.name()),
            wanted,
        }
    }

    fn what(&self) -> String {
        format!(
            "inline policy {} of role {}",
            self.name,
            role_name(&self.role)
        )
    }
}

impl Shared for RolePolicy {
    type Document = Option<Policy>;

    fn title(&self) -> String {
        format!("the execution role {}", role_name(&self.role))
    }

    fn stage(&self) -> Stage {
        Stage::ExecutionRole
    }

    async fn read(&self, _goal: Goal) -> Result<Option<Policy>, Error> {
        inline(&self.session, role_name(&self.role), &self.name).await
    }

    fn compare(&self, found: &Option<Policy>, aim: Aim) -> (Reading, Option<Policy>) {
        let wanted = self.wanted.as_ref().filter(|_| aim.goal == Goal::Connect);
        let mut reading = Reading::default();
        let change = |action| Change::new(action, self.what());
        let json = |policy: &Policy| serde_json::to_value(&policy.statements).unwrap_or_default();
        match (found, wanted) {
            (None, None) => {}
            (Some(_), None) => reading.changes.push(change(Action::Remove)),
            (Some(found), Some(wanted)) if found == wanted => {
                reading.changes.push(change(Action::Keep));
            }
            (found, Some(wanted)) => {
                let action = if found.is_some() {
                    Action::Update
                } else {
                    Action::Create
                };
                let found = found.as_ref().map_or(Value::Null, json);
                reading
                    .changes
                    .push(change(action).detail("Statement", found, json(wanted)));
            }
        }
        if let Some(declared) = self
            .declared
            .iter()
            .find(|declared| **declared != self.role)
        {
            reading.warnings.push(format!(
                "the function runs as {}, not as {declared} of the definition",
                self.role
            ));
        }
        if let Some(bytes) = wanted.map(Policy::bytes).filter(|bytes| *bytes > MAX_BYTES) {
            reading.refusals.push(format!(
                "{} would have {bytes} bytes, more than the {MAX_BYTES} IAM takes for a role: \
                 divide the connections among several functions",
                self.what()
            ));
        }
        (reading, wanted.cloned())
    }

    async fn write(&self, _found: &Option<Policy>, next: &Option<Policy>) -> Result<(), Error> {
        let role = role_name(&self.role);
        match next {
            Some(next) => put(&self.session, role, &self.name, next).await,
            None => delete(&self.session, role, &self.name).await,
        }
    }
}

/// An inline policy of a role, where there is one.
pub(crate) async fn inline(
    session: &Session,
    role: &str,
    name: &str,
) -> Result<Option<Policy>, Error> {
    let request = session
        .iam()
        .get_role_policy()
        .role_name(role)
        .policy_name(name);
    let answer = request.send().await;
    let answer = answer.map_err(|error| failed("GetRolePolicy", format!("role {role}"), error));
    let answer = if_there(answer)?;
    answer
        .map(|answer| decoded(answer.policy_document()))
        .transpose()
}

pub(super) async fn put(
    session: &Session,
    role: &str,
    name: &str,
    policy: &Policy,
) -> Result<(), Error> {
    let request = session
        .iam()
        .put_role_policy()
        .role_name(role)
        .policy_name(name);
    let answer = request.policy_document(policy.to_json()).send().await;
    answer.map_err(|error| failed("PutRolePolicy", format!("role {role}"), error))?;
    Ok(())
}

pub(super) async fn delete(session: &Session, role: &str, name: &str) -> Result<(), Error> {
    let request = session
        .iam()
        .delete_role_policy()
        .role_name(role)
        .policy_name(name);
    let sent = request.send().await;
    let sent = sent.map_err(|error| failed("DeleteRolePolicy", format!("role {role}"), error));
    if_there(sent).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_percent_encoded() {
        let policy = decoded("%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D");
        assert_eq!(policy.unwrap(), Policy::default());
        let plain = r#"{"Version":"2012-10-17","Statement":[],"Id":"100%"}"#;
        assert_eq!(decoded(plain).unwrap().id.as_deref(), Some("100%"));
        assert_eq!(
            decoded("<html>").unwrap_err().kind(),
            lambda_with::ErrorKind::Decode
        );
    }

    #[test]
    fn a_role_is_named_by_the_end_of_its_arn() {
        let role = "arn:aws:iam::123456789012:role/service-role/orders"
            .parse()
            .unwrap();
        assert_eq!(role_name(&role), "orders");
    }
}
