//! What X-Ray documents about segment documents, as rules.
//!
//! See <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.

use lambda_with::{EpochSeconds, Json, Map, Scalar, Text};

use crate::document::MAX_LINKS;
use crate::{Cause, Document, Exception, Http, Namespace, SegmentId, Subsegment, TraceId};

/// How many characters a name may have.
pub(crate) const MAX_NAME: usize = 200;

/// How many characters other texts may have.
const MAX_TEXT: usize = 250;

/// How many annotations of a trace are indexed.
const MAX_ANNOTATIONS: usize = 50;

/// How many characters the key of an annotation may have, and its value.
const MAX_KEY: usize = 500;
const MAX_VALUE: usize = 1000;

pub(crate) fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() || "_.:/%&#=+\\-@".contains(c)
}

pub(crate) fn in_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

pub(crate) fn problems(document: &Document) -> Vec<String> {
    let mut found = Found::default();
    if document.trace_id().parse::<TraceId>().is_err() {
        found.add(
            "",
            "trace_id",
            format!("`{}` is not a trace id", document.trace_id()),
        );
    }
    match document {
        Document::Segment(segment) => {
            let part = Part {
                name: &segment.name,
                id: &segment.id,
                start: &segment.start_time,
                end: segment.end_time.as_ref(),
                in_progress: segment.in_progress,
                cause: segment.cause.as_ref(),
                annotations: segment.annotations.as_ref(),
                metadata: segment.metadata.as_ref(),
                children: segment.subsegments.as_deref().unwrap_or_default(),
            };
            found.part("", &part);
            if let Some(parent) = &segment.parent_id {
                found.id("", "parent_id", parent);
            }
            for (name, text) in [("user", &segment.user), ("origin", &segment.origin)] {
                found.text("", name, text.as_ref());
            }
            let version = segment
                .service
                .as_ref()
                .and_then(|service| service.version.as_ref());
            found.text("/service", "version", version);
            let request = segment.http.as_ref().and_then(|http| http.request.as_ref());
            if request.is_some_and(|request| request.traced.is_some()) {
                found.add("/http/request", "traced", "belongs to subsegments");
            }
            let links = segment.links.iter().flatten().count();
            if links > MAX_LINKS {
                let what = format!("{links}, at most {MAX_LINKS} are taken");
                found.add("", "links", what);
            }
            for (place, link) in segment.links.iter().flatten().enumerate() {
                if link.trace_id.parse::<TraceId>().is_err() {
                    let what = format!("`{}` is not a trace id", link.trace_id);
                    found.add(&format!("/links/{place}"), "trace_id", what);
                }
            }
        }
        Document::Subsegment(subsegment) => {
            let part = Part {
                name: &subsegment.name,
                id: &subsegment.id,
                start: &subsegment.start_time,
                end: subsegment.end_time.as_ref(),
                in_progress: subsegment.in_progress,
                cause: subsegment.cause.as_ref(),
                annotations: subsegment.annotations.as_ref(),
                metadata: subsegment.metadata.as_ref(),
                children: subsegment.subsegments.as_deref().unwrap_or_default(),
            };
            found.part("", &part);
            found.id("", "parent_id", &subsegment.parent_id);
            found.call(
                "",
                subsegment.namespace.as_ref(),
                subsegment.http.as_ref(),
                subsegment.precursor_ids.as_deref(),
            );
        }
    }
    if found.annotations > MAX_ANNOTATIONS {
        let what = format!(
            "{} in all, of which X-Ray indexes {MAX_ANNOTATIONS}",
            found.annotations
        );
        found.add("", "annotations", what);
    }
    found.problems
}

/// What segments and subsegments have in common.
struct Part<'a> {
    name: &'a Text,
    id: &'a Text,
    start: &'a EpochSeconds,
    end: Option<&'a EpochSeconds>,
    in_progress: Option<bool>,
    cause: Option<&'a Cause>,
    annotations: Option<&'a Map<Scalar>>,
    metadata: Option<&'a Map<Json>>,
    children: &'a [Subsegment],
}

#[derive(Default)]
struct Found {
    problems: Vec<String>,
    annotations: usize,
}

impl Found {
    fn add(&mut self, at: &str, member: &str, what: impl AsRef<str>) {
        self.problems
            .push(format!("{at}/{member}: {}", what.as_ref()));
    }

    fn id(&mut self, at: &str, member: &str, id: &Text) {
        if id.parse::<SegmentId>().is_err() {
            self.add(at, member, format!("`{id}` is not 16 hexadecimal digits"));
        }
    }

