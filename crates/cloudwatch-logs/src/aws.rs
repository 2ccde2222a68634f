//! Setting up subscriptions, beside those of others.

mod filters;
mod policy;

use lambda_with::{Error, Function};
use lambda_with_aws::{Part, Session, Wire};

use self::filters::Filters;
use self::policy::Policy;
use crate::{AccountPolicy, SubscriptionFilter};

/// The filter is put under its name. A filter of that name that goes elsewhere is somebody else's, and
/// stays.
///
/// The permission, which follows from the definition, comes first: Amazon CloudWatch Logs tries it.
impl Wire for SubscriptionFilter {
    const KINDS: &'static [&'static str] = &["AWS::Logs::SubscriptionFilter"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![Box::new(Filters::new(self, session, function))])
    }
}

/// The policy is put under its name. Another policy for subscriptions is somebody else's, and stays.
impl Wire for AccountPolicy {
    const KINDS: &'static [&'static str] = &["AWS::Logs::AccountPolicy"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![Box::new(Policy::new(self, session, function))])
    }
}

/// Whether it is the same function, in whatever version.
fn same_function(one: &str, other: &str) -> bool {
    let plain = |arn: &str| {
        arn.split(':')
            .take(7)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    plain(one) == plain(other)
}

/// Whether the permission, granted a moment ago, has not been seen yet.
fn unseen(error: &Error) -> bool {
    error.context("code") == Some("InvalidParameterException")
        && error.message().contains("Could not execute")
}
