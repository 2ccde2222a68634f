//! The file of records that were not sent anywhere.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use lambda_with::rules::destination::{Kind, Message};
use lambda_with::{Error, ErrorKind, Json};
use serde::Serialize;

/// The file that holds a line for every record that nothing was configured for, that nobody sends, or
/// that could not be sent.
#[derive(Debug)]
pub(crate) struct Deliveries(Option<Mutex<File>>);

/// One line of the file.
#[derive(Debug, Serialize)]
struct Line<'a> {
    kind: Why,
    function: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    /// The key of an object or a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<serde_json::Map<String, serde_json::Value>>,
    /// Why it was not sent, where that was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    body: Json,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case", untagged)]
enum Why {
    Sent(Kind),
    /// Nothing is configured; on AWS the event would be gone.
    Dropped(&'static str),
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

    /// Keeps a record of this function that has no destination.
    pub(crate) fn dropped(&self, function: &str, body: &Bytes) {
        self.write(&Line {
            kind: Why::Dropped("dropped"),
            function,
            destination: None,
            key: None,
            attributes: None,
            error: None,
            body: json(body),
        });
    }

    /// Keeps a message that was not sent; says whether that could be done.
    pub(crate) fn keep(&self, message: &Message, because: Option<&Error>) -> bool {
        let attributes = message.attributes.iter();
        let attributes = attributes
            .map(|attribute| (attribute.name.to_string(), attribute.value.clone().into()))
            .collect::<serde_json::Map<_, _>>();
        let key = message.key.as_deref();
        self.write(&Line {
            kind: Why::Sent(message.kind),
            function: name(message),
            destination: Some(message.to.to_string()),
            key: key.map(|key| String::from_utf8_lossy(key).into_owned()),
            attributes: (message.kind == Kind::DeadLetter).then_some(attributes),
            error: because.map(Error::to_string),
            body: json(&message.body),
        })
    }

    fn write(&self, line: &Line<'_>) -> bool {
        let Some(file) = &self.0 else { return true };
        let written = serde_json::to_vec(line)
            .map_err(std::io::Error::from)
            .and_then(|mut text| {
                text.push(b'\n');
                file.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .write_all(&text)
            });
        if let Err(error) = &written {
            tracing::error!(%error, function = line.function, "a record could not be written");
        }
        written.is_ok()
    }
}

/// The name of the function a message tells of.
pub(crate) fn name(message: &Message) -> &str {
    let mut parts = message.function.resource().split(':');
    parts.nth(1).unwrap_or_default()
}

/// The JSON of a record or an event; both were checked when they came in.
fn json(body: &Bytes) -> Json {
    lambda_with::decode::<Json>(body.clone()).unwrap_or_default()
}