    fn text(&mut self, at: &str, member: &str, text: Option<&Text>) {
        let length = text.map_or(0, |text| text.chars().count());
        if length > MAX_TEXT {
            self.add(
                at,
                member,
                format!("{length} characters, at most {MAX_TEXT} are taken"),
            );
        }
    }

    /// What only subsegments have.
    fn call(
        &mut self,
        at: &str,
        namespace: Option<&Namespace>,
        http: Option<&Http>,
        precursors: Option<&[Text]>,
    ) {
        let request = http.and_then(|http| http.request.as_ref());
        if request.is_some_and(|request| request.x_forwarded_for.is_some()) {
            let at = format!("{at}/http/request");
            self.add(&at, "x_forwarded_for", "belongs to segments");
        }
        for (place, id) in precursors.iter().copied().flatten().enumerate() {
            self.id(&format!("{at}/precursor_ids"), &place.to_string(), id);
        }
        if let Some(Namespace::Other(other)) = namespace {
            self.add(
                at,
                "namespace",
                format!("`{other}` is neither `aws` nor `remote`"),
            );
        }
    }

    fn part(&mut self, at: &str, part: &Part<'_>) {
        let length = part.name.chars().count();
        if length == 0 || length > MAX_NAME {
            self.add(
                at,
                "name",
                format!("{length} characters, 1 to {MAX_NAME} are taken"),
            );
        }
        if let Some(other) = part.name.chars().find(|c| !in_name(*c)) {
            self.add(at, "name", format!("{other:?} cannot stand in a name"));
        }
        self.id(at, "id", part.id);
        let start = part.start.timestamp();
        if start.is_err() {
            self.add(at, "start_time", "not a time in seconds");
        }
        match (part.end, part.in_progress) {
            (None, Some(true)) => {}
            (None, _) => self.add(at, "end_time", "missing, and it is not in progress"),
            (Some(_), Some(true)) => self.add(at, "in_progress", "set although it has ended"),
            (Some(end), _) => match (start, end.timestamp()) {
                (_, Err(_)) => self.add(at, "end_time", "not a time in seconds"),
                (Ok(start), Ok(end)) if end < start => self.add(at, "end_time", "before it began"),
                _ => {}
            },
        }
        match part.cause {
            Some(Cause::Exception(id)) => self.id(at, "cause", id),
            Some(Cause::Details(details)) => {
                for (place, exception) in details.exceptions.iter().flatten().enumerate() {
                    self.exception(&format!("{at}/cause/exceptions/{place}"), exception);
                }
            }
            None => {}
        }
        for (key, value) in part.annotations.iter().flat_map(|all| all.iter()) {
            self.annotations += 1;
            if key.is_empty() || key.chars().count() > MAX_KEY || !key.chars().all(in_key) {
                let what = format!(
                    "`{key}` is not 1 to {MAX_KEY} letters, digits, `_` and `.`: it is not indexed"
                );
                self.add(at, "annotations", what);
            }
            let length = match value {
                Scalar::Text(text) => text.chars().count(),
                _ => 0,
            };
            if length > MAX_VALUE {
                let what =
                    format!("`{key}` has {length} characters, at most {MAX_VALUE} are taken");
                self.add(at, "annotations", what);
            }
        }
        for (key, _) in part.metadata.iter().flat_map(|metadata| metadata.iter()) {
            if key.starts_with("AWS.") {
                self.add(at, "metadata", format!("`{key}` is reserved for AWS"));
            }
        }
        for (place, child) in part.children.iter().enumerate() {
            let at = format!("{at}/subsegments/{place}");
            self.call(
                &at,
                child.namespace.as_ref(),
                child.http.as_ref(),
                child.precursor_ids.as_deref(),
            );
            let part = Part {
                name: &child.name,
                id: &child.id,
                start: &child.start_time,
                end: child.end_time.as_ref(),
                in_progress: child.in_progress,
                cause: child.cause.as_ref(),
                annotations: child.annotations.as_ref(),
                metadata: child.metadata.as_ref(),
                children: child.subsegments.as_deref().unwrap_or_default(),
            };
            self.part(&at, &part);
        }
    }

