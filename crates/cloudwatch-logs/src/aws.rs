//! Setting up subscriptions, beside those of others.

mod filters;
mod policy;

use lambda_with::{Error, Function};
use lambda_with_aws::{Part, Session, Shared, Slot, Wire};

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
        Ok(vec![Filters::new(self, session, function).part()])
    }
}

/// The policy is put under its name. Another policy for subscriptions is somebody else's, and stays.
impl Wire for AccountPolicy {
    const KINDS: &'static [&'static str] = &["AWS::Logs::AccountPolicy"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![Policy::new(self, session, function).part()])
    }
}

/// Whether the permission, granted a moment ago, has not been seen yet.
fn unseen(error: &Error) -> bool {
    error.context("code") == Some("InvalidParameterException")
        && error.message().contains("Could not execute")
}
