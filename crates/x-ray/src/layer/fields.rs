//! What spans and events carry.

use std::error::Error;
use std::fmt::Debug;

use lambda_with::{Json, Map, Scalar, Text};
use serde_json::Number;
use tracing::field::{Field, Visit};

use crate::document::annotation_key;

/// How many fields of one kind are kept.
const MAX_FIELDS: usize = 50;

/// How many characters of a field are kept.
const MAX_CHARACTERS: usize = 1000;

/// The trace header of an invocation's span.
#[derive(Default)]
pub(super) struct HeaderField(pub(super) Option<String>);

impl Visit for HeaderField {
    fn record_str(&mut self, field: &Field, value: &str) {
        if super::HEADER_FIELDS.contains(&field.name()) {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if super::HEADER_FIELDS.contains(&field.name()) {
            self.0 = Some(format!("{value:?}").trim_matches('"').to_owned());
        }
    }
}

/// The fields of a span.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) annotations: Map<Scalar>,
    pub(super) metadata: Vec<(&'static str, String)>,
    /// Whether it is a call of an AWS SDK.
    pub(super) is_aws: bool,
    pub(super) service: Option<Text>,
    pub(super) operation: Option<Text>,
}

impl Fields {
    fn annotate(&mut self, field: &Field, value: impl Into<Scalar>) {
        let key = annotation_key(field.name());
        if self.annotations.len() < MAX_FIELDS || self.annotations.contains(&key) {
            self.annotations.insert(key, value.into());
        }
    }

    fn number(&mut self, field: &Field, number: Option<Number>, text: impl FnOnce() -> String) {
        match number.and_then(|number| serde_json::from_value(number.into()).ok()) {
            Some(number) => self.annotate(field, Scalar::Number(number)),
            None => self.annotate(field, text()),
        }
    }

    /// The metadata, as one object.
    pub(super) fn metadata(&mut self) -> Option<Map<Json>> {
        if self.metadata.is_empty() {
            return None;
        }
        let fields = std::mem::take(&mut self.metadata).into_iter();
        let object: serde_json::Map<String, serde_json::Value> = fields
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        Some(Map::from([(
            "tracing",
            Json::from(serde_json::Value::Object(object)),
        )]))
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.annotate(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.annotate(field, value),
            Err(_) => self.number(field, Some(value.into()), || value.to_string()),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // What JSON has no number for stands as text.
        self.number(field, Number::from_f64(value), || value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.annotate(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "rpc.system" if value == "aws-api" => self.is_aws = true,
            "rpc.service" => self.service = Some(value.into()),
            "rpc.method" => self.operation = Some(value.into()),
            _ => self.annotate(field, cut(value)),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.metadata.len() < MAX_FIELDS {
            let value = format!("{value:?}");
            self.metadata.push((field.name(), cut(&value).to_owned()));
        }
    }
}

/// What an event of the level `ERROR` says: the message, and the error with its causes.
#[derive(Default)]
pub(super) struct Failure {
    pub(super) message: Option<String>,
    pub(super) errors: Vec<String>,
    other: Option<String>,
}

impl Failure {
    /// One line for each error, the outermost first.
    pub(super) fn into_messages(self) -> Vec<String> {
        let mut messages: Vec<String> = self.message.into_iter().collect();
        messages.extend(self.errors);
        if messages.is_empty() {
            messages.push(self.other.unwrap_or_else(|| "an error".to_owned()));
        }
        messages
    }

    fn take(&mut self, name: &str, text: &str) {
        let text = cut(text).to_owned();
        match name {
            "message" => self.message = Some(text),
            "error" | "err" => self.errors.push(text),
            name => {
                self.other.get_or_insert_with(|| format!("{name}: {text}"));
            }
        }
    }
}

impl Visit for Failure {
    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        let mut error = Some(error);
        while let Some(now) = error.filter(|_| self.errors.len() < 10) {
            self.errors.push(cut(&now.to_string()).to_owned());
            error = now.source();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field.name(), &format!("{value:?}"));
    }
}

fn cut(text: &str) -> &str {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) if text.len() > MAX_CHARACTERS => &text[..end],
        _ => text,
    }
}
