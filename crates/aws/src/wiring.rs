//! All connections of one function, as one thing to set up and take down.

use std::collections::BTreeMap;

use lambda_with::{
    Error, ErrorKind, Function, Integration, Permission, Resource, RoleStatement, Statement,
};
use serde_json::Value;

use crate::change::Change;
use crate::parts::{CallerRole, Configuration, Mapping, RolePolicy, Statements, remote};
use crate::plan::{Goal, Plan};
use crate::session::Session;
use crate::status::Status;
use crate::wire::{Aim, Options, Part, Wire};

/// The wiring of one function: everything its connections need in AWS.
///
/// ```no_run
/// use lambda_with::{Function, Integration};
/// use lambda_with_aws::{Progress, Session, Wiring};
///
/// # async fn example(session: &Session, function: Function, orders: impl Integration) -> Result<(), lambda_with::Error> {
/// let mut wiring = Wiring::new(session, function)?;
/// wiring.add(&orders)?;
/// print!("{}", wiring.diff().await?);
/// wiring.connect(|progress| if let Progress::Done(change) = progress { println!("{change}") }).await?;
/// assert!(wiring.status().await?.is_clean());
/// # Ok(())
/// # }
/// ```
///
/// It must be given all connections of the function: the execution role gets one inline policy for
/// all of them, `lambda-with-FUNCTION`, which replaces the one of an earlier definition.
#[derive(Debug)]
pub struct Wiring {
    /// How to go about it.
    pub options: Options,
    session: Session,
    function: Function,
    statements: Vec<(String, Statement)>,
    role: Vec<RoleStatement>,
    callers: Vec<CallerRole>,
    mappings: Vec<(String, Value)>,
    configuration: BTreeMap<String, Value>,
    own: Vec<Box<dyn Part>>,
}

