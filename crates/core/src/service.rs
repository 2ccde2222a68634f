//! Facts about a service that no single connection changes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::shape::Shape;
use crate::{Error, ErrorKind};

/// How a service comes to run a function.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html>.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The service invokes and waits for the answer.
    Synchronous,
    /// The service hands the event over; Lambda queues it, retries it and reports failures.
    Asynchronous,
    /// Lambda reads the source and invokes with batches, as the function's execution role.
    Polling,
    /// Nothing is invoked; the function's surroundings change.
    Special,
}

impl Mode {
    /// The four modes in the order of the guide.
    pub const ALL: [Self; 4] = [
        Self::Synchronous,
        Self::Asynchronous,
        Self::Polling,
        Self::Special,
    ];

    /// The lower-case word that stands for this mode in files and output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synchronous => "synchronous",
            Self::Asynchronous => "asynchronous",
            Self::Polling => "polling",
            Self::Special => "special",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Invalid,
                    format!("`{text}` is not an invocation mode"),
                )
                .with("one of", "synchronous, asynchronous, polling, special")
            })
    }
}

/// What is true of a service whatever is connected to it.
///
/// Each service crate exports one as `SERVICE`; it is generated from the crate's `Cargo.toml`,
/// `schema.json` and `samples/`.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The id, as in `lambda-with-<id>` and in `lambda-with.toml`.
    pub id: &'static str,
    /// The name AWS gives it.
    pub name: &'static str,
    /// How it comes to run a function.
    pub mode: Mode,
    /// The service principal that invokes, where one does.
    pub principal: Option<&'static str>,
    /// The page of the guide the facts are taken from.
    pub guide: &'static str,
    /// One realistic document for every variant of event and answer.
    pub samples: &'static [Sample],
    /// The root types, events before answers, with what tells them apart.
    pub shapes: &'static [Shape],
    /// The crate's README: what it is, its permission, limits and pitfalls, as Markdown.
    pub readme: &'static str,
}

impl Service {
    /// The sample of this name, such as `put`.
    #[must_use]
    pub fn sample(&self, id: &str) -> Option<&'static Sample> {
        self.samples.iter().find(|sample| sample.id == id)
    }
}

/// A realistic document of one root type.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The name within the service: `put` of `s3/put`.
    pub id: &'static str,
    /// The root type it is an example of: `S3Event`.
    pub of: &'static str,
    /// The document.
    pub json: &'static str,
}
