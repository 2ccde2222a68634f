//! Setting up rules with their targets, and schedules.

mod rule;
mod schedule;

use lambda_with::{Error, Function};
use lambda_with_aws::{Part, Session, Shared, Wire};

use crate::{Rule, Schedule};

/// The rule, and the function as one of its targets.
///
/// PutRule resets what it is not told, so what stands is sent back with what differs in it. A rule
/// made here carries the tag `lambda-with`; one without it keeps its pattern and schedule, and is
/// not deleted. Targets of others stay; the rule is deleted when it is ours and none are left.
impl Wire for Rule {
    const KINDS: &'static [&'static str] = &["AWS::Events::Rule"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![rule::Targets::new(self, session, function).part()])
    }
}

/// The schedule, which is ours when it runs the function.
///
/// UpdateSchedule replaces all settings; those the definition does not know go back as they are.
impl Wire for Schedule {
    const KINDS: &'static [&'static str] = &["AWS::Scheduler::Schedule"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![
            schedule::Standing::new(self, session, function)?.part(),
        ])
    }
}