    fn exception(&mut self, at: &str, exception: &Exception) {
        for (name, id) in [("id", &exception.id), ("cause", &exception.cause)] {
            if let Some(id) = id {
                self.id(at, name, id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::edit;
    use serde_json::{Value, json};

    use super::*;
    use crate::SERVICE;

    #[test]
    fn samples_follow_the_rules() {
        for sample in SERVICE.samples {
            let document = Document::read(sample.json).unwrap();
            assert_eq!(document.problems(), Vec::<String>::new(), "{}", sample.id);
        }
    }

    #[test]
    fn what_departs_is_named() {
        let check = |sample: &str, pointer: &str, value: Option<Value>, expected: &str| {
            let text = edit(&SERVICE, sample, pointer, value);
            let problems = Document::read(&text).unwrap().problems();
            assert_eq!(problems.join(" | "), expected);
        };
        for (sample, pointer, value, expected) in [
            (
                "lambda",
                "/trace_id",
                json!("1-2"),
                "/trace_id: `1-2` is not a trace id",
            ),
            (
                "lambda",
                "/id",
                json!("3f1a"),
                "/id: `3f1a` is not 16 hexadecimal digits",
            ),
            (
                "lambda",
                "/name",
                json!("a|b"),
                "/name: '|' cannot stand in a name",
            ),
            (
                "lambda",
                "/name",
                json!("x".repeat(201)),
                "/name: 201 characters, 1 to 200 are taken",
            ),
            (
                "lambda",
                "/origin",
                json!("x".repeat(251)),
                "/origin: 251 characters, at most 250 are taken",
            ),
            (
                "lambda",
                "/end_time",
                json!(1),
                "/end_time: before it began",
            ),
            (
                "lambda",
                "/in_progress",
                json!(true),
                "/in_progress: set although it has ended",
            ),
            (
                "lambda",
                "/parent_id",
                json!("x"),
                "/parent_id: `x` is not 16 hexadecimal digits",
            ),
            (
                "lambda-function",
                "/links/0/trace_id",
                json!("x"),
                "/links/0/trace_id: `x` is not a trace id",
            ),
            (
                "lambda-function",
                "/subsegments/1/id",
                json!(""),
                "/subsegments/1/id: `` is not 16 hexadecimal digits",
            ),
            (
                "aws-call",
                "/namespace",
                json!("ftp"),
                "/namespace: `ftp` is neither `aws` nor `remote`",
            ),
            (
                "aws-call",
                "/annotations",
                json!({ "a-b": 1, "a.b": 1 }),
                "/annotations: `a-b` is not 1 to 500 letters, digits, `_` and `.`: it is not indexed",
            ),
            (
                "aws-call",
                "/annotations",
                json!({ "a": "x".repeat(1001) }),
                "/annotations: `a` has 1001 characters, at most 1000 are taken",
            ),
            (
                "service",
                "/service/version",
                json!("x".repeat(251)),
                "/service/version: 251 characters, at most 250 are taken",
            ),
            (
                "service",
                "/http/request/traced",
                json!(true),
                "/http/request/traced: belongs to subsegments",
            ),
            (
                "http-call",
                "/http/request/x_forwarded_for",
                json!(true),
                "/http/request/x_forwarded_for: belongs to segments",
            ),
            (
                "code",
                "/subsegments/0/precursor_ids/0",
                json!("x"),
                "/subsegments/0/precursor_ids/0: `x` is not 16 hexadecimal digits",
            ),
            (
                "lambda-function",
                "/links",
                json!(vec![
                    json!({ "trace_id": "1-69a567f9-1122334455667788990011aa" });
                    21
                ]),
                "/links: 21, at most 20 are taken",
            ),
            (
                "aws-call",
                "/metadata",
                json!({ "AWS.x": 1 }),
                "/metadata: `AWS.x` is reserved for AWS",
            ),
            (
                "fault",
                "/cause",
                json!("short"),
                "/cause: `short` is not 16 hexadecimal digits",
            ),
            (
                "fault",
                "/cause/exceptions/0/cause",
                json!("x"),
                "/cause/exceptions/0/cause: `x` is not 16 hexadecimal digits",
            ),
            (
                "code",
                "/subsegments/0/namespace",
                json!("x"),
                "/subsegments/0/namespace: `x` is neither `aws` nor `remote`",
            ),
        ] {
            check(sample, pointer, Some(value), expected);
        }
        check(
            "lambda",
            "/end_time",
            None,
            "/end_time: missing, and it is not in progress",
        );
        let many: Value = (0..51).map(|key| (format!("k{key}"), json!(key))).collect();
        check(
            "aws-call",
            "/annotations",
            Some(many),
            "/annotations: 51 in all, of which X-Ray indexes 50",
        );
    }
}
