//! All connections of one function, as one thing to set up and take down.

mod work;

use std::collections::BTreeMap;

use lambda_with::{
    Error, ErrorKind, Function, Integration, Permission, Resource, RoleStatement, Statement,
};
use serde_json::{Map, Value};

use crate::change::Change;
use crate::parts::{Asynchronous, CallerRole, Configuration, Deployed, Mapping, Recursion, Url};
use crate::plan::{Goal, Plan};
use crate::session::Session;
use crate::shared::Shared;
use crate::status::Status;
use crate::wire::{Options, Part, Wire};

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
    trusted: Vec<String>,
    callers: Vec<CallerRole>,
    mappings: Vec<(String, Value)>,
    configuration: BTreeMap<String, Value>,
    /// Whether the function's URL is for callers that sign their requests.
    signed_url: bool,
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
            trusted: Vec::new(),
            callers: Vec::new(),
            mappings: Vec::new(),
            configuration: BTreeMap::new(),
            signed_url: false,
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

    /// Lets the execution role do something besides what the connections need: send the records of
    /// asynchronous invocations to their destination.
    pub fn allow(&mut self, statement: RoleStatement) {
        self.role.push(statement);
    }

    /// Adds a setting of the function that is no connection's, in CloudFormation's terms:
    ///
    /// - `AWS::Lambda::Url`: its URL, with the two statements that one for everybody takes;
    /// - `AWS::Lambda::EventInvokeConfig`: retries and destinations of asynchronous invocations;
    /// - `AWS::Lambda::Function`: of its members, `RecursiveLoop` is set, and so is what connections
    ///   set. Those that whoever deploys the code sets (`Environment`, `MemorySize`,
    ///   `ReservedConcurrentExecutions`, `Timeout`, `VpcConfig`) are compared, and a warning names
    ///   those that differ.
    ///
    /// What the properties say of which function they belong to is not looked at.
    ///
    /// # Errors
    ///
    /// `Invalid` when it is something else.
    pub fn setting(&mut self, resource: &Resource) -> Result<(), Error> {
        let (session, function) = (self.session.clone(), self.function.clone());
        let properties = &resource.properties;
        match resource.kind {
            Url::KIND => {
                if properties["AuthType"] == "NONE" {
                    let named = |statement| ("url".to_owned(), statement);
                    self.statements.extend(Statement::public_url().map(named));
                } else {
                    self.signed_url = true;
                }
                self.own
                    .push(Url::new(&session, &function, properties).part());
            }
            Asynchronous::KIND => {
                let part = Asynchronous::new(&session, &function, properties);
                self.own.push(part.part());
            }
            Deployed::KIND => self.members(properties)?,
            _ => return Err(cannot("the function", resource)),
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
        let mut status = Status::from(self.plan(Goal::Connect).await?);
        status.denied = self.denied(&status).await?;
        Ok(status)
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

    fn members(&mut self, properties: &Value) -> Result<(), Error> {
        let mut deployed = Map::new();
        for (member, value) in properties.as_object().into_iter().flatten() {
            if member == "RecursiveLoop" {
                let wanted = value.as_str().unwrap_or_default();
                let part = Recursion::new(&self.session, &self.function, wanted);
                self.own.push(part.part());
            } else if Deployed::knows(member) {
                deployed.insert(member.clone(), value.clone());
            } else {
                Configuration::knows(member)?;
                self.configuration.insert(member.clone(), value.clone());
            }
        }
        if !deployed.is_empty() {
            let part = Deployed::new(&self.session, &self.function, deployed);
            self.own.push(Box::new(part));
        }
        Ok(())
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
                Permission::CallerRole(role) => {
                    let role = CallerRole::new(&self.session, &self.function, &name, &role);
                    self.callers.push(role);
                }
                Permission::ExecutionTrust { service } => {
                    if !self.trusted.contains(&service) {
                        self.trusted.push(service);
                    }
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
