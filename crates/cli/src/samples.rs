//! Sample events, by the names users give them.

use lambda_with::Sample;

use crate::failure::Failure;
use crate::services::{self, Entry, SERVICES};
use crate::suggest;

/// One sample and the service it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) entry: &'static Entry,
    pub(crate) sample: &'static Sample,
}

impl Named {
    /// SERVICE/EVENT.
    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.entry.service.id, self.sample.id)
    }

    /// The type's path in Rust.
    pub(crate) fn rust(&self) -> String {
        format!("{}::{}", self.entry.module, self.sample.of)
    }

    /// Whether it is what a function answers.
    pub(crate) fn is_response(&self) -> bool {
        self.entry
            .service
            .shapes
            .iter()
            .any(|shape| shape.name == self.sample.of && shape.response)
    }
}

/// All samples, in the order of services and their schemas.
pub(crate) fn all() -> impl Iterator<Item = Named> {
    SERVICES.iter().flat_map(|entry| {
        entry
            .service
            .samples
            .iter()
            .map(move |sample| Named { entry, sample })
    })
}

/// The sample named SERVICE/EVENT, or the first of SERVICE.
pub(crate) fn find(name: &str) -> Result<Named, Failure> {
    let (service, event) = match name.split_once('/') {
        Some((service, event)) => (service, Some(event)),
        None => (name, None),
    };
    let Some(entry) = services::find(service) else {
        return Err(Failure::usage(services::unknown(service))
            .fix("`lambda-with event --list` names all events"));
    };
    let samples = entry.service.samples;
    let found = match event {
        None => samples.first(),
        Some(event) => entry.service.sample(event),
    };
    if let Some(sample) = found {
        return Ok(Named { entry, sample });
    }
    let ids = samples.iter().map(|sample| sample.id);
    Err(match event {
        None => Failure::usage(format!(
            "{} sends no event: it configures the function",
            entry.service.name
        )),
        Some(event) => {
            let hint = suggest::hint(event, ids.clone());
            Failure::usage(format!("{service} has no event `{event}`{hint}"))
                .fix(format!("one of: {}", ids.collect::<Vec<_>>().join(", ")))
        }
    })
}
