//! Putting a function's action into a receipt rule, beside the actions of others.

mod calls;
mod compare;
mod document;

use aws_sdk_ses::Client;
use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{
    Action, Aim, Change, Goal, Part, Patience, Pauses, Reading, Session, Shared, Stage, Wire, Work,
    rewrite,
};

use self::document::Node;
use crate::Ses;

/// The rule gets our action. The permission, which follows from the definition, comes first: Amazon SES
/// tries it.
///
/// A rule is written as a whole and has no version. It is read, changed, written and read again; the
/// actions of others and members this crate does not know go back as they came. An action is ours
/// when it runs the connection's function.
impl Wire for Ses {
    const KINDS: &'static [&'static str] = &["AWS::SES::ReceiptRule"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![Box::new(Rule {
            client: Client::new(session.config()),
            ses: self.clone(),
            function: function.clone(),
        })])
    }
}

/// One rule, and our action in it.
#[derive(Debug)]
struct Rule {
    client: Client,
    ses: Ses,
    function: Function,
}

/// What is to be, as [`rewrite`] asks for it.
struct Rewrite<'a> {
    rule: &'a Rule,
    aim: Aim,
}

impl Rule {
    fn what(&self) -> String {
        format!("receipt rule {} of {}", self.ses.rule, self.ses.rule_set)
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let patience = Patience {
            settle: aim.options.settle,
            ..Patience::default()
        };
        let mut pauses = Pauses::new(aim.options.wait.min(std::time::Duration::from_secs(20)));
        let what = self.what();
        loop {
            match rewrite(&what, &Rewrite { rule: self, aim }, patience).await {
                Ok((found, _)) => {
                    done.extend(self.compare(found.as_ref(), aim).0.changes);
                    return Ok(());
                }
                // The permission was granted a moment ago, and Amazon SES has not seen it yet.
                Err(error) if unseen(&error) && pauses.again().await => {}
                Err(error) => {
                    let written = error.context("written").is_some();
                    let change = Change::new(Action::Update, what).note("written, not confirmed");
                    done.extend(written.then_some(change));
                    return Err(error);
                }
            }
        }
    }
}

impl Shared for Rewrite<'_> {
    /// The rule; nothing where there is none.
    type Document = Option<Node>;

    async fn read(&self) -> Result<Option<Node>, Error> {
        self.rule.found(self.aim.goal).await
    }

    fn change(&self, found: &Option<Node>) -> Result<Option<Option<Node>>, Error> {
        let (reading, next) = self.rule.compare(found.as_ref(), self.aim);
        match reading.refusals.into_iter().next() {
            Some(refusal) => Err(Error::new(ErrorKind::Invalid, refusal)),
            None => Ok((next != *found).then_some(next)),
        }
    }

    async fn write(&self, next: &Option<Node>) -> Result<(), Error> {
        match next {
            None => self.rule.delete().await,
            Some(next) => match self.rule.found(self.aim.goal).await? {
                Some(_) => self.rule.update(next).await,
                None => self.rule.create(next).await,
            },
        }
    }
}

impl Part for Rule {
    fn title(&self) -> String {
        self.what()
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            let found = self.found(aim.goal).await?;
            let mut reading = self.compare(found.as_ref(), aim).0;
            if aim.goal == Goal::Connect && !self.is_active().await? {
                reading.warnings.push(format!(
                    "receipt rule set {0} is not active, so no mail passes its rules: aws ses set-active-receipt-rule-set --rule-set-name {0}",
                    self.ses.rule_set
                ));
            }
            Ok(reading)
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}

fn unseen(error: &Error) -> bool {
    error
        .context("code")
        .is_some_and(|code| code.starts_with("InvalidLambdaFunction"))
}
