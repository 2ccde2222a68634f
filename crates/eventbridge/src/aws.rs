//! Setting up rules with their targets, and schedules.

mod rule;
mod schedule;

use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{Action, Aim, Change, Part, Pauses, Session, Wire, Work};

use crate::{Rule, Schedule};

/// The rule, and the function as one of its targets.
///
/// PutRule resets what it is not told, so what stands is sent back with what differs in it. A rule
/// made here carries the tag `lambda-with`; one without it keeps its pattern and schedule, and is
/// not deleted. Targets of others stay; the rule is deleted when it is ours and none are left.
impl Wire for Rule {
    const KINDS: &'static [&'static str] = &["AWS::Events::Rule"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![Box::new(rule::Targets::new(self, session, function))])
    }
}

/// The schedule, which is ours when it runs the function.
///
/// UpdateSchedule replaces all settings; those the definition does not know go back as they are.
impl Wire for Schedule {
    const KINDS: &'static [&'static str] = &["AWS::Scheduler::Schedule"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let part = schedule::Standing::new(self, session, function)?;
        Ok(vec![Box::new(part)])
    }
}

/// Whether both are of one function, in whatever version.
fn same_function(one: &str, other: &str) -> bool {
    let plain = |arn: &str| arn.split(':').take(7).collect::<Vec<_>>().join(":");
    plain(one) == plain(other)
}

/// An update in which nothing differs keeps what stands.
fn kept(mut update: Change) -> Change {
    if update.details.is_empty() {
        update.action = Action::Keep;
    }
    update
}

/// Reads again until what was written shows.
async fn settled<'a, F>(aim: Aim, mut left: F) -> Result<(), Error>
where
    F: FnMut() -> Work<'a, Option<Change>>,
{
    let mut pauses = Pauses::new(aim.options.wait.min(std::time::Duration::from_secs(20)));
    loop {
        let Some(change) = left().await? else {
            return Ok(());
        };
        if !pauses.again().await {
            let what = format!("AWS took the change, but does not show it: {}", change.what);
            return Err(Error::new(ErrorKind::Unavailable, what).with("fix", "run it again"));
        }
    }
}
