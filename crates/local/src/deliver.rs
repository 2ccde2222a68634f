//! Where records of asynchronous events go.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use lambda_with::rules::destination::DeadLetter;
use lambda_with::{Arn, Error, ErrorKind, Json};
use serde::Serialize;

/// The file that holds a line for every record sent anywhere but to a function of this engine.
#[derive(Debug)]
pub(crate) struct Deliveries(Option<Mutex<File>>);

/// One line of the file.
#[derive(Debug, Serialize)]
struct Line<'a> {
    kind: Kind,
    function: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<&'a str>,
    /// The key of an object or a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<serde_json::Map<String, serde_json::Value>>,
    body: Json,
}

/// Why something is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    OnSuccess,
    OnFailure,
    DeadLetter,
    /// Nothing is configured; on AWS the event would be gone.
    Dropped,
}

impl Deliveries {
    /// Opens `deliveries.jsonl` in `dir`, to add to it.
    pub(crate) fn open(dir: Option<&Path>) -> Result<Self, Error> {
        let Some(dir) = dir else {
            return Ok(Self(None));
        };
        let path = dir.join("deliveries.jsonl");
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| {
                Error::new(
                    ErrorKind::Unavailable,
                    "the file of deliveries could not be opened",
                )
                .with("file", path.display().to_string())
                .caused_by(error)
            })?;
        Ok(Self(Some(Mutex::new(file))))
    }

    /// Writes a record.
    pub(crate) fn record(&self, kind: Kind, function: &str, to: Option<&Arn>, body: &Bytes) {
        self.write(&Line {
            kind,
            function,
            destination: to.map(Arn::as_str),
            key: None,
            attributes: None,
            body: json(body),
        });
    }

    /// Writes the record of a failed batch of a stream, under the key it has at its destination.
    pub(crate) fn failure(
        &self,
        function: &str,
        to: Option<&str>,
        key: Option<&str>,
        body: &Bytes,
    ) {
        self.write(&Line {
            kind: match to {
                Some(_) => Kind::OnFailure,
                None => Kind::Dropped,
            },
            function,
            destination: to,
            key,
            attributes: None,
            body: json(body),
        });
    }

    /// Writes an event that failed, with the attributes its message would have.
    pub(crate) fn dead_letter(&self, function: &str, to: &Arn, letter: &DeadLetter) {
        let attributes = letter
            .attributes
            .iter()
            .map(|attribute| (attribute.name.to_owned(), attribute.value.clone().into()))
            .collect();
        self.write(&Line {
            kind: Kind::DeadLetter,
            function,
            destination: Some(to.as_str()),
            key: None,
            attributes: Some(attributes),
            body: json(&letter.body),
        });
    }

    fn write(&self, line: &Line<'_>) {
        let Some(file) = &self.0 else { return };
        let written = serde_json::to_vec(line)
            .map_err(std::io::Error::from)
            .and_then(|mut text| {
                text.push(b'\n');
                file.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .write_all(&text)
            });
        if let Err(error) = written {
            tracing::error!(%error, function = line.function, "a record could not be written");
        }
    }
}

/// The JSON of a record or an event; both were checked when they came in.
fn json(body: &Bytes) -> Json {
    lambda_with::decode::<Json>(body.clone()).unwrap_or_default()
}
