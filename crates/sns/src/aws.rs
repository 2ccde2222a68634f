//! Subscribing a function to a topic, beside the subscriptions of others.

mod calls;
mod standing;

use aws_sdk_sns::Client;
use lambda_with::{Error, Function, Integration};
use lambda_with_aws::{
    Action, Aim, Entries, Entry as _, Goal, Orphan, Part, Reading, Session, Shared, Wire,
};

use self::standing::Standing;
use crate::Sns;

/// The function is subscribed, in the topic's Region, and the subscription's attributes are set one by
/// one where they differ.
///
/// A topic has one subscription for each function, version or alias, so that one is ours. All others
/// stay untouched.
impl Wire for Sns {
    const KINDS: &'static [&'static str] = &["AWS::SNS::Subscription"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let config = aws_sdk_sns::config::Builder::from(session.config()).region(
            aws_sdk_sns::config::Region::new(self.topic.region().to_owned()),
        );
        let subscription = Subscription {
            client: Client::from_conf(config.build()),
            sns: self.clone(),
            function: function.clone(),
        };
        Ok(vec![subscription.part()])
    }
}

/// The subscription of one function to one topic.
#[derive(Debug)]
struct Subscription {
    client: Client,
    sns: Sns,
    function: Function,
}

impl Subscription {
    fn thing(&self) -> String {
        let (function, topic) = (self.endpoint(), self.sns.topic.resource());
        format!("subscription of {function} to topic {topic}")
    }

    /// The function, with its version or alias.
    fn endpoint(&self) -> &str {
        let resource = self.function.arn.resource();
        resource.strip_prefix("function:").unwrap_or(resource)
    }

    fn is_ours(&self, standing: &Standing) -> bool {
        standing.name() == self.function.arn.as_str()
    }

    /// The subscription as it should be.
    fn wanted(&self) -> Standing {
        let mut wanted = Standing::nothing();
        for (name, value) in self.sns.attributes() {
            wanted[name] = value;
        }
        if self.sns.filter_policy.is_some() {
            wanted["FilterPolicyScope"] = self.sns.filter_scope.as_str().into();
        }
        Standing {
            arn: String::new(),
            endpoint: self.function.arn.to_string(),
            attributes: wanted,
        }
    }

    /// Another version of the function that is subscribed.
    fn left_over(&self, standing: &Standing) -> Orphan {
        Orphan {
            what: format!(
                "a subscription of {} to topic {}, not in this definition, runs this function",
                standing.endpoint,
                self.sns.topic.resource()
            ),
            fix: format!(
                "aws sns unsubscribe --subscription-arn {}, if nobody else needs it",
                standing.arn
            ),
        }
    }
}

impl Shared for Subscription {
    /// The topic's subscriptions that run the function, in whatever version.
    type Document = Vec<Standing>;

    fn title(&self) -> String {
        format!("the {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Vec<Standing>, Error> {
        self.found().await
    }

    fn compare(&self, found: &Vec<Standing>, aim: Aim) -> (Reading, Vec<Standing>) {
        let mut ours = found.iter().filter(|standing| self.is_ours(standing));
        if ours.any(Standing::is_pending) {
            let mut reading = Reading::default();
            let what = format!(
                "the {} waits for confirmation; let {}, who owns the function, confirm or remove it",
                self.thing(),
                self.function.account()
            );
            let refusals = (aim.goal == Goal::Connect).then_some(what);
            reading.refusals.extend(refusals);
            return (reading, found.clone());
        }
        let entries = Entries {
            function: &self.function,
            wanted: vec![(self.sns.name(), self.wanted())],
            what: &|_| self.thing(),
            is_made: &|_| false,
            member: "topic",
        };
        let (mut reading, next) = entries.compare(found, aim);
        for change in &mut reading.changes {
            if change.action == Action::Update {
                let note = "a filter policy takes up to 15 minutes to take effect";
                change.note = Some(note.into());
            }
        }
        if aim.goal == Goal::Connect {
            let others = found.iter().filter(|standing| !self.is_ours(standing));
            let others = others.map(|standing| self.left_over(standing));
            reading.orphans.extend(others);
        }
        (reading, next)
    }

    async fn write(&self, found: &Vec<Standing>, next: &Vec<Standing>) -> Result<(), Error> {
        let ours = |all: &[Standing]| all.iter().find(|one| self.is_ours(one)).cloned();
        match (ours(found), ours(next)) {
            (Some(found), None) => self.unsubscribe(&found.arn).await,
            (Some(found), Some(next)) => {
                for (name, value) in found.steps(&next.attributes) {
                    self.set(&found.arn, name, value).await?;
                }
                Ok(())
            }
            (None, _) => self.subscribe().await,
        }
    }
}
