//! A span as the JSON of a subsegment.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::Work;
use crate::SegmentId;
use crate::document::{annotation_key, clean};
use crate::layer::conventions::Place;
use crate::layer::fields::{Recorded, Value};
use crate::layer::json::Json;

/// What a span calls.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Call {
    /// Nothing: it is work done here.
    Nothing,
    /// An AWS service, through an SDK.
    Aws,
    /// Another service, or a database.
    Remote,
}

/// A time in seconds, to the microsecond that X-Ray asks for.
struct Seconds(SystemTime);

/// An id as a string of JSON.
struct Quoted(SegmentId);

impl Work {
    pub(super) fn write(&self, span: &str) -> String {
        let call = self.call();
        let parts: usize = self.parts.iter().map(|part| part.json.len() + 1).sum();
        let mut json = Json::with_capacity(384 + parts);
        json.begin('{');
        json.key("name");
        json.text(&clean(&self.name(span, call)));
        json.key("id");
        json.raw(Quoted(self.id));
        json.key("start_time");
        json.raw(Seconds(self.start));
        json.key("end_time");
        json.raw(Seconds(
            self.left.unwrap_or_else(SystemTime::now).max(self.start),
        ));
        match call {
            Call::Nothing => {}
            Call::Aws => {
                json.key("namespace");
                json.text("aws");
            }
            Call::Remote => {
                json.key("namespace");
                json.text("remote");
            }
        }
        if self
            .fields
            .values
            .iter()
            .any(|recorded| recorded.place.is_some())
        {
            self.places(&mut json, call);
        }
        self.outcome(&mut json);
        self.annotations(&mut json, call);
        if !self.fields.metadata.is_empty() {
            json.key("metadata");
            json.begin('{');
            json.key("tracing");
            json.begin('{');
            for (name, value) in &self.fields.metadata {
                json.key(name);
                json.text(value);
            }
            json.end('}');
            json.end('}');
        }
        if !self.precursors.is_empty() {
            json.key("precursor_ids");
            json.begin('[');
            self.precursors.iter().for_each(|id| json.raw(Quoted(*id)));
            json.end(']');
        }
        if !self.parts.is_empty() {
            json.key("subsegments");
            json.begin('[');
            self.parts.iter().for_each(|part| json.raw(&part.json));
            json.end(']');
        }
        json.end('}');
        json.into_text()
    }

    fn call(&self) -> Call {
        let fields = &self.fields;
        let is_sql = || {
            fields
                .values
                .iter()
                .any(|recorded| matches!(recorded.place, Some(Place::Sql(_))))
        };
        match fields.text(Place::Kind) {
            _ if fields.text(Place::System) == Some("aws-api") => Call::Aws,
            Some(kind) if kind.eq_ignore_ascii_case("client") => Call::Remote,
            Some(kind) if kind.eq_ignore_ascii_case("producer") => Call::Remote,
            None if is_sql() => Call::Remote,
            _ => Call::Nothing,
        }
    }

    /// X-Ray draws what is called as a node of this name.
    fn name<'a>(&'a self, span: &'a str, call: Call) -> Cow<'a, str> {
        let text = |place| self.fields.text(place);
        let called = match call {
            Call::Nothing => None,
            Call::Aws => text(Place::Service).map(Cow::Borrowed),
            Call::Remote => match (text(Place::Database), text(Place::Address)) {
                _ if text(Place::Peer).is_some() => text(Place::Peer).map(Cow::Borrowed),
                (Some(database), Some(host)) => Some(format!("{database}@{host}").into()),
                (one, other) => one.or(other).map(Cow::Borrowed),
            }
            .or_else(|| {
                text(Place::Request("url"))
                    .and_then(host)
                    .map(Cow::Borrowed)
            }),
        };
        called.unwrap_or_else(|| text(Place::Name).unwrap_or(span).into())
    }

    /// The blocks X-Ray has for what conventions name.
    fn places(&self, json: &mut Json, call: Call) {
        let request = |place| match place {
            Place::Request(member) => Some(member),
            _ => None,
        };
        let response = |member| {
            let number = self.fields.integer(Place::Response(member));
            number.map(|number| (member, number))
        };
        let response = ["status", "content_length"].map(response);
        if self.members(request).next().is_some() || response.iter().any(Option::is_some) {
            json.key("http");
            json.begin('{');
            self.block(json, "request", request);
            if response.iter().any(Option::is_some) {
                json.key("response");
                json.begin('{');
                for (member, number) in response.into_iter().flatten() {
                    json.key(member);
                    json.raw(number);
                }
                json.end('}');
            }
            json.end('}');
        }
        if call == Call::Aws {
            self.block(json, "aws", |place| match place {
                Place::Aws(member) => Some(member),
                _ => None,
            });
        }
        self.block(json, "sql", |place| match place {
            Place::Sql(member) => Some(member),
            _ => None,
        });
    }

