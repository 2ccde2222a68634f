//! Setting up a repository's triggers, beside those of others.

mod compare;
mod document;

use std::any::Any;

use aws_sdk_codecommit::Client;
use aws_sdk_codecommit::types::RepositoryTrigger;
use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Part, Patience, Reading, Session, Shared, Stage, Wire,
    Work, failed, rewrite,
};

use self::document::Document;
use crate::CodeCommit;

/// The repository is told which function to run.
///
/// A repository's triggers are written as a whole and have no version. They are read, changed,
/// written and read again; those of others go back letter for letter. A trigger is ours when its name
/// is the connection's and it runs the connection's function.
impl Wire for CodeCommit {
    const KINDS: &'static [&'static str] = &["AWS::CodeCommit::Repository"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![Box::new(Triggers {
            client: Client::new(session.config()),
            repository: self.repository.resource().to_owned(),
            function: function.clone(),
            wanted: vec![self.clone()],
        })])
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

/// What is to be, as [`rewrite`] asks for it.
struct Rewrite<'a> {
    part: &'a Triggers,
    aim: Aim,
}

impl Triggers {
    async fn found(&self) -> Result<Document, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_repository_triggers();
        let request = request.repository_name(&self.repository).customize();
        match request.interceptor(exchange.clone()).send().await {
            Ok(_) => Document::parse(&exchange.answer()),
            Err(error) => {
                let error = failed("GetRepositoryTriggers", self.place(), error);
                Err(match error.kind() {
                    ErrorKind::NotFound => {
                        error.with("fix", "create the repository, or correct its name")
                    }
                    _ => error,
                })
            }
        }
    }

    async fn put(&self, document: &Document) -> Result<(), Error> {
        let exchange = Exchange::sending(document.request(&self.repository));
        let request = self.client.put_repository_triggers();
        // The SDK insists on a list; the body that is sent is the document's.
        let request = request
            .repository_name(&self.repository)
            .set_triggers(Some(Vec::<RepositoryTrigger>::new()));
        let sent = request.customize().interceptor(exchange).send().await;
        sent.map(drop)
            .map_err(|error| failed("PutRepositoryTriggers", self.place(), error))
    }

    fn place(&self) -> String {
        format!("repository {}", self.repository)
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let what = self.title();
        let patience = Patience {
            settle: aim.options.settle,
            ..Patience::default()
        };
        match rewrite(&what, &Rewrite { part: self, aim }, patience).await {
            Ok((found, _)) => {
                done.extend(self.compare(&found, aim).0.changes);
                Ok(())
            }
            Err(error) if gone(&error, aim) => Ok(()),
            Err(error) => {
                let written = error.context("written").is_some();
                let change = Change::new(Action::Update, what).note("written, not confirmed");
                done.extend(written.then_some(change));
                Err(error)
            }
        }
    }
}

impl Shared for Rewrite<'_> {
    type Document = Document;

    async fn read(&self) -> Result<Document, Error> {
        self.part.found().await
    }

    fn change(&self, document: &Document) -> Result<Option<Document>, Error> {
        let (reading, next) = self.part.compare(document, self.aim);
        match reading.refusals.into_iter().next() {
            Some(refusal) => Err(Error::new(ErrorKind::Invalid, refusal)),
            None => Ok((next != *document).then_some(next)),
        }
    }

    async fn write(&self, document: &Document) -> Result<(), Error> {
        self.part.put(document).await
    }
}

impl Part for Triggers {
    fn title(&self) -> String {
        format!("the triggers of {}", self.place())
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            match self.found().await {
                Ok(found) => Ok(self.compare(&found, aim).0),
                Err(error) if gone(&error, aim) => Ok(Reading::default()),
                Err(error) => Err(error),
            }
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }

    fn join(&mut self, other: &dyn Part) -> bool {
        let other = (other as &dyn Any).downcast_ref::<Self>();
        let other = other.filter(|other| other.repository == self.repository);
        let wanted = other.into_iter().flat_map(|other| other.wanted.clone());
        self.wanted.extend(wanted);
        other.is_some()
    }
}

/// A repository that is gone has nothing to disconnect.
fn gone(error: &Error, aim: Aim) -> bool {
    aim.goal == Goal::Disconnect && error.kind() == ErrorKind::NotFound
}
