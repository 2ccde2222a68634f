//! Subscribing a function to a topic, beside the subscriptions of others.

mod calls;
mod standing;

use aws_sdk_sns::Client;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{
    Action, Aim, Change, Goal, Orphan, Part, Reading, Session, Stage, Wire, Work,
};
use serde_json::Value;

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
        Ok(vec![Box::new(Subscription {
            client: Client::from_conf(config.build()),
            sns: self.clone(),
            function: function.clone(),
        })])
    }
}

/// The subscription of one function to one topic.
#[derive(Debug)]
struct Subscription {
    client: Client,
    sns: Sns,
    function: Function,
}

/// What is to be done.
enum Step {
    Subscribe,
    /// Attributes in the order they must be set; nothing takes one away.
    Set(Vec<(&'static str, Option<String>)>),
    Unsubscribe,
}

impl Subscription {
    fn what(&self) -> String {
        let (function, topic) = (self.endpoint(), self.sns.topic.resource());
        format!("subscription of {function} to topic {topic}")
    }

    /// The function, with its version or alias.
    fn endpoint(&self) -> &str {
        let resource = self.function.arn.resource();
        resource.strip_prefix("function:").unwrap_or(resource)
    }

    /// The attributes as they should be, by name, with null for those that should not be there.
    fn wanted(&self) -> Value {
        let mut wanted = Standing::nothing();
        for (name, value) in self.sns.attributes() {
            wanted[name] = value;
        }
        if self.sns.filter_policy.is_some() {
            wanted["FilterPolicyScope"] = self.sns.filter_scope.as_str().into();
        }
        wanted
    }

    fn compare(&self, found: &[Standing], aim: Aim) -> (Reading, Option<(Change, Step)>) {
        let mut reading = Reading::default();
        let ours = found
            .iter()
            .find(|standing| standing.endpoint == self.function.arn.as_str());
        let change = |action| Change::new(action, self.what()).of(self.sns.name());
        let wanted = self.wanted();
        let step = match (aim.goal, ours) {
            (Goal::Connect, None) => {
                let change = change(Action::Create).members(&Value::Null, &shown(&wanted));
                Some((change, Step::Subscribe))
            }
            (Goal::Connect, Some(ours)) if ours.is_pending() => {
                reading.refusals.push(format!(
                    "the {} waits for confirmation; let {}, who owns the function, confirm or remove it",
                    self.what(),
                    self.function.account()
                ));
                None
            }
            (Goal::Connect, Some(ours)) if ours.attributes == wanted => {
                reading.changes.push(change(Action::Keep));
                None
            }
            (Goal::Connect, Some(ours)) => {
                let change = change(Action::Update)
                    .members(&ours.attributes, &wanted)
                    .note("a filter policy takes up to 15 minutes to take effect");
                Some((change, Step::Set(ours.steps(&wanted))))
            }
            (Goal::Disconnect, Some(ours)) if !ours.is_pending() => {
                Some((change(Action::Remove), Step::Unsubscribe))
            }
            (Goal::Disconnect, _) => None,
        };
        if aim.goal == Goal::Connect {
            let others = found
                .iter()
                .filter(|standing| standing.endpoint != self.function.arn.as_str());
            reading.orphans.extend(others.map(|standing| Orphan {
                what: format!(
                    "a subscription of {} to topic {}, not in this definition, runs this function",
                    standing.endpoint,
                    self.sns.topic.resource()
                ),
                fix: format!(
                    "aws sns unsubscribe --subscription-arn {}, if nobody else needs it",
                    standing.arn
                ),
            }));
        }
        reading
            .changes
            .extend(step.iter().map(|(change, _)| change.clone()));
        (reading, step)
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let found = self.found(aim.goal).await?;
        let (reading, step) = self.compare(&found, aim);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Invalid, refusal));
        }
        let Some((change, step)) = step else {
            done.extend(reading.changes);
            return Ok(());
        };
        let ours = found
            .iter()
            .find(|standing| standing.endpoint == self.function.arn.as_str())
            .map(|standing| standing.arn.as_str());
        match (step, ours) {
            (Step::Set(attributes), Some(arn)) => {
                for (name, value) in attributes {
                    self.set(arn, name, value).await?;
                }
            }
            (Step::Unsubscribe, Some(arn)) => self.unsubscribe(arn).await?,
            _ => self.subscribe().await?,
        }
        let (left, again) = self.compare(&self.found(aim.goal).await?, aim);
        match again {
            None => done.push(change),
            Some(_) => {
                let left: Vec<String> = left.changes.iter().map(ToString::to_string).collect();
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!(
                        "Amazon SNS took the call and shows something else: {}",
                        left.join("; ")
                    ),
                )
                .with(
                    "fix",
                    "run it again; if it stays, find out what else writes the subscription",
                ));
            }
        }
        Ok(())
    }
}

impl Part for Subscription {
    fn title(&self) -> String {
        format!("the {}", self.what())
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(&self.found(aim.goal).await?, aim).0) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}

/// Without what is not there.
fn shown(attributes: &Value) -> Value {
    let members = attributes.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
