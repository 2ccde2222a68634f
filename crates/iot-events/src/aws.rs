//! Connecting is refused: the service has ended. Disconnecting still takes permission and role away.

use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{Aim, Change, Goal, Part, Reading, Session, Stage, Wire, Work};

use crate::{ENDED, IotEvents};

/// Nothing is asked of AWS IoT Events, which does not answer any more.
impl Wire for IotEvents {
    const KINDS: &'static [&'static str] = &["AWS::IoTEvents::DetectorModel"];

    fn parts(&self, _session: &Session, _function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![Box::new(Ended {
            model: self.detector_model.clone(),
        })])
    }
}

/// A detector model that is no more.
#[derive(Debug)]
struct Ended {
    model: String,
}

impl Part for Ended {
    fn title(&self) -> String {
        format!("detector model {}", self.model)
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        let mut reading = Reading::default();
        if aim.goal == Goal::Connect {
            let what = format!("{} cannot be connected: {ENDED}", self.title());
            reading.refusals.push(what);
        }
        Box::pin(async move { Ok(reading) })
    }

    fn apply<'a>(&'a self, aim: Aim, _done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(async move {
            match aim.goal {
                Goal::Connect => Err(Error::new(ErrorKind::Invalid, ENDED)),
                Goal::Disconnect => Ok(()),
            }
        })
    }
}
