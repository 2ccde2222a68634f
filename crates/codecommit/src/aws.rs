//! Setting up a repository's triggers, beside those of others.

mod document;

use aws_sdk_codecommit::Client;
use aws_sdk_codecommit::types::RepositoryTrigger;
use lambda_with::{Error, Function, Integration};
use lambda_with_aws::{Aim, Entries, Exchange, Goal, Part, Reading, Session, Shared, Wire, failed};

use self::document::{Trigger, parse, request};
use crate::{CodeCommit, name};

/// The most triggers of a repository.
const MOST: usize = 10;

/// The repository is told which function to run.
///
/// A repository's triggers are written as a whole and have no version. They are read, changed,
/// written and read again; those of others go back letter for letter. A trigger is ours when its name
/// is the connection's and it runs the connection's function.
impl Wire for CodeCommit {
    const KINDS: &'static [&'static str] = &["AWS::CodeCommit::Repository"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let triggers = Triggers {
            client: Client::new(session.config()),
            repository: self.repository.resource().to_owned(),
            function: function.clone(),
            wanted: vec![self.clone()],
        };
        Ok(vec![triggers.part()])
    }
}

/// The triggers of one repository that run one function.
#[derive(Debug)]
struct Triggers {
    client: Client,
    repository: String,
    function: Function,
    wanted: Vec<CodeCommit>,
}

impl Triggers {
    fn thing(&self) -> String {
        format!("repository {}", self.repository)
    }
}

impl Shared for Triggers {
    type Document = Vec<Trigger>;

    const UNGUARDED: bool = true;

    fn title(&self) -> String {
        format!("the triggers of {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Vec<Trigger>, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_repository_triggers();
        let request = request.repository_name(&self.repository).customize();
        let sent = request.interceptor(exchange.clone()).send().await;
        let answer = exchange.answered(sent);
        parse(&answer.map_err(|error| failed("GetRepositoryTriggers", self.thing(), error))?)
    }

    fn compare(&self, found: &Vec<Trigger>, aim: Aim) -> (Reading, Vec<Trigger>) {
        let arn = self.function.arn.as_str();
        let wanted = |connection: &CodeCommit| {
            let trigger = connection.trigger(&self.function, arn);
            (connection.name(), trigger.into())
        };
        let entries = Entries {
            function: &self.function,
            wanted: self.wanted.iter().map(wanted).collect(),
            what: &|name| format!("trigger {name} of {}", self.thing()),
            is_made: &|name| name::is_made(name, &self.function),
            member: "trigger_name",
        };
        let (mut reading, next) = entries.compare(found, aim);
        let count = next.len();
        if count > MOST && count > found.len() {
            let thing = self.thing();
            let what =
                format!("{thing} would have {count} triggers, more than the {MOST} it takes");
            reading.refusals.push(what);
        }
        (reading, next)
    }

    async fn write(&self, _found: &Vec<Trigger>, next: &Vec<Trigger>) -> Result<(), Error> {
        let exchange = Exchange::sending(request(&self.repository, next));
        let request = self.client.put_repository_triggers();
        // The SDK insists on a list; the body that is sent is the document's.
        let request = request
            .repository_name(&self.repository)
            .set_triggers(Some(Vec::<RepositoryTrigger>::new()));
        let sent = request.customize().interceptor(exchange).send().await;
        sent.map(drop)
            .map_err(|error| failed("PutRepositoryTriggers", self.thing(), error))
    }

    fn join(&mut self, other: &Self) -> bool {
        let same = self.repository == other.repository;
        self.wanted
            .extend(other.wanted.iter().filter(|_| same).cloned());
        same
    }
}
