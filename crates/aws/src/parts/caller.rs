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
use crate::shared::Shared;
use crate::wire::{Aim, Stage};

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

/// A role as it stands, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Found {
    /// Its path and its trust policy; nothing where there is no such role.
    role: Option<(String, Policy)>,
    allows: Option<Policy>,
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

    fn shown(&self, trust: &Policy, allows: Option<&Policy>) -> Value {
        json!({
            "AssumeRolePolicyDocument": trust.statements,
            "Policy": allows.map(|policy| &policy.statements),
        })
    }

    /// What is to be done to a role that others made.
    fn compare_made(&self, found: &Found, goal: Goal) -> Reading {
        let mut reading = Reading::default();
        let Some((_, trust)) = &found.role else {
            if goal == Goal::Connect {
                let what = format!(
                    "{}, which {} names, does not exist",
                    self.what(),
                    self.connection
                );
                reading.refusals.push(what);
            }
            return reading;
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
        let change = match (&found.allows, goal) {
            (None, Goal::Disconnect) => return reading,
            (Some(_), Goal::Disconnect) => change(Action::Remove),
            (Some(found), Goal::Connect) if *found == self.allows => change(Action::Keep),
            (found, Goal::Connect) => {
                let action = if found.is_some() {
                    Action::Update
                } else {
                    Action::Create
                };
                let found = found
                    .as_ref()
                    .map_or(Value::Null, |found| json!(found.statements));
                change(action).detail("Statement", found, json!(self.allows.statements))
            }
        };
        reading.changes.push(change);
        reading
    }

    fn compare_own(&self, found: &Found, goal: Goal) -> Reading {
        let mut reading = Reading::default();
        let change = |action| Change::new(action, self.what()).of(&self.connection);
        let wanted = self.shown(&self.trust, Some(&self.allows));
        match (&found.role, goal) {
            (Some((path, _)), _) if path != PATH => reading.refusals.push(format!(
                "there is a {} already, which was not made here: its path is {path}, not {PATH}",
                self.what()
            )),
            (None, Goal::Disconnect) => {}
            (Some(_), Goal::Disconnect) => reading.changes.push(change(Action::Remove)),
            (None, Goal::Connect) => {
                let change = change(Action::Create).members(&Value::Null, &wanted);
                reading.changes.push(change);
            }
            (Some((_, trust)), Goal::Connect) => {
                let found = self.shown(trust, found.allows.as_ref());
                let change = change(Action::Update).members(&found, &wanted);
                reading.changes.push(change.or_keep());
            }
        }
        reading
    }

    async fn write_role(&self, found: &Found, next: &Found) -> Result<(), Error> {
        let iam = self.session.iam();
        match (&found.role, &next.role) {
            (None, Some((path, trust))) => {
                let request = iam.create_role().role_name(&self.name).path(path);
                let description = format!("Made by lambda-with for {}", self.connection);
                let request = request
                    .description(description)
                    .assume_role_policy_document(trust.to_json());
                let answer = request.send().await;
                answer.map_err(|error| failed("CreateRole", self.what(), error))?;
            }
            (Some((_, standing)), Some((_, trust))) if standing != trust => {
                let request = iam.update_assume_role_policy().role_name(&self.name);
                let answer = request.policy_document(trust.to_json()).send().await;
                answer.map_err(|error| failed("UpdateAssumeRolePolicy", self.what(), error))?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Shared for CallerRole {
    type Document = Found;

    fn title(&self) -> String {
        format!("the role for {}", self.connection)
    }

    fn stage(&self) -> Stage {
        Stage::CallerRole
    }

    async fn read(&self, _goal: Goal) -> Result<Found, Error> {
        let request = self.session.iam().get_role().role_name(&self.name);
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("GetRole", self.what(), error));
        let Some(answer) = if_there(answer)? else {
            return Ok(Found::default());
        };
        let role = answer.role();
        let path = role.map(|role| role.path().to_owned()).unwrap_or_default();
        let trust = role.and_then(|role| role.assume_role_policy_document());
        let trust = decoded(trust.unwrap_or("{}"))?;
        Ok(Found {
            role: Some((path, trust)),
            allows: inline(&self.session, &self.name, &self.policy).await?,
        })
    }

    fn compare(&self, found: &Found, aim: Aim) -> (Reading, Found) {
        let role = (PATH.to_owned(), self.trust.clone());
        let connects = aim.goal == Goal::Connect;
        let allows = connects.then(|| self.allows.clone());
        match self.made {
            true => {
                let role = found.role.clone();
                (self.compare_made(found, aim.goal), Found { role, allows })
            }
            false => {
                let role = connects.then_some(role);
                (self.compare_own(found, aim.goal), Found { role, allows })
            }
        }
    }

    /// The role before its policy, and after it when it goes.
    async fn write(&self, found: &Found, next: &Found) -> Result<(), Error> {
        self.write_role(found, next).await?;
        match &next.allows {
            Some(allows) if found.allows.as_ref() != Some(allows) => {
                let put = put(&self.session, &self.name, &self.policy, allows).await;
                put.map_err(|error| match found.role {
                    None => error.with("written", self.what()),
                    Some(_) => error,
                })?;
            }
            None if found.allows.is_some() => {
                delete(&self.session, &self.name, &self.policy).await?;
            }
            _ => {}
        }
        if found.role.is_some() && next.role.is_none() {
            let request = self.session.iam().delete_role().role_name(&self.name);
            let answer = request.send().await;
            answer.map_err(|error| failed("DeleteRole", self.what(), error))?;
        }
        Ok(())
    }

    /// A role that was just made is not known everywhere at once.
    fn is_early(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::NotFound
    }
}
