//! Whether a statement applies to a request, and if not, why.

use super::condition::{self, Failure};
use super::matching::{arn_like, like};
use super::{PolicyStatement, Principals, Values};
use crate::{Arn, Caller};

/// One request, as a policy sees it.
pub(super) struct Request<'a> {
    pub(super) action: &'static str,
    pub(super) caller: &'a Caller,
    pub(super) resource: &'a Arn,
}

/// Why a statement does not apply; the smaller the distance, the nearer it comes to applying.
pub(super) struct Miss {
    pub(super) distance: usize,
    /// Nothing when the statement does not even name the caller.
    pub(super) words: Option<String>,
    /// Whether nothing but unknown operators stands in the way.
    pub(super) unknown: bool,
}

impl Request<'_> {
    /// Why the statement does not apply, if it does not.
    pub(super) fn miss(&self, statement: &PolicyStatement) -> Option<Miss> {
        let miss = |distance, words| {
            Some(Miss {
                distance,
                words,
                unknown: false,
            })
        };
        if !one_of(&statement.principal, &statement.not_principal, |p| {
            self.is_named(p)
        }) {
            return miss(usize::MAX, None);
        }
        let acts = |values: &Values| any(values, |value| like(&lower(value), &lower(self.action)));
        if !one_of(&statement.action, &statement.not_action, acts) {
            let words = format!(
                "allows {}, not {}",
                list(statement.action.as_ref()),
                self.action
            );
            return miss(usize::MAX - 1, Some(words));
        }
        let about = |values: &Values| any(values, |value| arn_like(value, self.resource.as_str()));
        if !one_of(&statement.resource, &statement.not_resource, about) {
            let words = format!(
                "is for {}, not for {}",
                list(statement.resource.as_ref()),
                self.resource
            );
            return miss(usize::MAX - 2, Some(words));
        }
        let failures: Vec<Failure> = statement
            .condition
            .iter()
            .flat_map(|(operator, keys)| {
                keys.iter()
                    .map(move |(key, values)| (operator, key, values))
            })
            .filter_map(|(operator, key, values)| {
                condition::check(operator, key, values, self.value(key).as_deref()).err()
            })
            .collect();
        if failures.is_empty() {
            return None;
        }
        let words: Vec<&str> = failures
            .iter()
            .map(|failure| failure.words.as_str())
            .collect();
        Some(Miss {
            distance: failures.len(),
            words: Some(format!(
                "allows it only when {}",
                words.join(", and only when ")
            )),
            unknown: failures.iter().all(|failure| failure.unknown),
        })
    }

    fn is_named(&self, principals: &Principals) -> bool {
        let Principals::Of(map) = principals else {
            return true;
        };
        let named = |kind: &str, names: &dyn Fn(&str) -> bool| {
            map.get(kind).is_some_and(|values| any(values, names))
        };
        match self.caller {
            Caller::Service(delivery) => {
                named("AWS", &|value| value == "*")
                    || named("Service", &|value| value == delivery.principal)
            }
            Caller::FunctionUrl => named("AWS", &|value| value == "*"),
            Caller::Owner => named("AWS", &|value| {
                let root = |arn: &Arn| {
                    arn.service() == "iam"
                        && arn.account() == self.resource.account()
                        && arn.resource() == "root"
                };
                value == "*"
                    || value == self.resource.account()
                    || value.parse().is_ok_and(|arn: Arn| root(&arn))
            }),
        }
    }

    /// The request's value of a condition key; the case of keys does not matter.
    fn value(&self, key: &str) -> Option<String> {
        let service = match self.caller {
            Caller::Service(delivery) => Some(delivery),
            Caller::Owner | Caller::FunctionUrl => None,
        };
        let url = *self.caller == Caller::FunctionUrl;
        let own = || self.resource.account().to_owned();
        match key.to_ascii_lowercase().as_str() {
            "aws:sourcearn" => service?.source_arn.as_ref().map(ToString::to_string),
            "aws:sourceaccount" => service?.source_account.clone(),
            "lambda:eventsourcetoken" => service?.event_source_token.clone(),
            "aws:principalservicename" => Some(service?.principal.clone()),
            "aws:principalisawsservice" => Some(service.is_some().to_string()),
            "lambda:functionurlauthtype" => {
                (url && self.action == "lambda:InvokeFunctionUrl").then(|| "NONE".to_owned())
            }
            "lambda:invokedviafunctionurl" => {
                (url && self.action == "lambda:InvokeFunction").then(|| "true".to_owned())
            }
            "aws:principalaccount" => (service.is_none() && !url).then(own),
            "aws:resourceaccount" => Some(own()),
            _ => None,
        }
    }
}

/// Whether an element applies: `Action` and its like when it fits, `NotAction` when it does not.
fn one_of<T>(positive: &Option<T>, negative: &Option<T>, fits: impl Fn(&T) -> bool) -> bool {
    match (positive, negative) {
        (Some(positive), _) => fits(positive),
        (None, Some(negative)) => !fits(negative),
        (None, None) => false,
    }
}

fn any(values: &Values, fits: impl Fn(&str) -> bool) -> bool {
    values.iter().any(|value| fits(&value.to_string()))
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

fn list(values: Option<&Values>) -> String {
    let values = values.map(|values| values.iter().map(ToString::to_string).collect::<Vec<_>>());
    values.map_or_else(|| "other things".into(), |values| values.join(" and "))
}
