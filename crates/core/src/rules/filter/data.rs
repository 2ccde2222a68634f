//! Where a source's records carry their data, and how it is read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::document::{Document, Node};
use crate::Error;

/// Where the records of a source carry their data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DataKey {
    /// The member that holds it.
    pub name: &'static str,
    /// The object whose members patterns see at the top level, where there is one.
    pub within: Option<&'static str>,
    /// How the data is written.
    pub encoding: Encoding,
    /// What becomes of a record whose data is not of the form the pattern expects.
    pub mismatch: Mismatch,
    /// Whether a pattern may take the data for plain text.
    pub plain: bool,
}

/// How data is written in a record.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Encoding {
    /// As text, which may be JSON.
    Text,
    /// As base64 of text, which may be JSON.
    Base64,
    /// As JSON in place.
    Json,
}

/// What becomes of a record whose data is JSON where the pattern expects text, or the other way
/// round.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Mismatch {
    /// It is dropped.
    Drop,
    /// The rest of the pattern decides.
    Ignore,
}

impl DataKey {
    /// Amazon SQS: the `body`, text or JSON.
    pub const SQS: Self = Self {
        name: "body",
        within: None,
        encoding: Encoding::Text,
        mismatch: Mismatch::Drop,
        plain: true,
    };
    /// Kinesis: `data`, base64 of JSON. The members of `kinesis` stand at the top level.
    pub const KINESIS: Self = Self {
        name: "data",
        within: Some("kinesis"),
        encoding: Encoding::Base64,
        mismatch: Mismatch::Drop,
        plain: false,
    };
    /// DynamoDB Streams: `dynamodb`, JSON in the form of attribute values.
    pub const DYNAMODB: Self = Self {
        name: "dynamodb",
        within: None,
        encoding: Encoding::Json,
        mismatch: Mismatch::Drop,
        plain: false,
    };
    /// Apache Kafka, managed or not: `value`, base64 of text or JSON.
    pub const KAFKA: Self = Self {
        name: "value",
        within: None,
        encoding: Encoding::Base64,
        mismatch: Mismatch::Ignore,
        plain: true,
    };
    /// Amazon MQ: `data`, base64 of text or JSON.
    pub const MQ: Self = Self {
        name: "data",
        ..Self::KAFKA
    };

    /// Reads a record for filtering: its data decoded, the members of `within` at the top level.
    ///
    /// # Errors
    ///
    /// As [`Document::parse`].
    pub fn document(&self, record: &[u8]) -> Result<Document, Error> {
        let mut document = Document::parse(record)?;
        let members = document.members_mut();
        let inner = self.within.and_then(|within| members.remove(within));
        if let Some(Node::Object(inner)) = inner {
            members.extend(inner);
        }
        let Some(place) = members.get_mut(self.name) else {
            return Ok(document);
        };
        let form = match (self.encoding, &*place) {
            (Encoding::Json, Node::Object(_) | Node::List(_)) => Form::Json,
            (Encoding::Text, Node::Text(text)) => read(text.clone().into_bytes(), place),
            (Encoding::Base64, Node::Text(text)) => match STANDARD.decode(text) {
                Ok(bytes) => read(bytes, place),
                Err(_) => Form::Binary,
            },
            _ => Form::Text,
        };
        Ok(document.with_data(Data { key: *self, form }))
    }
}

/// What a record's data turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    key: DataKey,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Json,
    Text,
    Binary,
}

impl Data {
    pub(super) fn name(&self) -> &str {
        self.key.name
    }

    /// What follows from the form alone, for a pattern that expects JSON or text.
    pub(super) fn judge(&self, expects_json: bool) -> Option<bool> {
        match (expects_json, self.form) {
            (true, Form::Json) | (false, Form::Text) => None,
            _ => Some(self.key.mismatch == Mismatch::Ignore),
        }
    }
}

/// Puts decoded data in its place, as JSON where it is an object or a list.
fn read(bytes: Vec<u8>, place: &mut Node) -> Form {
    let Ok(text) = String::from_utf8(bytes) else {
        return Form::Binary;
    };
    match Node::structured(&text) {
        Some(node) => {
            *place = node;
            Form::Json
        }
        None => {
            *place = Node::Text(text);
            Form::Text
        }
    }
}

#[cfg(test)]
mod tests;
