//! What becomes of a function that invokes itself through services.

use lambda_with::{Error, Function};
use serde_json::json;

use super::remote::unqualified;
use crate::change::{Action, Change, Reading};
use crate::error::failed;
use crate::plan::Goal;
use crate::session::Session;
use crate::shared::Shared;
use crate::wire::{Aim, Stage};

/// What stands where nobody set anything.
const UNSET: &str = "Terminate";

/// Whether a function's recursive loops are stopped.
#[derive(Clone, Debug)]
pub(crate) struct Recursion {
    session: Session,
    function: Function,
    wanted: String,
}

impl Recursion {
    pub(crate) fn new(session: &Session, function: &Function, wanted: &str) -> Self {
        Self {
            session: session.clone(),
            function: function.clone(),
            wanted: wanted.to_owned(),
        }
    }

    fn what(&self) -> String {
        format!("RecursiveLoop of {}", self.function.name())
    }
}

impl Shared for Recursion {
    type Document = String;

    fn title(&self) -> String {
        format!("the {}", self.what())
    }

    fn stage(&self) -> Stage {
        Stage::Configuration
    }

    async fn read(&self, _goal: Goal) -> Result<String, Error> {
        let request = self.session.lambda().get_function_recursion_config();
        let request = request.function_name(unqualified(&self.function));
        let answer = request.send().await;
        let answer =
            answer.map_err(|error| failed("GetFunctionRecursionConfig", self.what(), error))?;
        let found = answer.recursive_loop();
        Ok(found.map_or(UNSET, |found| found.as_str()).to_owned())
    }

    fn compare(&self, found: &String, aim: Aim) -> (Reading, String) {
        let mut reading = Reading::default();
        let next = match aim.goal {
            Goal::Connect => self.wanted.as_str(),
            Goal::Disconnect if *found == self.wanted => UNSET,
            Goal::Disconnect => found,
        };
        let action = match aim.goal {
            Goal::Connect if found == next => Some(Action::Keep),
            Goal::Connect => Some(Action::Update),
            Goal::Disconnect => (found != next).then_some(Action::Remove),
        };
        reading.changes.extend(action.map(|action| {
            let change = Change::new(action, self.what());
            match action {
                Action::Keep => change,
                _ => change.detail("RecursiveLoop", json!(found), json!(next)),
            }
        }));
        (reading, next.to_owned())
    }

    async fn write(&self, _found: &String, next: &String) -> Result<(), Error> {
        let request = self.session.lambda().put_function_recursion_config();
        let request = request
            .function_name(unqualified(&self.function))
            .recursive_loop(next.as_str().into());
        let answer = request.send().await;
        answer.map_err(|error| failed("PutFunctionRecursionConfig", self.what(), error))?;
        Ok(())
    }
}
