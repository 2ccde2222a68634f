//! What spans and events carry.

use std::error::Error;
use std::fmt::Debug;

use tracing::field::{Field, Visit};

use super::conventions::{Place, place};

/// How many fields of one kind are kept.
const MAX_FIELDS: usize = 50;

/// How many characters of a field are kept: as many as X-Ray takes in an annotation.
const MAX_CHARACTERS: usize = 1000;

/// How many errors are told of one event: the error itself, and what caused it.
const MAX_CAUSES: usize = 10;

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

/// What was recorded under a name.
#[derive(Debug)]
pub(super) enum Value {
    Bool(bool),
    Float(f64),
    Integer(i128),
    Text(String),
}

/// A field with a value that X-Ray can index, or has a place of its own for.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) name: &'static str,
    pub(super) place: Option<Place>,
    pub(super) value: Value,
}

/// The fields of a span.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) values: Vec<Recorded>,
    pub(super) metadata: Vec<(&'static str, String)>,
}

impl Fields {
    /// What is recorded as text for this place.
    pub(super) fn text(&self, place: Place) -> Option<&str> {
        self.values.iter().find_map(|recorded| match recorded {
            Recorded {
                value: Value::Text(text),
                ..
            } if recorded.place == Some(place) => Some(text.as_str()),
            _ => None,
        })
    }

    /// What is recorded as a number for this place, or as text that is one.
    pub(super) fn integer(&self, place: Place) -> Option<i128> {
        let mut of = self
            .values
            .iter()
            .filter(|recorded| recorded.place == Some(place));
        of.find_map(|recorded| match &recorded.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            Value::Bool(_) | Value::Float(_) => None,
        })
    }

    /// Takes over what was recorded later.
    pub(super) fn merge(&mut self, later: Self) {
        later.values.into_iter().for_each(|one| self.set(one));
        let metadata = later.metadata.into_iter();
        metadata.for_each(|(name, value)| self.describe(name, value));
    }

    fn record(&mut self, field: &Field, value: Value) {
        let (name, place) = (field.name(), place(field.name()));
        // Instrumentation that has nothing to say there says so by an empty text.
        let is_empty = matches!(&value, Value::Text(text) if text.is_empty());
        if place.is_none() || !is_empty {
            self.set(Recorded { name, place, value });
        }
    }

    fn set(&mut self, recorded: Recorded) {
        if let Some(known) = self
            .values
            .iter_mut()
            .find(|known| known.name == recorded.name)
        {
            *known = recorded;
        } else if self.values.len() < MAX_FIELDS {
            self.values.push(recorded);
        }
    }

    fn describe(&mut self, name: &'static str, value: String) {
        if let Some(known) = self.metadata.iter_mut().find(|known| known.0 == name) {
            known.1 = value;
        } else if self.metadata.len() < MAX_FIELDS {
            self.metadata.push((name, value));
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, Value::Integer(value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, Value::Integer(value.into()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // What JSON has no number for stands as text.
        let value = match value.is_finite() {
            true => Value::Float(value),
            false => Value::Text(value.to_string()),
        };
        self.record(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = cut(value).to_owned();
        self.record(field, Value::Text(text));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = format!("{value:?}");
        text.truncate(cut(&text).len());
        match place(field.name()) {
            Some(_) => self.record(field, Value::Text(text)),
            None => self.describe(field.name(), text),
        }
    }
}

/// What an event of the level `ERROR` says: the message, and the error with its causes.
#[derive(Default)]
pub(super) struct Failure {
    pub(super) kind: Option<String>,
    message: Option<String>,
    errors: Vec<String>,
    other: Option<String>,
}

impl Failure {
    /// One line for each error, the outermost first.
    pub(super) fn messages(&self) -> Vec<&str> {
        let texts = self.message.iter().chain(&self.errors);
        let mut messages: Vec<&str> = texts.map(String::as_str).collect();
        if messages.is_empty() {
            messages.push(self.other.as_deref().unwrap_or("an error"));
        }
        messages
    }

    fn take(&mut self, name: &str, text: &str) {
        let text = cut(text).to_owned();
        match name {
            "message" => self.message = Some(text),
            "error" | "err" => self.errors.push(text),
            name => match place(name) {
                Some(Place::Message) => self.errors.push(text),
                Some(Place::Type) => self.kind = Some(text),
                _ => drop(self.other.get_or_insert_with(|| format!("{name}: {text}"))),
            },
        }
    }
}

impl Visit for Failure {
    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        let mut error = Some(error);
        while let Some(now) = error.filter(|_| self.errors.len() < MAX_CAUSES) {
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
    // Characters are counted only where there are bytes enough for too many.
    match text.len() <= MAX_CHARACTERS {
        true => text,
        false => text
            .char_indices()
            .nth(MAX_CHARACTERS)
            .map_or(text, |(end, _)| &text[..end]),
    }
}
