//! Roles that services assume in order to invoke.

use lambda_with::name::checksum;
use lambda_with::policy::{Effect, Policy, PolicyStatement};
use lambda_with::{Arn, Error, ErrorKind, Function};
use serde_json::{Value, json};

use super::role::{decoded, delete, inline, put, role_name};
use crate::change::{Action, Change, Reading};
use crate::error::{failed, if_there};
use crate::plan::Goal;
use crate::session::Session;
use crate::wire::{Aim, Part, Stage, Work};

/// Where roles made here live, which is how they are told from others.
const PATH: &str = "/lambda-with/";
/// The name of the one inline policy of a role made here.
const POLICY: &str = "invoke";

/// A role with its trust policy and one inline policy. Of a role that others made only the inline
/// policy is ours.
#[derive(Clone, Debug)]
pub(crate) struct CallerRole {
    session: Session,
    connection: String,
    made: bool,
    name: String,
    policy: String,
    trust: Policy,
    allows: Policy,
}

/// The name of the role that a connection's service assumes: readable, unique in the account, at
/// most 64 characters.
pub(crate) fn name(function: &Function, connection: &str) -> String {
    let exact = format!("{}\0{connection}", function.arn);
    let mut name = format!("{}-{connection}", function.name());
    name.truncate(55);
    format!("{}-{}", name.trim_end_matches('-'), checksum(&exact))
}

/// The ARN of that role, for the service to be told.
///
/// ```
/// use lambda_with::Function;
///
/// let orders = "arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?;
/// let role = lambda_with_aws::caller_role(&Function::new(orders)?, "firehose-clicks")?;
/// assert!(role.as_str().starts_with("arn:aws:iam::123456789012:role/lambda-with/orders-firehose-clicks-"));
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// # Errors
///
/// `Invalid` when the connection's name does not fit into an ARN.
pub fn caller_role(function: &Function, connection: &str) -> Result<Arn, Error> {
    let resource = format!("role{PATH}{}", name(function, connection));
    Arn::new(
        function.partition(),
        "iam",
        "",
        function.account(),
        &resource,
    )
}

impl CallerRole {
    pub(crate) fn new(
        session: &Session,
        function: &Function,
        connection: &str,
        role: &lambda_with::CallerRole,
    ) -> Self {
        let own = name(function, connection);
        let (name, policy) = match &role.role {
            Some(role) => (role_name(role).to_owned(), own),
            None => (own, POLICY.to_owned()),
        };
        Self {
            session: session.clone(),
            connection: connection.to_owned(),
            made: role.role.is_some(),
            name,
            policy,
            trust: Policy::trust(role),
            allows: Policy::of_role(&role.allows),
        }
    }

    fn what(&self) -> String {
        format!("role {}", self.name)
    }

