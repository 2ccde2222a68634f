//! Putting a function's action into a receipt rule, beside the actions of others.

mod calls;
mod compare;
mod document;

use aws_sdk_ses::Client;
use lambda_with::{Error, Function};
use lambda_with_aws::{Aim, Goal, Part, Reading, Session, Shared, Wire};

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
        let rule = Rule {
            client: Client::new(session.config()),
            ses: self.clone(),
            function: function.clone(),
        };
        Ok(vec![rule.part()])
    }
}

/// One rule, and our action in it.
#[derive(Debug)]
struct Rule {
    client: Client,
    ses: Ses,
    function: Function,
}

/// What stands.
#[derive(Debug, PartialEq)]
struct Found {
    /// The rule; nothing where there is none.
    rule: Option<Node>,
    /// Whether its set is the active one; asked for connecting only.
    is_active: bool,
}

impl Rule {
    fn thing(&self) -> String {
        format!("receipt rule {} of {}", self.ses.rule, self.ses.rule_set)
    }
}

impl Shared for Rule {
    type Document = Found;

    const UNGUARDED: bool = true;

    fn title(&self) -> String {
        format!("the {}", self.thing())
    }

    async fn read(&self, goal: Goal) -> Result<Found, Error> {
        let rule = self.found().await?;
        let is_active = goal == Goal::Disconnect || self.is_active().await?;
        Ok(Found { rule, is_active })
    }

    fn compare(&self, found: &Found, aim: Aim) -> (Reading, Found) {
        let Found { rule, is_active } = found;
        let (mut reading, rule) = match aim.goal {
            Goal::Connect => self.connected(rule.as_ref()),
            Goal::Disconnect => self.disconnected(rule.as_ref()),
        };
        if !is_active {
            reading.warnings.push(format!(
                "receipt rule set {0} is not active, so no mail passes its rules: aws ses set-active-receipt-rule-set --rule-set-name {0}",
                self.ses.rule_set
            ));
        }
        let is_active = *is_active;
        (reading, Found { rule, is_active })
    }

    async fn write(&self, found: &Found, next: &Found) -> Result<(), Error> {
        match (&found.rule, &next.rule) {
            (_, None) => self.delete().await,
            (Some(_), Some(next)) => self.update(next).await,
            (None, Some(next)) => self.create(next).await,
        }
    }

    fn is_early(&self, error: &Error) -> bool {
        let code = error.context("code");
        code.is_some_and(|code| code.starts_with("InvalidLambdaFunction"))
    }
}
