//! Setting up rules, authorizers and hooks, beside what others wrote.

mod authorizer;
mod document;
mod provisioning;
mod rule;

use lambda_with::{Error, Function};
use lambda_with_aws::{Part, Session, Shared, Slot, Wire};

use crate::{Authorizer, Provisioning, Rule};

/// The rule is made or changed, and the function added to its actions. The permission, which follows
/// from the definition, comes first.
///
/// A rule is written as a whole and has no version. It is read, changed, written and read again;
/// actions of others and members not known here go back as they came. An action is ours when it has
/// the function's ARN. A rule of another account is its owner's to change.
impl Wire for Rule {
    const KINDS: &'static [&'static str] = &["AWS::IoT::TopicRule"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        if self.owner(function) != function.account() {
            return Ok(Vec::new());
        }
        Ok(vec![rule::TopicRule::new(session, function, self).part()])
    }
}

/// The authorizer is made, or its settings changed, one by one. One that runs another function is
/// left alone.
impl Wire for Authorizer {
    const KINDS: &'static [&'static str] = &["AWS::IoT::Authorizer"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let authorizer = authorizer::CustomAuthorizer::new(session, function, self);
        Ok(vec![authorizer.part()])
    }
}

/// The hook of a template that exists is set, and nothing else of the template. A hook that is
/// another function is left alone.
impl Wire for Provisioning {
    const KINDS: &'static [&'static str] = &["AWS::IoT::ProvisioningTemplate"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![
            provisioning::Hook::new(session, function, self).part(),
        ])
    }
}