    /// The role's path and trust policy.
    async fn found(&self) -> Result<Option<(String, Policy)>, Error> {
        let request = self.session.iam().get_role().role_name(&self.name);
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("GetRole", self.what(), error));
        let Some(answer) = if_there(answer)? else {
            return Ok(None);
        };
        let role = answer.role();
        let path = role.map(|role| role.path().to_owned()).unwrap_or_default();
        let trust = role.and_then(|role| role.assume_role_policy_document());
        Ok(Some((path, decoded(trust.unwrap_or("{}"))?)))
    }

    /// What is to be done to a role that others made.
    async fn look_made(&self, goal: Goal) -> Result<Reading, Error> {
        let mut reading = Reading::default();
        let Some((_, trust)) = self.found().await? else {
            if goal == Goal::Connect {
                let what = format!(
                    "{}, which {} names, does not exist",
                    self.what(),
                    self.connection
                );
                reading.refusals.push(what);
            }
            return Ok(reading);
        };
        let lacks = |wanted: &PolicyStatement| {
            let same =
                |s: &&PolicyStatement| s.effect == Effect::Allow && s.principal == wanted.principal;
            trust.statements.iter().find(same).is_none()
        };
        if goal == Goal::Connect && self.trust.statements.iter().any(lacks) {
            reading.warnings.push(format!(
                "{} does not trust the service that is to assume it; its owner must add {}",
                self.what(),
                serde_json::to_string(&self.trust.statements).unwrap_or_default()
            ));
        }
        let what = format!("inline policy {} of {}", self.policy, self.what());
        let change = |action| Change::new(action, &what).of(&self.connection);
        let found = inline(&self.session, &self.name, &self.policy).await?;
        let change = match (found, goal) {
            (None, Goal::Disconnect) => return Ok(reading),
            (Some(_), Goal::Disconnect) => change(Action::Remove),
            (Some(found), Goal::Connect) if found == self.allows => change(Action::Keep),
            (found, Goal::Connect) => {
                let action = if found.is_some() {
                    Action::Update
                } else {
                    Action::Create
                };
                let found = found.map_or(Value::Null, |found| json!(found.statements));
                change(action).detail("Statement", found, json!(self.allows.statements))
            }
        };
        reading.changes.push(change);
        Ok(reading)
    }

    async fn look(&self, goal: Goal) -> Result<Reading, Error> {
        if self.made {
            return self.look_made(goal).await;
        }
        let mut reading = Reading::default();
        let found = self.found().await?;
        let change = |action| Change::new(action, self.what()).of(&self.connection);
        match (found, goal) {
            (Some((path, _)), _) if path != PATH => reading.refusals.push(format!(
                "there is a {} already, which was not made here: its path is {path}, not {PATH}",
                self.what()
            )),
            (None, Goal::Disconnect) => {}
            (Some(_), Goal::Disconnect) => reading.changes.push(change(Action::Remove)),
            (None, Goal::Connect) => {
                let shown = self.shown();
                reading
                    .changes
                    .push(change(Action::Create).members(&Value::Null, &shown));
            }
            (Some((_, trust)), Goal::Connect) => {
                let allows = inline(&self.session, &self.name, &self.policy).await?;
                let found = json!({
                    "AssumeRolePolicyDocument": trust.statements,
                    "Policy": allows.map(|policy| policy.statements),
                });
                let change = change(Action::Update).members(&found, &self.shown());
                reading.changes.push(change.or_keep());
            }
        }
        Ok(reading)
    }

    fn shown(&self) -> Value {
        json!({
            "AssumeRolePolicyDocument": self.trust.statements,
            "Policy": self.allows.statements,
        })
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let reading = self.look(aim.goal).await?;
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Conflict, refusal));
        }
        let iam = self.session.iam();
        for change in reading.changes {
            match change.action {
                Action::Keep => {}
                Action::Create | Action::Update if self.made => {}
                Action::Remove if self.made => {
                    delete(&self.session, &self.name, &self.policy).await?;
                }
                Action::Create => {
                    let request = iam.create_role().role_name(&self.name).path(PATH);
                    let description = format!("Made by lambda-with for {}", self.connection);
                    let request = request
                        .description(description)
                        .assume_role_policy_document(self.trust.to_json());
                    let answer = request.send().await;
                    answer.map_err(|error| failed("CreateRole", self.what(), error))?;
                }
                Action::Update => {
                    let request = iam.update_assume_role_policy().role_name(&self.name);
                    let answer = request.policy_document(self.trust.to_json()).send().await;
                    answer.map_err(|error| failed("UpdateAssumeRolePolicy", self.what(), error))?;
                }
                Action::Remove => {
                    delete(&self.session, &self.name, &self.policy).await?;
                    let answer = iam.delete_role().role_name(&self.name).send().await;
                    answer.map_err(|error| failed("DeleteRole", self.what(), error))?;
                }
            }
            let named = matches!(change.action, Action::Create | Action::Update);
            done.push(change);
            if named {
                put(&self.session, &self.name, &self.policy, &self.allows).await?;
            }
        }
        Ok(())
    }
}

impl Part for CallerRole {
    fn title(&self) -> String {
        format!("the role for {}", self.connection)
    }

    fn stage(&self) -> Stage {
        Stage::CallerRole
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(self.look(aim.goal))
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}
