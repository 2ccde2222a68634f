//! Connecting is refused: the service has ended. Disconnecting still takes permission and role away.

use lambda_with::{Error, Function};
use lambda_with_aws::{Aim, Goal, Part, Reading, Session, Shared, Wire};

use crate::{ENDED, IotEvents};

/// Nothing is asked of AWS IoT Events, which does not answer any more.
impl Wire for IotEvents {
    const KINDS: &'static [&'static str] = &["AWS::IoTEvents::DetectorModel"];

    fn parts(&self, _session: &Session, _function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        Ok(vec![Ended(self.detector_model.clone()).part()])
    }
}

/// A detector model that is no more.
#[derive(Debug)]
struct Ended(String);

impl Shared for Ended {
    type Document = ();

    fn title(&self) -> String {
        format!("detector model {}", self.0)
    }

    async fn read(&self, _goal: Goal) -> Result<(), Error> {
        Ok(())
    }

    fn compare(&self, (): &(), aim: Aim) -> (Reading, ()) {
        let mut reading = Reading::default();
        if aim.goal == Goal::Connect {
            let what = format!("{} cannot be connected: {ENDED}", self.title());
            reading.refusals.push(what);
        }
        (reading, ())
    }

    async fn write(&self, (): &(), (): &()) -> Result<(), Error> {
        Ok(())
    }
}