    /// An object of texts, where there is one to write.
    fn block(&self, json: &mut Json, key: &str, of: impl Fn(Place) -> Option<&'static str>) {
        let mut members = self.members(of).peekable();
        if members.peek().is_none() {
            return;
        }
        json.key(key);
        json.begin('{');
        for (member, value) in members {
            json.key(member);
            match value {
                Value::Text(text) => json.text(text),
                other => json.text(&other.to_string()),
            }
        }
        json.end('}');
    }

    /// Members with their values: of two names for one, what came first.
    fn members(
        &self,
        of: impl Fn(Place) -> Option<&'static str>,
    ) -> impl Iterator<Item = (&'static str, &Value)> {
        let values = &self.fields.values;
        values.iter().enumerate().filter_map(move |(at, recorded)| {
            let member = of(recorded.place?)?;
            let known = values[..at]
                .iter()
                .any(|other| other.place == recorded.place);
            (!known).then_some((member, &recorded.value))
        })
    }

    /// Whether it failed, by whose fault, and why.
    fn outcome(&self, json: &mut Json) {
        let fields = &self.fields;
        let status = fields
            .integer(Place::Response("status"))
            .unwrap_or_default();
        let (message, kind) = (fields.text(Place::Message), fields.text(Place::Type));
        let told = message.is_some() || kind.is_some();
        let failed = !self.failures.is_empty()
            || told
            || fields
                .text(Place::Status)
                .is_some_and(|status| status.eq_ignore_ascii_case("error"));
        let of_client = (400..500).contains(&status);
        for (is, key) in [
            (of_client, "error"),
            (status == 429, "throttle"),
            (status >= 500 || failed && !of_client, "fault"),
        ] {
            if is {
                json.key(key);
                json.raw(true);
            }
        }
        if self.failures.is_empty() && !told {
            return;
        }
        json.key("cause");
        json.begin('{');
        json.key("exceptions");
        json.begin('[');
        if told {
            exception(json, SegmentId::random(), message, kind);
            json.end('}');
        }
        for (failure, event) in &self.failures {
            let mut id = SegmentId::random();
            let mut messages = failure.messages().into_iter().enumerate().peekable();
            while let Some((place, message)) = messages.next() {
                let kind = failure.kind.as_deref().filter(|_| place == 0);
                exception(json, id, Some(message), kind);
                if let (0, Some(file)) = (place, event.file()) {
                    json.key("stack");
                    json.begin('[');
                    json.begin('{');
                    json.key("path");
                    json.text(file);
                    if let Some(line) = event.line() {
                        json.key("line");
                        json.raw(line);
                    }
                    if let Some(module) = event.module_path() {
                        json.key("label");
                        json.text(module);
                    }
                    json.end('}');
                    json.end(']');
                }
                if messages.peek().is_some() {
                    id = SegmentId::random();
                    json.key("cause");
                    json.raw(Quoted(id));
                }
                json.end('}');
            }
        }
        json.end(']');
        json.end('}');
    }

    fn annotations(&self, json: &mut Json, call: Call) {
        let is_own = |recorded: &&Recorded| match recorded.place {
            None => true,
            Some(Place::System | Place::Service | Place::Aws(_)) => call != Call::Aws,
            Some(Place::Peer | Place::Address | Place::Database) => call != Call::Remote,
            Some(_) => false,
        };
        let own = || self.fields.values.iter().filter(is_own);
        if own().next().is_none() {
            return;
        }
        json.key("annotations");
        json.begin('{');
        for (at, recorded) in own().enumerate() {
            let key = annotation_key(recorded.name);
            if own()
                .take(at)
                .any(|other| annotation_key(other.name) == key)
            {
                continue;
            }
            json.key(&key);
            match &recorded.value {
                Value::Text(text) => json.text(text),
                number => json.raw(number),
            }
        }
        json.end('}');
    }
}

/// Begins an exception.
fn exception(json: &mut Json, id: SegmentId, message: Option<&str>, kind: Option<&str>) {
    json.begin('{');
    json.key("id");
    json.raw(Quoted(id));
    for (key, text) in [("message", message), ("type", kind)] {
        if let Some(text) = text {
            json.key(key);
            json.text(text);
        }
    }
}

/// Whom a URL names.
fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host).filter(|host| !host.is_empty())
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since: Duration = self
            .0
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        write!(f, "{}.{:06}", since.as_secs(), since.subsec_micros())
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}