/// What [`Wiring::connect`] and [`Wiring::disconnect`] are at.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// This part is being worked on.
    Step(&'a str),
    /// This was done, or found to be so already.
    Done(&'a Change),
}

impl Wiring {
    /// The wiring of a function without connections.
    ///
    /// # Errors
    ///
    /// `Invalid` when the session goes to another Region than the function's.
    pub fn new(session: &Session, function: Function) -> Result<Self, Error> {
        if session.region() != function.region() {
            let what = format!(
                "the function `{}` is in {}, but calls go to {}",
                function.name(),
                function.region(),
                session.region()
            );
            let fix = format!(
                "pass --region {}, or correct the function's arn",
                function.region()
            );
            return Err(Error::new(ErrorKind::Invalid, what).with("fix", fix));
        }
        Ok(Self {
            options: Options::default(),
            session: session.clone(),
            function,
            statements: Vec::new(),
            role: Vec::new(),
            callers: Vec::new(),
            mappings: Vec::new(),
            configuration: BTreeMap::new(),
            own: Vec::new(),
        })
    }

    /// Adds a connection whose wiring follows from its definition alone.
    ///
    /// # Errors
    ///
    /// `Invalid` when it needs something that takes calls of its own; see [`wire`](Self::wire).
    pub fn add<I: Integration>(&mut self, connection: &I) -> Result<(), Error> {
        self.take(connection, &[])
    }

    /// Adds a connection with steps of its own.
    ///
    /// # Errors
    ///
    /// Those of [`Wire::parts`].
    pub fn wire<W: Wire>(&mut self, connection: &W) -> Result<(), Error> {
        let parts = connection.parts(&self.session, &self.function)?;
        self.take(connection, W::KINDS)?;
        for part in parts {
            if !self.own.iter_mut().any(|own| own.join(&*part)) {
                self.own.push(part);
            }
        }
        Ok(())
    }

    /// What connecting would do. Writes nothing.
    ///
    /// # Errors
    ///
    /// When something cannot be read.
    pub async fn diff(&self) -> Result<Plan, Error> {
        self.plan(Goal::Connect).await
    }

    /// What disconnecting would do. Writes nothing.
    ///
    /// # Errors
    ///
    /// When something cannot be read.
    pub async fn diff_disconnect(&self) -> Result<Plan, Error> {
        self.plan(Goal::Disconnect).await
    }

    /// How everything stands.
    ///
    /// # Errors
    ///
    /// When something cannot be read.
    pub async fn status(&self) -> Result<Status, Error> {
        Ok(self.plan(Goal::Connect).await?.into())
    }

    /// Makes everything stand as the definition says, in the order AWS demands: roles, the
    /// function's configuration, its policy, then what makes events come.
    ///
    /// Interrupted, it can be run again and completes. Where nothing differs nothing is written.
    ///
    /// # Errors
    ///
    /// Before the first write, when something cannot be read or would be refused. After it, with
    /// the step in the context `step` and what was written by then in `standing`.
    pub async fn connect(&self, say: impl FnMut(Progress<'_>)) -> Result<Plan, Error> {
        self.apply(Goal::Connect, say).await
    }

    /// Takes away exactly what connecting set up, in the opposite order.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    pub async fn disconnect(&self, say: impl FnMut(Progress<'_>)) -> Result<Plan, Error> {
        self.apply(Goal::Disconnect, say).await
    }

    fn take<I: Integration>(&mut self, connection: &I, own: &[&str]) -> Result<(), Error> {
        let name = connection.name();
        for resource in connection.resources(&self.function) {
            if resource.kind == Mapping::KIND {
                self.mappings.push((name.clone(), resource.properties));
            } else if !own.contains(&resource.kind) {
                return Err(cannot(&name, &resource));
            }
        }
        for permission in connection.permissions(&self.function) {
            match permission {
                Permission::ResourceBased(statement) => {
                    self.statements.push((name.clone(), statement));
                }
                Permission::ExecutionRole(statement) => self.role.push(statement),
                Permission::CallerRole {
                    trusts,
                    source_arn,
                    source_account,
                    allows,
                } => {
                    let role = CallerRole::new(&self.session, &self.function, &name)
                        .trusting(&trusts, source_arn.as_ref(), source_account.as_deref())
                        .allowing(&allows);
                    self.callers.push(role);
                }
                _ => {
                    let what = format!("`{name}` needs a kind of permission not known here");
                    return Err(Error::new(ErrorKind::Invalid, what));
                }
            }
        }
        if let Some(Value::Object(members)) = connection.configuration(&self.function) {
            for (member, value) in members {
                Configuration::knows(&member).map_err(|error| error.with("connection", &name))?;
                self.configuration.insert(member, value);
            }
        }
        Ok(())
    }

    async fn plan(&self, goal: Goal) -> Result<Plan, Error> {
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
        Ok(plan)
    }

    async fn apply(&self, goal: Goal, mut say: impl FnMut(Progress<'_>)) -> Result<Plan, Error> {
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
            parts.push(Box::new(caller.clone()));
        }
        let standing = remote::read(session, function, goal).await?;
        // What the function runs as, rather than what the definition says it does.
        let role = standing
            .as_ref()
            .and_then(remote::role)
            .or_else(|| function.role.clone());
        if let Some(role) = role {
            parts.push(Box::new(RolePolicy::new(
                session, function, role, &self.role,
            )));
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
            )));
        }
        for (name, properties) in &self.mappings {
            parts.push(Box::new(Mapping::new(session, function, name, properties)));
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

fn cannot(name: &str, resource: &Resource) -> Error {
    let what = format!(
        "`{name}` needs an {}, which is not set up from here",
        resource.kind
    );
    Error::new(ErrorKind::Invalid, what).with(
        "fix",
        "set it up with `lambda-with export` and your infrastructure code",
    )
}

fn unfinished(error: Error, step: String, done: &[Change]) -> Error {
    let standing: Vec<String> = done
        .iter()
        .filter(|change| change.is_change())
        .map(|change| format!("{} {}", change.action.past(), change.what))
        .collect();
    let standing = match standing.as_slice() {
        [] => "nothing was written".into(),
        standing => standing.join("; "),
    };
    error.with("step", step).with("standing", standing)
}
